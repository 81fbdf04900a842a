import { throwsCode } from '@esc/expect'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type * as z from 'zod/mini'
import { type ModelManifest, type modelManifestSchema, parseManifest } from './manifest.js'
import { type FeatureRecipe, type featureRecipeSchema, parseRecipe } from './recipe.js'

const recipe: FeatureRecipe = {
  version: 1,
  sampleRate: 22050,
  denoise: null,
  trim: null,
  normalize: 'inf',
  durationSec: 5,
  stft: { nFft: 2048, hopLength: 512, winLength: 2048, window: 'hann', center: true, padMode: 'constant' },
  mel: { nMels: 128, fmin: 0, fmax: null, htk: false, norm: 'slaney', power: 2 },
  db: { ref: 'max', amin: 1e-10, topDb: 80 },
  log: null,
  mfcc: null,
}
const sha256 = 'ab'.repeat(32)
const split = {
  name: 'folds',
  seed: 42,
  testFold: 1,
  validationFold: 2,
  train: 6,
  validation: 2,
  test: 2,
  leakedTestClips: 0,
}
const manifest: ModelManifest = {
  version: 2,
  architecture: 'mel-cnn',
  labels: ['dog', 'rain'],
  recipe,
  windows: { windowSec: 5, hopSec: 2.5 },
  inputShape: [1, 2, 3],
  activation: 'softmax',
  temperature: 1,
  normalizer: { mean: [0, 1], std: [1, 2] },
  dataset: { name: 'demo', synthetic: true, clips: 10, hash: sha256 },
  split,
  metrics: { accuracy: 0.5, macroF1: 0.4, int8Accuracy: null, agreement: null },
  files: {
    network: { name: 'network.safetensors', sha256 },
    float: { name: 'model.onnx', sha256 },
    int8: null,
  },
}
/** A manifest of version 1, without windows and activation. */
const first = {
  version: 1,
  architecture: 'mel-cnn',
  labels: ['dog', 'rain'],
  recipe,
  inputShape: [1, 2, 3],
  normalizer: { mean: [0, 1], std: [1, 2] },
  dataset: { name: 'demo', synthetic: true, clips: 10, hash: 'not a hash' },
  split,
  metrics: { accuracy: 0.5, macroF1: 0.4, int8Accuracy: null, agreement: null },
  files: { float: 'model.onnx', int8: 'model.int8.onnx' },
}

test('a recipe and a manifest are the same after JSON', () => {
  expect(parseRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe)
  expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest)
})

test('fields that are not known may be null', () => {
  const little = { ...manifest, recipe: null, windows: null, dataset: null, split: null, metrics: null }
  expect(parseManifest(little)).toEqual(little)
})

test('a manifest of version 2 without a temperature has a temperature of 1', () => {
  const { temperature: _, ...older } = manifest
  expect(parseManifest(older)).toEqual(manifest)
  expect(parseManifest({ ...manifest, temperature: 1.4 }).temperature).toBe(1.4)
})

test('a manifest of version 1 is converted to version 2', () => {
  expect(parseManifest(first)).toEqual({
    ...manifest,
    dataset: { ...manifest.dataset, hash: null },
    files: {
      network: null,
      float: { name: 'model.onnx', sha256: null },
      int8: { name: 'model.int8.onnx', sha256: null },
    },
  })
})

test('a newer manifest is refused, and the message says what to update', () => {
  expect(() => parseManifest({ ...manifest, version: 3 })).toThrow(
    throwsCode('UNSUPPORTED_FORMAT', /version=3 .* newer version .* update @esc\/edge/),
  )
})

test('the schemas have the types of their docstrings', () => {
  expectTypeOf<z.output<typeof featureRecipeSchema>>().toEqualTypeOf<FeatureRecipe>()
  expectTypeOf<z.output<typeof modelManifestSchema>>().toEqualTypeOf<ModelManifest>()
})

