/** Mel filters and mel spectrograms. */
import {
  type AudioClip,
  assertClip,
  assertInteger,
  assertKnown,
  assertPositive,
  EscError,
  type FeatureMatrix,
} from '@esc/core'
import type { FilterBank } from '../fft/filter-bank.js'
import { assertGiven, type Names } from '../option-names.js'
import { assertNorm, isSmallest, type Norm, vectorNorm } from '../scaling/normalize.js'
import { createColumnWriter } from '../stft/columns.js'
import { assertPower, createStftPlan, type StftOptions, stftNames } from '../stft/stft.js'
import { fftFrequencies, melFrequencies } from '../units.js'

/** Shape of a bank of mel filters. */
export interface MelFilterOptions {
  /**
   * Number of filters.
   *
   * @defaultValue `128`
   */
  nMels?: number
  /**
   * Lowest frequency in Hz.
   *
   * @defaultValue `0`
   */
  fmin?: number
  /**
   * Highest frequency in Hz; `null` is half the sample rate.
   *
   * @defaultValue `null`
   */
  fmax?: number | null
  /**
   * `true` takes HTK's mel formula, `false` Slaney's.
   *
   * @defaultValue `false`
   */
  htk?: boolean
  /**
   * 'slaney' gives every triangle the area 1 over Hz; a norm scales its weights so that this norm is 1;
   * `null` does neither.
   *
   * @defaultValue `'slaney'`
   */
  norm?: 'slaney' | Norm | null
  /**
   * Gets a message about empty filters; `null` for no message. An extractor or a stream calls it once. A
   * plain function calls it each time, because it computes the filters each time.
   *
   * @defaultValue `console.warn`
   */
  onWarning?: ((message: string) => void) | null
}

const filterNames: Names<MelFilterOptions> = {
  nMels: true,
  fmin: true,
  fmax: true,
  htk: true,
  norm: true,
  onWarning: true,
}
const bankNames: Names<MelFilterOptions & { sampleRate: number; nFft: number }> = {
  sampleRate: true,
  nFft: true,
  ...filterNames,
}

/**
 * Computes a bank of triangular filters, evenly spaced in mel.
 *
 * @param options - `sampleRate` in Hz and `nFft` in samples say for which spectrum the filters are.
 * @returns Weights of shape [nMels, nFft / 2 + 1], >= 0. A filter that lies between two bins is all zeros;
 *   then `onWarning` gets a message. Use a larger `nFft` or fewer filters. Differs from librosa: librosa does
 *   not warn of an empty filter that starts at 0 Hz.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range. Differs from librosa: `fmax`
 *   above half the sample rate is an error, because the filters there would be empty.
 * @see librosa 0.10.2 `filters.mel`.
 * @example melFilterbank({ sampleRate: 22050, nFft: 2048 })
 */
export function melFilterbank(
  options: MelFilterOptions & { sampleRate: number; nFft: number },
): FeatureMatrix {
  assertGiven('melFilterbank', options, bankNames)
  // A missing `nFft` would not fail in `createMelBank`, but there would be no length for the rows below.
  assertInteger('nFft', options.nFft, 1)
  const { first, last, weights } = createMelBank(options)
  const nMels = first.length
  const bins = Math.floor(options.nFft / 2) + 1
  const data = new Float32Array(nMels * bins)
  for (let mel = 0, w = 0; mel < nMels; mel++) {
    const width = last[mel]! - first[mel]!
    data.set(weights.subarray(w, w + width), mel * bins + first[mel]!)
    w += width
  }
  return { data, bins: nMels, frames: bins }
}

/** Options of {@link melSpectrogram}. */
export interface MelOptions extends StftOptions, MelFilterOptions {
  /**
   * `2` takes the power spectrum, `1` the magnitudes.
   *
   * @defaultValue `2`
   */
  power?: 1 | 2
}

export const melNames: Names<MelOptions> = { ...stftNames, ...filterNames, power: true }

/**
 * Computes the mel spectrogram: a {@link melFilterbank} over the power (or magnitude) spectrogram.
 *
 * @param options - Those of {@link stft} and {@link melFilterbank}.
 * @returns Shape [nMels, frames], >= 0.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the clip has
 *   no samples, samples that are not finite, or (with `center: false`) fewer than `nFft`.
 * @see librosa 0.10.2 `feature.melspectrogram`. The filters are float64, as with `dtype=np.float64`.
 * @example melSpectrogram(clip, { nMels: 64, fmax: 8000 })
 */
