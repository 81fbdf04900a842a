/** Augmentations that add noise: made up, or from other recordings. */
import {
  type AudioClip,
  asOptions,
  assertClip,
  assertKnown,
  assertOneOf,
  EscError,
  type Rng,
  wrongValue,
} from '@esc/core'
import { createInverseFft } from '../fft/inverse-fft.js'
import { sinOfTurn } from '../math.js'
import type { Names } from '../option-names.js'
import { type Augment, type Chance, chanceNames, clipAugment } from './compose.js'
import { MAX_DB, mixAtSnr } from './level.js'
import { assertBounds, drawBetween, drawInteger } from './random.js'

/** Slope of the noise's power over frequency: 0, -3, -6, 3 and 6 dB per octave. */
export type NoiseColor = 'white' | 'pink' | 'brown' | 'blue' | 'violet'

/** How the amplitude of each color goes with frequency. */
const AMPLITUDES: Readonly<Record<NoiseColor, (frequency: number) => number>> = {
  white: () => 1,
  pink: (frequency) => 1 / Math.sqrt(frequency),
  brown: (frequency) => 1 / frequency,
  blue: Math.sqrt,
  violet: (frequency) => frequency,
}

/** Samples that are made at once. */
const BLOCK = 8192

/** Noise is flat below: nearly all of the power of brown noise would lie where nobody hears it. */
const FLAT_BELOW_HZ = 20

/** Range of the ratio of the powers of signal and noise, in dB. */
export interface SnrOptions extends Chance {
  /** Default 5. */
  minSnrDb?: number
  /** Default 40. */
  maxSnrDb?: number
}

const snrNames: Names<SnrOptions> = { ...chanceNames, minSnrDb: true, maxSnrDb: true }
const coloredNames: Names<SnrOptions & { color: NoiseColor }> = { ...snrNames, color: true }
const backgroundNames: Names<SnrOptions & { clips: unknown }> = { ...snrNames, clips: true }

/**
 * Adds Gaussian noise of a color, so much weaker than the clip as drawn. Length and label stay; silence stays silence.
 *
 * @param options - Decibels within [-200, 200]; `color` 'white'.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see audiomentations 0.43 `AddColorNoise`; Timmer and König, "On generating power law noise", 1995.
 * @example coloredNoise({ color: 'pink', minSnrDb: 10, maxSnrDb: 30 })(clip, createRng(1))
 */
export function coloredNoise(options: SnrOptions & { color?: NoiseColor } = {}): Augment {
  assertKnown('coloredNoise', options, coloredNames)
  const { minSnrDb = 5, maxSnrDb = 40, color = 'white' } = options
  assertBounds({ minSnrDb, maxSnrDb }, -MAX_DB, MAX_DB)
  assertOneOf('color', color, Object.keys(AMPLITUDES))
  return clipAugment(options, (clip, rng) => {
    const snrDb = drawBetween(rng, minSnrDb, maxSnrDb)
    return mixAtSnr(clip.samples, drawNoise(clip, color, rng), snrDb)
  })
}

/**
 * Noise for the clip: random spectra of the wanted slope, transformed back; their sums are normal deviates. Blocks
 * overlap by half, under windows whose squares sum to 1, so that the power is the same everywhere.
 */
function drawNoise({ samples, sampleRate }: AudioClip, color: NoiseColor, rng: Rng): Float64Array {
  const { length } = samples
  const { re, im, output, inverse } = createInverseFft(BLOCK)
  const lowest = (FLAT_BELOW_HZ * BLOCK) / sampleRate
  const amplitudes = Float64Array.from(re, (_, bin) => AMPLITUDES[color](Math.max(1, bin, lowest)))
  amplitudes[0] = 0
  const window = Float64Array.from({ length: BLOCK }, (_, i) => sinOfTurn(2 * i + 1, 4 * BLOCK))
  const noise = new Float64Array(length)
  for (let start = -BLOCK / 2; start < length; start += BLOCK / 2) {
    for (let bin = 0; bin < re.length; bin++) {
      re[bin] = amplitudes[bin]! * (rng.uniform() - 0.5)
      im[bin] = amplitudes[bin]! * (rng.uniform() - 0.5)
    }
    inverse()
    const end = Math.min(BLOCK, length - start)
    for (let i = Math.max(0, -start); i < end; i++) noise[start + i]! += window[i]! * output[i]!
  }
  return noise
}

/**
 * Mixes a piece of another recording in, so much weaker than the clip as drawn. Length stays; the label does if the
 * background holds no class of its own. A background that is shorter than the clip is repeated.
 *
 * @param options - `clips` to choose from, of the same sample rate as the clip; decibels within [-200, 200].
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range, or there are no clips; INVALID_INPUT if one
 *   is empty or not finite, and later if its sample rate is not the clip's.
 * @see audiomentations 0.43 `AddBackgroundNoise`.
 * @example backgroundMix({ clips: [rain, traffic], minSnrDb: 0, maxSnrDb: 20 })(clip, createRng(1))
 */
export function backgroundMix(options: SnrOptions & { clips: readonly AudioClip[] }): Augment {
  assertKnown('backgroundMix', asOptions('backgroundMix', options), backgroundNames)
  const { minSnrDb = 5, maxSnrDb = 40, clips } = options
  assertBounds({ minSnrDb, maxSnrDb }, -MAX_DB, MAX_DB)
  if (!Array.isArray(clips)) throw wrongValue('clips', clips, 'a list of clips', { code: 'INVALID_OPTION' })
  if (clips.length === 0) throw new EscError('INVALID_OPTION', 'clips.length=0 must be at least 1')
  for (const [i, clip] of clips.entries()) assertClip(`clips[${i}]`, clip)
  return clipAugment(options, (clip, rng) => {
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
}
