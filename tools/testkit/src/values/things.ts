/** One of everything that a program may hand to a function, right for some arguments and wrong for all others. */
import {
  type AudioClip,
  createRng,
  type FeatureMatrix,
  type FeatureRecipe,
  type FeatureSet,
  featureSet,
  type Split,
  type TrainedModel,
} from '@esc/core'
import { type ComplexMatrix, createExtractor, logmel128 } from '@esc/dsp'
import { packModel } from '@esc/edge/node'
import { lowerNetwork, type OnnxModel, writeModel } from '@esc/onnx'
import { tinyGraph } from '../../../../packages/edge/src/fixtures/tiny-graph.js'

export const sampleRate = 8000
export const labels = ['dog', 'rain']

const rng = createRng(7)
const noise = (length: number) => Float32Array.from({ length }, () => rng.uniform() - 0.5)

/** Half a second, so that no frame is longer than it. */
export const clip: AudioClip = { samples: noise(4000), sampleRate }
export const samples = clip.samples
export const decodedAudio = { channels: [noise(4000), noise(4000)], sampleRate }

/** An object like the result of Web Audio's `decodeAudioData`, as far as Node can make it. */
export const audioBuffer = {
  numberOfChannels: 2,
  length: 4000,
  sampleRate,
  duration: 0.5,
  getChannelData: (channel: number) => decodedAudio.channels[channel],
}

/** A spectrum with 257 bins. It is not square, so that a transposed one is noticed. */
export const matrix: FeatureMatrix = { data: noise(257 * 11).map(Math.abs), bins: 257, frames: 11 }
export const complexMatrix: ComplexMatrix = { re: matrix.data, im: matrix.data, bins: 257, frames: 11 }

export const recipe: FeatureRecipe = {
  ...logmel128,
  sampleRate,
  durationSec: 0.5,
  stft: { ...logmel128.stft, nFft: 256, winLength: 256, hopLength: 256 },
  mel: { ...logmel128.mel, nMels: 16 },
}
const extractor = createExtractor(recipe)

export const features: FeatureSet = featureSet(
  [0, 1, 2, 3, 4, 5].map((i) => ({
    id: `clip${i}`,
    features: extractor.extract({ samples: noise(4000), sampleRate }),
    labelIndex: i % 2,
    group: `source${i}`,
    fold: 1 + (i % 3),
  })),
  { labels, recipe, windows: { windowSec: 0.5 }, dataset: { name: 'demo', synthetic: true } },
)
export const split: Required<Split> = {
  train: Int32Array.of(0, 1, 2),
  validation: Int32Array.of(3),
  test: Int32Array.of(4, 5),
}

const weight = (...shape: number[]) => ({ shape, data: noise(shape.reduce((a, b) => a * b, 1)) })

export const graph = tinyGraph(
  { bins: extractor.bins, frames: extractor.frames!, filters: 2, classes: 2 },
  weight,
)
export const model: TrainedModel = {
  graph,
  labels,
  recipe,
  normalizer: { mean: Array(16).fill(-40), std: Array(16).fill(20) },
  activation: 'softmax',
  temperature: 1,
  windows: { windowSec: 0.5, hopSec: 0.25 },
  dataset: { name: 'demo', synthetic: true },
  history: [],
  bestEpoch: 0,
  stoppedEarly: false,
}
export const onnxModel: OnnxModel = lowerNetwork(graph)
export const onnxBytes = writeModel(onnxModel)

/** The files of a model folder. */
export const files = await packModel(model, { int8: { calibrateOn: features } })

const promise = Promise.resolve(null)

/** All things, by their names for messages. */
export const things = {
  undefined,
  null: null,
  'a text': 'dog',
  'an empty text': '',
  'a number': 5,
  NaN: Number.NaN,
  'a boolean': true,
  'a bigint': 5n,
  'a symbol': Symbol('dog'),
  '{}': {},
  'an object without a prototype': Object.create(null) as object,
  '[]': [],
  'a list of numbers': [0, 1],
  'a list of texts': labels,
  'a list of nulls': [null, null],
  'a function': () => undefined,
  'a Map': new Map<string, unknown>([['dog', 1]]),
  'a Set': new Set([1]),
  'a Float32Array': samples,
  'a Float64Array': Float64Array.from(samples),
  'an Int16Array': Int16Array.of(0, 1, 0, 1),
  'an Int32Array': Int32Array.of(0, 1),
  'a Uint8Array': onnxBytes,
  'an ArrayBuffer': onnxBytes.buffer,
  'a DataView': new DataView(onnxBytes.buffer),
  'a clip': clip,
  'decoded audio': decodedAudio,
  'an AudioBuffer': audioBuffer,
  'a matrix': matrix,
  'a complex matrix': complexMatrix,
  'a network': graph,
  'a trained model': model,
  'an ONNX model': onnxModel,
  'a feature set': features,
  'a split': split,
  'a recipe': recipe,
  'files of a model': files,
  'a promise': promise,
} as const

export type Thing = keyof typeof things
