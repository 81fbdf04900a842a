import type { FeatureRecipe } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import * as dsp from './index.js'
import { clipCalls, matrixCalls, samplesCalls, streamCalls } from './test-support/calls.js'
import { noise } from './test-support/signals.js'

const sampleRate = 22050
const notFinite = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

/** 3000 samples, of which one has a wrong value. */
const spoilt = (value: number) => noise(3000, 1, 0.5).fill(value, 1234, 1235)

describe('samples', () => {
  const calls: [string, (samples: Float32Array) => unknown][] = [
    ...Object.entries(samplesCalls),
    ...Object.entries(clipCalls).map(([name, call]): [string, (samples: Float32Array) => unknown] => [
      name,
      (samples) => call({ samples, sampleRate }),
    ]),
  ]

  test.each(calls)('%s refuses an empty array', (_, call) => {
    expect(() => call(new Float32Array(0))).toThrow(
      throwsCode('INVALID_INPUT', 'samples.length=0 must be at least 1'),
    )
  })

  test.each([...calls, ...Object.entries(streamCalls)])('%s refuses one that is not finite', (_, call) => {
    for (const value of notFinite) {
      expect(() => call(spoilt(value))).toThrow(
        throwsCode('INVALID_INPUT', `samples[1234]=${value} must be finite`),
      )
    }
  })

  test.each(Object.entries(streamCalls))('%s accepts an empty array, and returns an empty one', (_, call) => {
    expect(call(new Float32Array(0))).toHaveLength(0)
  })

  test.each(Object.entries(clipCalls))('%s refuses an impossible sample rate', (_, call) => {
    for (const rate of [0, -1, ...notFinite]) {
      expect(() => call({ samples: noise(3000, 1), sampleRate: rate })).toThrow(
        throwsCode('INVALID_INPUT', `clip.sampleRate=${rate} must be a finite number of Hz > 0`),
      )
    }
  })
})

describe('matrices', () => {
  const matrix = { data: noise(1025 * 9, 1).map(Math.abs), bins: 1025, frames: 9 }

  test.each(Object.entries(matrixCalls))('%s refuses an empty one', (_, call) => {
    expect(() => call({ data: new Float32Array(0), bins: 0, frames: 0 })).toThrow(
      throwsCode('INVALID_INPUT', ' has 0 values for 0 bins × 0 frames'),
    )
    expect(() => call({ data: new Float32Array(0), bins: 1025, frames: 0 })).toThrow(
      throwsCode('INVALID_INPUT', ' has 0 values for 1025 bins × 0 frames'),
    )
  })

  test.each(Object.entries(matrixCalls))('%s refuses one that does not fit its shape', (_, call) => {
    expect(() => call({ ...matrix, frames: 8 })).toThrow(
      throwsCode('INVALID_INPUT', ' has 9225 values for 1025 bins × 8 frames'),
    )
  })

  test.each(Object.entries(matrixCalls))('%s refuses a value that is not finite', (_, call) => {
    for (const value of notFinite) {
      expect(() => call({ ...matrix, data: matrix.data.with(77, value) })).toThrow(
        throwsCode('INVALID_INPUT', `[77]=${value} must be finite`),
      )
    }
  })
})

type StftCall = (samples: Float32Array, options: dsp.StftOptions) => unknown

/** Functions that take the options of the transform, by name. */
const stftCalls: Readonly<Record<string, StftCall>> = {
  stft: dsp.stft,
  spectrogram: dsp.spectrogram,
  timeStretch: (samples, options) => dsp.timeStretch(samples, { ...options, rate: 1.25 }),
  pitchShift: (samples, options) => dsp.pitchShift(samples, { ...options, nSteps: 1 }),
  melSpectrogram: (samples, options) =>
    dsp.melSpectrogram({ samples, sampleRate }, { nMels: 20, ...options }),
  mfcc: (samples, options) => dsp.mfcc({ samples, sampleRate }, { nMels: 20, ...options }),
  chromaStft: (samples, options) => dsp.chromaStft({ samples, sampleRate }, options),
  spectralBandwidth: (samples, options) => dsp.spectralBandwidth({ samples, sampleRate }, options),
  spectralCentroid: (samples, options) => dsp.spectralCentroid({ samples, sampleRate }, options),
  spectralContrast: (samples, options) => dsp.spectralContrast({ samples, sampleRate }, options),
  spectralFlatness: (samples, options) => dsp.spectralFlatness({ samples, sampleRate }, options),
  spectralRolloff: (samples, options) => dsp.spectralRolloff({ samples, sampleRate }, options),
}

