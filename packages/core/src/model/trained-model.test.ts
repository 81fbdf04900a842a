import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import {
  assertTrainedModel,
  type EscErrorCode,
  type FeatureRecipe,
  type NetworkGraph,
  type TrainedModel,
} from '../index.js'

const weight = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)) })
const graph: NetworkGraph = {
  name: 'tiny',
  input: { name: 'input', shape: [1, 2, 3] },
  nodes: [
    { op: 'Flatten', name: 'flatten', inputs: ['input'], attributes: {}, weights: {} },
    {
      op: 'Dense',
      name: 'dense',
      inputs: ['flatten'],
      attributes: {},
      weights: { kernel: weight(2, 6), bias: weight(2) },
    },
  ],
  output: 'dense',
}
const recipe: FeatureRecipe = {
  version: 1,
  sampleRate: 22050,
  denoise: null,
  trim: null,
  normalize: 'inf',
  durationSec: 5,
  stft: { nFft: 2048, hopLength: 512, winLength: 2048, window: 'hann', center: true, padMode: 'constant' },
  mel: { nMels: 2, fmin: 0, fmax: null, htk: false, norm: 'slaney', power: 2 },
  db: { ref: 'max', amin: 1e-10, topDb: 80 },
  log: null,
  mfcc: null,
}
const model: TrainedModel = {
  graph,
  labels: ['dog', 'rain'],
  recipe,
  normalizer: { mean: [0, 0], std: [1, 1] },
  activation: 'softmax',
  temperature: 1,
  windows: { windowSec: 5, hopSec: 2.5 },
  dataset: null,
  history: [],
  bestEpoch: 0,
  stoppedEarly: false,
}

test('accepts a model whose parts fit, with a recipe and windows or with neither', () => {
  assertTrainedModel(model)
  assertTrainedModel({ ...model, recipe: null, windows: null, normalizer: null, activation: 'sigmoid' })
})

describe('assertTrainedModel names the part that does not fit', () => {
  test.each<[string, unknown, RegExp, EscErrorCode?]>([
    ['too few labels', { ...model, labels: ['dog'] }, /1 labels for 2 outputs/],
    ['a label twice', { ...model, labels: ['dog', 'dog'] }, /model.labels has 'dog' twice/, 'INVALID_OPTION'],
    ['no labels', { ...model, labels: null }, /model.labels must be an array/, 'INVALID_OPTION'],
    [
      'another normalizer',
      { ...model, normalizer: { mean: [0], std: [1] } },
      /a normalizer of 1 bins for a network that reads 2/,
    ],
    ['a std of 0', { ...model, normalizer: { mean: [0, 0], std: [1, 0] } }, /a std that is not > 0/],
    ['a mean of NaN', { ...model, normalizer: { mean: [0, Number.NaN], std: [1, 1] } }, /not finite/],
    [
      'another recipe',
      { ...model, recipe: { ...recipe, mel: { ...recipe.mel, nMels: 64 } } },
      /a recipe of 64 bins for a network that reads \[1,2,3\]/,
    ],
    ['no windows', { ...model, windows: null }, /a recipe without windows/],
    ['windows without a recipe', { ...model, recipe: null }, /windows without a recipe/],
    [
      'windows with gaps',
      { ...model, windows: { windowSec: 1, hopSec: 2 } },
      /hopSec=2 must be at most windowSec=1/,
      'INVALID_OPTION',
    ],
    [
      'another activation',
      { ...model, activation: 'relu' },
      /model.activation=relu must be one of softmax, sigmoid/,
      'INVALID_OPTION',
    ],
    ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY, undefined].map(
      (temperature): [string, unknown, RegExp, EscErrorCode] => [
        `a temperature of ${temperature}`,
        { ...model, temperature },
        /model.temperature=\S+ must be a finite number > 0/,
        'INVALID_OPTION',
      ],
    ),
    [
      'a graph without its output',
      { ...model, graph: { ...graph, output: 'nowhere' } },
      /graph output 'nowhere' is not the name of a node/,
    ],
    [
      'no graph',
      { ...model, graph: undefined },
      /the model has no graph; a trained model is what fit or loadModel return/,
    ],
    ['null', null, /the model is of type null/],
  ])('%s', (_, value, text, code = 'INVALID_INPUT') => {
    expect(() => assertTrainedModel(value as never)).toThrow(throwsCode(code, text))
  })
})
