/** Prepares training batches: reads examples, normalises, augments and mixes them, and packs them into arrays. */
import {
  applyNormalizer,
  assertFeatures,
  drawFeatures,
  EscError,
  type FeatureMatrix,
  type FeatureSet,
  type InputShape,
  type Normalizer,
  normalizeInto,
  type Rng,
} from '@esc/core'
import type { Tensor } from '@esc/onnx'
import { assertTarget, targetOf } from './targets.js'
import type { LabeledFeatures, TrainOptions } from './train-options.js'

/** A tensor of a network's input, targets or logits. */
export type FloatTensor = Tensor & { type: 'float32' }

/** The input of one step. */
export interface PreparedBatch {
  input: FloatTensor
  target: FloatTensor
  /** Only with a teacher. */
  teacherLogits?: FloatTensor
}

/** Prepares batches. */
export interface BatchSource {
  /**
   * Prepares the batch of the examples at these positions of the training part. There are two sets of arrays, which take turns: a
   * batch can be prepared while a step reads the one before. The call after the next one overwrites this batch.
   */
  prepare(epoch: number, positions: Int32Array): Promise<PreparedBatch>
}

/** Options of {@link createBatchSource}. */
export interface BatchSourceOptions extends Pick<TrainOptions, 'augment' | 'mix' | 'teacherLogits' | 'loss'> {
  shape: InputShape
  classes: number
  normalizer: Normalizer | null
  batchSize: number
  rng: Rng
}

/** An example as the set returned it. */
interface Drawn extends LabeledFeatures {
  id: string
  /** The id; from its second place in the training part on, also a number. */
  name: string
}

/**
 * The source of the batches of one training.
 *
 * How an example is changed depends on the generator's seed, the epoch, the example's id and, if it is mixed, its neighbour in the
 * batch. It does not depend on what was prepared before.
 *
 * @param train - Indices of the training part.
 * @throws EscError INVALID_INPUT unless `teacherLogits` has one row of finite numbers for each training example; `prepare` throws
 *   it if a result of the set, of `augment` or of `mix` does not fit the network.
 */
export function createBatchSource(
  set: FeatureSet,
  train: Int32Array,
  options: BatchSourceOptions,
): BatchSource {
  const { shape, classes, normalizer, augment, mix, teacherLogits, batchSize } = options
  if (teacherLogits) assertTeacherLogits(teacherLogits, train.length, classes)
  const rows = Math.min(batchSize, train.length)
  const size = shape[0] * shape[1] * shape[2]
  const arrays = [0, 1].map(() => ({
    input: new Float32Array(rows * size),
    target: new Float32Array(rows * classes),
    teacher: new Float32Array(teacherLogits ? rows * classes : 0),
  }))
  let turn = 0
  const drawAll = createReader(set, train, options)
  return {
    async prepare(epoch, positions) {
      const { input, target, teacher } = arrays[turn]!
      turn = 1 - turn
      const drawn = await drawAll(epoch, positions)
      const isPlain = !augment && !mix
      const single = isPlain
        ? drawn
        : drawn.map((item) => ({ ...item, features: augmented(epoch, item, options) }))
      const view = (data: Float32Array, dims: readonly number[]): FloatTensor => ({
        type: 'float32',
        dims: [drawn.length, ...dims],
        data: data.subarray(0, (data.length / rows) * drawn.length),
      })
      single.forEach((item, row) => {
        const neighbour = single[(row + 1) % single.length]!
        const { features, label } = mix ? mixed(epoch, item, neighbour, options) : item
        if (isPlain && normalizer) normalizeInto(input, row * size, features, normalizer)
        else input.set(features.data, row * size)
        target.set(label, row * classes)
        if (!teacherLogits) return
        const from = positions[row]! * classes
        teacher.set(teacherLogits.subarray(from, from + classes), row * classes)
      })
      return {
        input: view(input, shape),
        target: view(target, [classes]),
        ...(teacherLogits ? { teacherLogits: view(teacher, [classes]) } : {}),
      }
    },
  }
}

function assertTeacherLogits(teacherLogits: Float32Array, examples: number, classes: number): void {
  if (teacherLogits.length !== examples * classes) {
    throw new EscError(
      'INVALID_INPUT',
      `teacherLogits has ${teacherLogits.length} values; ${examples} examples of ${classes} classes need ${examples * classes}`,
    )
  }
  const odd = teacherLogits.findIndex((value) => !Number.isFinite(value))
  if (odd >= 0)
    throw new EscError('INVALID_INPUT', `teacherLogits[${odd}]=${teacherLogits[odd]} must be finite`)
}

/** Returns a function that reads the examples at positions of the training part, with their targets. */
function createReader(set: FeatureSet, train: Int32Array, options: BatchSourceOptions) {
  const { shape, classes, loss, rng } = options
  /** An example that occurs several times (oversampling) has another generator each time. */
  const nameOf = occurrencesOf(set, train)
  return async (epoch: number, positions: Int32Array): Promise<Drawn[]> => {
    const places = Array.from(positions)
    const indices = places.map((position) => train[position]!)
    const drawn = await drawFeatures(set, indices, (_, place) => {
      return {
        epoch,
        rng: rng.fork(`draw ${epoch} ${nameOf[places[place]!]}`),
        // A copy each time: if a set changed it, for example by shuffling, this training would learn other examples.
        get train() {
          return train.slice()
        },
      }
    })
    return drawn.map((item, place) => {
      const record = set.records[indices[place]!]!
      const features = assertFeatures(record.id, item?.features, shape)
      const label = targetOf(record, item.target, classes, loss?.kind)
      return { id: record.id, name: nameOf[places[place]!]!, features, label }
    })
  }
}

/** The example's features, normalised and augmented. */
function augmented(epoch: number, { id, name, features }: Drawn, options: BatchSourceOptions): FeatureMatrix {
  const { normalizer, augment, rng, shape } = options
  const normalised = normalizer ? applyNormalizer(features, normalizer) : features
  if (!augment) return normalised
  return assertFeatures(id, augment(normalised, rng.fork(`augment ${epoch} ${name}`)), shape, 'augment')
}

/** The example mixed with its neighbour. */
function mixed(
  epoch: number,
  { id, name, ...a }: Drawn,
  { features, label }: Drawn,
  { mix, rng, shape, classes, loss }: BatchSourceOptions,
): LabeledFeatures {
  const made = mix!(a, { features, label }, rng.fork(`mix ${epoch} ${name}`))
  assertFeatures(id, made?.features, shape, 'mix')
  assertTarget(id, 'is mixed to', made.label, classes, loss?.kind)
  return made
}

/** A name for each place in the training part: the example's id, and a number from its second occurrence on. */
function occurrencesOf({ records }: FeatureSet, train: Int32Array): string[] {
  const times = new Map<number, number>()
  return Array.from(train, (index) => {
    const time = (times.get(index) ?? 0) + 1
    times.set(index, time)
    const { id } = records[index]!
    return time === 1 ? id : `${id} (${time})`
  })
}