const withStft = (recipe: FeatureRecipe, options: Partial<FeatureRecipe['stft']>): FeatureRecipe => ({
  ...recipe,
  stft: { ...recipe.stft, ...options },
})
const onset: StftCall = (samples, { center: _, ...options }) =>
  dsp.onsetStrength({ samples, sampleRate }, { nMels: 20, ...options })

const noLengths = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]

describe('hopLength', () => {
  const samples = noise(3000, 1)
  const matrix = { data: noise(90, 1).map(Math.abs), bins: 9, frames: 10 }
  const transform = dsp.stft(samples)

  test.each<[string, (hopLength: number) => unknown]>([
    ...Object.entries({ ...stftCalls, onsetStrength: onset }).map(
      ([name, call]): [string, (hopLength: number) => unknown] => [
        name,
        (hopLength) => call(samples, { hopLength }),
      ],
    ),
    ['istft', (hopLength) => dsp.istft(transform, { hopLength })],
    ['frameCount', (hopLength) => dsp.frameCount(3000, { hopLength })],
    ['rms', (hopLength) => dsp.rms(samples, { hopLength })],
    ['zeroCrossingRate', (hopLength) => dsp.zeroCrossingRate(samples, { hopLength })],
    ['trim', (hopLength) => dsp.trim(samples, { hopLength })],
    ['split', (hopLength) => dsp.split(samples, { hopLength })],
    ['pcen', (hopLength) => dsp.pcen(matrix, { hopLength })],
    ['onsetStrengthFromLogMel', (hopLength) => dsp.onsetStrengthFromLogMel(matrix, { hopLength })],
    ['createExtractor', (hopLength) => dsp.createExtractor(withStft(dsp.mfcc13, { hopLength }))],
    [
      'createExtractor, for its trim',
      (hopLength) => dsp.createExtractor({ ...dsp.mfcc13, trim: { ...dsp.mfcc13.trim, hopLength } }),
    ],
    ['createFeatureStream', (hopLength) => dsp.createFeatureStream(withStft(dsp.stm32, { hopLength }))],
  ])('%s refuses all but whole numbers >= 1', (_, call) => {
    for (const hopLength of noLengths) {
      expect(() => call(hopLength)).toThrow(
        throwsCode('INVALID_OPTION', `hopLength=${hopLength} must be an integer >= 1`),
      )
    }
  })
})

describe('nFft', () => {
  const samples = noise(3000, 1)

  test.each<[string, (nFft: number) => unknown]>([
    ...Object.entries({ ...stftCalls, onsetStrength: onset }).map(
      ([name, call]): [string, (nFft: number) => unknown] => [name, (nFft) => call(samples, { nFft })],
    ),
    ['istft', (nFft) => dsp.istft(dsp.stft(samples), { nFft })],
    ['spectralGate', (nFft) => dsp.spectralGate({ samples, sampleRate }, { nFft })],
    ['melFilterbank', (nFft) => dsp.melFilterbank({ sampleRate, nFft })],
    ['chromaFilterbank', (nFft) => dsp.chromaFilterbank({ sampleRate, nFft })],
    ['fftFrequencies', (nFft) => dsp.fftFrequencies({ sampleRate, nFft })],
    ['createExtractor', (nFft) => dsp.createExtractor(withStft(dsp.mfcc13, { nFft }))],
    ['createFeatureStream', (nFft) => dsp.createFeatureStream(withStft(dsp.stm32, { nFft }))],
  ])('%s refuses all but whole numbers >= 1', (_, call) => {
    for (const nFft of noLengths) {
      expect(() => call(nFft)).toThrow(throwsCode('INVALID_OPTION', `nFft=${nFft} must be an integer`))
    }
  })

  test.each(Object.entries({ ...stftCalls, onsetStrength: onset }))(
    '%s accepts numbers that are no power of two',
    (_, call) => {
      for (const nFft of [1000, 1023]) expect(() => call(samples, { nFft })).not.toThrow()
    },
  )
})

