/** The short-time Fourier transform and spectrograms. */
import {
  assertInteger,
  assertKnown,
  assertOneOf,
  assertSamples,
  EscError,
  type FeatureMatrix,
} from '@esc/core'
import type { FilterBank } from '../fft/filter-bank.js'
import { createFrameFft } from '../fft/frame-fft.js'
import type { Names } from '../option-names.js'
import { createColumnWriter } from './columns.js'
import { assertComplex, type ComplexMatrix } from './complex-matrix.js'
import { copyFrame, frameCount, type PadMode, padModes } from './frame.js'
import { getWindow, type WindowName } from './get-window.js'

/** Options of {@link stft}. All features that are computed from it take them, too. */
export interface StftOptions {
  /**
   * Length of the transform in samples. Powers of two are fastest.
   *
   * @defaultValue `2048`
   */
  nFft?: number
  /**
   * Samples from the start of one frame to the start of the next.
   *
   * @defaultValue `winLength / 4` for `stft`, `timeStretch` and `pitchShift`; `512` for spectrograms and
   *   features
   */
  hopLength?: number
  /**
   * Length of the window in samples. It is padded with zeros on both sides to `nFft`.
   *
   * @defaultValue `nFft`
   */
  winLength?: number
  /**
   * Name of the window.
   *
   * @defaultValue `'hann'`
   */
  window?: WindowName
  /**
   * `true` centres frame t on sample `t * hopLength`; the signal is padded at both ends. `false` starts frame
   * t there.
   *
   * @defaultValue `true`
   */
  center?: boolean
  /**
   * How a centred signal is padded.
   *
   * @defaultValue `'constant'`
   */
  padMode?: PadMode
}

export const stftNames: Names<StftOptions> = {
  nFft: true,
  hopLength: true,
  winLength: true,
  window: true,
  center: true,
  padMode: true,
}

/**
 * The short-time Fourier transform.
 *
 * @param samples - Mono signal.
 * @returns Shape [nFft / 2 + 1, frames].
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the signal is
 *   empty, not finite, or (with `center: false`) shorter than `nFft`.
 * @see librosa 0.10.2 `stft`.
 * @example stft(clip.samples, { nFft: 1024 })
 */
export function stft(samples: Float32Array, options: StftOptions = {}): ComplexMatrix {
  assertKnown('stft', options, stftNames)
  const plan = createStftPlan(options)
  assertSamples('samples', samples)
  const { bins } = plan
  const frames = plan.frames(samples.length)
  const re = createColumnWriter(bins, frames)
  const im = createColumnWriter(bins, frames)
  for (let frame = 0; frame < frames; frame++) {
    plan.transform(samples, frame)
    re.write(plan.re)
    im.write(plan.im)
  }
  return { re: re.data, im: im.data, bins, frames }
}

/**
 * The magnitudes of a complex matrix: `|z|`.
 *
 * @returns Same shape, >= 0, new storage.
 * @throws EscError INVALID_INPUT if the matrix is empty or not finite.
 * @see librosa 0.10.2 `magphase`.
 * @example magnitude(stft(clip.samples))
 */
export function magnitude(matrix: ComplexMatrix): FeatureMatrix {
  assertComplex('matrix', matrix)
  const { re, im, bins, frames } = matrix
  const data = new Float32Array(re.length)
  for (let i = 0; i < data.length; i++) data[i] = Math.sqrt(re[i]! * re[i]! + im[i]! * im[i]!)
  return { data, bins, frames }
}

/** Options of {@link spectrogram}. */
export interface SpectrogramOptions extends StftOptions {
  /**
   * `1` returns magnitudes, `2` powers.
   *
   * @defaultValue `1`
   */
  power?: 1 | 2
}

const spectrogramNames: Names<SpectrogramOptions> = { ...stftNames, power: true }

/**
 * The magnitude (or power) of the short-time Fourier transform: `|stft| ** power`.
 *
 * @param samples - Mono signal.
 * @returns Shape [nFft / 2 + 1, frames], >= 0.
 * @throws EscError as {@link stft}, and INVALID_OPTION if `power` is not 1 or 2.
 * @see librosa 0.10.2 `core.spectrum._spectrogram`.
 * @example spectrogram(clip.samples, { power: 2 })
 */
