/** Augmentations of a clip's samples: level, sign, place, overdrive, speed and pitch. */
import { assertInRange, assertKnown, EscError } from '@esc/core'
import { pitchShift, timeStretch } from '../effects/time-stretch.js'
import type { Names } from '../option-names.js'
import { type Augment, type Chance, chanceNames, clipAugment } from './compose.js'
import { amplitudeOfDb, MAX_DB, scaled } from './level.js'
import { assertBounds, drawBetween } from './random.js'

const gainNames: Names<Chance & { minDb: number; maxDb: number }> = {
  ...chanceNames,
  minDb: true,
  maxDb: true,
}
const shiftNames: Names<Chance & { maxFraction: number; rollover: boolean }> = {
  ...chanceNames,
  maxFraction: true,
  rollover: true,
}
const clippingNames: Names<Chance & { minShare: number; maxShare: number }> = {
  ...chanceNames,
  minShare: true,
  maxShare: true,
}
const stretchNames: Names<Chance & { minRate: number; maxRate: number; keepLength: boolean }> = {
  ...chanceNames,
  minRate: true,
  maxRate: true,
  keepLength: true,
}
const pitchNames: Names<Chance & { minSteps: number; maxSteps: number }> = {
  ...chanceNames,
  minSteps: true,
  maxSteps: true,
}

/**
 * Makes a clip louder or softer by an even choice of decibels. Length and label stay; samples may leave [-1, 1].
 *
 * @param options - `minDb` -12 and `maxDb` 12, within [-200, 200].
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see audiomentations 0.43 `Gain`.
 * @example gain({ minDb: -6, maxDb: 6 })(clip, createRng(1))
 */
export function gain(options: Chance & { minDb?: number; maxDb?: number } = {}): Augment {
  assertKnown('gain', options, gainNames)
  const { minDb = -12, maxDb = 12 } = options
  assertBounds({ minDb, maxDb }, -MAX_DB, MAX_DB)
  return clipAugment(options, ({ samples }, rng) => {
    return scaled(samples, amplitudeOfDb(drawBetween(rng, minDb, maxDb)))
  })
}

/**
 * Turns a clip upside down: the same sound to every ear, other numbers to a network. Length and label stay.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or `p` is out of its range.
 * @see audiomentations 0.43 `PolarityInversion`.
 * @example polarity({ p: 0.5 })(clip, createRng(1))
 */
export function polarity(options: Chance = {}): Augment {
  assertKnown('polarity', options, chanceNames)
  return clipAugment(options, ({ samples }) => scaled(samples, -1))
}

/**
 * Shifts a clip forwards or backwards by up to a share of its length. Length stays; the label does if the sound is
 * still there.
 *
 * @param options - `maxFraction` 0.5, in [0, 1]; `rollover` true brings what leaves at one end back at the other, false
 *   leaves zeros.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see audiomentations 0.43 `Shift`.
 * @example timeShift({ maxFraction: 0.2, rollover: false })(clip, createRng(1))
 */
export function timeShift(options: Chance & { maxFraction?: number; rollover?: boolean } = {}): Augment {
  assertKnown('timeShift', options, shiftNames)
  const { maxFraction = 0.5, rollover = true } = options
  assertInRange('maxFraction', maxFraction, 0, 1)
  return clipAugment(options, ({ samples }, rng) => {
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

/**
 * Cuts the peaks off, as an overdriven microphone does. Length and label stay.
 *
 * @param options - Up to `maxShare` of the samples, 0.4 (and at least `minShare`, 0) are cut to the largest magnitude
 *   among the others; both in [0, 1).
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see audiomentations 0.43 `ClippingDistortion`.
 * @example clipping({ maxShare: 0.1 })(clip, createRng(1))
 */
export function clipping(options: Chance & { minShare?: number; maxShare?: number } = {}): Augment {
  assertKnown('clipping', options, clippingNames)
  const { minShare = 0, maxShare = 0.4 } = options
  assertBounds({ minShare, maxShare }, 0, 1)
  if (maxShare === 1) throw new EscError('INVALID_OPTION', 'maxShare=1 must be < 1, or nothing is left')
  return clipAugment(options, ({ samples }, rng) => {
    const share = drawBetween(rng, minShare, maxShare)
    const limit = magnitudeOfRank(samples, samples.length - 1 - Math.floor(share * samples.length))
    const out = new Float32Array(samples.length)
    for (let i = 0; i < out.length; i++) out[i] = Math.min(limit, Math.max(-limit, samples[i]!))
    return out
  })
}

/** The magnitude that `rank` others are not above, by counting: the bits of floats >= 0 are in their order. */
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

/** The half word of that rank, and how many of the rank are left among those equal to it. */
function wordOfRank(words: Uint32Array, rank: number, half: (word: number) => number): [number, number] {
  const counts = new Uint32Array(65536)
  for (let i = 0; i < words.length; i++) counts[half(words[i]!)]!++
  let value = 0
  let left = rank
  while (left >= counts[value]!) left -= counts[value++]!
  return [value, left]
}

/**
 * Makes a clip faster or slower at the same pitch. The label stays while the sound is recognisable, 0.8 to 1.25
 * times as fast.
 *
 * @param options - `minRate` 0.8 and `maxRate` 1.25, in [1 / 16, 16]; `keepLength` true cuts the end off, or fills it
 *   with zeros, false lets the length be `round(length / rate)`.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see audiomentations 0.43 `TimeStretch`, and `timeStretch` here.
 * @example timeStretchBy({ minRate: 0.9, maxRate: 1.1 })(clip, createRng(1))
 */
export function timeStretchBy(
  options: Chance & { minRate?: number; maxRate?: number; keepLength?: boolean } = {},
): Augment {
  assertKnown('timeStretchBy', options, stretchNames)
  const { minRate = 0.8, maxRate = 1.25, keepLength = true } = options
  assertBounds({ minRate, maxRate }, 1 / 16, 16)
  return clipAugment(options, ({ samples }, rng) => {
    const stretched = timeStretch(samples, { rate: drawBetween(rng, minRate, maxRate) })
    if (!keepLength) return stretched
    const out = new Float32Array(samples.length)
    out.set(stretched.subarray(0, out.length))
    return out
  })
}

/**
 * Shifts a clip's pitch at the same speed. Length stays; the label does while the sound is recognisable, a few
 * semitones up or down.
 *
 * @param options - `minSteps` -4 and `maxSteps` 4 semitones, in [-48, 48]; any number between them may be drawn.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see audiomentations 0.43 `PitchShift`, and `pitchShift` here.
 * @example pitchShiftBy({ minSteps: -2, maxSteps: 2 })(clip, createRng(1))
 */
export function pitchShiftBy(options: Chance & { minSteps?: number; maxSteps?: number } = {}): Augment {
  assertKnown('pitchShiftBy', options, pitchNames)
  const { minSteps = -4, maxSteps = 4 } = options
  assertBounds({ minSteps, maxSteps }, -48, 48)
  return clipAugment(options, ({ samples }, rng) =>
    pitchShift(samples, { nSteps: drawBetween(rng, minSteps, maxSteps) }),
  )
}
