/** Faster or slower at the same pitch, and higher or lower at the same speed. */
import { asOptions, assertInRange, assertInteger, assertKnown, assertSamples } from '@esc/core'
import { pow, roundHalfEven } from '../math.js'
import type { Names } from '../option-names.js'
import { resample } from '../resample/resample.js'
import { createIstftPlan } from '../stft/istft.js'
import { createStftPlan, type StftOptions, stftNames } from '../stft/stft.js'
import { createVocoder } from './phase-vocoder.js'

/** Options of {@link timeStretch}. */
export interface TimeStretchOptions extends StftOptions {
  /** How many times as fast: > 1 is shorter, < 1 longer; in [1 / 256, 256]. */
  rate: number
}

const stretchNames: Names<TimeStretchOptions> = { ...stftNames, rate: true }

/**
 * Makes a signal run `rate` times as fast, at the same pitch, by a phase vocoder: tones stay clean, clicks
 * are smeared over about one window, and all gets up to 1.3 dB softer where it gets slower.
 *
 * @param samples - Mono signal.
 * @param options - `rate`, and those of `stft`, with its defaults.
 * @returns `round(length / rate)` samples, at least 1; new storage.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the signal is empty, not
 *   finite, or (with `center: false`) shorter than `nFft`.
 * @see librosa 0.10.2 `effects.time_stretch`.
 * @example timeStretch(clip.samples, { rate: 0.8 }) // 1.25 times as long
 */
export function timeStretch(samples: Float32Array, options: TimeStretchOptions): Float32Array {
  assertKnown('timeStretch', asOptions('timeStretch', options), stretchNames)
  const analysis = createStftPlan(options)
  const synthesis = createIstftPlan(options)
  const vocoder = createVocoder(analysis.bins, options.rate)
  assertSamples('samples', samples)
  const adder = synthesis.start(Math.max(1, roundHalfEven(samples.length / options.rate)))
  vocoder.run(
    analysis.frames(samples.length),
    (frame, { re, im }) => {
      analysis.transform(samples, frame)
      re.set(analysis.re)
      im.set(analysis.im)
    },
    (_, { re, im }) => {
      if (!adder.wantsMore()) return
      synthesis.re.set(re)
      synthesis.im.set(im)
      adder.add()
    },
  )
  return adder.finish()
}

/** Options of {@link pitchShift}. */
export interface PitchShiftOptions extends StftOptions {
  /** Steps up (or down, if negative); at most 8 octaves. */
  nSteps: number
  /** Steps to an octave. Default 12. */
  binsPerOctave?: number
}

const pitchNames: Names<PitchShiftOptions> = { ...stftNames, nSteps: true, binsPerOctave: true }

/**
 * Shifts the pitch by `nSteps` steps at the same speed: {@link timeStretch}, then played as much faster or slower.
 *
 * @param samples - Mono signal.
 * @param options - The steps, and those of `stft`, with its defaults.
 * @returns Same length, new storage; what would lie above half the sample rate is gone.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT as {@link timeStretch}.
 * @see librosa 0.10.2 `effects.pitch_shift`. Differs from librosa: there is no sample rate, since only the ratio
 *   counts, and `resample` is not soxr.
 * @example pitchShift(clip.samples, { nSteps: -2 })
 */
export function pitchShift(samples: Float32Array, options: PitchShiftOptions): Float32Array {
  assertKnown('pitchShift', asOptions('pitchShift', options), pitchNames)
  const { nSteps, binsPerOctave = 12, ...transform } = options
  assertInteger('binsPerOctave', binsPerOctave, 1)
  assertInRange('nSteps', nSteps, -8 * binsPerOctave, 8 * binsPerOctave)
  const ratio = pow(2, Math.abs(nSteps) / binsPerOctave)
  const rate = nSteps > 0 ? 1 / ratio : ratio
  const stretched = timeStretch(samples, { ...transform, rate })
  const out = new Float32Array(samples.length)
  out.set(resample(stretched, 1 / rate, 1).subarray(0, out.length))
  return out
}
