/** `stratifiedGroupSplit`: one split into training, validation and test that keeps the clips of one group together. */
import { assertInteger, assertKnown, EscError, isEscError, type Split } from '@esc/core'
import { count } from '../words.js'
import { assertSameLength } from './shared/folds.js'
import { assertValues, encodeSorted, type Labels } from './shared/labels.js'
import { expand, type SplitSource } from './shared/source.js'
import { dealEvenly, readArguments } from './stratified-group-k-fold.js'

/** Options of {@link stratifiedGroupSplit}. */
export interface StratifiedGroupSplitOptions {
  /** Seed of the draw. @defaultValue `0` */
  seed?: number
}

/**
 * Splits clips into training, validation and test so that no group is in two parts. The first of five folds of all clips is the test
 * part, and the first of five folds of the rest is the validation part. That is 64, 16 and 20 %, as nearly as whole groups allow.
 *
 * @param set - The groups of its clips go into the parts. You may pass labels and groups instead, one of each for each example.
 * @throws EscError as {@link stratifiedGroupKFold} does.
 * @example const { train, validation, test } = stratifiedGroupSplit(features, { seed: 42 })
 */
export function stratifiedGroupSplit(set: SplitSource, options?: StratifiedGroupSplitOptions): Required<Split>
/**
 * {@link stratifiedGroupSplit} of examples that have these labels and groups.
 *
 * @param labels - One class for each example.
 * @param groups - One group for each example.
 * @example stratifiedGroupSplit(dataset.records.map((r) => r.labelIndex), dataset.records.map((r) => r.group))
 */
export function stratifiedGroupSplit(
  labels: Labels,
  groups: Labels,
  options?: StratifiedGroupSplitOptions,
): Required<Split>
export function stratifiedGroupSplit(
  from: SplitSource | Labels,
  second?: Labels | StratifiedGroupSplitOptions,
  third?: StratifiedGroupSplitOptions,
): Required<Split> {
  const { clips, labels, groups, options } = readArguments(from, second, third)
  assertKnown('stratifiedGroupSplit', options, { seed: true })
  const split = splitTwice(labels, groups, options)
  return clips === null ? split : expand(clips, split)
}

function splitTwice(
  labels: Labels,
  groups: Labels,
  { seed = 0 }: StratifiedGroupSplitOptions = {},
): Required<Split> {
  assertValues('labels', labels)
  assertValues('groups', groups)
  assertSameLength('labels', labels.length, 'groups', groups.length)
  // Numbers in the order of the names. The folds are made twice, and numbers are faster.
  const classes = encodeSorted('labels', labels).codes
  const sources = encodeSorted('groups', groups).codes
  assertInteger('seed', seed, 0)
  const groupCount = new Set(sources).size
  const first = (classes: Labels, sources: Labels) => {
    try {
      return firstOfFive(classes, sources, seed)
    } catch (cause) {
      // The seed is good, so the error is about the counts.
      if (!isEscError(cause)) throw cause
      const found = `${count(labels.length, 'clip')} in ${count(groupCount, 'group')} are too few for three parts`
      const advice =
        'there must be at least five groups, also without the test part, and a class of five clips'
      throw new EscError(cause.code, `${found}: ${advice}`, { cause })
    }
  }
  const outer = first(classes, sources)
  const rest = (codes: Int32Array) => outer.train.map((i) => codes[i]!)
  const inner = first(rest(classes), rest(sources))
  const pick = (indices: Int32Array) => indices.map((i) => outer.train[i]!)
  return { train: pick(inner.train), validation: pick(inner.test), test: outer.test }
}

function firstOfFive(labels: Labels, groups: Labels, seed: number): Split {
  const [first] = dealEvenly(labels, groups, { nSplits: 5, seed })
  return first!
}
