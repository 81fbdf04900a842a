/** Splits that keep clips of one field recording together. */
import { assertInteger, createRng, EscError, type Split } from '@esc/core'
import { type Encoding, encodeSorted, type Labels } from './labels.js'

/** Options of {@link stratifiedGroupKFold}. */
export interface StratifiedGroupKFoldOptions {
  /** Default 5. */
  nSplits?: number
  /** Shuffles the groups before they are dealt out; `null`, the default, does not (`shuffle=False`). */
  seed?: number | null
}

/** Options of {@link stratifiedGroupSplit}. */
export interface StratifiedGroupSplitOptions {
  /** Default 0. */
  seed?: number
}

/**
 * K folds in which no group is on both sides and each class's share is as even as a greedy deal can make it:
 * groups are taken from the most to the least uneven, each put where the classes' spread over the folds stays
 * smallest.
 *
 * Without a seed the folds are those of scikit-learn, rounding of its sums included. That order of sums runs
 * over the classes in ascending order, so a renaming of the labels that changes their order may break a tie
 * the other way.
 *
 * Differs from scikit-learn 1.2: with a seed, whole groups are shuffled; there, `shuffle=True` shuffles the
 * groups' class counts and leaves their names behind, which loses the stratification. An empty part is an
 * error.
 *
 * @param labels - One class per example.
 * @param groups - One group per example, such as `record.group`.
 * @returns `nSplits` splits into train and test; each example is in one test part. Indices in ascending
 *   order.
 * @throws EscError INVALID_OPTION if `nSplits < 2`; INVALID_INPUT if the lengths differ, there are fewer
 *   groups than folds, every class has fewer members than folds, or the deal leaves a fold empty.
 * @see scikit-learn 1.2 `StratifiedGroupKFold`.
 * @example
 * const labels = dataset.records.map((record) => record.labelIndex)
 * const groups = dataset.records.map((record) => record.group)
 * const [first] = stratifiedGroupKFold(labels, groups, { nSplits: 5, seed: 42 })
 */
export function stratifiedGroupKFold(
  labels: Labels,
  groups: Labels,
  options: StratifiedGroupKFoldOptions = {},
): Split[] {
  const { nSplits = 5, seed = null } = options
  assertInteger('nSplits', nSplits, 2)
  if (labels.length !== groups.length) {
    throw new EscError('INVALID_INPUT', `${labels.length} labels and ${groups.length} groups must be as many`)
  }
  const classes = encodeSorted(labels)
  const sources = encodeSorted(groups)
  if (sources.values.length < nSplits) {
    throw new EscError(
      'INVALID_INPUT',
      `nSplits=${nSplits} must be at most the number of groups, ${sources.values.length}`,
    )
  }
  if (classes.counts.every((count) => count < nSplits)) {
    throw new EscError('INVALID_INPUT', `nSplits=${nSplits} must be at most the number of members of a class`)
  }
  const foldOf = dealGroups(classes, sources, nSplits, seed)
  const indices = Int32Array.from({ length: labels.length }, (_, i) => i)
  return Array.from({ length: nSplits }, (_, fold) => {
    const test = indices.filter((i) => foldOf[sources.codes[i]!] === fold)
    if (test.length === 0) {
      throw new EscError('INVALID_INPUT', `fold ${fold} of ${nSplits} would be empty; use fewer splits`)
    }
    return { train: indices.filter((i) => foldOf[sources.codes[i]!] !== fold), test }
  })
}

/**
 * One split into training, validation and test that shares no group: the first of five folds is the test
 * part, the first of five folds of the rest the validation part. That is 64, 16 and 20 %, as nearly as whole
 * groups allow.
 *
 * @param labels - One class per example.
 * @param groups - One group per example.
 * @throws EscError as {@link stratifiedGroupKFold} does.
 * @example stratifiedGroupSplit(records.map((r) => r.labelIndex), records.map((r) => r.group), { seed: 42 })
 */
export function stratifiedGroupSplit(
  labels: Labels,
  groups: Labels,
  options: StratifiedGroupSplitOptions = {},
): Split {
  const { seed = 0 } = options
  const outer = stratifiedGroupKFold(labels, groups, { nSplits: 5, seed })[0]!
  const rest = Array.from(outer.train)
  const inner = stratifiedGroupKFold(
    rest.map((i) => labels[i]!),
    rest.map((i) => groups[i]!),
    { nSplits: 5, seed },
  )[0]!
  const pick = (indices: Int32Array) => indices.map((i) => rest[i]!)
  return { train: pick(inner.train), validation: pick(inner.test), test: outer.test }
}

