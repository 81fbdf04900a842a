/**
 * Time stretching and pitch shifting: another speed at the same pitch, and another pitch at the same speed.
 */
import { assertInRange, assertInteger, assertSamples } from '@esc/core'
import { pow, roundHalfEven } from '../math.js'
import { assertGiven, type Names } from '../option-names.js'
import { resample } from '../resample/resample.js'
import { createIstftPlan } from '../stft/istft.js'
import { createStftPlan, type StftOptions, stftNames } from '../stft/stft.js'
import { createVocoder } from './phase-vocoder.js'

/** Options of {@link timeStretch}. */
export interface TimeStretchOptions extends StftOptions {
  /** How many times as fast, in [1 / 256, 256]: above 1 the result is shorter, below 1 longer. */
  rate: number
}

const stretchNames: Names<TimeStretchOptions> = { ...stftNames, rate: true }

/**
 * Makes a signal run `rate` times as fast at the same pitch, by a phase vocoder. Tones stay clean. Clicks are
 * smeared over about one window. A slower signal gets up to 1.3 dB softer.
 *
 * @param samples - Mono signal.
 * @returns `round(length / rate)` samples, at least 1; new storage.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the signal is
 *   empty, not finite, or (with `center: false`) shorter than `nFft`.
 * @see librosa 0.10.2 `effects.time_stretch`.
 * @example timeStretch(clip.samples, { rate: 0.8 }) // 1.25 times as long
 */
export function timeStretch(samples: Float32Array, options: TimeStretchOptions): Float32Array {
  assertGiven('timeStretch', options, stretchNames)
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
  /** Number of steps up, or down if negative; at most 8 octaves. */
  nSteps: number
  /**
   * Steps in an octave.
   *
   * @defaultValue `12`: a step is a semitone
   */
  binsPerOctave?: number
}

const pitchNames: Names<PitchShiftOptions> = { ...stftNames, nSteps: true, binsPerOctave: true }

/**
 * Shifts the pitch by `nSteps` steps at the same speed: {@link timeStretch}, then {@link resample} back to
 * the old length.
 *
 * @param samples - Mono signal.
 * @returns Same length, new storage. Frequencies that would be above half the sample rate are gone.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT as
 *   {@link timeStretch}.
 * @see librosa 0.10.2 `effects.pitch_shift`. Differs from librosa: there is no sample rate, because only the
 *   ratio matters, and `resample` is not soxr.
 * @example pitchShift(clip.samples, { nSteps: -2 })
 */
export function pitchShift(samples: Float32Array, options: PitchShiftOptions): Float32Array {
  assertGiven('pitchShift', options, pitchNames)
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
