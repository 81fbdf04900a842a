import { createRng } from '@esc/core'
import { resample } from '@esc/dsp'
import { describe, expect, test } from 'vitest'
import { type ClipFacts, measureClip } from './measure.js'
import { findNearDuplicates } from './near.js'

const rate = 22050

/** Rain as it mostly is: steady noise with a slope, no two alike. */
function rain(seed: number, seconds = 5): Float32Array {
  const rng = createRng(seed)
  let low = 0
  return Float32Array.from({ length: seconds * rate }, () => {
    low = 0.9 * low + 0.1 * rng.normal()
    return 0.3 * low
  })
}

/** A bark-like burst in digital silence. */
function bark(seed: number): Float32Array {
  const rng = createRng(seed)
  const clip = new Float32Array(5 * rate)
  const [start, pitch] = [rate + rng.integer(rate), 400 + rng.integer(400)]
  for (let i = 0; i < 0.9 * rate; i++) {
    const tone = Math.sin((2 * Math.PI * pitch * i) / rate) + 0.3 * rng.normal()
    clip[start + i] = 0.3 * tone * Math.sin((Math.PI * i) / (0.9 * rate))
  }
  return clip
}

function delayed(samples: Float32Array, seconds: number): Float32Array {
  const shift = Math.round(seconds * rate)
  return samples.map((_, i) => samples[i - shift] ?? 0)
}

const factsOf = (id: string, samples: Float32Array, sampleRate = rate) =>
  measureClip(id, { channels: [samples], sampleRate })
const pairs = (facts: readonly ClipFacts[]) => findNearDuplicates(facts).map(({ ids }) => ids.join(' '))

test('takes tones of different pitch for different sounds, though neither ever changes', () => {
  const tone = (hz: number) =>
    Float32Array.from({ length: 5 * 44100 }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / 44100))
  const facts = [400, 1000, 1050, 2500].map((hz) => factsOf(`${hz}`, tone(hz), 44100))
  expect(pairs(facts)).toEqual([])
})

describe('findNearDuplicates', () => {
  const strangers = Array.from({ length: 12 }, (_, i) => factsOf(`rain ${i}`, rain(i)))

  test.each([
    [
      'quieter',
      (clip: Float32Array) =>
        factsOf(
          'copy',
          clip.map((value) => value / 8),
        ),
      0,
    ],
    [
      'upside down',
      (clip: Float32Array) =>
        factsOf(
          'copy',
          clip.map((value) => -value),
        ),
      0,
    ],
    ['100 ms later', (clip: Float32Array) => factsOf('copy', delayed(clip, 0.1)), -0.1],
    ['110 ms later, half a step off', (clip: Float32Array) => factsOf('copy', delayed(clip, 0.11)), -0.11],
    ['cut from its middle', (clip: Float32Array) => factsOf('copy', clip.slice(rate, 4 * rate)), 1],
    ['at another rate', (clip: Float32Array) => factsOf('copy', resample(clip, rate, 16000), 16000), 0],
    [
      'in 8 bits',
      (clip: Float32Array) =>
        factsOf(
          'copy',
          clip.map((value) => Math.round(value * 128) / 128),
        ),
      0,
    ],
  ])('finds a clip that is there again, %s', (_, change, offsetSec) => {
    for (const [id, clip] of [
      ['original', rain(100)],
      ['original', bark(100)],
    ] as const) {
      const found = findNearDuplicates([...strangers, factsOf(id, clip), change(clip)])
      expect(found.map(({ ids }) => ids)).toEqual([['original', 'copy']])
      expect(Math.abs(found[0]!.offsetSec - offsetSec)).toBeLessThan(0.021)
      expect(found[0]!.bitErrorRate).toBeLessThan(0.35)
    }
  })

  test('does not take one rain or one bark for another', () => {
    const barks = Array.from({ length: 40 }, (_, i) => factsOf(`bark ${i}`, bark(i)))
    const rains = Array.from({ length: 20 }, (_, i) => factsOf(`more ${i}`, rain(1000 + i)))
    expect(pairs([...strangers, ...rains, ...barks])).toEqual([])
  })

  test('says nothing of silence', () => {
    const silent = new Float32Array(5 * rate)
    expect(pairs([factsOf('a', silent), factsOf('b', silent.slice(rate))])).toEqual([])
    expect(pairs([])).toEqual([])
  })

  test('joins many copies, each once, without comparing all with all', () => {
    const clip = factsOf('0', rain(7))
    const copies = Array.from({ length: 300 }, (_, i) => ({ ...clip, id: String(i) }))
    const found = findNearDuplicates(copies)
    expect(found).toHaveLength(299)
    expect(new Set(found.map(({ ids }) => ids[1])).size).toBe(299)
  })
})
