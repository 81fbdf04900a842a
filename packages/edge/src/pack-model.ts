/** From a trained model to the files of its folder. */
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
  isNumberList,
  type ModelManifest,
  type OnProgress,
  sha256,
  shown,
  type TrainedModel,
  wrongValue,
} from '@esc/core'
import { parseManifest } from '@esc/core/manifest'
import { parseRecipe } from '@esc/core/recipe'
import { framesOfWindow } from '@esc/dsp'
import { type OnnxModel, type OnnxRuntime, type Tensor, writeModel } from '@esc/onnx'
import { exportModel } from './export.js'
import { encodeManifest, fileNames, type ModelFiles, readManifest } from './model-files.js'
import { encodeNetwork } from './network-file.js'
import { calibrate } from './quantize/calibrate.js'
import { quantizeStatic } from './quantize/static.js'

/** What int8 quantisation measures the network's values on. */
export interface CalibrationData {
  calibrateOn: FeatureSet
  /** Examples of the training part: test clips would leak into the model. @defaultValue all */
  indices?: ArrayLike<number> | undefined
}

/** Where the clips are from, for the manifest. */
export interface DatasetFacts {
  name: string
  synthetic?: boolean | undefined
  clips?: number | null | undefined
  /** SHA-256 over the clips' ids, labels and sounds, hexadecimal. */
  hash?: string | null | undefined
}

/** Which clips were for what, for the manifest; a splitter's result fits. */
export interface SplitFacts {
  train: ArrayLike<number> | number
  validation?: ArrayLike<number> | number | undefined
  test?: ArrayLike<number> | number | undefined
  name?: string | null | undefined
  seed?: number | null | undefined
  testFold?: number | null | undefined
  validationFold?: number | null | undefined
  leakedTestClips?: number | null | undefined
}

/** Figures on the test part, for the manifest; the result of `evaluate` fits. */
export interface EvaluationFacts {
  accuracy: number
  macro: { f1: number }
}

/** Options of {@link packModel}. What is not known is left out. */
export interface PackOptions {
  /** Runs the network over the calibration examples; `/node` and `/browser` bring their own. */
  runtime: OnnxRuntime
  /** Makes an int8 file as well. @defaultValue `null`: none */
  int8?: CalibrationData | null | undefined
  /** @defaultValue what the model knows */
  dataset?: DatasetFacts | null | undefined
  split?: SplitFacts | null | undefined
  evaluation?: EvaluationFacts | null | undefined
  signal?: AbortSignal | undefined
  onProgress?: OnProgress | undefined
}

/** Every name of {@link PackOptions} but `runtime`, which `/node` and `/browser` bind. */
export const packNames = {
  int8: true,
  dataset: true,
  split: true,
  evaluation: true,
  signal: true,
  onProgress: true,
} as const

const calibrationBatch = 16

/**
 * A trained model as the files of its folder: `network.safetensors` (to train on, or to export again), `model.onnx`,
 * `model.int8.onnx` if it is asked for, and `model.json` with the SHA-256 of each.
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

/**
 * The same files with figures of the test part in `model.json`: those of the int8 file are known only once it is there.
 *
 * @param figures - What `evaluate` or `evaluateSession` of `@esc/model` found for each file, and on what share of clips they agree.
 * @throws EscError INVALID_INPUT if a figure is out of [0, 1], or the files have no manifest.
 * @example const verified = withEvaluation(files, { float: evaluation, int8: int8Evaluation, agreement })
 */
export function withEvaluation(
  files: ModelFiles,
  figures: {
    float: EvaluationFacts
    int8?: EvaluationFacts | null | undefined
    agreement?: number | null | undefined
  },
): ModelFiles {
  assertKnown('withEvaluation', asOptions('withEvaluation', figures), {
    float: true,
    int8: true,
    agreement: true,
  })
  const { float, int8 = null, agreement = null } = figures
  const given = {
    accuracy: float?.accuracy,
    macroF1: float?.macro?.f1,
    ...(int8 !== null && { int8Accuracy: int8.accuracy }),
    ...(agreement !== null && { agreement }),
  }
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === 'number' && value >= 0 && value <= 1) continue
    throw new EscError('INVALID_INPUT', `evaluation.${name}=${shown(value)} must lie in [0, 1]`)
  }
  const { accuracy, macro } = float
  const metrics = { accuracy, macroF1: macro.f1, int8Accuracy: int8?.accuracy ?? null, agreement }
  return { ...files, [fileNames.manifest]: encodeManifest({ ...readManifest(files), metrics }) }
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
    `the model's parts do not fit: windows of ${windows.windowSec} s make ${made} frames, the network reads ${frames}`,
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
      'int8.indices is undefined: does the split have that part? Leave it out for all examples',
    )
  }
  if (
    set.recipe &&
    recipe &&
    JSON.stringify(parseRecipe(set.recipe)) !== JSON.stringify(parseRecipe(recipe))
  ) {
    const found = "int8.calibrateOn has features of another recipe than the model's"
    throw new EscError('INVALID_INPUT', `${found}; extract them with model.recipe`)
  }
  const { indices = allIndices(set) } = data
  assertIndices('int8.indices', indices, set)
  const batches = inputsOf(set, indices, graph.input.shape, signal)
  const total = Math.ceil(indices.length / calibrationBatch)
  const onBatch = (done: number) => onProgress?.({ stage: 'calibrate', done, total })
  return quantizeStatic(exported, await calibrate(exported, batches, { runtime, signal, onBatch }))
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

function manifestOf(
  model: TrainedModel,
  { dataset = model.dataset, split = null }: PackOptions,
  files: ModelManifest['files'],
): ModelManifest {
  const { graph, labels, recipe, windows, activation, normalizer } = model
  if (dataset) assertKnown('dataset', dataset, { name: true, synthetic: true, clips: true, hash: true })
  const manifest: ModelManifest = {
    version: 2,
    architecture: graph.name,
    labels,
    recipe,
    windows,
    inputShape: graph.input.shape,
    activation,
    normalizer,
    dataset: dataset && {
      name: dataset.name,
      synthetic: dataset.synthetic ?? model.dataset?.synthetic ?? false,
      clips: ('clips' in dataset ? dataset.clips : null) ?? null,
      hash: ('hash' in dataset ? dataset.hash : null) ?? null,
    },
    split: split && splitOf(split),
    metrics: null,
    files,
  }
  // What could not be opened again is not written.
  return parseManifest(manifest)
}

function splitOf(split: SplitFacts): NonNullable<ModelManifest['split']> {
  assertKnown('split', split, {
    train: true,
    validation: true,
    test: true,
    name: true,
    seed: true,
    testFold: true,
    validationFold: true,
    leakedTestClips: true,
  })
  const { train, validation = 0, test = 0, ...others } = split
  const { name = null, seed = null, testFold = null, validationFold = null, leakedTestClips = null } = others
  const count = (part: ArrayLike<number> | number | undefined) => {
    if (typeof part === 'number') return part
    if (isNumberList(part)) return part.length
    throw wrongValue('split.train', part, 'a list of indices, or their number')
  }
  return {
    ...{ name, seed, testFold, validationFold, leakedTestClips },
    train: count(train),
    validation: count(validation),
    test: count(test),
  }
}
