/** The inverse of the short-time Fourier transform: from spectra back to samples. */
import { assertInteger, assertKnown, EscError } from '@esc/core'
import { addFrame, createOverlapAdder } from '../fft/frame-fft.js'
import type { Names } from '../option-names.js'
import { assertComplex, type ComplexMatrix } from './complex-matrix.js'
import { getWindow } from './get-window.js'
import type { StftOptions } from './stft.js'

/** Options of {@link istft}. They must be those of the `stft` call. */
export interface IstftOptions extends Omit<StftOptions, 'padMode'> {
  /**
   * Length of the transform in samples. Give it if it is odd.
   *
   * @defaultValue `2 * (bins - 1)`
   */
  nFft?: number
  /**
   * Samples from the start of one frame to the start of the next.
   *
   * @defaultValue `winLength / 4`
   */
  hopLength?: number
  /**
   * Length of the result in samples.
   *
   * @defaultValue the length that the frames cover, without the padding of a centred signal
   */
  length?: number
}

const istftNames: Names<IstftOptions> = {
  nFft: true,
  hopLength: true,
  winLength: true,
  window: true,
  center: true,
  length: true,
}

/**
 * The inverse of the short-time Fourier transform. It transforms each frame back, multiplies it by the
 * window, adds the frames where they overlap, and divides by the sum of the squared windows there. A changed
 * matrix may be the transform of no signal. Then the result is the signal whose transform is nearest to it.
 *
 * @param matrix - Shape [nFft / 2 + 1, frames]. The imaginary parts of the first bin, and for an even `nFft`
 *   those of the last bin, are ignored.
 * @returns `length` samples, new storage. Samples that no frame covers are 0.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the matrix is
 *   empty, not finite, does not fit `nFft`, or has too few frames for a single sample.
 * @see librosa 0.10.2 `istft`; Griffin and Lim, "Signal estimation from modified short-time Fourier
 *   transform", 1984.
 * @example istft(stft(clip.samples), { length: clip.samples.length })
 */
export function istft(matrix: ComplexMatrix, options: IstftOptions = {}): Float32Array {
  assertKnown('istft', options, istftNames)
  assertComplex('matrix', matrix)
  const { re, im, bins, frames } = matrix
  const { nFft = 2 * (bins - 1) } = options
  const plan = createIstftPlan({ ...options, nFft })
  if (bins !== plan.bins) {
    throw new EscError('INVALID_INPUT', `matrix.bins=${bins} must be ${plan.bins} for nFft=${nFft}`)
  }
  const { length = plan.coveredLength(frames) } = options
  if (options.length !== undefined) assertInteger('length', length, 1, 2 ** 30)
  if (length < 1) {
    throw new EscError(
      'INVALID_INPUT',
      `matrix.frames=${frames} leaves no sample; give the length, or more frames`,
    )
  }
  const adder = plan.start(length)
  for (let frame = 0; frame < frames && adder.wantsMore(); frame++) {
    for (let bin = 0; bin < bins; bin++) {
      plan.re[bin] = re[bin * frames + frame]!
      plan.im[bin] = im[bin * frames + frame]!
    }
    adder.add()
  }
  return adder.finish()
}

/** An inverse transform with its tables. It takes one frame at a time from buffers of its own. */
export interface IstftPlan {
  readonly bins: number
  /** Real parts of the frame to add. The caller fills them. */
  readonly re: Float64Array
  /** Imaginary parts. */
  readonly im: Float64Array
  /**
   * Length of the signal that `frames` frames cover, without the padding of a centred signal. It may be < 1.
   */
  coveredLength(frames: number): number
  /** Begins a signal of `length` samples. */
  start(length: number): FrameAdder
}

/** A signal that is not complete yet. */
export interface FrameAdder {
  /** Whether the next frame can reach into the signal. */
  wantsMore(): boolean
  /** Adds the frame in the plan's buffers as the next one. The buffers are undefined afterwards. */
  add(): void
  /** Returns the signal. */
  finish(): Float32Array
}

/** Plans the inverse transform. @throws EscError INVALID_OPTION if an option is out of its range. */
export function createIstftPlan(options: IstftOptions): IstftPlan {
  const { nFft = 2048, window = 'hann', center = true } = options
  assertInteger('nFft', nFft, 1, 2 ** 24)
  const { winLength = nFft } = options
  assertInteger('winLength', winLength, 1, nFft)
  const { hopLength = Math.max(1, Math.floor(winLength / 4)) } = options
  assertInteger('hopLength', hopLength, 1)

  const padded = new Float64Array(nFft)
  padded.set(getWindow(window, winLength), Math.floor((nFft - winLength) / 2))
  const { re, im, sums, add } = createOverlapAdder(padded)
  const pad = center ? Math.floor(nFft / 2) : 0
  const overlaps = Math.ceil(nFft / hopLength)
  return {
    bins: re.length,
    re,
    im,
    coveredLength: (frames) => nFft + hopLength * (frames - 1) - 2 * pad,
    start(length) {
      const out = new Float32Array(length)
      sums.fill(0)
      // The sums of the squared windows, and the factors that divide by them.
      const weight = new Float64Array(nFft)
      const factor = new Float64Array(nFft)
      let frames = 0
      return {
        wantsMore: () => frames * hopLength < length + 2 * pad,
        add() {
          add(hopLength)
          // After that many frames, always the same windows overlap, and the factors stay.
          if (frames < overlaps) {
            addFrame(weight, padded, padded, hopLength)
            for (let i = 0; i < nFft; i++) factor[i] = weight[i]! > smallestWeight ? 1 / weight[i]! : 1
          }
          writeProduct(sums, factor, 0, Math.min(hopLength, nFft), out, frames * hopLength - pad)
          frames++
        },
        finish() {
          const start = (frames - 1) * hopLength - pad
          if (frames > 0) writeProduct(sums, factor, Math.min(hopLength, nFft), nFft, out, start)
          return out
        },
      }
    },
  }
}

// The smallest normal float64. A window may end in zeros; librosa, too, treats weights up to this as zero.
const smallestWeight = 2 ** -1022

/** Writes `out[start + i] = sum[i] * factor[i]` for i from `first` up to `last`, as far as `out` reaches. */
function writeProduct(
  sum: Float64Array,
  factor: Float64Array,
  first: number,
  last: number,
  out: Float32Array,
  start: number,
): void {
  const end = Math.min(last, out.length - start)
  let i = Math.max(first, 0 - start)
  for (; i + 4 <= end; i += 4) {
    out[start + i] = sum[i]! * factor[i]!
    out[start + i + 1] = sum[i + 1]! * factor[i + 1]!
    out[start + i + 2] = sum[i + 2]! * factor[i + 2]!
    out[start + i + 3] = sum[i + 3]! * factor[i + 3]!
  }
  for (; i < end; i++) out[start + i] = sum[i]! * factor[i]!
}
