/** Checks all examples before training begins, so that a wrong one is found before the first epoch; fits the normaliser. */
import {
  assertFeatureSet,
  assertFeatures,
  assertIndices,
  createNormalizerFit,
  drawFeatures,
  EscError,
  type FeatureRecord,
  type FeatureSet,
  hasField,
  type InputShape,
  type Normalizer,
  wrongValue,
} from '@esc/core'
import type { LossOptions } from '@esc/onnx'
import { createDigest } from './checkpoint/digest.js'
import { targetOf } from './targets.js'
import type { TrainingSplit } from './train-options.js'

/** The parts of a split that training reads. */
export interface TrainingParts {
  train: Int32Array
  validation: Int32Array
}

/** Result of {@link surveyExamples}. */
export interface Survey {
  /** Mean and standard deviation of each bin over the training part. */
  statistics: Normalizer
  /** Digests of both parts, for checkpoints; `null` if no checkpoint is kept. */
  digests: { train: string; validation: string } | null
}

/** How many examples are read at the same time, because a set may read them from a disk. */
const readAhead = 16

/**
 * The parts of a split, checked.
 *
 * @throws EscError INVALID_INPUT if a part is not a list of indices of the set, or two parts share a clip.
 */
export function partsOf(set: FeatureSet, split: TrainingSplit): TrainingParts {
  assertFeatureSet(set)
  if (!hasField(split, 'train'))
    throw wrongValue('split', split, '{ train, validation }, the result of a splitter')
  const { train, validation = [], test = [] } = split
  assertIndices('split.train', train, set)
  assertIndices('split.validation', validation, set)
  assertIndices('split.test', test, set)
  if (train.length === 0) throw new EscError('INVALID_INPUT', 'training needs at least one example')
  assertApart(set, { train, validation, test })
  return { train: Int32Array.from(train), validation: Int32Array.from(validation) }
}

/**
 * Checks that no clip is in two parts. A split that was made for clips and is used for their windows puts windows of one clip into
 * several parts: the evaluation would be too good, and nobody would notice.
 */
function assertApart(set: FeatureSet, parts: Readonly<Record<string, ArrayLike<number>>>): void {
  const partOf = new Map<string, string>()
  for (const [part, indices] of Object.entries(parts)) {
    for (let i = 0; i < indices.length; i++) {
      const { clipId } = set.records[indices[i]!]!
      const other = partOf.get(clipId) ?? part
      if (other !== part) {
        const found = `clip '${clipId}' is in split.${other} and in split.${part}`
        throw new EscError(
          'INVALID_INPUT',
          `${found}; split this set itself, not its table and not another set`,
        )
      }
      partOf.set(clipId, part)
    }
  }
}

/** The input shape that fits the first training example. */
export async function inputShapeOf(set: FeatureSet, { train }: TrainingParts): Promise<InputShape> {
  const index = train[0]!
  const drawn = await set.get(index)
  const { bins, frames } = drawn?.features ?? { bins: 0, frames: 0 }
  assertFeatures(set.records[index]!.id, drawn?.features, [1, bins, frames])
  return [1, bins, frames]
}

/**
 * Reads every example once, without augmentation.
 *
 * @throws EscError INVALID_INPUT naming an example whose features or target do not fit the network; the signal's reason.
 */
export async function surveyExamples(
  set: FeatureSet,
  { train, validation }: TrainingParts,
  options: {
    shape: InputShape
    classes: number
    kind: LossOptions['kind']
    withDigests: boolean
    signal: AbortSignal | undefined
  },
): Promise<Survey> {
  const { shape, classes, kind, withDigests, signal } = options
  const fit = createNormalizerFit()

  const targetOfClip = new Map<string, Float32Array>()
  /** The scores of a clip's windows are averaged and compared with one target. */
  function assertOneTarget({ id, clipId }: FeatureRecord, target: Float32Array | undefined): void {
    if (!target) return
    const known = targetOfClip.get(clipId) ?? target
    targetOfClip.set(clipId, known)
    if (target.every((value, i) => value === known[i])) return
    const found = `example '${id}' has another target than the earlier windows of clip '${clipId}'`
    throw new EscError(
      'INVALID_INPUT',
      `${found}; in the validation part, all windows of a clip need the same target`,
    )
  }

  async function read(part: Int32Array, isLearnt: boolean): Promise<string> {
    const digest = withDigests ? createDigest() : null
    for (let start = 0; start < part.length; start += readAhead) {
      signal?.throwIfAborted()
      const chosen = Array.from(part.subarray(start, start + readAhead))
      const drawn = await drawFeatures(set, chosen)
      for (const [i, index] of chosen.entries()) {
        const record = set.records[index]!
        const features = assertFeatures(record.id, drawn[i]?.features, shape)
        const { target } = drawn[i]!
        targetOf(record, target, classes, kind)
        if (isLearnt) fit.add(features)
        const { id, clipId, labelIndex } = record
        if (!isLearnt) assertOneTarget(record, target)
        const { bins, frames, data } = features
        const header = { id, clipId, labelIndex, bins, frames, ...(target ? { target: [...target] } : {}) }
        await digest?.add([header, data])
      }
    }
    return digest ? `${part.length} (${await digest.finish()})` : ''
  }

  const digests = { train: await read(train, true), validation: await read(validation, false) }
  return { statistics: fit.finish(), digests: withDigests ? digests : null }
}

/**
 * The warning for features from which a network learns badly.
 *
 * @returns `null` if mean and standard deviation are near 0 and 1.
 */
export function warningOf({ mean, std }: Normalizer): string | null {
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
  const centre = average(mean)
  const deviation = Math.sqrt(average(mean.map((value, bin) => std[bin]! ** 2 + (value - centre) ** 2)))
  if (Math.abs(centre) <= 1 && deviation >= 0.2 && deviation <= 5) return null
  return (
    `the features have mean ${centre.toPrecision(3)} and standard deviation ${deviation.toPrecision(3)}, and normalize is null: ` +
    'networks learn better from mean 0 and deviation 1; leave normalize out, and training normalises the features'
  )
}
