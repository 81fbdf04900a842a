/** From the short-time Fourier transform back to samples. */
import { assertInteger, assertKnown, EscError } from '@esc/core'
import { addFrame, createOverlapAdder } from '../fft/frame-fft.js'
import type { Names } from '../option-names.js'
import { assertComplex, type ComplexMatrix } from './complex-matrix.js'
import { getWindow } from './get-window.js'
import type { StftOptions } from './stft.js'

/** Options of {@link istft}: those that the transform was made with. */
export interface IstftOptions extends Omit<StftOptions, 'padMode'> {
  /** Length of the result in samples; without it, what the frames cover for certain. */
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
 * The inverse of the short-time Fourier transform: frames are transformed back, windowed, added where they overlap,
 * and divided by the sum of the squared windows there. Of all signals it is the one whose transform is nearest to
 * `matrix` (which need not be the transform of any).
 *
 * @param matrix - Shape [nFft / 2 + 1, frames]; the imaginary parts of the first bin, and of the last one of an even
 *   `nFft`, do not count.
 * @param options - Defaults as in librosa: `nFft` `2 * (bins - 1)`, `winLength` `nFft`, `hopLength` `winLength / 4`,
 *   `window` 'hann', `center` true; an odd `nFft` must be given.
 * @returns `length` samples, new storage; samples that no frame covers are 0.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the matrix is empty, not
 *   finite, does not fit `nFft`, or has too few frames for a single sample.
 * @see librosa 0.10.2 `istft`; Griffin and Lim, "Signal estimation from modified short-time Fourier transform", 1984.
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

/** An inverse transform with its tables: frames come one at a time, through buffers of its own. */
export interface IstftPlan {
  readonly bins: number
  /** Real parts of the frame to add, for the caller to fill. */
  readonly re: Float64Array
  /** Imaginary parts. */
  readonly im: Float64Array
  /** Length of the signal that `frames` frames cover, without what centring has padded it with; may be < 1. */
  coveredLength(frames: number): number
  /** Begins a signal of `length` samples. */
  start(length: number): FrameAdder
}

/** A signal in the making. */
export interface FrameAdder {
  /** Whether the next frame can reach into the signal. */
  wantsMore(): boolean
  /** Adds the frame in the plan's buffers, which are undefined afterwards, as the next one. */
  add(): void
  finish(): Float32Array
}

/** @throws EscError INVALID_OPTION if an option is out of its range. */
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
      // What the squares of the windows add up to, and by what the sums are multiplied therefore.
      const weight = new Float64Array(nFft)
      const factor = new Float64Array(nFft)
      let frames = 0
      return {
        wantsMore: () => frames * hopLength < length + 2 * pad,
        add() {
          add(hopLength)
          // From there on, the windows that overlap are always the same.
          if (frames < overlaps) {
            addFrame(weight, padded, padded, hopLength)
            for (let i = 0; i < nFft; i++) factor[i] = weight[i]! > TINY ? 1 / weight[i]! : 1
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

// The smallest normal float64, up to which the reference, too, takes a weight for zero: a window may end in zeros.
const TINY = 2 ** -1022

/** `out[start + i] = sum[i] * factor[i]` for i from `first` up to `last`, as far as `out` reaches. */
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