export function spectrogram(samples: Float32Array, options: SpectrogramOptions = {}): FeatureMatrix {
  assertKnown('spectrogram', options, spectrogramNames)
  return computeSpectrogram(samples, options)
}

/**
 * {@link spectrogram} for callers that have checked the names of their options.
 *
 * @throws EscError as {@link spectrogram}.
 */
export function computeSpectrogram(samples: Float32Array, options: SpectrogramOptions): FeatureMatrix {
  const { power = 1, hopLength = 512 } = options
  assertPower(power)
  const plan = createStftPlan({ ...options, hopLength })
  assertSamples('samples', samples)
  const { bins } = plan
  const frames = plan.frames(samples.length)
  const columns = createColumnWriter(bins, frames)
  for (let frame = 0; frame < frames; frame++) columns.write(plan.spectrum(samples, frame, power))
  return { data: columns.data, bins, frames }
}

/** A transform with its tables. It transforms one frame at a time into buffers of its own. */
export interface StftPlan {
  readonly bins: number
  /** Real parts of the last transformed frame. */
  readonly re: Float64Array
  /** Imaginary parts of the last transformed frame. */
  readonly im: Float64Array
  /**
   * Number of frames in a signal of `length` samples.
   *
   * @throws EscError INVALID_INPUT if it is too short for one.
   */
  frames(length: number): number
  /** Fills `re` and `im` with the transform of a frame. */
  transform(samples: Float32Array, frame: number): void
  /** Returns `|X| ** power` of a frame, in a buffer that the next call overwrites. */
  spectrum(samples: Float32Array, frame: number, power: 1 | 2): Float64Array
  /** Returns the sums of `|X| ** power` under the filters, in a buffer that the next call overwrites. */
  bands(samples: Float32Array, frame: number, power: 1 | 2): Float64Array
}

/**
 * Plans the transform.
 *
 * @param bank - Filters over the bins. Only `bands` needs them.
 * @throws EscError INVALID_OPTION if an option is out of its range.
 */
export function createStftPlan(options: StftOptions, bank?: FilterBank): StftPlan {
  const { nFft = 2048, window = 'hann', center = true, padMode = 'constant' } = options
  assertInteger('nFft', nFft, 1, 2 ** 24)
  const { winLength = nFft } = options
  assertInteger('winLength', winLength, 1, nFft)
  const { hopLength = Math.max(1, Math.floor(winLength / 4)) } = options
  assertInteger('hopLength', hopLength, 1)
  assertOneOf('padMode', padMode, padModes)

  const padded = new Float64Array(nFft)
  padded.set(getWindow(window, winLength), Math.floor((nFft - winLength) / 2))
  const fft = createFrameFft(padded, bank)
  const { re, im, spectrum, bands } = fft
  const offset = center ? Math.floor(nFft / 2) : 0
  /**
   * Returns false for a silent frame. It needs no transform; most frames of a short padded clip are silent.
   */
  function read(samples: Float32Array, frame: number): boolean {
    copyFrame(samples, frame * hopLength - offset, padMode, fft.frame)
    return !isSilent(fft.frame)
  }
  return {
    bins: Math.floor(nFft / 2) + 1,
    re,
    im,
    frames: (length) => frameCount(length, { frameLength: nFft, hopLength, center }),
    transform(samples, frame) {
      if (read(samples, frame)) fft.transform()
      else {
        re.fill(0)
        im.fill(0)
      }
    },
    spectrum(samples, frame, power) {
      if (read(samples, frame)) fft.computeSpectrum(power)
      else spectrum.fill(0)
      return spectrum
    },
    bands(samples, frame, power) {
      if (read(samples, frame)) fft.computeBands(power)
      else bands.fill(0)
      return bands
    },
  }
}

function isSilent(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) return false
  return true
}

/** @throws EscError INVALID_OPTION unless `power` is 1 or 2. */
export function assertPower(power: number): asserts power is 1 | 2 {
  if (power !== 1 && power !== 2) {
    throw new EscError('INVALID_OPTION', `power=${power} must be 1 (magnitude) or 2 (power)`)
  }
}
