/** Augmentations that add noise: computed noise, or other recordings. */
import {
  type AudioClip,
  assertClip,
  assertKnown,
  assertOneOf,
  EscError,
  type Rng,
  wrongValue,
} from '@esc/core'
import { createInverseFft } from '../fft/inverse-fft.js'
import { sinOfTurn } from '../math.js'
import { assertGiven, type Names } from '../option-names.js'
import { type Augment, type Chance, chanceNames, clipAugment } from './compose.js'
import { largestDb, mixAtSnr } from './level.js'
import { assertBounds, drawBetween, drawInteger } from './random.js'
import { identityOfSamples } from './spec.js'

/** Slope of the noise's power over frequency. In this order: 0, -3, -6, 3 and 6 dB per octave. */
export type NoiseColor = 'white' | 'pink' | 'brown' | 'blue' | 'violet'

/** The amplitude of each color at a frequency. */
const amplitudeOf: Readonly<Record<NoiseColor, (frequency: number) => number>> = {
  white: () => 1,
  pink: (frequency) => 1 / Math.sqrt(frequency),
  brown: (frequency) => 1 / frequency,
  blue: Math.sqrt,
  violet: (frequency) => frequency,
}

/** Samples that are computed at once. */
const blockLength = 8192

/**
 * Noise is flat below this frequency. Otherwise, nearly all power of brown noise would be at inaudible
 * frequencies.
 */
const flatBelowHz = 20

/** Range of the signal-to-noise ratio (SNR): the ratio of the powers of signal and noise, in dB. */
export interface SnrOptions extends Chance {
  /**
   * Smallest ratio in dB that may be drawn, in [-200, 200].
   *
   * @defaultValue `5`
   */
  minSnrDb?: number
  /**
   * Largest ratio in dB that may be drawn, in [-200, 200].
   *
   * @defaultValue `40`
   */
  maxSnrDb?: number
}

/** Options of {@link coloredNoise}. */
export interface ColoredNoiseOptions extends SnrOptions {
  /**
   * The slope of the noise's power over frequency.
   *
   * @defaultValue `'white'`
   */
  color?: NoiseColor
}

/** Options of {@link backgroundMix}. */
export interface BackgroundMixOptions extends SnrOptions {
  /** The clips to choose from. They must have the sample rate of the clip. */
  clips: readonly AudioClip[]
}

const snrNames: Names<SnrOptions> = { ...chanceNames, minSnrDb: true, maxSnrDb: true }
const coloredNames: Names<ColoredNoiseOptions> = { ...snrNames, color: true }
const backgroundNames: Names<BackgroundMixOptions> = { ...snrNames, clips: true }

/**
 * Adds Gaussian noise of a color. The signal-to-noise ratio is drawn evenly from its range. Length and label
 * stay. Silence stays silence.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see audiomentations 0.43 `AddColorNoise`; Timmer and König, "On generating power law noise", 1995.
 * @example coloredNoise({ color: 'pink', minSnrDb: 10, maxSnrDb: 30 })(clip, createRng(1))
 */
export function coloredNoise(options: ColoredNoiseOptions = {}): Augment {
  assertKnown('coloredNoise', options, coloredNames)
  const { minSnrDb = 5, maxSnrDb = 40, color = 'white' } = options
  assertBounds({ minSnrDb, maxSnrDb }, -largestDb, largestDb)
  assertOneOf('color', color, Object.keys(amplitudeOf))
  return clipAugment(['coloredNoise', options], (clip, rng) => {
    const snrDb = drawBetween(rng, minSnrDb, maxSnrDb)
    return mixAtSnr(clip.samples, drawNoise(clip, color, rng), snrDb)
  })
}

/**
 * Draws noise for the clip. It transforms random spectra of the given slope back to samples, which are then
 * normally distributed. Blocks overlap by half. The squares of their windows sum to 1, so that the power is
 * the same everywhere.
 */
function drawNoise({ samples, sampleRate }: AudioClip, color: NoiseColor, rng: Rng): Float64Array {
  const { length } = samples
  const { re, im, output, inverse } = createInverseFft(blockLength)
  const lowest = (flatBelowHz * blockLength) / sampleRate
  const amplitudes = Float64Array.from(re, (_, bin) => amplitudeOf[color](Math.max(1, bin, lowest)))
  amplitudes[0] = 0
  const window = Float64Array.from({ length: blockLength }, (_, i) => sinOfTurn(2 * i + 1, 4 * blockLength))
  const noise = new Float64Array(length)
  for (let start = -blockLength / 2; start < length; start += blockLength / 2) {
    for (let bin = 0; bin < re.length; bin++) {
      re[bin] = amplitudes[bin]! * (rng.uniform() - 0.5)
      im[bin] = amplitudes[bin]! * (rng.uniform() - 0.5)
    }
    inverse()
    const end = Math.min(blockLength, length - start)
    for (let i = Math.max(0, -start); i < end; i++) noise[start + i]! += window[i]! * output[i]!
  }
  return noise
}

/**
 * Adds a piece of another recording, the background. The signal-to-noise ratio is drawn evenly from its
 * range. A background that is shorter than the clip is repeated. The length stays. The label stays valid if
 * the background contains no sound of another class.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range, or there are no clips;
 *   INVALID_INPUT if one is empty or not finite. The augmentation throws INVALID_INPUT if the background has
 *   another sample rate than the clip.
 * @see audiomentations 0.43 `AddBackgroundNoise`.
 * @example backgroundMix({ clips, minSnrDb: 0, maxSnrDb: 20 })(clip, createRng(1))
 */
export function backgroundMix(options: BackgroundMixOptions): Augment {
  assertGiven('backgroundMix', options, backgroundNames)
  const { clips, ...others } = options
  const { minSnrDb = 5, maxSnrDb = 40 } = others
  assertBounds({ minSnrDb, maxSnrDb }, -largestDb, largestDb)
  if (!Array.isArray(clips)) throw wrongValue('clips', clips, 'a list of clips', { code: 'INVALID_OPTION' })
  if (clips.length === 0) throw new EscError('INVALID_OPTION', 'clips.length=0 must be at least 1')
  for (const [i, clip] of clips.entries()) assertClip(`clips[${i}]`, clip)
  const augment = clipAugment(['backgroundMix', others], (clip, rng) => {
    const index = rng.integer(clips.length)
    const background = clips[index]!
    if (background.sampleRate !== clip.sampleRate) {
      throw new EscError(
        'INVALID_INPUT',
        `clips[${index}].sampleRate=${background.sampleRate} must be the clip's, ${clip.sampleRate}; resample it first`,
        { detail: { index, sampleRate: background.sampleRate, expected: clip.sampleRate } },
      )
    }
    const { samples } = background
    const room = samples.length - clip.samples.length
    const start = room >= 0 ? drawInteger(rng, 0, room) : rng.integer(samples.length)
    const piece = new Float32Array(clip.samples.length)
    for (let i = 0, at = start; i < piece.length; i++, at = at + 1 === samples.length ? 0 : at + 1) {
      piece[i] = samples[at]!
    }
    return mixAtSnr(clip.samples, piece, drawBetween(rng, minSnrDb, maxSnrDb))
  })
  const recordings = clips.map(({ samples }) => samples)
  return Object.assign(augment, identityOfSamples('backgroundMix', others, recordings))
}
