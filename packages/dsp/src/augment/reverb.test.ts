import { createRng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { reverb } from './reverb.js'

describe('reverb', () => {
  const click = { samples: new Float32Array(16000), sampleRate: 16000 }
  click.samples[0] = 1

  test.each([0.2, 0.5, 0.9])('decays by 60 dB in %d seconds', (decaySec) => {
    const { samples } = reverb({ minDecaySec: decaySec, maxDecaySec: decaySec, wet: 1 })(click, createRng(4))
    // The slope of the line that fits the levels of 20 pieces of the tail best.
    const piece = Math.floor((16000 * decaySec) / 20)
    const levels = Array.from({ length: 20 }, (_, i) => {
      const energy = samples
        .subarray(i * piece, (i + 1) * piece)
        .reduce((sum, value) => sum + value * value, 0)
      return 10 * Math.log10(energy)
    })
    const mean = levels.reduce((a, b) => a + b) / 20
    const slope = levels.reduce((sum, level, i) => sum + (i - 9.5) * (level - mean), 0) / 665
    expect(Math.abs((slope * 16000) / piece - -60 / decaySec)).toBeLessThan(0.03 * (60 / decaySec))
    expect(samples.subarray(Math.ceil(16000 * decaySec) + 1).every((value) => Math.abs(value) < 1e-6)).toBe(
      true,
    )
  })

  test('adds the sound of the room, whose energy is 1, to the sound itself', () => {
    const room = reverb({ maxDecaySec: 0.5, wet: 1 })(click, createRng(4)).samples
    expect(room.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 4)
    const mixed = reverb({ maxDecaySec: 0.5, wet: 0.25 })(click, createRng(4)).samples
    expect(mixed[0]).toBeCloseTo(0.75 + 0.25 * room[0]!, 6)
    for (let i = 1; i < 4000; i++) expect(Math.abs(mixed[i]! - 0.25 * room[i]!)).toBeLessThan(1e-6)
    expect(reverb({ wet: 0 })(click, createRng(4)).samples).toEqual(click.samples)
  })

  test.each([{ minDecaySec: 0 }, { minDecaySec: 2 }, { maxDecaySec: 21 }, { wet: 1.1 }, { wet: Number.NaN }])(
    'refuses %o',
    (options) => {
      expect(() => reverb(options)).toThrow(throwsCode('INVALID_OPTION'))
    },
  )
})
