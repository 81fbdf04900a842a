import { createRng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { timeStretch } from '../effects/time-stretch.js'
import { noise, sine } from '../test-support/signals.js'
import { clipping, gain, pitchShiftBy, polarity, timeShift, timeStretchBy } from './waveform.js'

const clip = { samples: noise(1000, 1), sampleRate: 8000 }

describe('gain', () => {
  test('scales by decibels within its range, evenly', () => {
    const rng = createRng(5)
    const drawn = Array.from({ length: 400 }, () => {
      const { samples } = gain({ minDb: -6, maxDb: 2 })(clip, rng)
      const factor = samples[7]! / clip.samples[7]!
      expect(samples[500]! / clip.samples[500]!).toBeCloseTo(factor, 5)
      return 20 * Math.log10(factor)
    })
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(-6.001)
    expect(Math.max(...drawn)).toBeLessThanOrEqual(2.001)
    expect(drawn.reduce((a, b) => a + b) / 400).toBeCloseTo(-2, 0)
    const fixed = gain({ minDb: 6, maxDb: 6 })(clip, rng)
    expect(fixed.samples[3]! / clip.samples[3]!).toBeCloseTo(10 ** 0.3, 6)
  })
})

test('polarity changes the sign', () => {
  expect(polarity()(clip, createRng(1)).samples).toEqual(clip.samples.map((value) => -value))
})

describe('timeShift', () => {
  const ramp = { samples: Float32Array.from({ length: 100 }, (_, i) => i + 1), sampleRate: 100 }

  test('moves the samples by at most a share of the length', () => {
    const shifts = new Set<number>()
    for (let seed = 0; seed < 200; seed++) {
      const rolled = timeShift({ maxFraction: 0.1 })(ramp, createRng(seed)).samples
      const shift = rolled.indexOf(1) > 50 ? rolled.indexOf(1) - 100 : rolled.indexOf(1)
      shifts.add(shift)
      expect([...rolled]).toEqual([...ramp.samples].map((_, i) => ((i - shift + 100) % 100) + 1))
      // The same shift without the rollover has silence in place of the samples from the other end.
      const moved = timeShift({ maxFraction: 0.1, rollover: false })(ramp, createRng(seed)).samples
      expect([...moved]).toEqual([...rolled].map((value, i) => (i >= shift && i < 100 + shift ? value : 0)))
    }
    expect([...shifts].sort((a, b) => a - b)).toEqual(Array.from({ length: 21 }, (_, i) => i - 10))
  })

  test('can shift by the whole length in both directions', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { samples } = timeShift({ maxFraction: 1 })(ramp, createRng(seed))
      expect([...samples].sort((a, b) => a - b)).toEqual([...ramp.samples])
    }
  })
})

describe('clipping', () => {
  test('cuts the given share of the samples to one magnitude', () => {
    const { samples } = clipping({ minShare: 0.25, maxShare: 0.25 })(clip, createRng(1))
    const limit = samples.map(Math.abs).reduce((a, b) => Math.max(a, b))
    const cut = samples.filter((value, i) => value !== clip.samples[i]!)
    expect(cut).toHaveLength(250)
    expect(cut.every((value) => Math.abs(value) === limit)).toBe(true)
    samples.forEach((value, i) => {
      expect(Math.sign(value)).toBe(Math.sign(clip.samples[i]!))
    })
  })

  test('never cuts more than its largest share', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { samples } = clipping({ maxShare: 0.1 })(clip, createRng(seed))
      expect(samples.filter((value, i) => value !== clip.samples[i]!).length).toBeLessThanOrEqual(100)
    }
  })
})

describe('timeStretchBy and pitchShiftBy', () => {
  const tone = { samples: sine(500, 8000, 8000), sampleRate: 8000 }

  test('keeps or changes the length', () => {
    const kept = timeStretchBy({ minRate: 2, maxRate: 2 })(tone, createRng(1))
    const free = timeStretchBy({ minRate: 2, maxRate: 2, keepLength: false })(tone, createRng(1))
    expect(free.samples).toEqual(timeStretch(tone.samples, { rate: 2 }))
    expect(kept.samples.subarray(0, 4000)).toEqual(free.samples)
    expect([...kept.samples.subarray(4000)]).toEqual(Array(4000).fill(0))
    const slow = timeStretchBy({ minRate: 0.5, maxRate: 0.5 })(tone, createRng(1))
    expect(slow.samples).toHaveLength(8000)
  })

  test('shifts the pitch by the given number of steps', () => {
    const { samples } = pitchShiftBy({ minSteps: 12, maxSteps: 12 })(tone, createRng(1))
    const crossings = samples
      .subarray(2000, 6000)
      .filter((value, i, all) => i > 0 && value > 0 !== all[i - 1]! > 0)
    expect(Math.abs(crossings.length - 1000)).toBeLessThan(5)
  })
})

test.each([
  ['gain', () => gain({ minDb: 1, maxDb: 0 })],
  ['gain', () => gain({ maxDb: Number.NaN })],
  ['gain', () => gain({ maxDb: 300 })],
  ['timeShift', () => timeShift({ maxFraction: 1.5 })],
  ['clipping', () => clipping({ maxShare: 1 })],
  ['clipping', () => clipping({ minShare: 0.5 })],
  ['timeStretchBy', () => timeStretchBy({ minRate: 0 })],
  ['pitchShiftBy', () => pitchShiftBy({ minSteps: 5, maxSteps: 4 })],
])('%s refuses bad options', (_, create) => {
  expect(create).toThrow(throwsCode('INVALID_OPTION'))
})
