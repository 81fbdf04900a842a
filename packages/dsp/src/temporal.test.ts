import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { copyFrame } from './stft/frame.js'
import { spectrogram } from './stft/stft.js'
import { rms, rmsFromSpectrogram, zeroCrossingRate, zeroCrossings } from './temporal.js'
import { noise, sine } from './test-support/signals.js'

describe('rms', () => {
  test('of a sine is its amplitude over √2, of a constant the constant, of silence 0', () => {
    expect(rms(sine(441, 22050, 22050)).data[20]).toBeCloseTo(Math.SQRT1_2, 3)
    expect(rms(new Float32Array(4096).fill(-0.25), { center: false }).data).toEqual(
      new Float32Array(5).fill(0.25),
    )
    expect(rms(new Float32Array(3000)).data.every((value) => value === 0)).toBe(true)
  })

  test('equals the frames summed one by one', () => {
    const lengths = fc.integer({ min: 1, max: 60 })
    const modes = fc.constantFrom('constant', 'reflect', 'edge')
    fc.assert(
      fc.property(lengths, lengths, fc.boolean(), modes, (frameLength, hopLength, center, padMode) => {
        const samples = noise(100, frameLength)
        const { data, frames } = rms(samples, { frameLength, hopLength, center, padMode })
        const frame = new Float32Array(frameLength)
        for (let t = 0; t < frames; t++) {
          const start = t * hopLength - (center ? Math.floor(frameLength / 2) : 0)
          copyFrame(samples, start, padMode, frame)
          const power = frame.reduce((sum, value) => sum + value * value, 0) / frameLength
          expect(data[t]).toBeCloseTo(Math.sqrt(power), 6)
        }
      }),
      { numRuns: 50 },
    )
  })

  test('can also be computed from a spectrogram without a window', () => {
    for (const frameLength of [512, 375]) {
      const samples = noise(4000, 5)
      const magnitude = spectrogram(samples, { nFft: frameLength, hopLength: 128, window: 'boxcar' })
      const direct = rms(samples, { frameLength, hopLength: 128 })
      const { data, frames } = rmsFromSpectrogram(magnitude, { frameLength })
      expect(frames).toBe(direct.frames)
      data.forEach((value, i) => {
        expect(value).toBeCloseTo(direct.data[i]!, 6)
      })
    }
  })

  test('refuses options, signals and spectrograms that do not fit', () => {
    const badOption = throwsCode('INVALID_OPTION')
    const badInput = throwsCode('INVALID_INPUT')
    expect(() => rms(new Float32Array(9), { frameLength: 0 })).toThrow(badOption)
    expect(() => rms(new Float32Array(9), { padMode: 'zero' as 'edge' })).toThrow(badOption)
    expect(() => rms(new Float32Array(0))).toThrow(badInput)
    expect(() => rms(new Float32Array(9), { center: false })).toThrow(badInput)
    expect(() => rmsFromSpectrogram({ data: new Float32Array(10), bins: 5, frames: 2 })).toThrow(badInput)
  })
})

describe('zeroCrossings', () => {
  test('marks changes of sign, where zero and values within the threshold are positive', () => {
    expect([...zeroCrossings(Float32Array.of(1, -1, -1, 2, 0, -0.5))]).toEqual([1, 1, 0, 1, 0, 1])
    expect([...zeroCrossings(Float32Array.of(1, -1e-11, -1, 1), { pad: false })]).toEqual([0, 0, 1, 1])
    expect([...zeroCrossings(Float32Array.of(1, -0.1, 1), { pad: false, threshold: 0.1 })]).toEqual([0, 1, 1])
    expect([...zeroCrossings(Float32Array.of(1, -0.125, 1), { pad: false, threshold: 0.125 })]).toEqual([
      0, 0, 0,
    ])
  })

  test('refuses an impossible threshold', () => {
    expect(() => zeroCrossings(Float32Array.of(1), { threshold: Number.NaN })).toThrow(
      throwsCode('INVALID_OPTION'),
    )
  })
})

describe('zeroCrossingRate', () => {
  test('of a tone is twice its frequency divided by the sample rate', () => {
    const { data, frames } = zeroCrossingRate(sine(1003, 22050, 22050))
    expect(frames).toBe(44)
    for (let frame = 4; frame < 40; frame++) expect(Math.abs(data[frame]! - 2006 / 22050)).toBeLessThan(1e-3)
  })

  test.each([50, 441, 1000, 5512.5])('of a square wave of %d Hz is twice that over the sample rate', (hz) => {
    // A quarter of a sample away from the jumps, so that no sample is exactly at a jump.
    const square = Float32Array.from({ length: 22050 }, (_, i) =>
      ((i + 0.25) * hz) / 22050 - Math.floor(((i + 0.25) * hz) / 22050) < 0.5 ? 1 : -1,
    )
    const { data } = zeroCrossingRate(square, { center: false })
    // A frame may have one crossing more or less.
    for (const value of data) expect(Math.abs(value - (2 * hz) / 22050)).toBeLessThanOrEqual(1 / 2048 + 1e-7)
  })

  test('never counts the first sample of a frame, nor the padding', () => {
    const alternating = Float32Array.from({ length: 8 }, (_, i) => (i % 2 ? -1 : 1))
    const options = { frameLength: 4, hopLength: 4 }
    expect([...zeroCrossingRate(alternating, { ...options, center: false }).data]).toEqual([0.75, 0.75])
    expect([...zeroCrossingRate(alternating, options).data]).toEqual([0.25, 0.75, 0.25])
    expect([...zeroCrossingRate(new Float32Array(9).fill(-1), options).data]).toEqual([0, 0, 0])
  })

  test('refuses an empty signal', () => {
    expect(() => zeroCrossingRate(new Float32Array(0))).toThrow(throwsCode('INVALID_INPUT'))
  })
})
