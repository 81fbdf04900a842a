/** Augmentation that imitates the sound of rooms. */
import { assertInRange, assertKnown, type Rng } from '@esc/core'
import { convolve } from '../fft/convolve.js'
import { exp } from '../math.js'
import type { Names } from '../option-names.js'
import { type Augment, type Chance, chanceNames, clipAugment } from './compose.js'
import { weightedSum } from './level.js'
import { assertBounds, drawBetween } from './random.js'

/** Options of {@link reverb}. */
export interface ReverbOptions extends Chance {
  /**
   * Shortest time in seconds in which the room's sound falls by 60 dB, > 0.
   *
   * @defaultValue `0.1`
   */
  minDecaySec?: number
  /**
   * Longest time in seconds in which the room's sound falls by 60 dB, <= 20.
   *
   * @defaultValue `1`
   */
  maxDecaySec?: number
  /**
   * Share of the room's sound in the mix, in [0, 1]; `1` leaves no direct sound.
   *
   * @defaultValue `0.3`
   */
  wet?: number
}

const reverbNames: Names<ReverbOptions> = { ...chanceNames, minDecaySec: true, maxDecaySec: true, wet: true }

/**
 * Puts a clip into a room: adds its convolution with exponentially decaying noise of energy 1. Each call
 * draws new noise. Length and label stay; the sound of the room after the clip's end is cut off.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see Moorer, "About this reverberation business", 1979.
 * @example reverb({ minDecaySec: 0.2, maxDecaySec: 0.8, wet: 0.4 })(clip, createRng(1))
 */
export function reverb(options: ReverbOptions = {}): Augment {
  assertKnown('reverb', options, reverbNames)
  const { minDecaySec = 0.1, maxDecaySec = 1, wet = 0.3 } = options
  assertBounds({ minDecaySec, maxDecaySec }, 1e-3, 20)
  assertInRange('wet', wet, 0, 1)
  return clipAugment(['reverb', options], ({ samples, sampleRate }, rng) => {
    const decay = drawBetween(rng, minDecaySec, maxDecaySec) * sampleRate
    const room = convolve(samples, drawTail(Math.ceil(decay), decay, rng))
    return weightedSum(samples, 1 - wet, room, wet)
  })
}

/** Draws noise that falls by 60 dB in `decay` samples. */
function drawTail(length: number, decay: number, rng: Rng): Float64Array {
  const tail = new Float64Array(length)
  const step = exp((-3 * Math.LN10) / decay)
  let envelope = 1
  let energy = 0
  for (let i = 0; i < length; i++) {
    const value = envelope * (2 * rng.uniform() - 1)
    tail[i] = value
    energy += value * value
    envelope *= step
  }
  const scale = energy > 0 ? 1 / Math.sqrt(energy) : 0
  return tail.map((value) => scale * value)
}
