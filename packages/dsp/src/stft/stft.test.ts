import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noise, sine } from '../test-support/signals.js'
import { copyFrame, frameCount, type PadMode } from './frame.js'
import { magnitude, spectrogram, stft } from './stft.js'

describe('frameCount', () => {
  test('counts as librosa', () => {
    expect(frameCount(220500)).toBe(431)
    expect(frameCount(110250)).toBe(216)
    expect(frameCount(22050, { center: false })).toBe(40)
    expect(frameCount(1, { frameLength: 2048 })).toBe(1)
    expect(frameCount(10, { frameLength: 5, hopLength: 1 })).toBe(10)
  })

  test('refuses signals shorter than a frame that is not centred, and empty ones', () => {
    const refused = throwsCode('INVALID_INPUT')
    expect(() => frameCount(2047, { center: false })).toThrow(refused)
    expect(() => frameCount(0)).toThrow(refused)
    expect(() => frameCount(Number.NaN)).toThrow(refused)
  })
})

describe('copyFrame', () => {
  const read = (samples: number[], start: number, padMode: PadMode) => {
    const out = new Float32Array(9)
    copyFrame(Float32Array.from(samples), start, padMode, out)
    return [...out]
  }

  test('pads as the modes of numpy', () => {
    expect(read([1, 2, 3], -3, 'constant')).toEqual([0, 0, 0, 1, 2, 3, 0, 0, 0])
    expect(read([1, 2, 3], -3, 'edge')).toEqual([1, 1, 1, 1, 2, 3, 3, 3, 3])
    // np.pad([1, 2, 3], 3, mode='reflect') reflects again and again.
    expect(read([1, 2, 3], -3, 'reflect')).toEqual([2, 3, 2, 1, 2, 3, 2, 1, 2])
    expect(read([7], -3, 'reflect')).toEqual([7, 7, 7, 7, 7, 7, 7, 7, 7])
  })
})

