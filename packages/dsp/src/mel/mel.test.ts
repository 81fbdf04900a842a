import type { FeatureRecipe } from '@esc/core'
import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createExtractor } from '../recipe/extractor.js'
import { createFeatureStream } from '../recipe/feature-stream.js'
import { logmel64, logmel128, mfcc13, mfcc20, stm32, yamnet } from '../recipe/presets.js'
import { type StftOptions, spectrogram } from '../stft/stft.js'
import { noise, sine } from '../test-support/signals.js'
import { fftFrequencies, melFrequencies } from '../units.js'
import { melFilterbank, melSpectrogram } from './mel.js'
import { mfcc } from './mfcc.js'
import { onsetStrength } from './onset.js'

describe('melFilterbank', () => {
  test('returns triangles between neighbouring centres', () => {
    const { data, bins, frames } = melFilterbank({ sampleRate: 22050, nFft: 8192, nMels: 40 })
    const hz = fftFrequencies({ sampleRate: 22050, nFft: 8192 })
    const edges = melFrequencies(42, { fmax: 11025 })
    expect([bins, frames]).toEqual([40, 4097])
    const wrong = data.findIndex((weight, i) => {
      const mel = Math.floor(i / frames)
      const inside = hz[i % frames]! > edges[mel]! && hz[i % frames]! < edges[mel + 2]!
      return weight > 0 !== inside
    })
    expect(wrong).toBe(-1)
  })

  test.each([
    ["area 1 over Hz with norm 'slaney'", 'slaney', () => 1],
    ['half its width in Hz without a norm', null, (low: number, high: number) => (high - low) / 2],
  ] as const)('of any shape, on both scales: each filter has %s', (_, norm, areaOf) => {
    const options = fc
      .record({
        sampleRate: fc.constantFrom(8000, 22050, 44100),
        nFft: fc.constantFrom(256, 400, 1023, 2048),
        nMels: fc.integer({ min: 1, max: 128 }),
        edges: fc.tuple(
          fc.double({ min: 0, max: 0.4, noNaN: true }),
          fc.double({ min: 0.45, max: 1, noNaN: true }),
        ),
        htk: fc.boolean(),
      })
      .map(({ edges: [low, high], ...rest }) => ({
        ...rest,
        fmin: (low * rest.sampleRate) / 2,
        fmax: (high * rest.sampleRate) / 2,
      }))
    fc.assert(
      fc.property(options, (options) => {
        const { data, bins, frames } = melFilterbank({ ...options, norm, onWarning: null })
        const { fmin, fmax, htk } = options
        const edges = melFrequencies(bins + 2, { fmin, fmax, htk })
        const binHz = options.sampleRate / options.nFft
        for (let mel = 0; mel < bins; mel++) {
          const [low, middle, high] = [edges[mel]!, edges[mel + 1]!, edges[mel + 2]!]
          const sum = data.subarray(mel * frames, (mel + 1) * frames).reduce((a, weight) => a + weight, 0)
          // The trapezoid rule is exact except in bins where the slope changes. There its error is at most an
          // eighth of the change times the square of the bins' width. The changes at the ends and at the top
          // have opposite signs.
          const error = binHz ** 2 / (4 * (middle - low) * (high - middle)) + 1e-6
          expect(Math.abs(sum * binHz - areaOf(low, high))).toBeLessThanOrEqual(error * areaOf(low, high))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('scales each filter to any norm except -inf, because the smallest weight is 0', () => {
    const options = { sampleRate: 16000, nFft: 1024, nMels: 20 }
    const { data, bins, frames } = melFilterbank({ ...options, norm: 3 })
    for (let mel = 0; mel < bins; mel++) {
      const row = data.subarray(mel * frames, (mel + 1) * frames)
      expect(row.reduce((sum, weight) => sum + weight ** 3, 0)).toBeCloseTo(1, 5)
    }
    expect(melFilterbank({ ...options, norm: '-inf' })).toEqual(melFilterbank({ ...options, norm: null }))
    expect(melFilterbank({ ...options, norm: 1 })).toEqual(melFilterbank({ ...options, norm: 'l1' }))
  })

  test('adds up to 1 between the first and the last centre without a norm', () => {
    const { data, bins, frames } = melFilterbank({ sampleRate: 16000, nFft: 1024, nMels: 20, norm: null })
    const hz = fftFrequencies({ sampleRate: 16000, nFft: 1024 })
    const edges = melFrequencies(22, { fmax: 8000 })
    for (let bin = 0; bin < frames; bin++) {
      if (hz[bin]! < edges[1]! || hz[bin]! > edges[20]!) continue
      let sum = 0
      for (let mel = 0; mel < bins; mel++) sum += data[mel * frames + bin]!
      expect(sum).toBeCloseTo(1, 6)
    }
  })

  test.each([
    ['fmax above half the sample rate', { fmax: 11026 }],
    ['fmin not below fmax', { fmin: 4000, fmax: 4000 }],
    ['a negative fmin', { fmin: -1 }],
    ['fmin NaN', { fmin: Number.NaN }],
    ['no filters', { nMels: 0 }],
    ['nFft 0', { nFft: 0 }],
    ['an unknown norm', { norm: 'area' as 'slaney' }],
    ['a sample rate that is no number', { sampleRate: Number.NaN }],
  ])('refuses %s', (_, options) => {
    expect(() => melFilterbank({ sampleRate: 22050, nFft: 2048, ...options })).toThrow(
      throwsCode('INVALID_OPTION'),
    )
  })
})

describe('empty mel filters', () => {
  const clip = { samples: noise(6000, 1), sampleRate: 22050 }
  const narrow = { nFft: 256, nMels: 128 }
  const recipe: FeatureRecipe = { ...logmel64, stft: { ...logmel64.stft, nFft: 256, winLength: 256 } }
  const warn = vi.spyOn(console, 'warn')
  beforeEach(() => void warn.mockReset().mockReturnValue(undefined))
  afterAll(() => warn.mockRestore())

  test('are named in a warning, which says what to change, and are the filters without a weight', () => {
    const told: string[] = []
    const onWarning = (message: string) => void told.push(message)
    const bank = melFilterbank({ sampleRate: 22050, ...narrow, onWarning })
    const empty = Array.from({ length: 128 }, (_, mel) => mel).filter((mel) =>
      bank.data.subarray(mel * bank.frames, (mel + 1) * bank.frames).every((weight) => weight === 0),
    )
    expect(empty.length).toBeGreaterThan(10)
    expect(told).toEqual([
      `mel filters ${empty.slice(0, 10).join(', ')}, … (${empty.length} of nMels=128) are empty, and their bands ` +
        'always 0: they lie between two bins of nFft=256 at sampleRate=22050; use a larger nFft or a smaller nMels',
    ])
    const one = melFilterbank({ sampleRate: 8000, nFft: 256, nMels: 1, fmin: 35, fmax: 60, onWarning })
    expect(one.data.every((weight) => weight === 0)).toBe(true)
    expect(told[1]).toMatch(/^mel filters 0 \(1 of nMels=1\) are empty/)
    expect(warn).not.toHaveBeenCalled()
  })

  test.each<[string, () => unknown]>([
    ['melFilterbank', () => melFilterbank({ sampleRate: 22050, ...narrow })],
    ['melSpectrogram', () => melSpectrogram(clip, narrow)],
    ['mfcc', () => mfcc(clip, narrow)],
    ['onsetStrength', () => onsetStrength(clip, narrow)],
    [
      'an extractor of many clips',
      () => {
        const extractor = createExtractor({ ...recipe, mel: { ...recipe.mel, nMels: 128 } })
        for (let i = 0; i < 3; i++) extractor.extract(clip)
      },
    ],
    [
      'a stream of many blocks',
      () => {
        const stream = createFeatureStream({ ...recipe, mel: { ...recipe.mel, nMels: 128 } })
        for (let i = 0; i < 3; i++) stream.push(clip.samples)
      },
    ],
  ])('cause one warning on the console: %s', (_, run) => {
    run()
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^mel filters .* are empty/)]])
  })

  test.each<[string, () => unknown]>([
    ['melSpectrogram with onWarning: null', () => melSpectrogram(clip, { ...narrow, onWarning: null })],
    ['mfcc with onWarning: null', () => mfcc(clip, { ...narrow, onWarning: null })],
    ['the default options', () => melSpectrogram(clip)],
    ...Object.entries({ logmel64, logmel128, mfcc13, mfcc20, stm32, yamnet }).map(
      ([name, preset]): [string, () => unknown] => [name, () => createExtractor(preset)],
    ),
  ])('cause no warning: %s', (_, run) => {
    run()
    expect(warn).not.toHaveBeenCalled()
  })
})

describe('melSpectrogram', () => {
  test.each([
    { power: 2, transform: {}, filters: {} },
    { power: 1, transform: {}, filters: { nMels: 40, fmin: 100, fmax: 7000, htk: true, norm: null } },
    { power: 2, transform: { nFft: 400, hopLength: 160 }, filters: { nMels: 64, norm: 'l1' } },
  ] as const)('is the filter bank times the spectrogram (%o)', ({ power, transform, filters }) => {
    const clip = { samples: noise(6000, 1), sampleRate: 22050 }
    const mel = melSpectrogram(clip, { onWarning: null, ...transform, ...filters, power })
    const spectrum = spectrogram(clip.samples, { ...transform, power })
    const { nFft = 2048 }: StftOptions = transform
    const bank = melFilterbank({ sampleRate: 22050, nFft, onWarning: null, ...filters })
    expect([mel.bins, mel.frames]).toEqual([bank.bins, spectrum.frames])
    for (let row = 0; row < mel.bins; row++) {
      for (let frame = 0; frame < mel.frames; frame++) {
        let sum = 0
        for (let bin = 0; bin < bank.frames; bin++) {
          sum += bank.data[row * bank.frames + bin]! * spectrum.data[bin * spectrum.frames + frame]!
        }
        expect(Math.abs(mel.data[row * mel.frames + frame]! - sum)).toBeLessThanOrEqual(1e-6 * (1 + sum))
      }
    }
  })

  test('is loudest in the filter of the tone', () => {
    const { data, bins, frames } = melSpectrogram({ samples: sine(3000, 22050, 22050), sampleRate: 22050 })
    const column = Array.from({ length: bins }, (_, mel) => data[mel * frames + 20]!)
    const loudest = column.indexOf(Math.max(...column))
    const edges = melFrequencies(130, { fmax: 11025 })
    expect(edges[loudest]).toBeLessThan(3000)
    expect(edges[loudest + 2]).toBeGreaterThan(3000)
  })

  test('is zero for silence', () => {
    const { data } = melSpectrogram({ samples: new Float32Array(4000), sampleRate: 16000 })
    expect(data.every((value) => value === 0)).toBe(true)
  })

  test.each([Number.NaN, 0, -1, Number.POSITIVE_INFINITY])('refuses a clip at %s Hz', (sampleRate) => {
    expect(() => melSpectrogram({ samples: new Float32Array(4000), sampleRate })).toThrow(
      throwsCode('INVALID_INPUT'),
    )
  })

  test('refuses an empty clip, and a power that is neither 1 nor 2', () => {
    expect(() => melSpectrogram({ samples: new Float32Array(0), sampleRate: 8000 })).toThrow(
      throwsCode('INVALID_INPUT'),
    )
    expect(() =>
      melSpectrogram({ samples: new Float32Array(9), sampleRate: 8000 }, { power: 0 as 1 }),
    ).toThrow(throwsCode('INVALID_OPTION'))
  })
})
