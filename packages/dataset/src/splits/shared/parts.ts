/** Sizes of a random split's parts, and the drawing of units: single examples, clips, or groups. */
import { EscError, type Rng, type Split } from '@esc/core'
import { range, type Splits } from './folds.js'
import type { Unit } from './source.js'

/** Parts of units, one byte each; 0 is neither. */
export const TRAIN = 1
export const TEST = 2

/**
 * How large the parts are: a share in (0, 1), or a whole number >= 1. A share is rounded up for testing and down for
 * training. Where one is not given it takes what the other leaves; where both are, the rest is in neither part.
 */
export interface PartSizeOptions {
  /** Each function has its own default, which holds where `trainSize` is not given either. */
  testSize?: number
  /** @defaultValue what the test part leaves */
  trainSize?: number
}

/** Sizes in whole examples, clips or groups. */
export interface PartCounts {
  unitCount: number
  trainCount: number
  testCount: number
}

/**
 * Whole numbers for the sizes asked for.
 *
 * @throws EscError INVALID_OPTION, INVALID_INPUT as {@link shuffleSplit}.
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

/** A size in whole units. @throws EscError INVALID_OPTION if it is no size; INVALID_INPUT if it leaves none or is 0. */
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

/** The part of each unit, drawn freely. */
export function drawParts({ unitCount, trainCount, testCount }: PartCounts, rng: Rng): Uint8Array {
  const order = rng.shuffle(range(unitCount))
  const partOf = new Uint8Array(unitCount)
  for (let i = 0; i < testCount; i++) partOf[order[i]!] = TEST
  for (let i = testCount; i < testCount + trainCount; i++) partOf[order[i]!] = TRAIN
  return partOf
}

/** As many splits as asked for, each drawn freely. @param unitOf - One unit per example. */
export function* drawEach(unitOf: Int32Array, sizes: PartCounts, nSplits: number, rng: Rng): Splits {
  for (let split = 0; split < nSplits; split++) yield splitOf(unitOf, drawParts(sizes, rng))
}

/**
 * Sorts each example into the part that its unit is in.
 *
 * @param unitOf - One unit per example.
 */
export function splitOf(unitOf: Int32Array, partOf: Uint8Array): Split {
  return { train: indicesOf(unitOf, partOf, TRAIN), test: indicesOf(unitOf, partOf, TEST) }
}

function indicesOf(unitOf: Int32Array, partOf: Uint8Array, part: number): Int32Array {
  let count = 0
  for (let i = 0; i < unitOf.length; i++) if (partOf[unitOf[i]!] === part) count++
  const indices = new Int32Array(count)
  for (let i = 0, next = 0; i < unitOf.length; i++) if (partOf[unitOf[i]!] === part) indices[next++] = i
  return indices
}
