/** Changing the speed of a short-time Fourier transform. */
import { asOptions, assertInRange, assertKnown } from '@esc/core'
import type { Names } from '../option-names.js'
import { assertComplex, type ComplexMatrix } from '../stft/complex-matrix.js'
import { createVocoderSteps, type Spectrum } from './vocoder-steps.js'

/** How much faster, or slower, at most: as {@link resample}'s rates. */
const MAX_RATE = 256

const vocoderNames: Names<{ rate: number }> = { rate: true }

/**
 * Makes a transform run `rate` times as fast, at the same pitch: magnitudes are interpolated between frames, and every
 * bin's phase advances from one new frame to the next as it does between the two old frames around it.
 *
 * @param matrix - Of `stft`; shape [bins, frames].
 * @param options - `rate` > 1 is faster, < 1 slower; in [1 / 256, 256].
 * @returns Shape [bins, ceil(frames / rate)].
 * @throws EscError INVALID_OPTION if an option is unknown or `rate` is out of its range; INVALID_INPUT if the matrix is
 *   empty or not finite.
 * @see librosa 0.10.2 `phase_vocoder`; Laroche and Dolson, "Improved phase vocoder time-scale modification of audio",
 *   1999. Differs from librosa: there is no `hopLength`, since whole turns of a phase, which are all that it
 *   accounts for, do not show in the result; and phases are kept as complex numbers of magnitude 1, not as angles.
 * @example istft(phaseVocoder(stft(clip.samples), { rate: 1.25 }))
 */
export function phaseVocoder(matrix: ComplexMatrix, options: { rate: number }): ComplexMatrix {
  assertKnown('phaseVocoder', asOptions('phaseVocoder', options), vocoderNames)
  assertComplex('matrix', matrix)
  const { re, im, bins, frames } = matrix
  const { rate } = options
  const vocoder = createVocoder(bins, rate)
  const out = {
    re: new Float32Array(bins * vocoder.frames(frames)),
    im: new Float32Array(bins * vocoder.frames(frames)),
    bins,
    frames: vocoder.frames(frames),
  }
  vocoder.run(
    frames,
    (frame, input) => {
      for (let bin = 0; bin < bins; bin++) {
        input.re[bin] = re[bin * frames + frame]!
        input.im[bin] = im[bin * frames + frame]!
      }
    },
    (frame, output) => {
      for (let bin = 0; bin < bins; bin++) {
        out.re[bin * out.frames + frame] = output.re[bin]!
        out.im[bin * out.frames + frame] = output.im[bin]!
      }
    },
  )
  return out
}

/** A vocoder for matrices of so many bins. */
export interface Vocoder {
  /** New frames that `frames` old ones become. */
  frames(frames: number): number
  /**
   * Makes every new frame in turn.
   *
   * @param frames - How many old frames there are; beyond them it is silent.
   * @param read - Fills `input` with the old frame of that number; called in ascending order.
   * @param write - Takes the new frame of that number from `output`; called in ascending order.
   */
  run(
    frames: number,
    read: (frame: number, input: Spectrum) => void,
    write: (frame: number, output: Spectrum) => void,
  ): void
}

/** @throws EscError INVALID_OPTION if `rate` is out of its range. */
export function createVocoder(bins: number, rate: number): Vocoder {
  assertInRange('rate', rate, 1 / MAX_RATE, MAX_RATE)
  const newFrames = (frames: number) => Math.ceil(frames / rate)
  return {
    frames: newFrames,
    run(frames, read, write) {
      const steps = createVocoderSteps(bins)
      // Numbers of the frames that the steps hold.
      let [behind, ahead] = [-1, -1]
      const load = (place: 'behind' | 'ahead', frame: number) => {
        if (frame < frames) read(frame, steps.input)
        steps.load(place, frame >= frames)
      }
      for (let frame = 0; frame < newFrames(frames); frame++) {
        const position = frame * rate
        const whole = Math.floor(position)
        if (ahead === whole) steps.swap()
        else {
          if (behind !== whole) load('behind', whole)
          // The phase has come as far as the frame ahead, but goes on from the one behind.
          if (frame > 0) steps.advance()
        }
        if (ahead !== whole + 1) load('ahead', whole + 1)
        ;[behind, ahead] = [whole, whole + 1]
        steps.interpolate(position - whole)
        write(frame, steps.output)
      }
    },
  }
}
