import type { FeatureMatrix } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { powerToDb } from '../scaling/db.js'
import { noise } from '../test-support/signals.js'
import { dct } from './dct.js'
import { melSpectrogram } from './mel.js'
import { mfcc, mfccFromLogMel } from './mfcc.js'

const matrix = (bins: number, frames: number, seed: number): FeatureMatrix => ({
  data: noise(bins * frames, seed),
  bins,
  frames,
})

function expectClose(actual: FeatureMatrix, expected: FeatureMatrix, tolerance: number): void {
  expect([actual.bins, actual.frames]).toEqual([expected.bins, expected.frames])
  const worst = actual.data.reduce((max, value, i) => Math.max(max, Math.abs(value - expected.data[i]!)), 0)
  expect(worst).toBeLessThanOrEqual(tolerance)
}

describe('dct', () => {
  // scipy.fftpack.dct([1, 2, 3, 4], type, norm=norm)
  test.each([
    [1, null, [15, -4, 0, -1]],
    [2, null, [20, -6.30864406, 0, -0.44834153]],
    [3, null, [11.99962628, -9.10294322, 2.61766184, -1.5143449]],
    [1, 'ortho', [4.9279928, -2.1402991, 0.84550989, -0.6473946]],
    [2, 'ortho', [5, -2.2304425, 0, -0.15851267]],
    [3, 'ortho', [4.38895517, -3.07192983, 1.07192983, -0.38895517]],
  ] as const)('of type %i with norm %s gives the values of scipy', (type, norm, expected) => {
    const input = { data: Float32Array.of(1, 2, 3, 4), bins: 4, frames: 1 }
    expectClose(dct(input, { type, norm }), { data: Float32Array.from(expected), bins: 4, frames: 1 }, 1e-6)
  })

  test('keeps the energy with ortho, for every type', () => {
    const input = matrix(12, 3, 1)
    const energy = ({ data }: FeatureMatrix) => data.reduce((sum, value) => sum + value * value, 0)
    for (const type of [1, 2, 3] as const) {
      expect(energy(dct(input, { type, norm: 'ortho' }))).toBeCloseTo(energy(input), 5)
    }
  })

  test('of type 3 is the inverse of type 2, and type 1 is its own inverse', () => {
    const input = matrix(9, 4, 2)
    expectClose(dct(dct(input, { norm: 'ortho' }), { type: 3, norm: 'ortho' }), input, 1e-6)
    expectClose(dct(dct(input, { type: 1, norm: 'ortho' }), { type: 1, norm: 'ortho' }), input, 1e-6)
  })

  test('refuses unknown types and norms, and type 1 of a single bin', () => {
    const refused = throwsCode('INVALID_OPTION')
    expect(() => dct(matrix(4, 1, 1), { type: 4 as 1 })).toThrow(refused)
    expect(() => dct(matrix(4, 1, 1), { norm: 'backward' as 'ortho' })).toThrow(refused)
    expect(() => dct(matrix(1, 4, 1), { type: 1 })).toThrow(refused)
  })
})

describe('mfcc', () => {
  const clip = { samples: noise(8000, 3, 0.5), sampleRate: 16000 }

  test('is the first rows of the DCT of the mel spectrogram in dB', () => {
    const mel = melSpectrogram(clip, { nMels: 40, nFft: 512, fmax: 7600, norm: null })
    const expected = dct(powerToDb(mel), { norm: 'ortho' })
    const frames = expected.frames
    expectClose(
      mfcc(clip, { nMfcc: 13, nMels: 40, nFft: 512, fmax: 7600, melNorm: null }),
      { data: expected.data.subarray(0, 13 * frames), bins: 13, frames },
      1e-4,
    )
  })

  test('lifters coefficient n by 1 + lifter / 2 * sin(π (n + 1) / lifter)', () => {
    const logMel = matrix(30, 5, 4)
    const plain = mfccFromLogMel(logMel, { nMfcc: 13 })
    const data = plain.data.map(
      (value, i) => value * (1 + 11 * Math.sin((Math.PI * (Math.floor(i / 5) + 1)) / 22)),
    )
    expectClose(mfccFromLogMel(logMel, { nMfcc: 13, lifter: 22 }), { ...plain, data }, 1e-5)
  })

  test('of silence is the floor in the first coefficient, and 0 in all others', () => {
    const { data, frames } = mfcc({ samples: new Float32Array(4000), sampleRate: 8000 }, { nMfcc: 5 })
    for (let i = 0; i < data.length; i++) {
      expect(data[i]).toBeCloseTo(i < frames ? -100 * Math.sqrt(128) : 0, 2)
    }
  })

  test.each([
    ['more coefficients than mel bins', { nMfcc: 41, nMels: 40 }],
    ['no coefficients', { nMfcc: 0 }],
    ['a negative lifter', { lifter: -1 }],
    ['lifter NaN', { lifter: Number.NaN }],
    ['an unknown DCT type', { dctType: 5 as 2 }],
    ['fmax above half the sample rate', { fmax: 8001 }],
  ])('refuses %s', (_, options) => {
    expect(() => mfcc(clip, options)).toThrow(throwsCode('INVALID_OPTION'))
  })

  test('refuses clips and matrices without values', () => {
    const refused = throwsCode('INVALID_INPUT')
    expect(() => mfcc({ samples: new Float32Array(0), sampleRate: 8000 })).toThrow(refused)
    expect(() => mfccFromLogMel({ data: new Float32Array(0), bins: 20, frames: 0 })).toThrow(refused)
  })
})
