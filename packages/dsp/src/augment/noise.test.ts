import { type AudioClip, createRng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { spectrogram } from '../stft/stft.js'
import { noise, sine } from '../test-support/signals.js'
import { backgroundMix, coloredNoise, type NoiseColor } from './noise.js'

const power = (samples: ArrayLike<number>) =>
  Array.from(samples).reduce((sum, value) => sum + value * value, 0) / samples.length
const added = (out: AudioClip, clip: AudioClip) => out.samples.map((value, i) => value - clip.samples[i]!)
const snrDb = (out: AudioClip, clip: AudioClip) =>
  10 * Math.log10(power(clip.samples) / power(added(out, clip)))

const colors: readonly (readonly [NoiseColor, number])[] = [
  ['white', 0],
  ['pink', -3.01],
  ['brown', -6.02],
  ['blue', 3.01],
  ['violet', 6.02],
]

describe.each(colors)('coloredNoise %s', (color, slopeDb) => {
  const clip = { samples: sine(1000, 65536, 32768), sampleRate: 32768 }

  test('has the given signal-to-noise ratio', () => {
    for (const asked of [-10, 0, 17, 40]) {
      const out = coloredNoise({ minSnrDb: asked, maxSnrDb: asked, color })(clip, createRng(asked + 11))
      expect(Math.abs(snrDb(out, clip) - asked)).toBeLessThan(0.1)
    }
  })

  test('has a power density with its slope, octave by octave', () => {
    const noisy = coloredNoise({ minSnrDb: 0, maxSnrDb: 0, color })(clip, createRng(3))
    const { data, frames } = spectrogram(added(noisy, clip), { nFft: 4096, hopLength: 1024, power: 2 })
    const density = (fromHz: number) => {
      const [first, last] = [fromHz / 8, fromHz / 4]
      return 10 * Math.log10(power(data.subarray(first * frames, last * frames).map(Math.sqrt)))
    }
    const octaves = [128, 256, 512, 1024, 2048, 4096, 8192].map(density)
    const slope = (octaves.at(-1)! - octaves[0]!) / 6
    expect(Math.abs(slope - slopeDb)).toBeLessThan(0.5)
    for (let i = 1; i < octaves.length; i++)
      expect(Math.abs(octaves[i]! - octaves[i - 1]! - slopeDb)).toBeLessThan(1)
  })

  test('is normally distributed', () => {
    const values = added(coloredNoise({ minSnrDb: 0, maxSnrDb: 0, color })(clip, createRng(3)), clip)
    const kurtosis = values.reduce((sum, value) => sum + value ** 4, 0) / values.length / power(values) ** 2
    expect(Math.abs(kurtosis - 3)).toBeLessThan(color === 'brown' ? 0.5 : 0.1)
  })
})

describe('backgroundMix', () => {
  const clip = { samples: sine(100, 400, 8000), sampleRate: 8000 }

  test('adds a piece of one of the clips at the given ratio', () => {
    const clips = [1, 2].map((seed) => ({ samples: noise(1500, seed), sampleRate: 8000 }))
    const chosen = new Set<number>()
    for (let seed = 0; seed < 20; seed++) {
      const out = backgroundMix({ clips, minSnrDb: 10, maxSnrDb: 10 })(clip, createRng(seed))
      expect(Math.abs(snrDb(out, clip) - 10)).toBeLessThan(0.01)
      const piece = added(out, clip)
      const scores = clips.map(({ samples }) => bestMatch(samples, piece))
      expect(Math.max(...scores)).toBeGreaterThan(0.999)
      chosen.add(scores.indexOf(Math.max(...scores)))
    }
    expect(chosen.size).toBe(2)
  })

  test('repeats a clip that is shorter', () => {
    const short = { samples: noise(300, 1), sampleRate: 8000 }
    const piece = added(backgroundMix({ clips: [short] })(clip, createRng(1)), clip)
    for (let i = 300; i < 400; i++) expect(Math.abs(piece[i]! - piece[i - 300]!)).toBeLessThan(1e-6)
  })

  test('adds nothing from silence', () => {
    const silence = { samples: new Float32Array(2000), sampleRate: 8000 }
    expect(backgroundMix({ clips: [silence] })(clip, createRng(1)).samples).toEqual(clip.samples)
  })

  test('refuses an empty list, bad clips, and clips of another rate', () => {
    expect(() => backgroundMix({ clips: [] })).toThrow(throwsCode('INVALID_OPTION'))
    const refused = throwsCode('INVALID_INPUT')
    expect(() =>
      backgroundMix({ clips: [{ samples: Float32Array.of(Number.NaN), sampleRate: 8000 }] }),
    ).toThrow(refused)
    const other = backgroundMix({ clips: [{ samples: noise(10, 1), sampleRate: 16000 }] })
    expect(() => other(clip, createRng(1))).toThrow(refused)
  })
})

/** Computes the largest correlation of `piece` with any piece of `samples` of the same length. */
function bestMatch(samples: Float32Array, piece: Float32Array): number {
  let best = 0
  for (let start = 0; start + piece.length <= samples.length; start++) {
    let product = 0
    let energy = 0
    for (let i = 0; i < piece.length; i++) {
      product += samples[start + i]! * piece[i]!
      energy += samples[start + i]! ** 2
    }
    best = Math.max(best, product / Math.sqrt(energy * power(piece) * piece.length))
  }
  return best
}

test.each([
  { minSnrDb: 3, maxSnrDb: 2 },
  { minSnrDb: Number.NaN },
  { maxSnrDb: 500 },
  { color: 'red' as 'pink' },
])('coloredNoise refuses %o', (options) => {
  expect(() => coloredNoise(options)).toThrow(throwsCode('INVALID_OPTION'))
})
