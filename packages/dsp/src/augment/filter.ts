/** Augmentations that filter: recordings made with other microphones, at other distances, through walls. */
import { type AudioClip, assertInteger, assertKnown, EscError, type Rng } from '@esc/core'
import { bandPassSection, butterworth, filterSamples } from '../effects/biquad.js'
import { exp, ln } from '../math.js'
import type { Names } from '../option-names.js'
import { type Augment, type Chance, chanceNames, clipAugment } from './compose.js'
import { assertBounds, drawBetween } from './random.js'

/** Options of {@link lowPass} and {@link highPass}. */
export interface CutoffOptions extends Chance {
  /** Lowest frequency in Hz that may be drawn, > 0. */
  minCutoffHz?: number
  /** Highest frequency in Hz that may be drawn; the clip's sample rate must be more than twice as high. */
  maxCutoffHz?: number
  /** Even, from 2 (the default) to 12: 6 dB per octave each. */
  order?: number
}

const cutoffNames: Names<CutoffOptions> = {
  ...chanceNames,
  minCutoffHz: true,
  maxCutoffHz: true,
  order: true,
}

/**
 * Weakens what lies above a frequency, which is drawn evenly over the octaves: a Butterworth filter, 3 dB down there.
 * Length and label stay.
 *
 * @param options - `minCutoffHz` 150, `maxCutoffHz` 7500, `order` 2.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range, also later if the clip's sample rate is
 *   too low.
 * @see audiomentations 0.43 `LowPassFilter`; the same filter as scipy's `butter(order, cutoff, fs=sampleRate)`.
 * @example lowPass({ minCutoffHz: 2000, maxCutoffHz: 8000 })(clip, createRng(1))
 */
export function lowPass(options: CutoffOptions = {}): Augment {
  assertKnown('lowPass', options, cutoffNames)
  return cutoffFilter({ minCutoffHz: 150, maxCutoffHz: 7500, ...options }, 'low')
}

/**
 * Weakens what lies below a frequency, which is drawn evenly over the octaves: a Butterworth filter, 3 dB down there.
 * Length and label stay.
 *
 * @param options - `minCutoffHz` 20, `maxCutoffHz` 2400, `order` 2.
 * @throws EscError INVALID_OPTION as {@link lowPass}.
 * @see audiomentations 0.43 `HighPassFilter`; as scipy's `butter(order, cutoff, 'highpass', fs=sampleRate)`.
 * @example highPass({ maxCutoffHz: 500 })(clip, createRng(1))
 */
export function highPass(options: CutoffOptions = {}): Augment {
  assertKnown('highPass', options, cutoffNames)
  return cutoffFilter({ minCutoffHz: 20, maxCutoffHz: 2400, ...options }, 'high')
}

function cutoffFilter(
  options: CutoffOptions & { minCutoffHz: number; maxCutoffHz: number },
  kind: 'low' | 'high',
): Augment {
  const { minCutoffHz, maxCutoffHz, order = 2 } = options
  assertFrequencies({ minCutoffHz, maxCutoffHz })
  assertInteger('order', order, 2, 12)
  assertInteger('order / 2', order / 2, 1)
  return clipAugment(options, (clip, rng) => {
    assertBelowNyquist('maxCutoffHz', maxCutoffHz, clip)
    const cutoffHz = drawFrequency(rng, minCutoffHz, maxCutoffHz)
    return filterSamples(clip.samples, butterworth(kind, cutoffHz / clip.sampleRate, order))
  })
}

/** Options of {@link bandPass}. */
export interface BandPassOptions extends Chance {
  /** Lowest middle of the band in Hz, > 0. Default 200. */
  minCenterHz?: number
  /** Highest middle of the band in Hz. Default 4000. */
  maxCenterHz?: number
  /** Narrowest band, between the points 3 dB down; > 0. Default 0.5. */
  minOctaves?: number
  /** Widest band; its upper end at `maxCenterHz` must lie below half the clip's sample rate. Default 1.5. */
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
 * Weakens what lies outside a band by 6 dB per octave; its middle is drawn evenly over the octaves. Length and label
 * stay.
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
  return clipAugment(options, (clip, rng) => {
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

/** Evenly distributed over the octaves, as pitch is heard. */
function drawFrequency(rng: Rng, min: number, max: number): number {
  return min * exp(drawBetween(rng, 0, ln(max / min)))
}

function octaves(count: number): number {
  return exp(count * Math.LN2)
}
