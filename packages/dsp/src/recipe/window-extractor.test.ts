import { createRng, type FeatureRecipe } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import {
  createExtractor,
  createWindowExtractor,
  logmel64,
  logmel128,
  mfcc13,
  stm32,
  windowsOfClips,
  yamnet,
} from '../index.js'

const sampleRate = 22050
function noise(seconds: number, rate = sampleRate) {
  const rng = createRng(5)
  const samples = Float32Array.from({ length: Math.round(seconds * rate) }, (_, i) => {
    return 0.2 * Math.sin(i / 9) + 0.05 * rng.normal()
  })
  return { samples, sampleRate: rate }
}
describe('createWindowExtractor', () => {
  test.each([
    ['mfcc13', mfcc13],
    ['logmel128', logmel128],
  ] as [string, FeatureRecipe][])(
    '%s: a clip of at most one window has the same bits as with the whole recipe',
    (_, recipe) => {
      const windowed = createWindowExtractor(recipe, { windowSec: 5 })
      const whole = createExtractor(recipe)
      expect([windowed.bins, windowed.frames]).toEqual([whole.bins, whole.frames])
      for (const seconds of [5, 3.3, 0.4]) {
        const clip = noise(seconds, 44100)
        const [first, ...rest] = windowed.extract(clip)
        expect(rest).toEqual([])
        expect(first!.data).toEqual(whole.extract(clip).data)
      }
    },
  )

  test('windows are cut from the prepared clip, and the last one ends at its end', () => {
    const recipe = { ...logmel64, normalize: 'inf' as const }
    const windowed = createWindowExtractor(recipe, { windowSec: 1, hopSec: 0.75 })
    const clip = noise(3)
    const found = [...windowed.extract(clip)]
    const plain = createExtractor({ ...recipe, normalize: null })
    const { samples } = createExtractor(recipe).prepare(clip)
    const length = sampleRate
    const hop = Math.round(0.75 * sampleRate)
    const starts = [0, hop, 2 * hop, samples.length - length]
    expect(found.length).toBe(4)
    for (const [i, start] of starts.entries()) {
      const part = { samples: samples.slice(start, start + length), sampleRate }
      expect(found[i]).toEqual(plain.extract(part))
    }
  })

  test('windows that fit exactly are not repeated', () => {
    const windowed = createWindowExtractor(logmel64, { windowSec: 1, hopSec: 0.5 })
    expect([...windowed.extract(noise(1))].length).toBe(1)
    expect([...windowed.extract(noise(2))].length).toBe(3)
    expect([...windowed.extract(noise(2.1))].length).toBe(4)
  })

  test('a rest shorter than the hop between frames has no window, so one more sample changes nothing', () => {
    const windowed = createWindowExtractor(logmel64, { windowSec: 1, hopSec: 0.5 })
    const of = (length: number) => {
      const { samples } = noise(3)
      return [...windowed.extract({ samples: samples.slice(0, length), sampleRate })]
    }
    const [one, two] = [of(sampleRate), of(sampleRate + sampleRate / 2)]
    expect([one.length, two.length]).toEqual([1, 2])
    for (const more of [1, 511]) {
      expect(of(sampleRate + more)).toEqual(one)
      expect(of(1.5 * sampleRate + more)).toEqual(two)
    }
    expect([of(sampleRate + 512).length, of(1.5 * sampleRate + 512).length]).toEqual([2, 3])
  })

  test('every matrix has the frames of a window, also for a short clip', () => {
    for (const recipe of [logmel64, stm32, yamnet, mfcc13, { ...stm32, durationSec: 3 }]) {
      const windowed = createWindowExtractor(recipe, { windowSec: 0.96 })
      for (const seconds of [0.01, 0.5, 0.96, 1, 7.77]) {
        for (const { bins, frames, data } of windowed.extract(noise(seconds, 16000))) {
          expect([bins, frames, data.length]).toEqual([windowed.bins, windowed.frames, bins * frames])
        }
      }
    }
  })

  test('another clip between two windows does not change them', () => {
    const windowed = createWindowExtractor(logmel64, { windowSec: 1 })
    const expected = [...windowed.extract(noise(3))]
    const slow = windowed.extract(noise(3))
    const found = [slow.next().value]
    ;[...windowed.extract(noise(2, 44100))]
    found.push(...slow)
    expect(found).toEqual(expected)
  })

  test('impossible lengths are refused', () => {
    for (const windowSec of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 3601]) {
      expect(() => createWindowExtractor(logmel64, { windowSec })).toThrow(
        throwsCode('INVALID_OPTION', /windows.windowSec=/),
      )
    }
    expect(() => createWindowExtractor(logmel64, { windowSec: 1, hopSec: 1.5 })).toThrow(
      throwsCode('INVALID_OPTION', /hopSec=1.5 must be at most windowSec=1: the sound between/),
    )
    expect(() => createWindowExtractor(logmel64, { windowSec: 0.01 })).toThrow(
      throwsCode('INVALID_OPTION', /windowSec=0.01 makes 221 samples, less than one frame/),
    )
    expect(() => createWindowExtractor(logmel64, { seconds: 1 } as never)).toThrow(
      throwsCode('INVALID_OPTION', /no option 'seconds'/),
    )
  })
})

describe('windowsOfClips', () => {
  test('is the duration of the recipe', () => {
    expect(windowsOfClips(mfcc13, 431)).toEqual({ windowSec: 5, hopSec: 2.5 })
    expect(() => windowsOfClips(mfcc13, 430)).toThrow(
      throwsCode('INVALID_INPUT', /makes 431 frames; the features have 430/),
    )
  })

  test.each([
    ['logmel64', logmel64],
    ['stm32', stm32],
    ['centred', { ...logmel64, stft: { ...logmel64.stft, center: true } }],
    [
      'odd and centred',
      { ...logmel64, stft: { ...logmel64.stft, nFft: 1023, winLength: 1023, center: true } },
    ],
  ] as [string, FeatureRecipe][])(
    '%s has no duration: whole clips with this number of frames keep their bits',
    (_, recipe) => {
      const plain = createExtractor(recipe)
      for (const seconds of [1, 1.01, 1.02, 1.3]) {
        const clip = noise(seconds, recipe.sampleRate)
        const features = plain.extract(clip)
        const windows = windowsOfClips(recipe, features.frames)
        expect([...createWindowExtractor(recipe, windows).extract(clip)]).toEqual([features])
      }
    },
  )
})
