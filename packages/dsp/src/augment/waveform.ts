/** Augmentations of a clip's samples: level, sign, shift in time, clipping, speed and pitch. */
import { assertInRange, assertKnown, EscError } from '@esc/core'
import { pitchShift, timeStretch } from '../effects/time-stretch.js'
import type { Names } from '../option-names.js'
import { type Augment, type Chance, chanceNames, clipAugment } from './compose.js'
import { amplitudeOfDb, largestDb, scaled } from './level.js'
import { assertBounds, drawBetween } from './random.js'

/** Options of {@link gain}. */
export interface GainOptions extends Chance {
  /**
   * Smallest gain in dB that may be drawn, in [-200, 200].
   *
   * @defaultValue `-12`
   */
  minDb?: number
  /**
   * Largest gain in dB that may be drawn, in [-200, 200].
   *
   * @defaultValue `12`
   */
  maxDb?: number
}

const gainNames: Names<GainOptions> = { ...chanceNames, minDb: true, maxDb: true }

/**
 * Makes a clip louder or softer. The gain in dB is drawn evenly from its range. Length and label stay.
 * Samples may leave [-1, 1].
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see audiomentations 0.43 `Gain`.
 * @example gain({ minDb: -6, maxDb: 6 })(clip, createRng(1))
 */
export function gain(options: GainOptions = {}): Augment {
  assertKnown('gain', options, gainNames)
  const { minDb = -12, maxDb = 12 } = options
  assertBounds({ minDb, maxDb }, -largestDb, largestDb)
  return clipAugment(['gain', options], ({ samples }, rng) => {
    return scaled(samples, amplitudeOfDb(drawBetween(rng, minDb, maxDb)))
  })
}

/**
 * Changes the sign of all samples. People hear no difference, but a network gets other numbers. Length and
 * label stay.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or `p` is out of its range.
 * @see audiomentations 0.43 `PolarityInversion`.
 * @example polarity({ p: 0.5 })(clip, createRng(1))
 */
export function polarity(options: Chance = {}): Augment {
  assertKnown('polarity', options, chanceNames)
  return clipAugment(['polarity', options], ({ samples }) => scaled(samples, -1))
}

/** Options of {@link timeShift}. */
export interface TimeShiftOptions extends Chance {
  /**
   * Largest shift as a share of the clip's length, in [0, 1].
   *
   * @defaultValue `0.5`
   */
  maxFraction?: number
  /**
   * `true` moves the samples that leave at one end to the other end; `false` leaves zeros there.
   *
   * @defaultValue `true`
   */
  rollover?: boolean
}

const shiftNames: Names<TimeShiftOptions> = { ...chanceNames, maxFraction: true, rollover: true }

/**
 * Shifts a clip forwards or backwards. The length stays. The label stays valid if the clip still contains the
 * sound.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see audiomentations 0.43 `Shift`.
 * @example timeShift({ maxFraction: 0.2, rollover: false })(clip, createRng(1))
 */
export function timeShift(options: TimeShiftOptions = {}): Augment {
  assertKnown('timeShift', options, shiftNames)
  const { maxFraction = 0.5, rollover = true } = options
  assertInRange('maxFraction', maxFraction, 0, 1)
  return clipAugment(['timeShift', options], ({ samples }, rng) => {
    const { length } = samples
    const shift = Math.round(drawBetween(rng, -maxFraction, maxFraction) * length)
    const out = new Float32Array(length)
    const split = ((-shift % length) + length) % length
    if (rollover) {
      out.set(samples.subarray(split))
      out.set(samples.subarray(0, split), length - split)
    } else if (shift >= 0) out.set(samples.subarray(0, length - shift), shift)
    else out.set(samples.subarray(-shift))
    return out
  })
}

/** Options of {@link clipping}. */
export interface ClippingOptions extends Chance {
  /**
   * Smallest share of the samples that may be cut, in [0, 1).
   *
   * @defaultValue `0`
   */
  minShare?: number
  /**
   * Largest share of the samples that may be cut, in [0, 1).
   *
   * @defaultValue `0.4`
   */
  maxShare?: number
}

const clippingNames: Names<ClippingOptions> = { ...chanceNames, minShare: true, maxShare: true }

/**
 * Cuts the peaks off, as an overdriven microphone does: a share of the samples is cut to the largest
 * magnitude among the others. Length and label stay.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see audiomentations 0.43 `ClippingDistortion`.
 * @example clipping({ maxShare: 0.1 })(clip, createRng(1))
 */
