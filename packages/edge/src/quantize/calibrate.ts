/** Measures the ranges of a model's values on sample inputs. */
import { asOptions, assertCallback, assertKnown, assertSignal, EscError, wrongValue } from '@esc/core'
import {
  assertOnnxModel,
  assertRuntime,
  assertTensor,
  floatData,
  type OnnxModel,
  type OnnxRuntime,
  type Tensor,
  writeModel,
} from '@esc/onnx'
import { quantizedValues } from './static.js'

/** Smallest and largest number a value took. */
export interface Range {
  min: number
  max: number
}

/** Options of {@link calibrate}. */
export interface CalibrateOptions {
  runtime: OnnxRuntime
  signal?: AbortSignal | undefined
  /** Called after every batch with the number done. */
  onBatch?: ((done: number) => void) | undefined
}

/**
 * Runs a float model and notes the smallest and largest number of every value that quantisation will round
 * (`calibrationMethod: 'minmax'`).
 *
 * @param model - A float32 model with one input.
 * @param batches - Inputs as the model reads them, from the training set: test clips would leak into the model. They are
 *   read one at a time.
 * @returns Ranges by value name.
 * @throws EscError INVALID_INPUT if there are no batches, or a value is not finite; INVALID_OPTION naming an
 *   option that is unknown; the signal's reason.
 * @see ONNX Runtime `MinMaxCalibrater`.
 * @example const ranges = await calibrate(exportModel(model), [{ type: 'float32', dims: [2, 1, 13, 431], data }], { runtime: ortRuntime })
 */
export async function calibrate(
  model: OnnxModel,
  batches: Iterable<Tensor> | AsyncIterable<Tensor>,
  options: CalibrateOptions,
): Promise<Map<string, Range>> {
  assertKnown('calibrate', options, { runtime: true, signal: true, onBatch: true })
  const { runtime, signal, onBatch } = asOptions('calibrate', options)
  assertRuntime('calibrate', '@esc/edge/node or /browser', runtime)
  assertSignal(signal)
  assertCallback('onBatch', onBatch)
  assertOnnxModel('model', model)
  assertBatches(batches)
  const { graph } = model
  const inputName = graph.inputs[0]!.name
  const wanted = quantizedValues(model)
  // The values become outputs; what their shapes are only the runtime knows.
  const outputs = graph.nodes
    .flatMap((node) => node.outputs)
    .filter((name) => wanted.has(name))
    .map((name) => ({ name, type: 'float32' as const, dims: null }))
  const observed = writeModel({ ...model, graph: { ...graph, outputs } })
  const session = await runtime.createSession(observed)
  const ranges = new Map<string, Range>()
  let done = 0
  try {
    for await (const batch of batches) {
      signal?.throwIfAborted()
      assertTensor('batches', batch)
      const results = await session.run({ [inputName]: batch })
      for (const name of wanted) widen(ranges, name, floatData({ [inputName]: batch, ...results }, name))
      done++
      onBatch?.(done)
    }
  } finally {
    await session.release()
  }
  if (done === 0) throw new EscError('INVALID_INPUT', 'calibration needs at least one batch of inputs')
  return ranges
}

function assertBatches(batches: unknown): void {
  const { [Symbol.iterator]: each, [Symbol.asyncIterator]: eachLater } = Object(batches ?? {})
  if (typeof batches !== 'string' && (typeof each === 'function' || typeof eachLater === 'function')) return
  throw wrongValue('batches', batches, 'a list of tensors, or a generator of them')
}

function widen(ranges: Map<string, Range>, name: string, data: Float32Array): void {
  const range = ranges.get(name) ?? { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY }
  let { min, max } = range
  let sum = 0
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!
    sum += value
    if (value < min) min = value
    if (value > max) max = value
  }
  // Comparisons skip NaN, the sum does not.
  if (!Number.isFinite(sum))
    throw new EscError('INVALID_INPUT', `calibration: value '${name}' is not finite; check the inputs`)
  ranges.set(name, { min, max })
}
