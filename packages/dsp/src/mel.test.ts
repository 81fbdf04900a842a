import { describe, expect, it } from 'vitest'
import { melFilterbank, melSpectrogram } from './mel.js'
import { spectrogram } from './stft.js'
import { noise, sine } from './test-signals.js'
import { fftFrequencies, melFrequencies } from './units.js'

describe('melFilterbank', () => {
  it('holds triangles of area 1 over Hz between neighbouring centres', () => {
    const { data, bins, frames } = melFilterbank({ sampleRate: 22050, nFft: 8192, nMels: 40 })
    const hz = fftFrequencies({ sampleRate: 22050, nFft: 8192 })
    const edges = melFrequencies(42, { fmax: 11025 })
    expect([bins, frames]).toEqual([40, 4097])
    for (let mel = 0; mel < 40; mel++) {
      const row = data.subarray(mel * frames, (mel + 1) * frames)
      const area = (row.reduce((sum, weight) => sum + weight, 0) * 22050) / 8192
      expect(area).toBeCloseTo(1, 2)
      row.forEach((weight, bin) => {
        if (weight > 0) expect(hz[bin]! > edges[mel]! && hz[bin]! < edges[mel + 2]!).toBe(true)
      })
    }
  })

  it('adds up to 1 between the first and the last centre without a norm', () => {
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

  it.each([
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
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })
})

describe('melSpectrogram', () => {
  it.each([
    { power: 2, options: {} },
    { power: 1, options: { nMels: 40, fmin: 100, fmax: 7000, htk: true, norm: null } },
    { power: 2, options: { nFft: 400, hopLength: 160, nMels: 64, norm: 'l1' } },
  ] as const)('is the filter bank times the spectrogram (%o)', ({ power, options }) => {
    const clip = { samples: noise(6000, 1), sampleRate: 22050 }
    const mel = melSpectrogram(clip, { ...options, power })
    const spectrum = spectrogram(clip.samples, { ...options, power })
    const bank = melFilterbank({ sampleRate: 22050, nFft: 2048, ...options })
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

  it('is loudest in the filter that holds the tone', () => {
    const { data, bins, frames } = melSpectrogram({ samples: sine(3000, 22050, 22050), sampleRate: 22050 })
    const column = Array.from({ length: bins }, (_, mel) => data[mel * frames + 20]!)
    const loudest = column.indexOf(Math.max(...column))
    const edges = melFrequencies(130, { fmax: 11025 })
    expect(edges[loudest]).toBeLessThan(3000)
    expect(edges[loudest + 2]).toBeGreaterThan(3000)
  })

  it('is zero for silence', () => {
    const { data } = melSpectrogram({ samples: new Float32Array(4000), sampleRate: 16000 })
    expect(data.every((value) => value === 0)).toBe(true)
  })

  it.each([Number.NaN, 0, -1, Number.POSITIVE_INFINITY])('refuses a clip at %s Hz', (sampleRate) => {
    expect(() => melSpectrogram({ samples: new Float32Array(4000), sampleRate })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
  })

  it('refuses an empty clip, and a power that is neither 1 nor 2', () => {
    expect(() => melSpectrogram({ samples: new Float32Array(0), sampleRate: 8000 })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
    expect(() =>
      melSpectrogram({ samples: new Float32Array(9), sampleRate: 8000 }, { power: 0 as 1 }),
    ).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})