export function clipping(options: ClippingOptions = {}): Augment {
  assertKnown('clipping', options, clippingNames)
  const { minShare = 0, maxShare = 0.4 } = options
  assertBounds({ minShare, maxShare }, 0, 1)
  if (maxShare === 1) throw new EscError('INVALID_OPTION', 'maxShare=1 must be < 1, or nothing is left')
  return clipAugment(['clipping', options], ({ samples }, rng) => {
    const share = drawBetween(rng, minShare, maxShare)
    const limit = magnitudeOfRank(samples, samples.length - 1 - Math.floor(share * samples.length))
    const out = new Float32Array(samples.length)
    for (let i = 0; i < out.length; i++) out[i] = Math.min(limit, Math.max(-limit, samples[i]!))
    return out
  })
}

/**
 * Finds the magnitude of a rank (0 is the smallest) by counting. The bits of floats >= 0 have the order of
 * the floats.
 */
function magnitudeOfRank(samples: Float32Array, rank: number): number {
  const bits = new Uint32Array(samples.slice().buffer)
  for (let i = 0; i < bits.length; i++) bits[i] = bits[i]! & 0x7fffffff
  const [upper, left] = wordOfRank(bits, rank, (word) => word >>> 16)
  const [lower] = wordOfRank(
    bits.filter((word) => word >>> 16 === upper),
    left,
    (word) => word & 0xffff,
  )
  return new Float32Array(Uint32Array.of((upper << 16) | lower).buffer)[0]!
}

/** Returns the half word of a rank, and the rank that is left among the words with this half. */
function wordOfRank(words: Uint32Array, rank: number, half: (word: number) => number): [number, number] {
  const counts = new Uint32Array(65536)
  for (let i = 0; i < words.length; i++) counts[half(words[i]!)]!++
  let value = 0
  let left = rank
  while (left >= counts[value]!) left -= counts[value++]!
  return [value, left]
}

/** Options of {@link timeStretchBy}. */
export interface TimeStretchByOptions extends Chance {
  /**
   * Smallest rate that may be drawn, in [1 / 16, 16]; below 1 is slower.
   *
   * @defaultValue `0.8`
   */
  minRate?: number
  /**
   * Largest rate that may be drawn, in [1 / 16, 16]; above 1 is faster.
   *
   * @defaultValue `1.25`
   */
  maxRate?: number
  /**
   * `true` keeps the length: it cuts the end off, or fills it with zeros. `false` returns
   * `round(length / rate)` samples.
   *
   * @defaultValue `true`
   */
  keepLength?: boolean
}

const stretchNames: Names<TimeStretchByOptions> = {
  ...chanceNames,
  minRate: true,
  maxRate: true,
  keepLength: true,
}

/**
 * Makes a clip faster or slower at the same pitch. The label stays valid while people recognise the sound,
 * which is about 0.8 to 1.25 times as fast.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see audiomentations 0.43 `TimeStretch`, and `timeStretch` here.
 * @example timeStretchBy({ minRate: 0.9, maxRate: 1.1 })(clip, createRng(1))
 */
export function timeStretchBy(options: TimeStretchByOptions = {}): Augment {
  assertKnown('timeStretchBy', options, stretchNames)
  const { minRate = 0.8, maxRate = 1.25, keepLength = true } = options
  assertBounds({ minRate, maxRate }, 1 / 16, 16)
  return clipAugment(['timeStretchBy', options], ({ samples }, rng) => {
    const stretched = timeStretch(samples, { rate: drawBetween(rng, minRate, maxRate) })
    if (!keepLength) return stretched
    const out = new Float32Array(samples.length)
    out.set(stretched.subarray(0, out.length))
    return out
  })
}

/** Options of {@link pitchShiftBy}. */
export interface PitchShiftByOptions extends Chance {
  /**
   * Smallest shift in semitones that may be drawn, in [-48, 48]; below 0 is down.
   *
   * @defaultValue `-4`
   */
  minSteps?: number
  /**
   * Largest shift in semitones that may be drawn, in [-48, 48].
   *
   * @defaultValue `4`
   */
  maxSteps?: number
}

const pitchNames: Names<PitchShiftByOptions> = { ...chanceNames, minSteps: true, maxSteps: true }

/**
 * Shifts a clip's pitch at the same speed, also by fractions of a semitone. The length stays. The label stays
 * valid while people recognise the sound, which is a few semitones up or down.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see audiomentations 0.43 `PitchShift`, and `pitchShift` here.
 * @example pitchShiftBy({ minSteps: -2, maxSteps: 2 })(clip, createRng(1))
 */
export function pitchShiftBy(options: PitchShiftByOptions = {}): Augment {
  assertKnown('pitchShiftBy', options, pitchNames)
  const { minSteps = -4, maxSteps = 4 } = options
  assertBounds({ minSteps, maxSteps }, -48, 48)
  return clipAugment(['pitchShiftBy', options], ({ samples }, rng) =>
    pitchShift(samples, { nSteps: drawBetween(rng, minSteps, maxSteps) }),
  )
}
