import { type AudioClip, createRng, type FeatureMatrix } from '@esc/core'
import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { type Augment, compose, oneOf, someOf } from './compose.js'
import { denoise } from './denoise.js'
import { frequencyMask, specAugment, timeMask } from './feature.js'
import { bandPass, highPass, lowPass } from './filter.js'
import { backgroundMix, coloredNoise } from './noise.js'
import { reverb } from './reverb.js'
import { clipping, gain, pitchShiftBy, polarity, timeShift, timeStretchBy } from './waveform.js'

const background = { samples: noise(700, 9), sampleRate: 16000 }

/** Every augmentation of clips, as a function of its probability. */
const clipAugments: Readonly<Record<string, (p?: number) => Augment>> = {
  gain: (p) => gain({ p }),
  polarity: (p) => polarity({ p }),
  timeShift: (p) => timeShift({ p }),
  clipping: (p) => clipping({ minShare: 0.1, p }),
  timeStretchBy: (p) => timeStretchBy({ p }),
  pitchShiftBy: (p) => pitchShiftBy({ p }),
  coloredNoise: (p) => coloredNoise({ color: 'pink', p }),
  backgroundMix: (p) => backgroundMix({ clips: [background], p }),
  lowPass: (p) => lowPass({ p }),
  highPass: (p) => highPass({ p }),
  bandPass: (p) => bandPass({ p }),
  reverb: (p) => reverb({ p }),
  denoise: (p) => denoise({ p }),
  compose: (p) => compose([gain(), polarity(), timeShift()], { p }),
  oneOf: (p) => oneOf([gain({ minDb: 1 }), polarity()], { p }),
  someOf: (p) => someOf([1, 2], [gain({ minDb: 1 }), polarity(), lowPass()], { p }),
}

const matrixAugments: Readonly<Record<string, (p?: number) => Augment<FeatureMatrix>>> = {
  timeMask: (p) => timeMask({ p }),
  frequencyMask: (p) => frequencyMask({ p }),
  specAugment: (p) => specAugment({ p }),
}

describe.each(Object.entries(clipAugments))('%s', (_, create) => {
  test('is finite, keeps the length and the rate, depends only on the seed, and never changes its input', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 0, max: 1000 }), (length, seed) => {
        const clip = { samples: noise(length, seed), sampleRate: 16000 }
        const out = create()(clip, createRng(seed))
        expect(clip.samples).toEqual(noise(length, seed))
        expect(out.sampleRate).toBe(16000)
        expect(out.samples).toHaveLength(length)
        expect(out.samples.every(Number.isFinite)).toBe(true)
        expect(create()(clip, createRng(seed))).toEqual(out)
      }),
      { numRuns: 15 },
    )
  })

  test('always happens with p 1, never with p 0, and accepts silence', () => {
    const clip = { samples: noise(2000, 1), sampleRate: 16000 }
    for (let seed = 0; seed < 5; seed++) {
      expect(create(0)(clip, createRng(seed))).toBe(clip)
      expect(create(1)(clip, createRng(seed)).samples).not.toEqual(clip.samples)
    }
    const silence = { samples: new Float32Array(2000), sampleRate: 16000 }
    expect(create()(silence, createRng(1)).samples.every((value) => Math.abs(value) === 0)).toBe(true)
  })

  test('refuses probabilities outside [0, 1]', () => {
    for (const p of [-0.1, 1.1, Number.NaN]) {
      expect(() => create(p)).toThrow(throwsCode('INVALID_OPTION'))
    }
  })
})

test.each(Object.entries(clipAugments))('%s refuses clips that are empty or not finite', (_, create) => {
  for (const samples of [new Float32Array(0), Float32Array.of(1, Number.NaN)]) {
    const run = () => create()({ samples, sampleRate: 16000 }, createRng(1))
    expect(run).toThrow(throwsCode('INVALID_INPUT'))
  }
})

test.each(Object.entries(matrixAugments))(
  '%s depends only on the seed, and happens with its probability',
  (_, create) => {
    const matrix = { data: noise(600, 1), bins: 20, frames: 30 }
    expect(create(0)(matrix, createRng(3))).toBe(matrix)
    const out = create(1)(matrix, createRng(3))
    expect(out).toEqual(create(1)(matrix, createRng(3)))
    expect(out.data).not.toEqual(matrix.data)
    expect(matrix.data).toEqual(noise(600, 1))
    expect(() => create(2)).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => create()({ ...matrix, bins: 3 }, createRng(1))).toThrow(throwsCode('INVALID_INPUT'))
  },
)

describe('combinations', () => {
  /** Appends its digit to a number, so that the result lists the augmentations in their order. */
  const digit =
    (value: number): Augment<number> =>
    (input) =>
      input * 10 + value
  const digits = [1, 2, 3].map(digit)
  const counts = (augment: Augment<number>, runs: number) => {
    const rng = createRng(7)
    const seen = new Map<number, number>()
    for (let i = 0; i < runs; i++) {
      const result = augment(0, rng)
      seen.set(result, (seen.get(result) ?? 0) + 1)
    }
    return seen
  }

  test('compose applies all in order, with the given probability', () => {
    expect(compose(digits)(0, createRng(1))).toBe(123)
    const seen = counts(compose(digits, { p: 0.3 }), 4000)
    expect([...seen.keys()].sort()).toEqual([0, 123])
    expect(seen.get(123)! / 4000).toBeCloseTo(0.3, 1)
  })

  test('oneOf applies each equally often', () => {
    const seen = counts(oneOf(digits), 6000)
    expect([...seen.keys()].sort()).toEqual([1, 2, 3])
    for (const count of seen.values()) expect(Math.abs(count - 2000)).toBeLessThan(150)
  })

  test('someOf applies different ones in their order', () => {
    expect([...counts(someOf(2, digits), 500).keys()].sort((a, b) => a - b)).toEqual([12, 13, 23])
    expect([...counts(someOf([0, 3], digits), 500).keys()].sort((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 12, 13, 23, 123,
    ])
  })

  test('do not depend on the order of the examples if each has a generator of its own', () => {
    const augment = compose([gain(), timeShift(), coloredNoise()])
    const clips = [1, 2, 3].map((seed): AudioClip => ({ samples: noise(500, seed), sampleRate: 8000 }))
    const forwards = createRng(1)
    const backwards = createRng(1)
    const first = clips.map((clip, i) => augment(clip, forwards.fork(`clip ${i}`)))
    const second = [2, 1, 0].map((i) => augment(clips[i]!, backwards.fork(`clip ${i}`)))
    expect(second.reverse()).toEqual(first)
  })

  test('refuse empty lists and impossible counts', () => {
    const refused = throwsCode('INVALID_OPTION')
    expect(() => compose([])).toThrow(refused)
    expect(() => oneOf([])).toThrow(refused)
    for (const count of [4, -1, 1.5, [2, 1], [0, 4]] as const) {
      expect(() => someOf(count as number, digits)).toThrow(refused)
    }
  })
})
