import { describe, expect, test } from 'vitest'
import {
  assertTrainedModel,
  clipLogits,
  type FeatureRecipe,
  type NetworkGraph,
  scoresOf,
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
  windows: { windowSec: 5, hopSec: 2.5 },
  dataset: null,
  history: [],
  bestEpoch: 0,
  stoppedEarly: false,
}

test('a model whose parts fit passes; one that takes features only has neither recipe nor windows', () => {
  assertTrainedModel(model)
  assertTrainedModel({ ...model, recipe: null, windows: null, normalizer: null, activation: 'sigmoid' })
})

describe('a model whose parts do not fit is refused, naming them', () => {
  test.each<[string, unknown, RegExp]>([
    ['too few labels', { ...model, labels: ['dog'] }, /1 labels for 2 outputs/],
    ['a label twice', { ...model, labels: ['dog', 'dog'] }, /model.labels has 'dog' twice/],
    ['no labels', { ...model, labels: null }, /model.labels must be an array/],
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
    ['windows of nothing', { ...model, recipe: null }, /windows without a recipe/],
    [
      'windows with gaps',
      { ...model, windows: { windowSec: 1, hopSec: 2 } },
      /hopSec=2 must be at most windowSec=1/,
    ],
    [
      'another activation',
      { ...model, activation: 'relu' },
      /model.activation=relu must be one of softmax, sigmoid/,
    ],
    [
      'a broken graph',
      { ...model, graph: { ...graph, output: 'nowhere' } },
      /graph output 'nowhere' is not the name of a node/,
    ],
    [
      'no graph',
      { ...model, graph: undefined },
      /the model has no graph; a trained model is what fit or loadModel return/,
    ],
    ['nothing', null, /the model is of type null/],
  ])('%s', (_, value, text) => {
    expect(() => assertTrainedModel(value as never)).toThrow(text)
    expect(() => assertTrainedModel(value as never)).toThrow(expect.objectContaining({ name: 'EscError' }))
  })
})

describe('scores', () => {
  test('softmax of each row, large logits too', () => {
    const [first, second] = scoresOf(Float32Array.of(0, Math.log(3), 1000, 0), 2, 'softmax')
    expect(first![0]).toBeCloseTo(0.25, 7)
    expect(first![1]).toBeCloseTo(0.75, 7)
    expect(second).toEqual([1, 0])
  })

  test('sigmoid of each value', () => {
    expect(scoresOf(Float32Array.of(0, 1000, -1000), 3, 'sigmoid')).toEqual([[0.5, 1, 0]])
  })

  test.each(['softmax', 'sigmoid'] as const)(
    '%s: a clip of several windows has the mean of their scores',
    (activation) => {
      const logits = Float32Array.of(1, -2, 0.5, 4, 30, -80, -3, 0, 200)
      const rows = scoresOf(logits, 3, activation)
      const [found] = scoresOf(clipLogits(logits, 3, activation), 3, activation)
      for (const [label, score] of found!.entries()) {
        expect(score).toBeCloseTo(rows.reduce((sum, row) => sum + row[label]!, 0) / 3, 6)
      }
    },
  )

  test('the logits of one window are its own', () => {
    const logits = Float32Array.of(1, -2, 0.5)
    expect(clipLogits(logits, 3, 'softmax')).toBe(logits)
  })

  test('what is no row: INVALID_INPUT', () => {
    expect(() => scoresOf(new Float32Array(3), 2, 'softmax')).toThrow(
      /3 logits are no whole rows of 2 classes/,
    )
    for (const size of [0, 5]) {
      expect(() => clipLogits(new Float32Array(size), 3, 'softmax')).toThrow(/no whole rows of 3 classes/)
    }
  })
})
