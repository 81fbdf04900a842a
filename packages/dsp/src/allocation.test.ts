import type { FeatureRecipe } from '@esc/core'
import { describe, expect, test } from 'vitest'
import { timeStretch } from './effects/time-stretch.js'
import { melSpectrogram } from './mel/mel.js'
import { mfcc } from './mel/mfcc.js'
import { onsetStrength } from './mel/onset.js'
import { createExtractor } from './recipe/extractor.js'
import { createFeatureStream } from './recipe/feature-stream.js'
import { logmel64, logmel128, mfcc13, mfcc20, stm32, yamnet } from './recipe/presets.js'
import { spectralCentroid } from './spectral/spectral.js'
import { istft } from './stft/istft.js'
import { spectrogram, stft } from './stft/stft.js'
import { rms, zeroCrossingRate } from './temporal.js'
import { noise } from './test-support/signals.js'

/**
 * Counts the typed arrays that are created while `run` runs, by `new`, `from`, `of`, `slice`, `map`,
 * `subarray` and so on. It counts arrays with storage of their own, and views of existing storage.
 */
function countTypedArrays(run: () => unknown): { arrays: number; views: number } {
  const count = { arrays: 0, views: 0 }
  const originals = { Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array }
  const install = (name: string, value: unknown) => Object.assign(globalThis, { [name]: value })
  try {
    for (const [name, original] of Object.entries(originals)) {
      const proxy = new Proxy(original, {
        construct(target, parameters, newTarget) {
          if (parameters[0] instanceof ArrayBuffer) count.views++
          else count.arrays++
          return Reflect.construct(target, parameters, newTarget)
        },
      })
      install(name, proxy)
      // `slice`, `map` and `subarray` use the constructor that the array names.
      Object.assign(original.prototype, { constructor: proxy })
    }
    run()
  } finally {
    for (const [name, original] of Object.entries(originals)) {
      install(name, original)
      Object.assign(original.prototype, { constructor: original })
    }
  }
  return count
}

const sampleRate = 16000
const frames = 100
// Every case below has this hop, so that a clip of twice the length has twice as many frames.
const hopLength = 160
const clips = [noise(frames * hopLength, 1), noise(2 * frames * hopLength, 2)] as const
const options = { nFft: 512, hopLength }

const presets: Record<string, FeatureRecipe> = { logmel64, logmel128, mfcc13, mfcc20, stm32, yamnet }

function extractorOf(recipe: FeatureRecipe): (samples: Float32Array) => unknown {
  const extractor = createExtractor({
    ...recipe,
    durationSec: null,
    stft: { ...recipe.stft, hopLength },
  })
  const { sampleRate } = recipe
  // The work buffer has the size of the longest clip so far.
  extractor.extract({ samples: clips[1], sampleRate })
  return (samples) => extractor.extract({ samples, sampleRate })
}

describe('typed arrays', () => {
  test('are counted, in whatever way they are created', () => {
    const values = new Float32Array(4)
    expect(countTypedArrays(() => new Float64Array(3))).toEqual({ arrays: 1, views: 0 })
    expect(countTypedArrays(() => Float32Array.of(1))).toEqual({ arrays: 1, views: 0 })
    expect(countTypedArrays(() => Float32Array.from([1, 2]))).toEqual({ arrays: 1, views: 0 })
    expect(countTypedArrays(() => values.slice())).toEqual({ arrays: 1, views: 0 })
    expect(countTypedArrays(() => values.map(Math.abs))).toEqual({ arrays: 1, views: 0 })
    expect(countTypedArrays(() => values.subarray(1))).toEqual({ arrays: 0, views: 1 })
    expect(values.slice().constructor).toBe(Float32Array)
  })

  test.each<[string, (samples: Float32Array) => unknown]>([
    ['stft', (samples) => stft(samples, options)],
    ['spectrogram', (samples) => spectrogram(samples, options)],
    ['istft', (samples) => istft(stft(samples, options), options)],
    ['melSpectrogram', (samples) => melSpectrogram({ samples, sampleRate }, { ...options, nMels: 40 })],
    ['mfcc', (samples) => mfcc({ samples, sampleRate }, { ...options, nMels: 40 })],
    ['onsetStrength', (samples) => onsetStrength({ samples, sampleRate }, { ...options, nMels: 40 })],
    ['spectralCentroid', (samples) => spectralCentroid({ samples, sampleRate }, options)],
    ['rms', (samples) => rms(samples, { hopLength })],
    ['zeroCrossingRate', (samples) => zeroCrossingRate(samples, { hopLength })],
    ['timeStretch', (samples) => timeStretch(samples, { ...options, rate: 1.25 })],
    ...Object.entries(presets).map(([name, recipe]): [string, (samples: Float32Array) => unknown] => [
      `the extractor of ${name}`,
      extractorOf(recipe),
    ]),
  ])('%s creates as many for twice as many frames, and about one view for each frame', (_, run) => {
    run(clips[0])
    const [once, twice] = clips.map((samples) => countTypedArrays(() => run(samples)))
    expect(twice!.arrays).toBe(once!.arrays)
    // Each frame is copied from a view of the clip. Long matrices are converted in blocks, and each block has
    // views, too.
    expect(twice!.views - once!.views).toBeLessThanOrEqual(1.05 * frames)
  })

  test.each([
    ['logmel64', logmel64],
    ['stm32', stm32],
  ])('a stream of %s creates as many with every push, for any number of completed frames', (_, recipe) => {
    const stream = createFeatureStream(recipe)
    const { hopLength, nFft } = recipe.stft
    stream.push(noise(nFft, 1))
    const counts = [1, 1, 1, 2, 50, 1, 100].map((frames) => {
      const samples = noise(frames * hopLength, frames)
      let made = 0
      const count = countTypedArrays(() => {
        made = stream.push(samples).frames
      })
      expect(made).toBe(frames)
      return count.arrays
    })
    expect(counts).toEqual(counts.map(() => counts[0]))
  })
})