describe('fmax', () => {
  const samples = noise(3000, 1)
  const mel = (recipe: FeatureRecipe, fmax: number) => ({ ...recipe, mel: { ...recipe.mel, fmax } })

  test.each<[string, number, (fmax: number) => unknown]>([
    ['melFilterbank', 11025, (fmax) => dsp.melFilterbank({ sampleRate, nFft: 2048, fmax })],
    ['melSpectrogram', 11025, (fmax) => dsp.melSpectrogram({ samples, sampleRate }, { fmax })],
    ['mfcc', 11025, (fmax) => dsp.mfcc({ samples, sampleRate }, { fmax })],
    ['onsetStrength', 11025, (fmax) => dsp.onsetStrength({ samples, sampleRate }, { fmax })],
    ['createExtractor', 22050, (fmax) => dsp.createExtractor(mel(dsp.mfcc13, fmax))],
    ['createFeatureStream', 8000, (fmax) => dsp.createFeatureStream(mel(dsp.stm32, fmax))],
  ])(
    '%s accepts half the sample rate, %d Hz, and refuses more, NaN, and numbers not above fmin',
    (_, limit, call) => {
      expect(() => call(limit)).not.toThrow()
      for (const fmax of [limit + 0.5, 2 * limit, Number.POSITIVE_INFINITY, Number.NaN, 0, -1]) {
        expect(() => call(fmax)).toThrow(
          throwsCode(
            'INVALID_OPTION',
            `fmax=${fmax} must satisfy 0 <= fmin < fmax <= ${limit}, half the sample rate`,
          ),
        )
      }
    },
  )
})

describe('a clip shorter than a window', () => {
  const samples = noise(1200, 1)
  const tooShort = throwsCode(
    'INVALID_INPUT',
    'samples.length=1200 is shorter than one frame of 2048; use center: true or a longer clip',
  )

  test.each([...Object.entries(stftCalls), ['rms', dsp.rms], ['zeroCrossingRate', dsp.zeroCrossingRate]] as [
    string,
    StftCall,
  ][])('%s refuses with center: false, and is padded with center: true', (_, call) => {
    expect(() => call(samples, { center: false })).toThrow(tooShort)
    expect(() => call(samples, { center: true })).not.toThrow()
  })

  test('has the same frames with center as a clip that the caller padded with zeros', () => {
    for (const length of [1, 511, 512, 1200]) {
      const short = samples.subarray(0, length)
      const padded = new Float32Array(length + 2048)
      padded.set(short, 1024)
      const { data, bins, frames } = dsp.spectrogram(short)
      expect(frames).toBe(1 + Math.floor(length / 512))
      expect({ data, bins, frames }).toEqual(dsp.spectrogram(padded, { center: false }))
    }
  })

  test.each([
    ['logmel64', dsp.logmel64],
    ['stm32', dsp.stm32],
    ['yamnet', dsp.yamnet],
  ])(
    '%s has frames that are not centred, so it refuses the clip, and its stream waits for more',
    (_, recipe) => {
      const { nFft } = recipe.stft
      const clip = { samples: noise(nFft - 1, 1), sampleRate: recipe.sampleRate }
      expect(() => dsp.createExtractor(recipe).extract(clip)).toThrow(
        throwsCode('INVALID_INPUT', `samples.length=${nFft - 1} is shorter than one frame of ${nFft}`),
      )
      const stream = dsp.createFeatureStream(recipe)
      expect([stream.push(clip.samples).frames, stream.end().frames]).toEqual([0, 0])
    },
  )

  test.each([
    ['logmel128', dsp.logmel128],
    ['mfcc13', dsp.mfcc13],
    ['mfcc20', dsp.mfcc20],
  ])('%s pads it to its duration', (_, recipe) => {
    const { data, bins, frames } = dsp
      .createExtractor(recipe)
      .extract({ samples, sampleRate: recipe.sampleRate })
    expect(frames).toBe(1 + Math.floor((recipe.durationSec * recipe.sampleRate) / 512))
    expect(data.length === bins * frames && data.every(Number.isFinite)).toBe(true)
  })
})
