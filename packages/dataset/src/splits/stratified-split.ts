/** `stratifiedSplit`: one random split into training, validation and test with the classes' shares. It ignores groups. */
import { assertKnown, type Split } from '@esc/core'
import { drawSplit } from './shared/draw-split.js'
import { assertValues, type Labels } from './shared/labels.js'
import { countOf } from './shared/parts.js'
import { clipsOf, expand, isSource, type SplitSource, type Unit } from './shared/source.js'

/** Options of {@link stratifiedSplit}. Sizes are shares in (0, 1), or numbers of clips. */
export interface StratifiedSplitOptions {
  /** Seed of the draw. @defaultValue `0` */
  seed?: number
  /** Size of the test part, of all clips. @defaultValue `0.2` */
  testSize?: number
  /** Size of the validation part, of the clips that are not in the test part; `null` makes none. @defaultValue `0.2` */
  validationSize?: number | null
}

/**
 * Splits clips at random into training, validation and test, each with the classes' shares. It is a `trainTestSplit` of all clips,
 * and another one of the training part.
 *
 * @param set - Its clips are drawn. You may pass labels instead, one for each example.
 * @throws EscError as `trainTestSplit` does.
 * @example const { train, validation, test } = stratifiedSplit(features, { seed: 42 })
 */
export function stratifiedSplit(set: SplitSource, options?: StratifiedSplitOptions): Split
/** {@link stratifiedSplit} of examples that have these labels. @example stratifiedSplit(labels, { seed: 42 }) */
export function stratifiedSplit(labels: Labels, options?: StratifiedSplitOptions): Split
export function stratifiedSplit(from: SplitSource | Labels, options: StratifiedSplitOptions = {}): Split {
  assertKnown('stratifiedSplit', options, { seed: true, testSize: true, validationSize: true })
  if (!isSource(from)) {
    assertValues('labels', from)
    return drawTwice(from, options, 'examples')
  }
  const clips = clipsOf(from)
  return expand(clips, drawTwice(clips.labels, options, 'clips'))
}

function drawTwice(labels: Labels, options: StratifiedSplitOptions, units: Unit): Split {
  const { seed = 0, testSize = 0.2, validationSize = 0.2 } = options
  const outer = drawSplit(labels.length, { testSize, seed, stratify: labels }, units)
  if (validationSize === null) return outer
  const rest = outer.train.length
  const stratify = Array.from(outer.train, (i) => labels[i]!)
  const validationCount = countOf('validationSize', validationSize, rest, units)
  const inner = drawSplit(rest, { testSize: validationCount, seed, stratify }, units)
  const pick = (indices: Int32Array) => indices.map((i) => outer.train[i]!)
  return { train: pick(inner.train), validation: pick(inner.test), test: outer.test }
}
