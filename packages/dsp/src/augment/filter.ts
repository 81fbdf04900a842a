/** Augmentations by filters. They imitate other microphones, other distances, and walls. */
import { type AudioClip, assertInteger, assertKnown, EscError, type Rng } from '@esc/core'
import { bandPassSection, butterworth, filterSamples } from '../effects/biquad.js'
import { exp, ln } from '../math.js'
import type { Names } from '../option-names.js'
import { type Augment, type Chance, chanceNames, clipAugment } from './compose.js'
import { assertBounds, drawBetween } from './random.js'

/** Options of {@link lowPass} and {@link highPass}. */
export interface CutoffOptions extends Chance {
  /**
   * Lowest cutoff frequency in Hz that may be drawn, > 0.
   *
   * @defaultValue `150` for `lowPass`, `20` for `highPass`
   */
  minCutoffHz?: number
  /**
   * Highest cutoff frequency in Hz that may be drawn. The clip's sample rate must be more than twice as high.
   *
   * @defaultValue `7500` for `lowPass`, `2400` for `highPass`
   */
  maxCutoffHz?: number
  /**
   * Order of the filter: even, from 2 to 12. The slope is 6 dB per octave times the order.
   *
   * @defaultValue `2`
   */
  order?: number
}

const cutoffNames: Names<CutoffOptions> = {
  ...chanceNames,
  minCutoffHz: true,
  maxCutoffHz: true,
  order: true,
}

/**
 * Weakens the sound above a cutoff frequency, by a Butterworth filter that weakens the cutoff itself by 3 dB.
 * The cutoff is drawn evenly over the octaves. Length and label stay.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range. The augmentation throws it if
 *   the clip's sample rate is too low.
 * @see audiomentations 0.43 `LowPassFilter`; the same filter as scipy's
 *   `butter(order, cutoff, fs=sampleRate)`.
 * @example lowPass({ minCutoffHz: 2000, maxCutoffHz: 8000 })(clip, createRng(1))
 */
export function lowPass(options: CutoffOptions = {}): Augment {
  assertKnown('lowPass', options, cutoffNames)
  return cutoffFilter('lowPass', { minCutoffHz: 150, maxCutoffHz: 7500, ...options })
}

/**
 * Weakens the sound below a cutoff frequency, by a Butterworth filter that weakens the cutoff itself by 3 dB.
 * The cutoff is drawn evenly over the octaves. Length and label stay.
 *
 * @throws EscError INVALID_OPTION as {@link lowPass}.
 * @see audiomentations 0.43 `HighPassFilter`; as scipy's `butter(order, cutoff, 'highpass', fs=sampleRate)`.
 * @example highPass({ maxCutoffHz: 500 })(clip, createRng(1))
 */
export function highPass(options: CutoffOptions = {}): Augment {
  assertKnown('highPass', options, cutoffNames)
  return cutoffFilter('highPass', { minCutoffHz: 20, maxCutoffHz: 2400, ...options })
}

function cutoffFilter(
  name: 'lowPass' | 'highPass',
  options: CutoffOptions & { minCutoffHz: number; maxCutoffHz: number },
): Augment {
  const kind = name === 'lowPass' ? 'low' : 'high'
  const { minCutoffHz, maxCutoffHz, order = 2 } = options
  assertFrequencies({ minCutoffHz, maxCutoffHz })
  assertInteger('order', order, 2, 12)
  assertInteger('order / 2', order / 2, 1)
  return clipAugment([name, options], (clip, rng) => {
    assertBelowNyquist('maxCutoffHz', maxCutoffHz, clip)
    const cutoffHz = drawFrequency(rng, minCutoffHz, maxCutoffHz)
    return filterSamples(clip.samples, butterworth(kind, cutoffHz / clip.sampleRate, order))
  })
}

/** Options of {@link bandPass}. */
export interface BandPassOptions extends Chance {
  /**
   * Lowest middle of the band in Hz, > 0.
   *
   * @defaultValue `200`
   */
  minCenterHz?: number
  /**
   * Highest middle of the band in Hz.
   *
   * @defaultValue `4000`
   */
  maxCenterHz?: number
  /**
   * Width in octaves of the narrowest band, between the points that are weakened by 3 dB; > 0.
   *
   * @defaultValue `0.5`
   */
  minOctaves?: number
  /**
   * Width in octaves of the widest band. The upper end of a band at `maxCenterHz` must lie below half the
   * clip's sample rate.
   *
   * @defaultValue `1.5`
   */
  maxOctaves?: number
}

const bandNames: Names<BandPassOptions> = {
  ...chanceNames,
  minCenterHz: true,
  maxCenterHz: true,
  minOctaves: true,
  maxOctaves: true,
}

/**
 * Weakens the sound outside a band by 6 dB per octave. The middle of the band is drawn evenly over the
 * octaves. Length and label stay.
 *
 * @throws EscError INVALID_OPTION as {@link lowPass}.
 * @see audiomentations 0.43 `BandPassFilter`; as scipy's `butter(1, [low, high], 'bandpass', fs=sampleRate)`.
 * @example bandPass({ minCenterHz: 500, maxCenterHz: 2000 })(clip, createRng(1))
 */
export function bandPass(options: BandPassOptions = {}): Augment {
  assertKnown('bandPass', options, bandNames)
  const { minCenterHz = 200, maxCenterHz = 4000, minOctaves = 0.5, maxOctaves = 1.5 } = options
  assertFrequencies({ minCenterHz, maxCenterHz })
  assertBounds({ minOctaves, maxOctaves }, 1e-3, 10)
  return clipAugment(['bandPass', options], (clip, rng) => {
    const { samples, sampleRate } = clip
    assertBelowNyquist('the upper end at maxCenterHz', maxCenterHz * octaves(maxOctaves / 2), clip)
    const center = drawFrequency(rng, minCenterHz, maxCenterHz)
    const half = octaves(drawBetween(rng, minOctaves, maxOctaves) / 2)
    return filterSamples(samples, [bandPassSection(center / half / sampleRate, (center * half) / sampleRate)])
  })
}

function assertFrequencies(bounds: Readonly<Record<string, number>>): void {
  assertBounds(bounds, 1e-3, 1e9)
}

function assertBelowNyquist(name: string, hz: number, { sampleRate }: AudioClip): void {
  if (hz < sampleRate / 2) return
  throw new EscError(
    'INVALID_OPTION',
    `${name}=${hz} Hz must be < ${sampleRate / 2}, half the clip's sample rate`,
    { detail: { hz, sampleRate } },
  )
}

/** Draws a frequency evenly over the octaves, because people hear pitch in octaves. */
function drawFrequency(rng: Rng, min: number, max: number): number {
  return min * exp(drawBetween(rng, 0, ln(max / min)))
}

/** The factor of a frequency that is `count` octaves. */
function octaves(count: number): number {
  return exp(count * Math.LN2)
}
