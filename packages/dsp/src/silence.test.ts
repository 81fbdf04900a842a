import { expect, test } from 'vitest'
import * as dsp from './index.js'
import { type Call, CLIP_CALLS, MATRIX_CALLS, SAMPLES_CALLS, STREAM_CALLS } from './test-support/calls.js'

/** Exported functions that take neither a sound nor a matrix. */
const WITHOUT_SOUND = [
  'chromaFilterbank',
  'compose',
  'createExtractor',
  'fftFrequencies',
  'frameCount',
  'framesOfWindow',
  'getWindow',
  'hzToMel',
  'melFilterbank',
  'melFrequencies',
  'melToHz',
  'oneHot',
  'oneOf',
  'someOf',
  'windowsOfClips',
]

test('the tables below hold every export: each preset stands for createExtractor', () => {
  const tables = [SAMPLES_CALLS, STREAM_CALLS, CLIP_CALLS, MATRIX_CALLS].flatMap((table) =>
    Object.keys(table),
  )
  expect([...tables, ...WITHOUT_SOUND].sort()).toEqual(Object.keys(dsp).sort())
})

const FLOOR_DB = -100

/** What zeros become, where that is not zeros: the whole, or its first row and the others. */
const VALUES: Readonly<Record<string, number | readonly [firstRow: number, others: number]>> = {
  // 10 log10(amin) and 20 log10(amin).
  powerToDb: FLOOR_DB,
  amplitudeToDb: FLOOR_DB,
  logmel64: FLOOR_DB,
  // 0 dB is silence.
  logmel128: 0,
  stm32: Math.log(1e-4),
  yamnet: Math.log(1e-3),
  createFeatureStream: Math.log(1e-4),
  createWindowExtractor: Math.log(1e-4),
  stabilizedLog: Math.log(1e-3),
  // The orthonormal transform of a constant: all in the first coefficient.
  mfcc: [FLOOR_DB * Math.sqrt(128), 0],
  mfcc13: [FLOOR_DB * Math.sqrt(128), 0],
  mfcc20: [FLOOR_DB * Math.sqrt(128), 0],
  // Of `amin` everywhere.
  spectralFlatness: 1,
  spectralFlatnessFromSpectrogram: 1,
  // 0 dB is 1.
  dbToPower: 1,
  dbToAmplitude: 1,
}

/** Rows of what has a value for its first one. */
const ROWS: Readonly<Record<string, number>> = { mfcc: 20, mfcc13: 13, mfcc20: 20 }

const LENGTH = 4000
const [bins, frames] = [1025, 8]

function expectSilence<Input>(name: string, call: Call<Input>, silence: Input): void {
  const out = call(silence)
  expect(out.length).toBeGreaterThan(0)
  const value = VALUES[name] ?? 0
  const [first, others] = typeof value === 'number' ? [value, value] : value
  const firstRow = out.length / (ROWS[name] ?? 1)
  for (let i = 0; i < out.length; i++) {
    const expected = i < firstRow ? first : others
    if (!(Math.abs(out[i]! - expected) <= 1e-6 * Math.max(1, Math.abs(first)))) {
      expect.fail(`${name}: value ${i} is ${out[i]}, expected ${expected}`)
    }
  }
}

const samplesCalls = Object.entries(SAMPLES_CALLS).filter(([name]) => name !== 'split')
test.each([...samplesCalls, ...Object.entries(STREAM_CALLS)])('%s of silent samples', (name, call) => {
  expectSilence(name, call, new Float32Array(LENGTH))
})

test('split finds one piece in silent samples, since every frame is as loud as the loudest, and trim cuts nothing', () => {
  expect(SAMPLES_CALLS.split!(new Float32Array(LENGTH))).toEqual([0, LENGTH])
  expect(SAMPLES_CALLS.trim!(new Float32Array(LENGTH))).toHaveLength(LENGTH)
})

test.each(Object.entries(CLIP_CALLS))('%s of a silent clip', (name, call) => {
  expectSilence(name, call, { samples: new Float32Array(LENGTH), sampleRate: 22050 })
})

test.each(Object.entries(MATRIX_CALLS))('%s of a matrix of zeros', (name, call) => {
  expectSilence(name, call, { data: new Float32Array(bins * frames), bins, frames })
})
