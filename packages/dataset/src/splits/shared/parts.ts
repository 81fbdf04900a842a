/** Sizes of a random split's parts, and the draw of units, which are single examples, clips, or groups. */
import { EscError, type Rng, type Split } from '@esc/core'
import { range, type Splits } from './folds.js'
import type { Unit } from './source.js'

/** The part of a unit, one byte each; 0 means no part. */
export const inTrain = 1
export const inTest = 2

/**
 * Sizes of the parts: a share in (0, 1), or a whole number >= 1. A share is rounded up for testing and down for training. If one size
 * is missing, that part takes all that the other leaves. If both are given, the rest is in neither part.
 */
export interface PartSizeOptions {
  /** Size of the test part. @defaultValue each function has its own; with `trainSize`, what the training part leaves */
  testSize?: number
  /** Size of the training part. @defaultValue what the test part leaves */
  trainSize?: number
}

/** Sizes in whole examples, clips or groups. */
export interface PartCounts {
  unitCount: number
  trainCount: number
  testCount: number
}

/**
 * Converts the sizes of an option object to whole numbers.
 *
 * @throws EscError INVALID_OPTION, INVALID_INPUT as `shuffleSplit`.
 * @see scikit-learn 1.2 `_validate_shuffle_split`.
 */
export function partCounts(
  unitCount: number,
  sizes: PartSizeOptions,
  defaultTestSize: number,
  units: Unit,
): PartCounts {
  const { trainSize, testSize = trainSize === undefined ? defaultTestSize : undefined } = sizes
  if (
    trainSize !== undefined &&
    testSize !== undefined &&
    trainSize < 1 &&
    testSize < 1 &&
    trainSize + testSize > 1
  ) {
    throw new EscError(
      'INVALID_OPTION',
      `trainSize=${trainSize} and testSize=${testSize} are more than the whole`,
    )
  }
  const fixedTest = testSize === undefined ? null : countOf('testSize', testSize, unitCount, units)
  const fixedTrain = trainSize === undefined ? null : countOf('trainSize', trainSize, unitCount, units)
  const testCount = fixedTest ?? unitCount - fixedTrain!
  const trainCount = fixedTrain ?? unitCount - fixedTest!
  if (trainCount + testCount > unitCount) {
    const found = `trainSize=${trainSize} and testSize=${testSize} need ${trainCount + testCount} ${units}`
    throw new EscError('INVALID_INPUT', `${found}; there are ${unitCount}`)
  }
  return { unitCount, trainCount, testCount }
}

/** Converts a size to whole units. @throws EscError INVALID_OPTION if it is no size; INVALID_INPUT if it leaves none or is 0. */
export function countOf(
  name: 'testSize' | 'trainSize' | 'validationSize',
  size: number,
  unitCount: number,
  units: Unit,
): number {
  const isShare = size > 0 && size < 1
  if (!isShare && !(Number.isSafeInteger(size) && size >= 1)) {
    throw new EscError('INVALID_OPTION', `${name}=${size} must be a share in (0, 1) or a whole number >= 1`)
  }
  const share = size * unitCount
  const count = isShare ? (name === 'trainSize' ? Math.floor(share) : Math.ceil(share)) : size
  if (count >= unitCount) {
    const other = name === 'trainSize' ? 'test' : 'train'
    throw new EscError(
      'INVALID_INPUT',
      `${name}=${size} takes all of ${unitCount} ${units}; none is left to ${other}`,
    )
  }
  if (count === 0) {
    throw new EscError('INVALID_INPUT', `${name}=${size} of ${unitCount} ${units} is none; make it larger`)
  }
  return count
}

/** Draws the part of each unit freely. */
export function drawParts({ unitCount, trainCount, testCount }: PartCounts, rng: Rng): Uint8Array {
  const order = rng.shuffle(range(unitCount))
  const partOf = new Uint8Array(unitCount)
  for (let i = 0; i < testCount; i++) partOf[order[i]!] = inTest
  for (let i = testCount; i < testCount + trainCount; i++) partOf[order[i]!] = inTrain
  return partOf
}

/** Makes `nSplits` splits, each drawn freely. @param unitOf - One unit per example. */
export function* drawEach(unitOf: Int32Array, sizes: PartCounts, nSplits: number, rng: Rng): Splits {
  for (let split = 0; split < nSplits; split++) yield splitOf(unitOf, drawParts(sizes, rng))
}

/**
 * Puts each example into the part of its unit.
 *
 * @param unitOf - One unit per example.
 */
export function splitOf(unitOf: Int32Array, partOf: Uint8Array): Split {
  return { train: indicesOf(unitOf, partOf, inTrain), test: indicesOf(unitOf, partOf, inTest) }
}

function indicesOf(unitOf: Int32Array, partOf: Uint8Array, part: number): Int32Array {
  let count = 0
  for (let i = 0; i < unitOf.length; i++) if (partOf[unitOf[i]!] === part) count++
  const indices = new Int32Array(count)
  for (let i = 0, next = 0; i < unitOf.length; i++) if (partOf[unitOf[i]!] === part) indices[next++] = i
  return indices
}
