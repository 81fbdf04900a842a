/** The feature stream: it carries out a recipe on live sound, which arrives in pieces and has no end yet. */
import {
  assertFloat32,
  assertPositive,
  assertSamples,
  EscError,
  type FeatureMatrix,
  type FeatureRecipe,
} from '@esc/core'
import { createMelPlan } from '../mel/mel.js'
import { createCepstrum } from '../mel/mfcc.js'
import { createResampleStream } from '../resample/resample-stream.js'
import { assertRecipe, compress } from './extractor.js'

/** Returns the frames of a live signal as soon as they are complete. */
export interface FeatureStream {
  /** Rows of its matrices: coefficients or mel bins. */
  readonly bins: number
  /**
   * Takes the next samples of the signal, any number of them.
   *
   * @returns The frames that they complete, shape [bins, frames]; `frames` is 0 if they complete none.
   * @throws EscError INVALID_INPUT if a sample is not finite, or the stream has ended.
   */
  push(samples: Float32Array): FeatureMatrix
  /**
   * Ends the signal.
   *
   * @returns The last frames, whose samples were still in the resampler.
   * @throws EscError INVALID_INPUT if the stream has ended already.
   */
  end(): FeatureMatrix
}

/**
 * Plans the features of a live signal. All frames together equal those of `createExtractor(recipe).extract`
 * for the whole signal, bit for bit, for any sizes of the pieces. The memory does not grow with the signal.
 *
 * @param recipe - No step may need the whole clip: no `denoise`, `trim`, `normalize` or `durationSec`,
 *   `center: false`, no `topDb` and no `ref: 'max'`. The presets `logmel64`, `stm32` and `yamnet` qualify.
 * @param sampleRate - Sample rate of the signal in Hz. Without it, the recipe's.
 * @throws EscError INVALID_OPTION naming the parameter that is unknown or out of its range, or naming every
 *   step of the recipe that needs the whole clip, with the reason.
 * @example
 * const stream = createFeatureStream(logmel64, 48000)
 * for await (const { samples } of microphone({ sampleRate: 48000 })) show(stream.push(samples))
 */
export function createFeatureStream(recipe: FeatureRecipe, sampleRate?: number): FeatureStream {
  assertRecipe(recipe)
  assertStreamable(recipe)
  const own = structuredClone(recipe)
  const fromRate = sampleRate === undefined ? own.sampleRate : sampleRate
  assertPositive('sampleRate', fromRate)
  const { nFft, hopLength } = own.stft
  const melPlan = createMelPlan(own.sampleRate, { ...own.stft, ...own.mel })
  const cepstrum = own.mfcc && createCepstrum(own.mel.nMels, own.mfcc)
  const bins = own.mfcc?.nMfcc ?? own.mel.nMels
  const resampler = fromRate === own.sampleRate ? null : createResampleStream(fromRate, own.sampleRate)
  // The samples from the start of the next frame on. If the hop is longer than a frame, `toSkip` samples come
  // before it.
  let pending = new Float32Array(0)
  let toSkip = 0
  let ended = false

  function assertOpen(): void {
    if (ended) throw new EscError('INVALID_INPUT', 'stream has ended; create another one for the next signal')
  }
  function take(samples: Float32Array): FeatureMatrix {
    const skipped = Math.min(toSkip, samples.length)
    toSkip -= skipped
    const signal = new Float32Array(pending.length + samples.length - skipped)
    signal.set(pending)
    signal.set(samples.subarray(skipped), pending.length)
    const frames = signal.length < nFft ? 0 : 1 + Math.floor((signal.length - nFft) / hopLength)
    const used = frames * hopLength
    pending = signal.slice(used)
    toSkip += Math.max(0, used - signal.length)
    if (frames === 0) return { data: new Float32Array(0), bins, frames: 0 }
    const logMel = compress(melPlan.run(signal), own)
    return cepstrum ? cepstrum(logMel) : logMel
  }
  return {
    bins,
    push(samples) {
      assertOpen()
      assertFloat32('samples', samples)
      if (samples.length === 0) return take(samples)
      assertSamples('samples', samples)
      return take(resampler ? resampler.push(samples) : samples)
    },
    end() {
      assertOpen()
      ended = true
      return take(resampler ? resampler.end() : new Float32Array(0))
    },
  }
}

function assertStreamable({ denoise, trim, normalize, durationSec, stft, db }: FeatureRecipe): void {
  const reasons = [
    denoise !== null && 'recipe.denoise measures the noise in the whole clip',
    trim !== null && 'recipe.trim measures silence against the loudest frame',
    normalize !== null && "recipe.normalize divides by the whole clip's norm",
    durationSec !== null && 'recipe.durationSec pads or cuts the end',
    stft.center && 'recipe.stft.center pads both ends',
    db !== null && db.topDb !== null && 'recipe.db.topDb depends on the peak of all frames',
    db?.ref === 'max' && "recipe.db.ref 'max' is the peak of all frames",
  ].filter((reason) => reason !== false)
  if (reasons.length > 0) {
    throw new EscError(
      'INVALID_OPTION',
      `this recipe needs the whole clip and cannot run on a stream: ${reasons.join('; ')}`,
      { detail: { reasons } },
    )
  }
}
