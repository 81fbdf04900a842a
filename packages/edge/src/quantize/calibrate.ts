/** Measures the ranges of a model's values on sample inputs. */
import { asOptions, assertCallback, assertKnown, assertSignal, EscError, wrongValue } from '@esc/core'
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
  runtime: OnnxRuntime
  signal?: AbortSignal | undefined
  /** Called after every batch with the number done. */
  onBatch?: ((done: number) => void) | undefined
}

/**
 * Runs a float model and notes the smallest and largest number of every value that quantisation will round
 * (`calibrationMethod: 'minmax'`).
 *
 * @param model - A float32 model of any exporter. Weights that are also graph inputs need not be fed; nor do inputs that
 *   nothing reads.
 * @param batches - Inputs as the model reads them, from the training set: test clips would leak into the model. They are
 *   read one at a time.
 * @returns Ranges by value name.
 * @throws EscError INVALID_INPUT if there are no batches, one does not fit the model's inputs, or a value is not finite;
 *   INCOMPATIBLE_MODEL if the model is quantised already or takes no data; UNSUPPORTED_LAYER if a Conv or Gemm is not
 *   float32, or there is nothing to quantise; CORRUPT_DATA if the model contradicts itself; INVALID_OPTION naming an option
 *   that is unknown; the signal's reason.
 * @see ONNX Runtime `MinMaxCalibrater`.
 * @example const ranges = await calibrate(exportModel(model), [{ type: 'float32', dims: [2, 1, 13, 431], data }], { runtime: ortRuntime })
 * @example await calibrate(model, [{ left, right }], { runtime: ortRuntime }) // a model with two inputs
 */
export async function calibrate(
  model: OnnxModel,
  batches: Iterable<CalibrationBatch> | AsyncIterable<CalibrationBatch>,
  options: CalibrateOptions,
): Promise<Map<string, Range>> {
  assertKnown('calibrate', options, { runtime: true, signal: true, onBatch: true })
  const { runtime, signal, onBatch } = asOptions('calibrate', options)
  assertRuntime('calibrate', '@esc/edge/node or /browser', runtime)
  assertSignal(signal)
  assertCallback('onBatch', onBatch)
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
      onBatch?.(done)
    }
  } finally {
    await session.release()
  }
  if (done === 0) throw new EscError('INVALID_INPUT', 'calibration needs at least one batch of inputs')
  return ranges
}

/** The model with the wanted values as outputs and those inputs that something reads; and the wanted values that are constants. */
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
      'the model takes no data: it reads none of its inputs but those that are constants, so there is nothing to measure',
    )
  }
  // What the shapes of inner values are only the runtime knows.
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