/** The fold of each group. */
function dealGroups(classes: Encoding, sources: Encoding, nSplits: number, seed: number | null): Int32Array {
  const nClasses = classes.values.length
  const groupCounts = sources.values.map(() => new Float64Array(nClasses))
  classes.codes.forEach((code, i) => {
    groupCounts[sources.codes[i]!]![code]! += 1
  })
  const unevenness = groupCounts.map((counts) => populationStd(counts))
  const order = sources.values.map((_, group) => group)
  if (seed !== null) createRng(seed).shuffle(order)
  order.sort((a, b) => unevenness[b]! - unevenness[a]!)

  const foldCounts = Array.from({ length: nSplits }, () => new Float64Array(nClasses))
  const foldOf = new Int32Array(order.length)
  for (const group of order) {
    const best = bestFold(foldCounts, groupCounts[group]!, classes.counts)
    foldOf[group] = best
    addTo(foldCounts[best]!, groupCounts[group]!, 1)
  }
  return foldOf
}

/**
 * Where the group leaves the spread smallest; of folds that are close (NumPy's `isclose`), the one with fewer
 * examples.
 */
function bestFold(
  foldCounts: readonly Float64Array[],
  counts: Float64Array,
  classSizes: readonly number[],
): number {
  let best = 0
  let leastSpread = Number.POSITIVE_INFINITY
  let fewest = Number.POSITIVE_INFINITY
  foldCounts.forEach((fold, i) => {
    addTo(fold, counts, 1)
    const spread = meanSpread(foldCounts, classSizes)
    addTo(fold, counts, -1)
    const size = fold.reduce((sum, count) => sum + count, 0)
    const isClose = Math.abs(spread - leastSpread) <= 1e-8 + 1e-5 * leastSpread
    if (spread < leastSpread || (isClose && size < fewest)) {
      best = i
      leastSpread = spread
      fewest = size
    }
  })
  return best
}

/** Mean over the classes of the standard deviation over the folds of the class's share. */
function meanSpread(foldCounts: readonly Float64Array[], classSizes: readonly number[]): number {
  const shares = new Float64Array(foldCounts.length)
  const spreads = Float64Array.from(classSizes, (size, code) => {
    for (let fold = 0; fold < shares.length; fold++) shares[fold] = foldCounts[fold]![code]! / size
    return columnStd(shares)
  })
  return pairwiseSum(spreads, 0, spreads.length) / spreads.length
}

function addTo(target: Float64Array, counts: Float64Array, sign: 1 | -1): void {
  for (let i = 0; i < target.length; i++) target[i]! += sign * counts[i]!
}

// Folds that are equally good differ in their sums' last bits alone, and the greedy deal asks which is the
// smaller. To make scikit-learn's choices, sums must be taken in NumPy's order: row by row across an axis that
// is not the last, in pairs along the last.

function columnStd(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / values.length)
}

function populationStd(values: Float64Array): number {
  const mean = pairwiseSum(values, 0, values.length) / values.length
  const squares = values.map((value) => (value - mean) * (value - mean))
  return Math.sqrt(pairwiseSum(squares, 0, squares.length) / values.length)
}

/** @see NumPy 1.24 `pairwise_sum` in `loops_utils.h.src`: eight accumulators, blocks of up to 128. */
function pairwiseSum(values: Float64Array, start: number, length: number): number {
  let sum = 0
  if (length < 8) {
    for (let i = start; i < start + length; i++) sum += values[i]!
    return sum
  }
  if (length > 128) {
    const half = Math.floor(length / 2)
    const first = half - (half % 8)
    return pairwiseSum(values, start, first) + pairwiseSum(values, start + first, length - first)
  }
  const [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map((lane) => {
    let partial = values[start + lane]!
    for (let i = 8 + lane; i < length - (length % 8); i += 8) partial += values[start + i]!
    return partial
  })
  sum = a! + b! + (c! + d!) + (e! + f! + (g! + h!))
  for (let i = length - (length % 8); i < length; i++) sum += values[start + i]!
  return sum
}
