import type { FeatureMatrix } from '@esc/core'
import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { powerToDb } from '../scaling/db.js'
import { noise } from '../test-support/signals.js'
import { melSpectrogram } from './mel.js'
import { onsetStrength, onsetStrengthFromLogMel } from './onset.js'

const sampleRate = 22050

/** The definition, frame by frame, with `center: false`. */
function naive(
  { data, bins, frames }: FeatureMatrix,
  lag: number,
  maxSize: number,
  median: boolean,
): number[] {
  return Array.from({ length: frames }, (_, t) => {
    if (t < lag) return 0
    const rises = Array.from({ length: bins }, (_, bin) => {
      const from = bin - Math.floor(maxSize / 2)
      const around = Array.from({ length: maxSize }, (_, i) => from + i).filter((k) => k >= 0 && k < bins)
      const before = Math.max(...around.map((k) => data[k * frames + t - lag]!))
      return Math.max(0, data[bin * frames + t]! - before)
    }).sort((a, b) => a - b)
    if (median) return (rises[(bins - 1) >> 1]! + rises[bins >> 1]!) / 2
    return rises.reduce((sum, value) => sum + value, 0) / bins
  })
}

describe('onsetStrength', () => {
  test('is the mean or the median rise, frame by frame', () => {
    const sizes = fc.integer({ min: 1, max: 5 })
    fc.assert(
      fc.property(sizes, sizes, sizes, fc.boolean(), (lag, maxSize, bins, median) => {
        const logMel = { data: noise(bins * 9, lag, 40), bins, frames: 9 }
        const aggregate = median ? 'median' : 'mean'
        const out = onsetStrengthFromLogMel(logMel, { lag, maxSize, aggregate, center: false })
        naive(logMel, lag, maxSize, median).forEach((value, t) => {
          expect(out[t]).toBeCloseTo(value, 4)
        })
      }),
    )
  })

  test('peaks at the frame of a click', () => {
    const samples = new Float32Array(sampleRate)
    samples[20 * 512] = 1
    const out = onsetStrength({ samples, sampleRate })
    expect(out.length).toBe(44)
    expect(Math.abs(out.indexOf(Math.max(...out)) - 20)).toBeLessThanOrEqual(1)
  })

  test.each([8, 12, 20])('of a train of pulses peaks with every pulse, each %d frames', (period) => {
    const samples = new Float32Array(10 * period * 512)
    for (let pulse = 1; pulse < 10; pulse++) samples[pulse * period * 512] = 1
    const out = onsetStrength({ samples, sampleRate })
    const peaks = [...out.keys()].filter((t) => out[t]! > (out[t - 1] ?? 0) && out[t]! >= (out[t + 1] ?? 0))
    // The window of the frame before already contains the pulse. `center` shifts by half a transform, which
    // is two frames.
    expect(peaks).toEqual(Array.from({ length: 9 }, (_, pulse) => (pulse + 1) * period + 1))
  })

  test('is shifted by half a transform with center, and filtered with detrend', () => {
    const logMel = { data: noise(60, 3, 40), bins: 3, frames: 20 }
    const plain = [...onsetStrengthFromLogMel(logMel, { center: false })]
    const shifted = onsetStrengthFromLogMel(logMel, { nFft: 1000, hopLength: 100 })
    expect([...shifted]).toEqual([0, 0, 0, 0, 0, ...plain.slice(0, 15)])
    const flat = onsetStrengthFromLogMel(logMel, { center: false, detrend: true })
    for (let t = 1; t < 20; t++) {
      expect(flat[t]).toBeCloseTo(plain[t]! - plain[t - 1]! + 0.99 * flat[t - 1]!, 4)
    }
  })

  test('of a clip is that of its mel spectrogram in dB, and of silence and of one frame it is 0', () => {
    const clip = { samples: noise(9000, 4), sampleRate }
    const transform = { nFft: 1024, hopLength: 256 }
    const logMel = powerToDb(melSpectrogram(clip, { ...transform, nMels: 40 }))
    expect(onsetStrength(clip, { ...transform, nMels: 40, lag: 2 })).toEqual(
      onsetStrengthFromLogMel(logMel, { ...transform, lag: 2 }),
    )
    expect([...onsetStrength({ samples: new Float32Array(2000), sampleRate })]).toEqual([0, 0, 0, 0])
    expect([...onsetStrength({ samples: Float32Array.of(1), sampleRate })]).toEqual([0])
  })

  test('refuses options and clips that do not fit', () => {
    const clip = { samples: noise(3000, 5), sampleRate }
    for (const options of [
      { lag: 0 },
      { maxSize: 0 },
      { maxSize: 1.5 },
      { aggregate: 'max' as 'mean' },
      { nFft: 0 },
      { hopLength: 0 },
    ]) {
      expect(() => onsetStrength(clip, options)).toThrow(throwsCode('INVALID_OPTION'))
    }
    expect(() => onsetStrength({ samples: new Float32Array(0), sampleRate })).toThrow(
      throwsCode('INVALID_INPUT'),
    )
  })
})
