import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { goldenFunction } from './functions.js'
import type { GoldenInput, Params } from './golden-function.js'
import type { GoldenManifest } from './manifest.js'
import { judgeParams, only, stepsAre } from './params.js'

const manifest = JSON.parse(
  await readFile(new URL('../fixtures/manifest.json', import.meta.url), 'utf8'),
) as GoldenManifest
const signal: GoldenInput = { data: new Float32Array(9), shape: [9], sampleRate: 22050 }
const matrix: GoldenInput = { data: new Float32Array(9), shape: [3, 3], sampleRate: 0 }

const judge = (name: string, params: Params, input = signal) =>
  judgeParams(name, goldenFunction(name)!, input, params)

/** The first committed case of each function. */
const firstCases = [
  ...new Map(manifest.cases.toReversed().map((golden) => [golden.function, golden])).values(),
]

describe('judgeParams', () => {
  test.each(firstCases.map((golden) => [golden.function, golden.params] as const))(
    '%s refuses an unknown name with any value, and lists its own names',
    (name, params) => {
      for (const value of [null, 512]) {
        const verdict = judge(name, { n_ftt: value, ...params })
        expect(verdict).toContain(`${name} has no parameter 'n_ftt' here; it has `)
        for (const param of Object.keys(params)) expect(verdict).toContain(param)
      }
    },
  )

  test('names that every object has are no parameters', () => {
    expect(judge('librosa.stft', { toString: null })).toContain("has no parameter 'toString'")
    expect(goldenFunction('toString')).toBeUndefined()
  })

  test.each<[string, Params, GoldenInput?]>([
    ['librosa.stft', { n_fft: 512, dtype: null, out: null }],
    ['librosa.feature.spectral_bandwidth', { freq: null, centroid: null, sr: 22050, S: null }],
    ['librosa.effects.trim', { aggregate: 'max' }],
    ['librosa.util.normalize', { axis: 0, norm: 3 }],
    ['librosa.util.normalize', { axis: 1 }, matrix],
    ['librosa.effects.preemphasis', { zi: [0.5] }],
    ['librosa.pcen', { sr: 44100, hop_length: 100 }, matrix],
    ['scipy.signal.resample_poly', { orig_sr: 22050, target_sr: 44100, up: 2, down: 1 }],
  ])('%s takes %j', (name, params, input) => {
    expect(judge(name, params, input)).toBeUndefined()
  })

  test.each<[string, Params, string, GoldenInput?]>([
    ['librosa.stft', { dtype: 'complex64' }, 'parameter dtype="complex64", here it must be null'],
    ['librosa.feature.mfcc', { sr: 16000 }, "parameter sr=16000, here it must be the input's sample rate"],
    ['librosa.feature.mfcc', { power_to_db: 'ref=max' }, 'parameter power_to_db="ref=max"'],
    ['librosa.feature.chroma_stft', { chroma_filter_norm: 1 }, 'chroma_filter_norm=1, here it must be 2'],
    ['librosa.effects.trim', { aggregate: 'min' }, 'aggregate="min", here it must be "max"'],
    ['librosa.zero_crossings', { zero_pos: false }, 'zero_pos=false, here it must be true'],
    ['librosa.util.normalize', { axis: 1 }, 'axis=1, here it must be 0, or 1 for a matrix'],
    ['librosa.util.normalize', { axis: null }, 'axis=null', matrix],
    ['librosa.feature.delta', { axis: 2 }, 'axis=2, here it must be -1 or 0 or 1', matrix],
    [
      'librosa.effects.preemphasis',
      { zi: [0, 1] },
      'zi=[0,1], here it must be null or an array of one number',
    ],
    ['librosa.pcen', { sr: 16000 }, "sr=16000, here it must be a signal's own sample rate"],
    ['librosa.pcen', { hop_length: 256 }, 'hop_length=256, here it must be 512 for a signal'],
    [
      'scipy.signal.resample_poly',
      { orig_sr: 22050, target_sr: 16000, up: 2, down: 1 },
      'target_sr=16000, here it must be orig_sr * up / down',
    ],
    ['pipeline.seed2_mfcc_input', { steps: ['normalize(inf)'] }, 'parameter steps=["normalize(inf)"]'],
  ])('%s refuses %j', (name, params, message, input) => {
    expect(judge(name, params, input)).toContain(message)
    expect(judge(name, params, input)).toContain(name)
  })
})

test('only compares the contents of arrays, and stepsAre compares step by step', () => {
  expect(only(['kaiser', 5]).accepts(['kaiser', 5], signal, {})).toBe(true)
  expect(only(null, 1).accepts('1', signal, {})).toBe(false)
  const { accepts } = stepsAre(/^trim\(\d+\)$/, 'mfcc')
  const verdicts = [
    ['trim(6)', 'mfcc'],
    ['trim(6)'],
    ['trim(6)', 'mfcc', 'mfcc'],
    ['mfcc', 'trim(6)'],
    'mfcc',
  ]
  expect(verdicts.map((value) => accepts(value, signal, {}))).toEqual([true, false, false, false, false])
})
