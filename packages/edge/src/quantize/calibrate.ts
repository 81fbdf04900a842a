/** Calibration: runs a float model on sample inputs and measures the range of each value that int8 will round. */
import {
  asOptions,
  assertCallback,
  assertKnown,
  assertSignal,
  EscError,
  type OnProgress,
  wrongValue,
} from '@esc/core'
import {
  assertOnnxModel,
  assertRuntime,
  floatData,
  type OnnxModel,
  type OnnxRuntime,
  type Tensor,
  writeModel,
} from '@esc/onnx'
import { type CalibrationBatch, feedsOf } from './feeds.js'
import type { Range } from './int8-activations.js'
import { prepare, quantizedValues } from './prepare.js'

/** Options of {@link calibrate}. */
export interface CalibrateOptions {
  /** Runs the model. `calibrate` of `/node` and `/browser` brings its own. */
  runtime: OnnxRuntime
  /** Stops the call; the call then throws the signal's reason. @defaultValue none */
  signal?: AbortSignal | undefined
  /**
   * Called after every batch. `total` is the number of batches if they are an array; an iterator does not tell it, so there it is `done`.
   * @defaultValue none
   */
  onProgress?: OnProgress | undefined
}

/**
 * Runs a float model and records the smallest and the largest number of every value that quantisation will round. ONNX Runtime
 * calls this method `minmax`.
 *
 * @param model - A float32 model of any exporter. The batches need not have weights that are also graph inputs, nor inputs that
 *   no operator reads.
 * @param batches - Inputs of the model, from the training set: test clips would leak into the model. One batch is read at a
 *   time.
 * @returns Ranges by value name.
 * @throws EscError INVALID_INPUT if there are no batches, a batch does not fit the model's inputs, or a value is not finite;
 *   INCOMPATIBLE_MODEL if the model is quantised already or takes no data; UNSUPPORTED_LAYER if a Conv or Gemm is not
 *   float32, or no operator can be quantised; CORRUPT_DATA if the model contradicts itself; INVALID_OPTION naming an option
 *   that is unknown; the signal's reason.
 * @see ONNX Runtime `MinMaxCalibrater`.
 * @example const ranges = await calibrate(model, [{ type: 'float32', dims: [2, 1, 13, 431], data }], { runtime: ortRuntime })
 * @example await calibrate(model, [{ left: input, right: input }], { runtime: ortRuntime }) // a model with two inputs
 */
export async function calibrate(
  model: OnnxModel,
  batches: Iterable<CalibrationBatch> | AsyncIterable<CalibrationBatch>,
  options: CalibrateOptions,
): Promise<Map<string, Range>> {
  assertKnown('calibrate', options, { runtime: true, signal: true, onProgress: true })
  const { runtime, signal, onProgress } = asOptions('calibrate', options)
  assertRuntime('calibrate', '@esc/edge/node or /browser', runtime)
  assertSignal(signal)
  assertCallback('onProgress', onProgress)
  assertOnnxModel('model', model)
  assertBatches(batches)
  const prepared = prepare(model)
  const wanted = quantizedValues(prepared)
  const { observed, constants } = observe(prepared.model, wanted)
  const session = await runtime.createSession(writeModel(observed))
  const ranges = new Map<string, Range>()
  let done = 0
  try {
    for await (const batch of batches) {
      signal?.throwIfAborted()
      const feeds = feedsOf(batch, observed, model)
      const results = { ...constants, ...feeds, ...(await session.run(feeds)) }
      for (const name of wanted) widen(ranges, name, floatData(results, name))
      done++
      onProgress?.({ stage: 'calibrate', done, total: Array.isArray(batches) ? batches.length : done })
    }
  } finally {
    await session.release()
  }
  if (done === 0) throw new EscError('INVALID_INPUT', 'calibration needs at least one batch of inputs')
  return ranges
}

/**
 * Prepares the measurement.
 *
 * @returns `observed` is the model with the wanted values as its outputs, and only with inputs that an operator reads. `constants` are
 *   the wanted values that are constants of the model.
 */
function observe(
  model: OnnxModel,
  wanted: ReadonlySet<string>,
): { observed: OnnxModel; constants: Readonly<Record<string, Tensor>> } {
  const { graph } = model
  const read = new Set(graph.nodes.flatMap((node) => node.inputs))
  const inputs = graph.inputs.filter(({ name }) => read.has(name))
  if (inputs.length === 0) {
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      'the model takes no data: all inputs that it reads are constants, so there is nothing to measure',
    )
  }
  // Only the runtime knows the shapes of inner values.
  const outputs = graph.nodes
    .flatMap((node) => node.outputs)
    .filter((name) => wanted.has(name))
    .map((name) => ({ name, type: 'float32' as const, dims: null }))
  const constants = [...graph.initializers].filter(([name]) => wanted.has(name))
  return {
    observed: { ...model, graph: { ...graph, inputs, outputs } },
    constants: Object.fromEntries(constants),
  }
}

function assertBatches(batches: unknown): void {
  const { [Symbol.iterator]: each, [Symbol.asyncIterator]: eachLater } = Object(batches ?? {})
  if (typeof batches !== 'string' && (typeof each === 'function' || typeof eachLater === 'function')) return
  throw wrongValue('batches', batches, 'a list of tensors, or a generator of tensors')
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
  // A comparison with NaN is always false, so only the sum shows a NaN.
  if (!Number.isFinite(sum))
    throw new EscError(
      'INVALID_INPUT',
      `calibration: value '${name}' holds a number that is not finite; check the inputs`,
    )
  ranges.set(name, { min, max })
}
