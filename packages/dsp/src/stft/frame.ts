/** Cutting a signal into overlapping frames. */
import { assertInteger, assertKnown, EscError, type FeatureRecipe, shown } from '@esc/core'
import type { Names } from '../option-names.js'

/**
 * The samples beyond the ends of a signal. 'constant': zeros; 'reflect': the mirror image, without repeating
 * the last sample itself; 'edge': the last sample.
 */
export type PadMode = FeatureRecipe['stft']['padMode']

export const padModes: readonly PadMode[] = ['constant', 'reflect', 'edge']

/** How a signal is cut into frames. */
export interface FrameOptions {
  /**
   * Length of a frame in samples.
   *
   * @defaultValue `2048`
   */
  frameLength?: number
  /**
   * Samples from the start of one frame to the start of the next.
   *
   * @defaultValue `512`
   */
  hopLength?: number
  /**
   * `true` centres frame t on sample `t * hopLength`; the signal is padded at both ends. `false` starts frame
   * t there.
   *
   * @defaultValue `true`
   */
  center?: boolean
}

export const frameNames: Names<FrameOptions> = { frameLength: true, hopLength: true, center: true }

/**
 * Counts the frames of a signal.
 *
 * @param length - Length of the signal in samples.
 * @throws EscError INVALID_OPTION if an option is unknown, or a length is not an integer >= 1; INVALID_INPUT
 *   if the signal is empty, or is shorter than one frame and not centred.
 * @see librosa 0.10.2 `util.frame` on a signal padded by `frameLength // 2` at both ends.
 * @example frameCount(220500, { frameLength: 2048, hopLength: 512 }) // 431
 */
export function frameCount(length: number, options: FrameOptions = {}): number {
  assertKnown('frameCount', options, frameNames)
  const { frameLength = 2048, hopLength = 512, center = true } = options
  assertInteger('frameLength', frameLength, 1)
  assertInteger('hopLength', hopLength, 1)
  if (!(typeof length === 'number' && length >= 1)) {
    throw new EscError('INVALID_INPUT', `samples.length=${shown(length)} must be at least 1`)
  }
  const padded = length + (center ? 2 * Math.floor(frameLength / 2) : 0)
  if (padded < frameLength) {
    throw new EscError(
      'INVALID_INPUT',
      `samples.length=${length} is shorter than one frame of ${frameLength}; use center: true or a longer clip`,
      { detail: { length, frameLength } },
    )
  }
  return 1 + Math.floor((padded - frameLength) / hopLength)
}

/**
 * Copies one frame into `out`. `padMode` decides the samples outside the signal.
 *
 * @param start - First sample of the frame; may be negative.
 */
export function copyFrame(samples: Float32Array, start: number, padMode: PadMode, out: Float32Array): void {
  if (start >= 0 && start + out.length <= samples.length) {
    out.set(samples.subarray(start, start + out.length))
    return
  }
  for (let i = 0; i < out.length; i++) {
    const index = padIndex(start + i, samples.length, padMode)
    out[i] = index < 0 ? 0 : samples[index]!
  }
}

/** Returns the index of the sample at place `index` of the padded signal, or -1 for a zero. */
function padIndex(index: number, length: number, padMode: PadMode): number {
  if (index >= 0 && index < length) return index
  if (padMode === 'constant') return -1
  if (padMode === 'edge' || length === 1) return index < 0 ? 0 : length - 1
  // Where the pad is longer than the signal, numpy reflects again and again.
  const period = 2 * (length - 1)
  const folded = ((index % period) + period) % period
  return folded < length ? folded : period - folded
}
