/** The feature recipe: every step from a clip to a network's input, as JSON. Its type and its schema. */
import * as z from 'zod/mini'
import { parseWith } from './check/schema.js'

/**
 * Every step from an `AudioClip` to a `FeatureMatrix`, in the order in which they run. `null` turns a step off.
 * Parameters have librosa's names and meaning.
 */
export interface FeatureRecipe {
  version: 1
  /** Hz. Clips at another rate are resampled to this one. */
  sampleRate: number
  /**
   * Removes steady noise by spectral gating (noisereduce `reduce_noise(stationary=True)`). With `propDecrease` 1 it removes all
   * of it.
   */
  denoise: {
    nStdThreshStationary: number
    propDecrease: number
    /** Hz. */
    freqMaskSmoothHz: number | null
    timeMaskSmoothMs: number | null
    nFft: number
  } | null
  /** Cuts silence at both ends: frames that are more than `topDb` below the loudest frame (librosa `effects.trim`). */
  trim: { topDb: number; frameLength: number; hopLength: number } | null
  /** Scales the samples so that this norm is 1. `inf` is the peak (librosa `util.normalize`). */
  normalize: 'inf' | 'l1' | 'l2' | null
  /** Cuts the clip to this length, or pads it with zeros at the end (librosa `util.fix_length`). */
  durationSec: number | null
  stft: {
    nFft: number
    hopLength: number
    winLength: number
    window: 'hann' | 'hamming' | 'blackman' | 'boxcar'
    center: boolean
    padMode: 'constant' | 'reflect' | 'edge'
  }
  mel: {
    nMels: number
    /** Hz. */
    fmin: number
    /** Hz. `null` is half the sample rate. */
    fmax: number | null
    htk: boolean
    norm: 'slaney' | null
    /** 2 for the power spectrum, 1 for the magnitude. */
    power: 1 | 2
  }
  /** Converts power to decibels. `ref: 'max'` and `topDb` need the whole clip. `null` if `log` is used instead. */
  db: { ref: number | 'max'; amin: number; topDb: number | null } | null
  /** Takes the natural logarithm of the mel spectrogram plus `offset`, in place of decibels. */
  log: { offset: number } | null
  /** Computes MFCCs. With `null` the log-mel spectrogram is the network's input. */
  mfcc: { nMfcc: number; dctType: 1 | 2 | 3; norm: 'ortho' | null; lifter: number } | null
}

const positive = z.number().check(z.positive())
// A recipe from outside must not make a program use gigabytes. The limits are one hour, and a rate above that of any microphone.
const rate = z.number().check(z.positive(), z.maximum(1e6))
const duration = z.number().check(z.positive(), z.maximum(3600))
const count = z.int().check(z.minimum(1), z.maximum(1 << 24))

/** The zod schema of a {@link FeatureRecipe}. Unknown keys are errors: otherwise nothing would report a misspelt parameter. */
export const featureRecipeSchema: z.ZodMiniType<FeatureRecipe> = z
  .strictObject({
    version: z.literal(1),
    sampleRate: rate,
    denoise: z.nullable(
      z.strictObject({
        nStdThreshStationary: z.number().check(z.minimum(-100), z.maximum(100)),
        propDecrease: z.number().check(z.minimum(0), z.maximum(1)),
        freqMaskSmoothHz: z.nullable(positive),
        timeMaskSmoothMs: z.nullable(positive),
        nFft: count,
      }),
    ),
    trim: z.nullable(
      z.strictObject({ topDb: z.number().check(z.nonnegative()), frameLength: count, hopLength: count }),
    ),
    normalize: z.nullable(z.enum(['inf', 'l1', 'l2'])),
    durationSec: z.nullable(duration),
    stft: z.strictObject({
      nFft: count,
      hopLength: count,
      winLength: count,
      window: z.enum(['hann', 'hamming', 'blackman', 'boxcar']),
      center: z.boolean(),
      padMode: z.enum(['constant', 'reflect', 'edge']),
    }),
    mel: z.strictObject({
      nMels: count,
      fmin: z.number().check(z.nonnegative()),
      fmax: z.nullable(positive),
      htk: z.boolean(),
      norm: z.nullable(z.literal('slaney')),
      power: z.union([z.literal(1), z.literal(2)]),
    }),
    db: z.nullable(
      z.strictObject({
        ref: z.union([positive, z.literal('max')]),
        amin: positive,
        topDb: z.nullable(z.number().check(z.nonnegative())),
      }),
    ),
    log: z.nullable(z.strictObject({ offset: positive })),
    mfcc: z.nullable(
      z.strictObject({
        nMfcc: count,
        dctType: z.union([z.literal(1), z.literal(2), z.literal(3)]),
        norm: z.nullable(z.literal('ortho')),
        lifter: z.number().check(z.nonnegative()),
      }),
    ),
  })
  .check(
    z.refine((recipe) => recipe.stft.winLength <= recipe.stft.nFft, {
      path: ['stft', 'winLength'],
      error: 'must be <= stft.nFft',
    }),
    z.refine((recipe) => (recipe.db === null) !== (recipe.log === null), {
      path: ['log'],
      error: 'either db or log must be null, and not both',
    }),
    z.refine((recipe) => recipe.mfcc === null || recipe.mfcc.nMfcc <= recipe.mel.nMels, {
      path: ['mfcc', 'nMfcc'],
      error: 'must be <= mel.nMels',
    }),
  )

/**
 * Checks a recipe that came from outside: from a file or a request.
 *
 * @param value - Parsed JSON.
 * @throws EscError INVALID_INPUT naming the first key that is wrong, and what it must be.
 * @example parseRecipe(JSON.parse(await readFile('recipe.json', 'utf8')))
 */
export function parseRecipe(value: unknown): FeatureRecipe {
  return parseWith(featureRecipeSchema, value, 'recipe')
}
