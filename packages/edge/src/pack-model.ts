/** Packs a trained model as the files of its folder. */
import {
  allIndices,
  asOptions,
  assertCallback,
  assertFeatureSet,
  assertIndices,
  assertKnown,
  assertSignal,
  assertTrainedModel,
  EscError,
  type FeatureSet,
  featureBatches,
  type ModelManifest,
  type OnProgress,
  sha256,
  type TrainedModel,
} from '@esc/core'
import { parseRecipe } from '@esc/core/recipe'
import { framesOfWindow } from '@esc/dsp'
import { type OnnxModel, type OnnxRuntime, type Tensor, writeModel } from '@esc/onnx'
import { exportModel } from './export.js'
import {
  type EvaluationFacts,
  encodeManifest,
  type ManifestFacts,
  manifestOf,
  withEvaluation,
} from './manifest.js'
import { fileNames, type ModelFiles } from './model-files.js'
import { encodeNetwork } from './network-file.js'
import { type CalibrateOptions, calibrate } from './quantize/calibrate.js'
import { quantizeStatic } from './quantize/static.js'

/** The examples of calibration: int8 quantisation runs the network on them to measure the range of each of its values. */
export interface CalibrationData {
  calibrateOn: FeatureSet
  /** Indices of the examples. Take the training part: test clips would leak into the model. @defaultValue all examples */
  indices?: ArrayLike<number> | undefined
}

/** Options of {@link packModel}. Leave out what you do not know. */
export interface PackOptions extends ManifestFacts {
  /** Runs the network on the calibration examples. `packModel` of `/node` and `/browser` brings its own. */
  runtime: OnnxRuntime
  /** Adds an int8 file, `model.int8.onnx`. @defaultValue `null`: no int8 file */
  int8?: CalibrationData | null | undefined
  /** Figures of the test part. @defaultValue `null`: not known */
  evaluation?: EvaluationFacts | null | undefined
  /** Stops the call; the call then throws the signal's reason. @defaultValue none */
  signal?: AbortSignal | undefined
  /** Called after each batch of calibration, with the stage `calibrate`. @defaultValue none */
  onProgress?: OnProgress | undefined
}

/** The names of all {@link PackOptions} except `runtime`, which `/node` and `/browser` bring. */
export const packNames = {
  int8: true,
  dataset: true,
  split: true,
  evaluation: true,
  signal: true,
  onProgress: true,
} as const

/** Examples in one batch of calibration. */
const calibrationBatch = 16

/**
 * Packs a trained model as the files of its folder: `network.safetensors` (to continue training, or to export again),
 * `model.onnx`, `model.int8.onnx` if `int8` is given, and `model.json` with the SHA-256 of each file.
 *
 * @throws EscError INVALID_INPUT if the model's parts do not fit each other, or the calibration examples do not fit the model;
 *   INVALID_OPTION naming an option that is unknown; the signal's reason.
 * @example
 * const files = await packModel(model, { runtime: ortRuntime, int8: { calibrateOn: features, indices: split.train } })
 */
export async function packModel(model: TrainedModel, options: PackOptions): Promise<ModelFiles> {
  assertKnown('packModel', options, { ...packNames, runtime: true })
  const { int8 = null, evaluation = null, signal, onProgress } = asOptions('packModel', options)
  assertSignal(signal)
  assertCallback('onProgress', onProgress)
  signal?.throwIfAborted()
  assertModel(model)
  const exported = exportModel(model)
  const contents: [keyof ModelManifest['files'], Uint8Array][] = [
    ['network', encodeNetwork(model)],
    ['float', writeModel(exported)],
  ]
  if (int8) contents.push(['int8', writeModel(await quantize(model, exported, int8, options))])
  const entries = await Promise.all(
    contents.map(async ([key, bytes]) => [key, { name: fileNames[key], sha256: await sha256(bytes) }]),
  )
  const files = Object.fromEntries(contents.map(([key, bytes]) => [fileNames[key], bytes]))
  const manifest = manifestOf(model, options, { int8: null, ...Object.fromEntries(entries) })
  const packed = { ...files, [fileNames.manifest]: encodeManifest(manifest) }
  return evaluation ? withEvaluation(packed, { float: evaluation }) : packed
}

function assertModel(model: TrainedModel): void {
  assertTrainedModel(model)
  const { recipe, windows, graph } = model
  if (!recipe || !windows) return
  parseRecipe(recipe)
  const [made, frames] = [framesOfWindow(recipe, windows), graph.input.shape[2]]
  if (made === frames) return
  throw new EscError(
    'INVALID_INPUT',
    `the model's parts do not fit: windows of ${windows.windowSec} s make ${made} frames, but the network reads ${frames}`,
  )
}

async function quantize(
  { graph, recipe }: TrainedModel,
  exported: OnnxModel,
  data: CalibrationData,
  { runtime, signal, onProgress }: PackOptions,
): Promise<OnnxModel> {
  assertKnown('int8', data, { calibrateOn: true, indices: true })
  const { calibrateOn: set } = data
  assertFeatureSet(set, 'int8.calibrateOn')
  if ('indices' in data && data.indices === undefined) {
    throw new EscError(
      'INVALID_INPUT',
      'int8.indices is undefined; check that the split has that part, or leave indices out to use all examples',
    )
  }
  if (
    set.recipe &&
    recipe &&
    JSON.stringify(parseRecipe(set.recipe)) !== JSON.stringify(parseRecipe(recipe))
  ) {
    const found = 'the features of int8.calibrateOn were made by another recipe than the one of the model'
    throw new EscError('INVALID_INPUT', `${found}; extract features with model.recipe`)
  }
  const { indices = allIndices(set) } = data
  assertIndices('int8.indices', indices, set)
  const batches = inputsOf(set, indices, graph.input.shape, signal)
  const total = Math.ceil(indices.length / calibrationBatch)
  const calibration: CalibrateOptions = {
    runtime,
    signal,
    onProgress: (event) => onProgress?.({ ...event, total }),
  }
  return quantizeStatic(exported, await calibrate(exported, batches, calibration))
}

async function* inputsOf(
  set: FeatureSet,
  indices: ArrayLike<number>,
  shape: TrainedModel['graph']['input']['shape'],
  signal: AbortSignal | undefined,
): AsyncGenerator<Tensor> {
  const options = { batchSize: calibrationBatch, shape, signal }
  for await (const { dims, data } of featureBatches(set, indices, options))
    yield { type: 'float32', dims, data }
}