describe('errors name the wrong field', () => {
  test.each<[string, unknown, string]>([
    ['a number as text', { ...recipe, stft: { ...recipe.stft, nFft: '2048' } }, 'recipe.stft.nFft'],
    ['a misspelt key', { ...recipe, sampelRate: 1 }, 'sampelRate'],
    [
      'a denoise proportion above 1',
      {
        ...recipe,
        denoise: {
          nStdThreshStationary: 1.5,
          propDecrease: 2,
          freqMaskSmoothHz: null,
          timeMaskSmoothMs: null,
          nFft: 1024,
        },
      },
      'recipe.denoise.propDecrease',
    ],
    ['db and log together', { ...recipe, log: { offset: 1e-3 } }, 'either db or log'],
    ['neither db nor log', { ...recipe, db: null }, 'either db or log'],
    [
      'a window longer than the transform',
      { ...recipe, stft: { ...recipe.stft, winLength: 4096 } },
      'winLength',
    ],
    [
      'more coefficients than bands',
      { ...recipe, mfcc: { nMfcc: 200, dctType: 2, norm: 'ortho', lifter: 0 } },
      'nMfcc',
    ],
    ['a day of sound', { ...recipe, durationSec: 86_400 }, 'recipe.durationSec'],
    ['a rate of 0', { ...recipe, sampleRate: 0 }, 'recipe.sampleRate'],
    ['null', null, 'recipe'],
  ])('%s', (_name, value, where) => {
    expect(() => parseRecipe(value)).toThrow(throwsCode('INVALID_INPUT', where))
  })

  test.each<[string, unknown, string]>([
    ...[0, -2, Number.NaN, null].map((temperature): [string, unknown, string] => [
      `a temperature of ${temperature}`,
      { ...manifest, temperature },
      'manifest.temperature: ',
    ]),
    [
      'a file outside its folder',
      { ...manifest, files: { ...manifest.files, float: { name: '../model.onnx', sha256 } } },
      'files.float.name',
    ],
    [
      'two files of one name',
      { ...manifest, files: { ...manifest.files, int8: manifest.files.float } },
      'manifest.files: must have different names',
    ],
    [
      'a file in place of the manifest',
      { ...manifest, files: { ...manifest.files, float: { name: 'model.json', sha256 } } },
      'files.float.name',
    ],
    [
      'version 1 with two files of one name',
      { ...first, files: { float: 'a.onnx', int8: 'A.onnx' } },
      'manifest.files: must have different names',
    ],
    [
      'a hash that is not hexadecimal',
      { ...manifest, dataset: { ...manifest.dataset, hash: 'not a hash' } },
      'dataset.hash',
    ],
    ['a recipe without windows', { ...manifest, windows: null }, 'manifest.windows'],
    ['windows with gaps', { ...manifest, windows: { windowSec: 1, hopSec: 2 } }, 'windows.hopSec'],
    ['no version', { ...manifest, version: undefined }, 'manifest.version'],
    ['a text', 'model', 'manifest'],
    [
      'version 1 with a file outside its folder',
      { ...first, files: { float: '/etc/model', int8: null } },
      'files.float',
    ],
    ['version 1 without a metric', { ...first, metrics: null }, 'manifest.metrics'],
    ['a normalizer of another size', { ...manifest, inputShape: [1, 3, 3] }, 'normalizer'],
    ['fewer deviations than means', { ...manifest, normalizer: { mean: [0, 1], std: [1] } }, 'normalizer'],
    ['a label twice', { ...manifest, labels: ['dog', 'dog'] }, 'labels'],
    ['an accuracy of 2', { ...manifest, metrics: { ...manifest.metrics, accuracy: 2 } }, 'metrics.accuracy'],
    ['a deviation of 0', { ...manifest, normalizer: { mean: [0, 0], std: [1, 0] } }, 'normalizer.std.1'],
  ])('%s', (_name, value, where) => {
    expect(() => parseManifest(value)).toThrow(throwsCode('INVALID_INPUT', where))
  })
})
