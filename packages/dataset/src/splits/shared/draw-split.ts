/** One random draw of a training and a test part: freely or with the classes' shares, of examples or of whole groups. */
import { assertInteger, createRng, EscError, type Rng, type Split } from '@esc/core'
import { countByGroup } from './deal-groups.js'
import { assertSameLength, range } from './folds.js'
import { type Encoding, encodeByAppearance, type Labels, membersByCode } from './labels.js'
import {
  drawParts,
  inTest,
  inTrain,
  type PartCounts,
  type PartSizeOptions,
  partCounts,
  splitOf,
} from './parts.js'
import type { Unit } from './source.js'

/** Options of {@link drawSplit}; see `TrainTestSplitOptions`. */
export interface DrawOptions extends PartSizeOptions {
  seed?: number
  stratify?: Labels | null
  groups?: Labels | null
}

/** @throws EscError as `trainTestSplit` does. */
export function drawSplit(count: number, options: DrawOptions, units: Unit): Split {
  const { seed = 0, stratify = null, groups = null } = options
  assertInteger('count', count, 1)
  if (stratify !== null) assertSameLength('labels in stratify', stratify.length, 'examples', count)
  const rng = createRng(seed)
  if (groups === null) {
    const sizes = partCounts(count, options, 0.25, units)
    return splitOf(
      range(count),
      stratify === null ? drawParts(sizes, rng) : drawStratified(stratify, sizes, rng, 'example'),
    )
  }
  assertSameLength('groups', groups.length, 'examples', count)
  const sources = encodeByAppearance('groups', groups)
  const sizes = partCounts(sources.counts.length, options, 0.25, 'groups')
  const partOf =
    stratify === null
      ? drawParts(sizes, rng)
      : drawStratified(labelOfGroups(stratify, sources), sizes, rng, 'group')
  return splitOf(sources.codes, partOf)
}

/** The class that most examples of each group have; if there are several, the one that appears first. */
function labelOfGroups(labels: Labels, sources: Encoding): (number | string)[] {
  const classes = encodeByAppearance('stratify', labels)
  const groups = countByGroup(classes, sources)
  return sources.counts.map((_, group) => {
    let most = groups.starts[group]!
    for (let e = most + 1; e < groups.starts[group + 1]!; e++) {
      if (groups.counts[e]! > groups.counts[most]!) most = e
    }
    return classes.values[groups.classes[most]!]!
  })
}

/** Draws the part of each unit so that both parts have the classes' shares. */
function drawStratified(
  labels: Labels,
  { trainCount, testCount, unitCount }: PartCounts,
  rng: Rng,
  unit: 'example' | 'group',
): Uint8Array {
  const classes = encodeByAppearance('stratify', labels)
  const { values, counts } = classes
  const single = counts.indexOf(1)
  if (single >= 0) {
    const member = unit === 'group' ? 'group' : 'member'
    throw new EscError(
      'INVALID_INPUT',
      `class ${values[single]} has 1 ${member}; a stratified split needs 2`,
      {
        detail: { label: values[single] },
      },
    )
  }
  for (const [part, size] of Object.entries({ test: testCount, train: trainCount })) {
    if (size < counts.length) {
      const rule = `must be at least the number of classes, ${counts.length}; change testSize`
      throw new EscError('INVALID_INPUT', `${part} part=${size} ${rule}`)
    }
  }
  const trainCounts = largestRemainder(counts, trainCount, rng)
  const left = counts.map((count, code) => count - trainCounts[code]!)
  const testCounts = trainCount + testCount === unitCount ? left : largestRemainder(left, testCount, rng)
  const { members, starts } = membersByCode(classes)
  const partOf = new Uint8Array(labels.length)
  for (let code = 0; code < counts.length; code++) {
    const drawn = rng.shuffle(members.subarray(starts[code]!, starts[code + 1]!))
    const trained = trainCounts[code]!
    for (let i = 0; i < trained; i++) partOf[drawn[i]!] = inTrain
    for (let i = trained; i < trained + testCounts[code]!; i++) partOf[drawn[i]!] = inTest
  }
  return partOf
}

/**
 * Divides `total` in proportion to `counts`. It computes in whole numbers, so that equal remainders are equal exactly.
 */
function largestRemainder(counts: readonly number[], total: number, rng: Rng): number[] {
  const sum = counts.reduce((a, b) => a + b, 0)
  const shares = counts.map((count) => Math.floor((count * total) / sum))
  const remainders = counts.map((count) => (count * total) % sum)
  const left = total - shares.reduce((a, b) => a + b, 0)
  // The order is shuffled first, and the sort is stable, so ties are in random order.
  const order = rng.shuffle(counts.map((_, code) => code)).sort((a, b) => remainders[b]! - remainders[a]!)
  for (const code of order.slice(0, left)) shares[code]!++
  return shares
}
