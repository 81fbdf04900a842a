/** Prepares training batches: reads examples, normalises them, and packs them into arrays. */
import {
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
import type { LossOptions, Tensor } from '@esc/onnx'
import { targetOf } from './targets.js'
import type { Teacher } from './teacher.js'

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
   * Prepares the batch of the examples at these positions of the training part. A position of `train.length` and more is that of an example
   * once more in this epoch, as `drawOrder` says. There are two sets of arrays, which take turns: a
   * batch can be prepared while a step reads the one before. The call after the next one overwrites this batch.
   */
  prepare(epoch: number, positions: Int32Array): Promise<PreparedBatch>
}

/** Options of {@link createBatchSource}. */
export interface BatchSourceOptions {
  loss?: LossOptions | undefined
  /** Gives logits for each batch. @defaultValue none */
  teacher?: Teacher | null
  shape: InputShape
  classes: number
  normalizer: Normalizer | null
  batchSize: number
  rng: Rng
}

/** An example as the set returned it. */
interface Drawn {
  features: FeatureMatrix
  /** One value for each class. */
  label: Float32Array
}

/**
 * The source of the batches of one training.
 *
 * What a set draws for an example depends on the generator's seed, the epoch and the example's id. It does not depend on what was prepared
 * before.
 *
 * @param train - Indices of the training part.
 * @throws EscError `prepare` throws INVALID_INPUT if a result of the set does not fit the network, or a teacher's logits are not finite.
 */
export function createBatchSource(
  set: FeatureSet,
  train: Int32Array,
  options: BatchSourceOptions,
): BatchSource {
  const { shape, classes, normalizer, teacher, batchSize } = options
  const rows = Math.min(batchSize, train.length)
  const size = shape[0] * shape[1] * shape[2]
  const arrays = [0, 1].map(() => ({
    input: new Float32Array(rows * size),
    // A teacher has a normaliser of its own, so it reads features as the set made them.
    features: new Float32Array(teacher ? rows * size : 0),
    target: new Float32Array(rows * classes),
  }))
  let turn = 0
  const drawAll = createReader(set, train, options)
  return {
    async prepare(epoch, positions) {
      const { input, features: raw, target } = arrays[turn]!
      turn = 1 - turn
      const drawn = await drawAll(epoch, positions)
      const view = (data: Float32Array, dims: readonly number[]): FloatTensor => ({
        type: 'float32',
        dims: [drawn.length, ...dims],
        data: data.subarray(0, (data.length / rows) * drawn.length),
      })
      drawn.forEach(({ features, label }, row) => {
        if (normalizer) normalizeInto(input, row * size, features, normalizer)
        else input.set(features.data, row * size)
        if (teacher) raw.set(features.data, row * size)
        target.set(label, row * classes)
      })
      const batch = { input: view(input, shape), target: view(target, [classes]) }
      if (!teacher) return batch
      const data = await teacher.logits(view(raw, shape))
      const odd = data.findIndex((value) => !Number.isFinite(value))
      if (odd >= 0)
        throw new EscError('INVALID_INPUT', `a teacher's logit is ${data[odd]}; it must be finite`)
      return { ...batch, teacherLogits: { type: 'float32', dims: [drawn.length, classes], data } }
    },
  }
}

/** Returns a function that reads the examples at positions of the training part, with their targets. */
function createReader(set: FeatureSet, train: Int32Array, options: BatchSourceOptions) {
  const { shape, classes, loss, rng } = options
  /** An example that occurs several times (oversampling) has another generator each time. */
  const nameOf = occurrencesOf(set, train)
  return async (epoch: number, positions: Int32Array): Promise<Drawn[]> => {
    const places = Array.from(positions, (position) => position % train.length)
    const indices = places.map((place) => train[place]!)
    /** The second time and later, a set draws something else for the example. */
    const again = Array.from(positions, (position) => Math.floor(position / train.length))
    const drawn = await drawFeatures(set, indices, (_, place) => {
      return {
        epoch,
        rng: rng.fork(
          `draw ${epoch} ${nameOf[places[place]!]}${again[place]! > 0 ? ` again ${again[place]}` : ''}`,
        ),
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
      return { features, label }
    })
  }
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