describe('stft', () => {
  test('finds a tone at its bin, with half the window as its magnitude', () => {
    const { data, frames } = spectrogram(sine(1000, 8000, 8000), { nFft: 512, hopLength: 128 })
    const column = Array.from({ length: 257 }, (_, bin) => data[bin * frames + 20]!)
    expect(column.indexOf(Math.max(...column))).toBe(64)
    // The sum of a Hann window of 512 is 256. Half of a sine's amplitude is at its positive frequency.
    expect(column[64]).toBeCloseTo(128, 3)
    expect(column[100]).toBeLessThan(1e-3)
  })

  test('centres frame t on sample t * hopLength, or starts it there with center: false', () => {
    const click = new Float32Array(64)
    click[32] = 1
    const energy = (center: boolean) => {
      const { data, frames } = spectrogram(click, { nFft: 16, hopLength: 8, center, window: 'boxcar' })
      return Array.from({ length: frames }, (_, frame) => data[frame]!)
    }
    expect(energy(true)).toEqual([0, 0, 0, 0, 1, 1, 0, 0, 0])
    expect(energy(false)).toEqual([0, 0, 0, 1, 1, 0, 0])
  })

  test('agrees with spectrogram, and centres a short window in the frame', () => {
    const samples = sine(440, 2000, 8000)
    for (const options of [{ nFft: 256 }, { nFft: 400, winLength: 300, hopLength: 100 }] as const) {
      const { re, im, bins, frames } = stft(samples, { hopLength: 512, ...options })
      const power = spectrogram(samples, { ...options, power: 2 })
      expect([bins, frames]).toEqual([power.bins, power.frames])
      for (let i = 0; i < re.length; i++) {
        expect(Math.abs(re[i]! ** 2 + im[i]! ** 2 - power.data[i]!)).toBeLessThan(1e-5 * (1 + power.data[i]!))
      }
    }
  })

  test('has a hop of a quarter of the window by default', () => {
    expect(stft(new Float32Array(4096)).frames).toBe(9)
    expect(stft(new Float32Array(4096), { winLength: 1024 }).frames).toBe(17)
  })

  test('is linear', () => {
    const sample = fc.double({ min: -1, max: 1, noNaN: true })
    const signal = fc.array(sample, { minLength: 200, maxLength: 200 })
    fc.assert(
      fc.property(signal, signal, sample, (a, b, factor) => {
        const options = { nFft: 64, hopLength: 16 }
        const mixed = stft(
          Float32Array.from(a, (value, i) => value + factor * b[i]!),
          options,
        )
        const [x, y] = [stft(Float32Array.from(a), options), stft(Float32Array.from(b), options)]
        for (let i = 0; i < mixed.re.length; i++) {
          expect(Math.abs(mixed.re[i]! - x.re[i]! - factor * y.re[i]!)).toBeLessThan(1e-4)
          expect(Math.abs(mixed.im[i]! - x.im[i]! - factor * y.im[i]!)).toBeLessThan(1e-4)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('equals the definition of the DFT of windowed frames, for powers of two and other nFft', () => {
    const samples = noise(300, 5)
    for (const nFft of [2, 3, 60, 64, 75, 101]) {
      const hopLength = 37
      const { re, im, bins, frames } = stft(samples, { nFft, hopLength })
      expect([bins, frames]).toEqual([
        Math.floor(nFft / 2) + 1,
        1 + Math.floor((300 - (nFft % 2)) / hopLength),
      ])
      for (let t = 0; t < frames; t++) {
        for (let k = 0; k < bins; k++) {
          let [sumRe, sumIm] = [0, 0]
          for (let n = 0; n < nFft; n++) {
            const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / nFft)
            const value = window * (samples[t * hopLength + n - Math.floor(nFft / 2)] ?? 0)
            sumRe += value * Math.cos((2 * Math.PI * k * n) / nFft)
            sumIm -= value * Math.sin((2 * Math.PI * k * n) / nFft)
          }
          expect(Math.abs(re[k * frames + t]! - sumRe)).toBeLessThan(5e-6)
          expect(Math.abs(im[k * frames + t]! - sumIm)).toBeLessThan(5e-6)
        }
      }
    }
  })

  test('shifts by a frame if the signal shifts by a hop, to the bit', () => {
    const options = fc.record({
      nFft: fc.constantFrom(16, 30, 64, 75),
      hopLength: fc.integer({ min: 1, max: 80 }),
      center: fc.boolean(),
    })
    const lengths = fc.integer({ min: 80, max: 500 })
    fc.assert(
      fc.property(options, lengths, fc.integer({ min: 1, max: 4 }), (options, length, hops) => {
        const samples = noise(length, length)
        const later = new Float32Array(length + hops * options.hopLength)
        later.set(samples, hops * options.hopLength)
        const [a, b] = [stft(samples, options), stft(later, options)]
        expect(b.frames).toBe(a.frames + hops)
        for (let bin = 0; bin < a.bins; bin++) {
          for (const part of ['re', 'im'] as const) {
            const shifted = b[part].subarray(bin * b.frames + hops, (bin + 1) * b.frames)
            expect(shifted).toEqual(a[part].subarray(bin * a.frames, (bin + 1) * a.frames))
          }
        }
      }),
      { numRuns: 40 },
    )
  })

  test('returns exact zeros for silence', () => {
    const { re, im } = stft(new Float32Array(5000))
    expect(re.every((value) => value === 0)).toBe(true)
    expect(im.every((value) => Math.abs(value) === 0)).toBe(true)
  })

  test.each([
    ['nFft 0', { nFft: 0 }],
    ['nFft NaN', { nFft: Number.NaN }],
    ['a window longer than nFft', { nFft: 512, winLength: 513 }],
    ['hopLength 0', { hopLength: 0 }],
    ['an unknown window', { window: 'tukey' as 'hann' }],
    ['an unknown padMode', { padMode: 'wrap' as 'edge' }],
  ])('refuses %s', (_, options) => {
    const refused = throwsCode('INVALID_OPTION')
    expect(() => stft(new Float32Array(4096), options)).toThrow(refused)
    expect(() => spectrogram(new Float32Array(4096), options)).toThrow(refused)
  })

  test('refuses signals that are empty, not finite, not Float32Arrays, or too short', () => {
    const refused = throwsCode('INVALID_INPUT')
    expect(() => stft(new Float32Array(0))).toThrow(refused)
    expect(() => stft(Float32Array.of(0, Number.NaN, 0))).toThrow(refused)
    expect(() => stft(Float32Array.of(0, Number.POSITIVE_INFINITY))).toThrow(refused)
    expect(() => stft([0, 1] as unknown as Float32Array)).toThrow(refused)
    expect(() => stft(new Float32Array(100), { center: false })).toThrow(refused)
    expect(() => spectrogram(new Float32Array(100), { power: 3 as 2 })).toThrow(throwsCode('INVALID_OPTION'))
  })
})

describe('silence between sounds', () => {
  test('has a spectrum of zeros, and does not change the frames around it', () => {
    const samples = noise(20000, 1)
    samples.fill(0, 6000, 14000)
    const options = { nFft: 512, hopLength: 500, center: false }
    const { re, im, bins, frames } = stft(samples, options)
    for (let frame = 0; frame < frames; frame++) {
      const start = frame * 500
      const alone = stft(samples.slice(start, start + 512), options)
      const column = (data: Float32Array) =>
        Float32Array.from({ length: bins }, (_, k) => data[k * frames + frame]!)
      expect([column(re), column(im)]).toEqual([alone.re, alone.im])
      if (start >= 6000 && start + 512 <= 14000) expect(alone.re).toEqual(new Float32Array(bins))
    }
  })
})

describe('magnitude', () => {
  test('is the spectrogram of the same signal', () => {
    const samples = sine(1000, 8000, 4000)
    const { data, bins, frames } = magnitude(stft(samples, { nFft: 256, hopLength: 64 }))
    const expected = spectrogram(samples, { nFft: 256, hopLength: 64 })
    expect([bins, frames]).toEqual([expected.bins, expected.frames])
    data.forEach((value, i) => void expect(Math.abs(value - expected.data[i]!)).toBeLessThan(1e-5))
  })

  test('refuses parts that do not fit together', () => {
    const matrix = { re: new Float32Array(4), im: new Float32Array(3), bins: 2, frames: 2 }
    expect(() => magnitude(matrix)).toThrow(throwsCode('INVALID_INPUT'))
  })
})
