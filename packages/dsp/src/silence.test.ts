import { expect, test } from 'vitest'
import * as dsp from './index.js'
import { type Call, clipCalls, matrixCalls, samplesCalls, streamCalls } from './test-support/calls.js'

/** Exported functions that take no sound and no matrix. */
const withoutSound = [
  'augmentFromSpec',
  'chromaFilterbank',
  'compose',
  'createExtractor',
  'customAugment',
  'fftFrequencies',
  'frameCount',
  'framesOfWindow',
  'getWindow',
  'hzToMel',
  'melFilterbank',
  'melFrequencies',
  'melToHz',
  'mixFromSpec',
  'oneHot',
  'oneOf',
  'someOf',
  'windowsOfClips',
]

test('the tables hold every export, where each preset stands for createExtractor', () => {
  const tables = [samplesCalls, streamCalls, clipCalls, matrixCalls].flatMap((table) => Object.keys(table))
  expect([...tables, ...withoutSound].sort()).toEqual(Object.keys(dsp).sort())
})

const floorDb = -100

/**
 * Results for zeros, where they are not zeros: one value, or one for the first row and one for the other
 * rows.
 */
const values: Readonly<Record<string, number | readonly [firstRow: number, others: number]>> = {
  // 10 log10(amin) and 20 log10(amin).
  powerToDb: floorDb,
  amplitudeToDb: floorDb,
  logmel64: floorDb,
  // 0 dB is silence.
  logmel128: 0,
  stm32: Math.log(1e-4),
  yamnet: Math.log(1e-3),
  createFeatureStream: Math.log(1e-4),
  createWindowExtractor: Math.log(1e-4),
  stabilizedLog: Math.log(1e-3),
  // The orthonormal transform of a constant is 0 except in the first coefficient.
  mfcc: [floorDb * Math.sqrt(128), 0],
  mfcc13: [floorDb * Math.sqrt(128), 0],
  mfcc20: [floorDb * Math.sqrt(128), 0],
  // The power is `amin` everywhere.
  spectralFlatness: 1,
  spectralFlatnessFromSpectrogram: 1,
  // 0 dB is the power or the amplitude 1.
  dbToPower: 1,
  dbToAmplitude: 1,
}

/** Number of rows of the results that have another value in the first row. */
const rows: Readonly<Record<string, number>> = { mfcc: 20, mfcc13: 13, mfcc20: 20 }

const sampleCount = 4000
const [bins, frames] = [1025, 8]

function expectSilence<Input>(name: string, call: Call<Input>, silence: Input): void {
  const out = call(silence)
  expect(out.length).toBeGreaterThan(0)
  const value = values[name] ?? 0
  const [first, others] = typeof value === 'number' ? [value, value] : value
  const firstRow = out.length / (rows[name] ?? 1)
  for (let i = 0; i < out.length; i++) {
    const expected = i < firstRow ? first : others
    if (!(Math.abs(out[i]! - expected) <= 1e-6 * Math.max(1, Math.abs(first)))) {
      expect.fail(`${name}: value ${i} is ${out[i]}, expected ${expected}`)
    }
  }
}

const manySamplesCalls = Object.entries(samplesCalls).filter(([name]) => name !== 'split')
test.each([...manySamplesCalls, ...Object.entries(streamCalls)])(
  '%s of silent samples has the expected values',
  (name, call) => {
    expectSilence(name, call, new Float32Array(sampleCount))
  },
)

test('split finds one piece in silent samples, where every frame is as loud as the loudest, and trim cuts nothing', () => {
  expect(samplesCalls.split!(new Float32Array(sampleCount))).toEqual([0, sampleCount])
  expect(samplesCalls.trim!(new Float32Array(sampleCount))).toHaveLength(sampleCount)
})

test.each(Object.entries(clipCalls))('%s of a silent clip has the expected values', (name, call) => {
  expectSilence(name, call, { samples: new Float32Array(sampleCount), sampleRate: 22050 })
})

test.each(Object.entries(matrixCalls))('%s of a matrix of zeros has the expected values', (name, call) => {
  expectSilence(name, call, { data: new Float32Array(bins * frames), bins, frames })
})
