/** The phase vocoder: changes the speed of a short-time Fourier transform. */
import { assertInRange } from '@esc/core'
import { assertGiven, type Names } from '../option-names.js'
import { assertComplex, type ComplexMatrix } from '../stft/complex-matrix.js'
import { createVocoderSteps, type Spectrum } from './vocoder-steps.js'

/** The largest factor, faster or slower; the same as for {@link resample}. */
const maxRate = 256

const vocoderNames: Names<{ rate: number }> = { rate: true }

/**
 * Makes a transform run `rate` times as fast at the same pitch. It interpolates magnitudes between frames.
 * From one new frame to the next, the phase of every bin advances as it does between the two old frames
 * around the new one.
 *
 * @param matrix - The result of `stft`; shape [bins, frames].
 * @param options - `rate` > 1 is faster, < 1 slower; in [1 / 256, 256].
 * @returns Shape [bins, ceil(frames / rate)].
 * @throws EscError INVALID_OPTION if an option is unknown or `rate` is out of its range; INVALID_INPUT if the
 *   matrix is empty or not finite.
 * @see librosa 0.10.2 `phase_vocoder`; Laroche and Dolson, "Improved phase vocoder time-scale modification of
 *   audio", 1999. Differs from librosa: there is no `hopLength`. librosa needs it only for whole turns of a
 *   phase, which do not change the result. Also, phases are kept as complex numbers of magnitude 1, not as
 *   angles.
 * @example istft(phaseVocoder(stft(clip.samples), { rate: 1.25 }))
 */
export function phaseVocoder(matrix: ComplexMatrix, options: { rate: number }): ComplexMatrix {
  assertGiven('phaseVocoder', options, vocoderNames)
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

/** A vocoder for matrices with a fixed number of bins. */
export interface Vocoder {
  /** Number of new frames for `frames` old ones. */
  frames(frames: number): number
  /**
   * Computes all new frames in their order.
   *
   * @param frames - How many old frames there are. Silence follows them.
   * @param read - Fills `input` with the old frame of that number; called in ascending order.
   * @param write - Takes the new frame of that number from `output`; called in ascending order.
   */
  run(
    frames: number,
    read: (frame: number, input: Spectrum) => void,
    write: (frame: number, output: Spectrum) => void,
  ): void
}

/** Plans a vocoder. @throws EscError INVALID_OPTION if `rate` is out of its range. */
export function createVocoder(bins: number, rate: number): Vocoder {
  assertInRange('rate', rate, 1 / maxRate, maxRate)
  const newFrames = (frames: number) => Math.ceil(frames / rate)
  return {
    frames: newFrames,
    run(frames, read, write) {
      const steps = createVocoderSteps(bins)
      // The numbers of the two frames that `steps` holds.
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
          // The new phase has reached that of the frame ahead. The next step starts from the phase of the
          // frame behind.
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
