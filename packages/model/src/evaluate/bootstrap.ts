/** Bootstrap intervals of a metric: source groups are drawn, not single clips. */
import {
  assertInteger,
  assertKnown,
  createRng,
  EscError,
  type Rng,
  shown,
  typeOf,
  wrongValue,
} from '@esc/core'
import { assertSameLength, rightAnswers } from './score-checks.js'

/** Options of {@link bootstrapInterval} and {@link accuracyInterval}. */
export interface BootstrapOptions {
  /** How often the groups are drawn. @defaultValue `1000` */
  resamples?: number | undefined
  /** Share of the resamples within the interval, in (0, 1). @defaultValue `0.95` */
  confidence?: number | undefined
  /** Seed of the draws, an integer >= 0. @defaultValue `42` */
  seed?: number | undefined
}

/** An interval of a metric. */
export interface BootstrapInterval {
  lower: number
  upper: number
  /** Share of the resamples within the interval. */
  confidence: number
  /** Number of groups that were drawn from. */
  groups: number
  /** Number of resamples for which the metric was defined. */
  resamples: number
}

/**
 * Interval of a metric by the bootstrap: it draws as many groups as there are, with replacement, and takes all examples of each drawn
 * group. Clips of one recording are alike, so an interval over single clips would be too narrow.
 *
 * @param groups - Group of each example, such as `set.records[i].group`. At least two must differ.
 * @param metric - Computes the metric of examples, given by their indices into `groups`; an index may appear several times. The array
 *   is only valid during the call. It returns `null` if the metric is not defined for these examples, for example because a class is
 *   missing: such a resample is left out. A class whose examples are all of one group is missing from about 37 % of the resamples.
 * @throws EscError INVALID_INPUT if there are no examples, if all of them are of one group, or if the metric is not a finite number
 *   or `null`, or is `null` for all resamples; INVALID_OPTION if an option is out of range or unknown.
 * @see Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13 (percentile interval); Field and Welsh 2007 for
 *   clusters. Percentiles are interpolated linearly, as NumPy's.
 * @example
 * const groups = evaluation.clips.map(({ clipId }) => clipId)
 * const interval = bootstrapInterval(groups, (indices) => indices.length)
 */
export function bootstrapInterval(
  groups: ArrayLike<string>,
  metric: (indices: Int32Array) => number | null,
  options: BootstrapOptions = {},
): BootstrapInterval {
  assertKnown('bootstrapInterval', options, { resamples: true, confidence: true, seed: true })
  const { resamples = 1000, confidence = 0.95, seed = 42 } = options
  assertInteger('resamples', resamples, 1, 1e7)
  if (!(typeof confidence === 'number' && confidence > 0 && confidence < 1)) {
    throw new EscError('INVALID_OPTION', `confidence=${shown(confidence)} must be in (0, 1)`)
  }
  const rng = createRng(seed)
  const members = membersOf(groups)
  if (typeof metric !== 'function') throw wrongValue('metric', metric, 'a function of indices')
  const sorted = resample(members, metric, resamples, rng)
  const tail = (1 - confidence) / 2
  return {
    lower: percentile(sorted, tail),
    upper: percentile(sorted, 1 - tail),
    confidence,
    groups: members.length,
    resamples: sorted.length,
  }
}

/** The metric of each resample for which it is defined, in ascending order. */
function resample(
  members: readonly Int32Array[],
  metric: (indices: Int32Array) => number | null,
  resamples: number,
  rng: Rng,
): Float64Array {
  const longest = members.reduce((most, { length }) => Math.max(most, length), 0)
  const drawn = new Int32Array(longest * members.length)
  const values: number[] = []
  for (let i = 0; i < resamples; i++) {
    let length = 0
    for (let draw = 0; draw < members.length; draw++) {
      const group = members[rng.integer(members.length)]!
      drawn.set(group, length)
      length += group.length
    }
    const value = metric(drawn.subarray(0, length))
    if (value === null) continue
    if (!Number.isFinite(value)) {
      throw new EscError('INVALID_INPUT', `the metric is ${shown(value)}; it must be a finite number or null`)
    }
    values.push(value)
  }
  if (values.length === 0) {
    throw new EscError('INVALID_INPUT', `the metric is null for all ${resamples} resamples`)
  }
  return Float64Array.from(values).sort()
}

/** The examples of each group, in the order in which the groups first appear. */
function membersOf(groups: ArrayLike<string>): Int32Array[] {
  if (!Array.isArray(groups)) throw wrongValue('groups', groups, 'an array of texts, one for each example')
  if (groups.length === 0) throw new EscError('INVALID_INPUT', 'groups is empty; give at least one example')
  const byName = new Map<string, number[]>()
  for (const [i, group] of groups.entries()) {
    if (typeof group !== 'string') {
      throw new EscError('INVALID_INPUT', `groups[${i}] is of type ${typeOf(group)}; it must be a text`)
    }
    const known = byName.get(group)
    if (known) known.push(i)
    else byName.set(group, [i])
  }
  if (byName.size === 1) {
    throw new EscError(
      'INVALID_INPUT',
      `groups has ${groups.length} examples of one group, '${groups[0]}'; an interval needs at least two groups`,
    )
  }
  return [...byName.values()].map((members) => Int32Array.from(members))
}

function percentile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!]
  return low + (at - below) * (high - low)
}

/**
 * Interval of the accuracy by the bootstrap over groups; see {@link bootstrapInterval}.
 *
 * @param yTrue - Class index of each example.
 * @param yPred - Predicted class of each example.
 * @param groups - Group of each example.
 * @throws EscError INVALID_INPUT if the lengths differ, a class is not an integer >= 0, or all examples are of one group;
 *   INVALID_OPTION as {@link bootstrapInterval}.
 * @example accuracyInterval([0, 1, 1], [0, 1, 0], ['park', 'park', 'beach'], { resamples: 100 }).groups // 2
 */
export function accuracyInterval(
  yTrue: ArrayLike<number>,
  yPred: ArrayLike<number>,
  groups: ArrayLike<string>,
  options: BootstrapOptions = {},
): BootstrapInterval {
  assertKnown('accuracyInterval', options, { resamples: true, confidence: true, seed: true })
  const hits = rightAnswers(yTrue, { yPred })[0]!
  if (Array.isArray(groups)) assertSameLength(['yTrue', yTrue], ['groups', groups])
  return hitInterval(hits, groups, options)
}

/** {@link accuracyInterval} for answers that are already known to be right (1) or wrong (0). */
export function hitInterval(
  hits: Uint8Array,
  groups: ArrayLike<string>,
  options: BootstrapOptions = {},
): BootstrapInterval {
  const accuracy = (indices: Int32Array) => {
    let sum = 0
    for (let i = 0; i < indices.length; i++) sum += hits[indices[i]!]!
    return sum / indices.length
  }
  return bootstrapInterval(groups, accuracy, options)
}
