import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import type { ComplexMatrix } from '../stft/complex-matrix.js'
import { stft } from '../stft/stft.js'
import { noise, sine } from '../test-support/signals.js'
import { phaseVocoder } from './phase-vocoder.js'

const worstDifference = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a).toHaveLength(b.length)
  return Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce((x, y) => Math.max(x, y), 0)
}

/** The algorithm as librosa writes it, with angles, and with advances that are reduced to half a turn. */
function naiveVocoder({ re, im, bins, frames }: ComplexMatrix, rate: number, hop: number) {
  const turn = 2 * Math.PI
  const magnitude = (bin: number, t: number) =>
    t < frames ? Math.hypot(re[bin * frames + t]!, im[bin * frames + t]!) : 0
  const angle = (bin: number, t: number) =>
    t < frames ? Math.atan2(im[bin * frames + t]!, re[bin * frames + t]!) : 0
  const length = Math.ceil(frames / rate)
  const out = { re: new Float64Array(bins * length), im: new Float64Array(bins * length) }
  for (let bin = 0; bin < bins; bin++) {
    const advance = (hop * turn * bin) / (2 * (bins - 1))
    let phase = angle(bin, 0)
    for (let i = 0; i < length; i++) {
      const t = Math.floor(i * rate)
      const alpha = (i * rate) % 1
      const size = (1 - alpha) * magnitude(bin, t) + alpha * magnitude(bin, t + 1)
      out.re[bin * length + i] = size * Math.cos(phase)
      out.im[bin * length + i] = size * Math.sin(phase)
      const change = angle(bin, t + 1) - angle(bin, t) - advance
      phase += advance + change - turn * Math.round(change / turn)
    }
  }
  return out
}

describe('phaseVocoder', () => {
  const matrix = stft(noise(3000, 5), { nFft: 128, hopLength: 32 })

  test.each([0.3, 0.8, 1, 1.25, 2, 3.7])('agrees with sums of angles at rate %d', (rate) => {
    const fast = phaseVocoder(matrix, { rate })
    const naive = naiveVocoder(matrix, rate, 32)
    expect(fast.frames).toBe(Math.ceil(matrix.frames / rate))
    expect(worstDifference(fast.re, naive.re)).toBeLessThan(1e-5)
    expect(worstDifference(fast.im, naive.im)).toBeLessThan(1e-5)
  })

  test('changes nothing at rate 1', () => {
    const same = phaseVocoder(matrix, { rate: 1 })
    expect(worstDifference(same.re, matrix.re)).toBeLessThan(1e-6)
    expect(worstDifference(same.im, matrix.im)).toBeLessThan(1e-6)
  })

  test('keeps a tone at its level and silence silent, for thousands of frames', () => {
    const long = phaseVocoder(stft(sine(1000, 20000, 8000), { nFft: 64 }), { rate: 1 / 7 })
    const level = (frame: number) =>
      Math.hypot(long.re[8 * long.frames + frame]!, long.im[8 * long.frames + frame]!)
    for (let frame = 100; frame < long.frames - 100; frame++) expect(level(frame)).toBeCloseTo(16, 4)
    const silent = phaseVocoder(stft(new Float32Array(1000), { nFft: 64 }), { rate: 1.3 })
    expect(silent.re.every((value) => value === 0)).toBe(true)
  })

  test('refuses bad rates and matrices', () => {
    for (const rate of [0, -1, Number.NaN, 257, 1 / 257]) {
      expect(() => phaseVocoder(matrix, { rate })).toThrow(throwsCode('INVALID_OPTION'))
    }
    expect(() => phaseVocoder({ ...matrix, bins: 3 }, { rate: 1 })).toThrow(throwsCode('INVALID_INPUT'))
  })
})
