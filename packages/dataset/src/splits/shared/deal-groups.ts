/** Gives each group its fold, for the stratified group splits. */
import { createRng } from '@esc/core'
import { range } from './folds.js'
import { type Encoding, startsOf } from './labels.js'
import { pairwiseSum, rowStd } from './numpy.js'
import { argsortDescending } from './sort.js'

/**
 * The number of members of each class in each group. Group `g` has the entries from `starts[g]` to `starts[g + 1]`, with its classes in
 * the order in which they appear.
 */
export interface GroupCounts {
  starts: Int32Array
  classes: Int32Array
  counts: Int32Array
}

/**
 * Gives each group its fold. It takes the groups from the most to the least uneven, and puts each into the fold where the spread of
 * the classes over the folds stays smallest.
 */
export function dealGroups(
  classes: Encoding,
  sources: Encoding,
  nSplits: number,
  seed: number | null,
): Int32Array {
  const groups = countByGroup(classes, sources)
  const order = dealingOrder(groups, classes.counts.length, seed)
  const deal = createDeal(groups, classes.counts, nSplits)
  const foldOf = new Int32Array(order.length)
  for (const group of order) foldOf[group] = deal(group)
  return foldOf
}

/** Counts the classes of each group. */
export function countByGroup(classes: Encoding, sources: Encoding): GroupCounts {
  const nGroups = sources.counts.length
  // These begin as the starts of the groups, and are their ends when the groups are full.
  const ends = startsOf(sources.counts)
  const codes = new Int32Array(sources.codes.length)
  for (let i = 0; i < codes.length; i++) codes[ends[sources.codes[i]!]!++] = classes.codes[i]!
  const found: GroupCounts = {
    starts: new Int32Array(nGroups + 1),
    classes: new Int32Array(codes.length),
    counts: new Int32Array(codes.length),
  }
  const entryOf = new Int32Array(classes.counts.length).fill(-1)
  for (let group = 0, i = 0, end = 0; group < nGroups; group++) {
    const start = end
    for (; i < ends[group]!; i++) {
      const code = codes[i]!
      // An entry before `start` belongs to another group.
      if (entryOf[code]! < start) {
        entryOf[code] = end
        found.classes[end++] = code
      }
      found.counts[entryOf[code]!]!++
    }
    found.starts[group + 1] = end
  }
  return found
}

/** The groups from the one whose class counts vary most to the one whose counts vary least; equal ones keep their order. */
function dealingOrder(groups: GroupCounts, nClasses: number, seed: number | null): Int32Array {
  const nGroups = groups.starts.length - 1
  const unevenness = new Float64Array(nGroups)
  const row = new Float64Array(nClasses)
  for (let group = 0; group < nGroups; group++) {
    row.fill(0)
    for (let e = groups.starts[group]!; e < groups.starts[group + 1]!; e++) {
      row[groups.classes[e]!] = groups.counts[e]!
    }
    unevenness[group] = rowStd(row)
  }
  if (seed === null) return argsortDescending(unevenness)
  const shuffled = createRng(seed).shuffle(range(nGroups))
  const order = argsortDescending(Float64Array.from(shuffled, (group) => unevenness[group]!))
  return order.map((place) => shuffled[place]!)
}

/**
 * Makes a function that takes one group after the other and returns its fold. A group changes only the spread of its own classes, so
 * only these are computed again. The mean of all spreads is summed from the beginning, to round as NumPy does.
 */
function createDeal(
  groups: GroupCounts,
  classSizes: readonly number[],
  nSplits: number,
): (group: number) => number {
  const nClasses = classSizes.length
  /** For each class, its members in each fold, and their share of the class. */
  const dealt = new Int32Array(nClasses * nSplits)
  const shares = new Float64Array(nClasses * nSplits)
  const foldSizes = new Float64Array(nSplits)
  const spreads = new Float64Array(nClasses)

  const trySpread = (group: number, fold: number) => {
    for (let e = groups.starts[group]!; e < groups.starts[group + 1]!; e++) {
      const code = groups.classes[e]!
      const place = code * nSplits + fold
      const share = shares[place]!
      shares[place] = (dealt[place]! + groups.counts[e]!) / classSizes[code]!
      spreads[code] = stdOf(shares, code * nSplits, nSplits)
      shares[place] = share
    }
    return pairwiseSum(spreads, 0, nClasses) / nClasses
  }
  const put = (group: number, fold: number) => {
    for (let e = groups.starts[group]!; e < groups.starts[group + 1]!; e++) {
      const code = groups.classes[e]!
      const place = code * nSplits + fold
      dealt[place]! += groups.counts[e]!
      foldSizes[fold]! += groups.counts[e]!
      shares[place] = dealt[place]! / classSizes[code]!
      spreads[code] = stdOf(shares, code * nSplits, nSplits)
    }
  }
  return (group) => {
    let best = 0
    let leastSpread = Number.POSITIVE_INFINITY
    let fewest = Number.POSITIVE_INFINITY
    for (let fold = 0; fold < nSplits; fold++) {
      const spread = trySpread(group, fold)
      // NumPy's `isclose`: among folds that are close, the one with fewer examples is chosen.
      const isClose = Math.abs(spread - leastSpread) <= 1e-8 + 1e-5 * leastSpread
      if (spread < leastSpread || (isClose && foldSizes[fold]! < fewest)) {
        best = fold
        leastSpread = spread
        fewest = foldSizes[fold]!
      }
    }
    put(group, best)
    return best
  }
}

/** Standard deviation of a class's shares. It is summed from first to last, as NumPy sums along the first axis. */
function stdOf(shares: Float64Array, start: number, nSplits: number): number {
  let sum = 0
  for (let i = start; i < start + nSplits; i++) sum += shares[i]!
  const mean = sum / nSplits
  let squares = 0
  for (let i = start; i < start + nSplits; i++) {
    const difference = shares[i]! - mean
    squares += difference * difference
  }
  return Math.sqrt(squares / nSplits)
}