export function melSpectrogram(clip: AudioClip, options: MelOptions = {}): FeatureMatrix {
  assertKnown('melSpectrogram', options, melNames)
  assertClip('clip', clip)
  return createMelPlan(clip.sampleRate, options).run(clip.samples)
}

/** A mel spectrogram with its tables. */
export interface MelPlan {
  /**
   * Number of frames in a signal of `length` samples.
   *
   * @throws EscError INVALID_INPUT if it is too short for one.
   */
  frames(length: number): number
  /** Returns the mel spectrogram in new storage. */
  run(samples: Float32Array): FeatureMatrix
}

/** Plans mel spectrograms. @throws EscError INVALID_OPTION if an option is out of its range. */
export function createMelPlan(sampleRate: number, options: MelOptions): MelPlan {
  const { nFft = 2048, hopLength = 512, power = 2 } = options
  assertPower(power)
  const bank = createMelBank({ ...options, sampleRate, nFft })
  const nMels = bank.first.length
  const plan = createStftPlan({ ...options, nFft, hopLength }, bank)
  return {
    frames: plan.frames,
    run(samples) {
      const frames = plan.frames(samples.length)
      const columns = createColumnWriter(nMels, frames)
      for (let frame = 0; frame < frames; frame++) columns.write(plan.bands(samples, frame, power))
      return { data: columns.data, bins: nMels, frames }
    },
  }
}

function createMelBank(options: MelFilterOptions & { sampleRate: number; nFft: number }): FilterBank {
  const { sampleRate, nFft, nMels = 128, fmin = 0, htk = false, norm = 'slaney' } = options
  assertPositive('sampleRate', sampleRate)
  assertInteger('nMels', nMels, 1, 2 ** 24)
  const nyquist = sampleRate / 2
  const fmax = options.fmax ?? nyquist
  if (!(fmin >= 0 && fmin < fmax && fmax <= nyquist)) {
    throw new EscError(
      'INVALID_OPTION',
      `fmin=${fmin}, fmax=${fmax} must satisfy 0 <= fmin < fmax <= ${nyquist}, half the sample rate`,
    )
  }
  if (norm !== null && norm !== 'slaney') assertNorm(norm, 'slaney')

  const binHz = fftFrequencies({ sampleRate, nFft })
  const firstBin = (condition: (hz: number) => boolean) => {
    const bin = binHz.findIndex(condition)
    return bin < 0 ? binHz.length : bin
  }
  const edges = melFrequencies(nMels + 2, { fmin, fmax, htk })
  const first = new Int32Array(nMels)
  const last = new Int32Array(nMels)
  const weights: number[] = []
  for (let mel = 0; mel < nMels; mel++) {
    const [low, middle, high] = [edges[mel]!, edges[mel + 1]!, edges[mel + 2]!]
    first[mel] = firstBin((hz) => hz > low)
    last[mel] = firstBin((hz) => hz >= high)
    const row = binHz
      .subarray(first[mel], last[mel])
      .map((hz) => Math.min((hz - low) / (middle - low), (high - hz) / (high - middle)))
    const scale = norm === 'slaney' ? (high - low) / 2 : filterNorm(row, norm)
    for (const weight of row) weights.push(weight / scale)
  }
  warnOfEmptyFilters(first, last, { ...options, nFft, sampleRate })
  return { first, last, weights: Float64Array.from(weights) }
}

/**
 * The norm '-inf' leaves a filter as it is, as in librosa: the smallest weight of each filter is 0, at least
 * at 0 Hz.
 */
function filterNorm(row: Float64Array, norm: Norm | null): number {
  return norm === null || isSmallest(norm) ? 1 : vectorNorm(row, norm)
}

// How many empty filters a warning names. Longer lists would not help the reader.
const namedFilters = 10

function warnOfEmptyFilters(
  first: Int32Array,
  last: Int32Array,
  options: MelFilterOptions & { sampleRate: number; nFft: number },
): void {
  const { sampleRate, nFft, onWarning = (message: string) => console.warn(message) } = options
  const empty = Array.from(first.keys()).filter((mel) => first[mel] === last[mel])
  if (onWarning === null || empty.length === 0) return
  const names = empty.slice(0, namedFilters).join(', ') + (empty.length > namedFilters ? ', …' : '')
  onWarning(
    `mel filters ${names} (${empty.length} of nMels=${first.length}) are empty, and their bands always 0: they lie ` +
      `between two bins of nFft=${nFft} at sampleRate=${sampleRate}; use a larger nFft or a smaller nMels`,
  )
}
