/** Augmentations that mix two examples and their labels. */
import {
  type AudioClip,
  assertClip,
  assertFloat32,
  assertInRange,
  assertInteger,
  assertKnown,
  assertMatrix,
  assertOneOf,
  assertRng,
  EscError,
  type FeatureMatrix,
  hasField,
  type Rng,
  wrongValue,
} from '@esc/core'
import { exp, log10 } from '../math.js'
import type { Names } from '../option-names.js'
import { type Chance, chanceNames } from './compose.js'
import { weightedSum } from './level.js'
import { momentsOf, peakLevelDb, peakLevelOfPower } from './loudness.js'
import { drawBeta } from './random.js'
import { type AugmentSpec, specOf } from './spec.js'

/** Features and their label. */
export interface LabeledFeatures {
  features: FeatureMatrix
  /** The share of each class: numbers >= 0 that sum to 1. */
  label: Float32Array
}

/** A clip and its label. */
export interface LabeledClip {
  clip: AudioClip
  /** The share of each class: numbers >= 0 that sum to 1. */
  label: Float32Array
}

/**
 * Returns the label of an example of one class: 1 for this class, 0 for all others.
 *
 * @param labelIndex - In [0, classes).
 * @throws EscError INVALID_OPTION if it is not.
 * @example oneHot(1, 3) // [0, 1, 0]
 */
export function oneHot(labelIndex: number, classes: number): Float32Array {
  assertInteger('classes', classes, 1)
  assertInteger('labelIndex', labelIndex, 0, classes - 1)
  const label = new Float32Array(classes)
  label[labelIndex] = 1
  return label
}

/** What is mixed: waveforms, power spectrograms before the logarithm, or features. */
export type MixDomain = 'waveform' | 'power' | 'features'

/** Two examples' shares of a mixture. */
export interface MixShares {
  /** Share of the first label; the second has the rest. */
  label: number
  /** Factors of the two examples' values. */
  a: number
  b: number
}

/**
 * Returns a mixture of two examples and of their labels. It never changes its input, and it may return the first example
 * itself. The same examples and the same state of the generator give the same mixture.
 *
 * `augmentedSet` of `@esc/dataset` mixes the examples of a training part.
 */
export interface Mix<Input extends LabeledClip | LabeledFeatures = LabeledFeatures> {
  /** @param loudnessWeights - For power: the factor of each bin in the loudness, which an extractor has. @defaultValue 1 for all */
  (a: Input, b: Input, rng: Rng, loudnessWeights?: ArrayLike<number>): Input
  /** What it mixes. */
  readonly on: MixDomain
  /** Whether it wants two examples of different classes. @defaultValue `false` */
  readonly betweenClasses?: boolean | undefined
  /** Name and options as JSON. A function of your own has none. */
  readonly spec?: AugmentSpec | undefined
  /** A text that is equal if two mixes do the same. @defaultValue the JSON of `spec` */
  readonly id?: string | undefined
}

/** Options of all mixes. */
export interface MixOptions<On extends MixDomain = MixDomain> extends Chance {
  /**
   * What is mixed: waveforms; power, that is mel power before the logarithm; or features.
   *
   * @defaultValue `'features'` for `mixup`, `'waveform'` for `betweenClassMix`
   */
  on?: On | undefined
}

/** Options of {@link mixup}. */
export interface MixupOptions<On extends MixDomain = MixDomain> extends MixOptions<On> {
  /**
   * Parameter of the Beta distribution, in (0, 100]. The smaller it is, the more often one example gets
   * nearly all.
   *
   * @defaultValue `0.2`
   */
  alpha?: number | undefined
}

/** The examples that a mix of a domain takes. */
export type MixInput<On extends MixDomain> = On extends 'waveform' ? LabeledClip : LabeledFeatures

const mixNames: Names<MixOptions> = { ...chanceNames, on: true }
const mixupNames: Names<MixupOptions> = { ...mixNames, alpha: true }

/**
 * Mixes two examples and their labels: `share * a + (1 - share) * b`. The share is drawn from Beta(alpha, alpha).
 *
 * @returns A mix. It takes two examples of the same shape (or length and sample rate) and the same number of classes, and
 *   throws INVALID_INPUT if they do not fit together, or one is empty, not finite, or has a label that does not sum to 1.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see Zhang et al., "mixup: beyond empirical risk minimization", 2018.
 * @example
 * const dog = { features: melSpectrogram(clips[0]!), label: oneHot(0, 10) }
 * const rain = { features: melSpectrogram(clips[1]!), label: oneHot(1, 10) }
 * const mixed = mixup({ alpha: 0.4 })(dog, rain, createRng(1))
 */
export function mixup<On extends MixDomain = 'features'>(options: MixupOptions<On> = {}): Mix<MixInput<On>> {
  assertKnown('mixup', options, mixupNames)
  const { alpha = 0.2, on = 'features' } = options
  assertInRange('alpha', alpha, 1e-3, 100)
  const mix = createMix(on, options, (_a, _b, rng) => {
    const share = drawBeta(rng, alpha)
    return { label: share, a: share, b: 1 - share }
  })
  return Object.assign(mix, { on, ...specOf('mixup', options) }) as Mix<MixInput<On>>
}

/**
 * Mixes two examples of different classes so that people hear as much of each as the label says. The ratio is drawn evenly
 * from [0, 1) and is a ratio of loudness. The mixture is scaled for two unrelated sounds, whose powers add.
 *
 * With the share `p` that gives the ratio, waveforms are mixed as `(p a + (1 - p) b) / sqrt(p² + (1 - p)²)`, power as
 * `(p² a + (1 - p)² b) / (p² + (1 - p)²)`. Loudness is the largest A-weighted level of any tenth of a second, or of any frame
 * of the power. Features are mixed as waveforms are, around their means; their loudness is their standard deviation.
 *
 * @returns A mix, as {@link mixup} returns.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see Tokozume, Ushiku and Harada, "Learning from between-class examples for deep sound recognition", 2018, equation 2; for
 *   features the same authors, "Between-class learning for image classification", 2018, equation 4.
 * @example
 * const dog = { clip: clips[0]!, label: oneHot(0, 10) }
 * const rain = { clip: clips[1]!, label: oneHot(1, 10) }
 * const mixed = betweenClassMix()(dog, rain, createRng(1))
 */
export function betweenClassMix<On extends MixDomain = 'waveform'>(
  options: MixOptions<On> = {},
): Mix<MixInput<On>> {
  assertKnown('betweenClassMix', options, mixNames)
  const { on = 'waveform' } = options
  const mix = createMix(on, options, (a, b, rng, weights) => {
    const ratio = rng.uniform()
    const p = shareOf(ratio, loudnessOf(a, on, weights) - loudnessOf(b, on, weights))
    const power = p * p + (1 - p) * (1 - p)
    if (on === 'power') return { label: ratio, a: (p * p) / power, b: ((1 - p) * (1 - p)) / power }
    return { label: ratio, a: p / Math.sqrt(power), b: (1 - p) / Math.sqrt(power) }
  })
  const own = { on, betweenClasses: true, ...specOf('betweenClassMix', options) }
  return Object.assign(mix, own) as Mix<MixInput<On>>
}

/** The values of an example: samples, or a matrix. */
interface MixPart {
  data: Float32Array
  clip: AudioClip | null
  features: FeatureMatrix | null
}

/** Computes how loud an example is, in dB. */
function loudnessOf({ clip, features }: MixPart, on: MixDomain, weights: ArrayLike<number> | null): number {
  if (clip) return peakLevelDb(clip)
  if (on === 'power') return peakLevelOfPower(features!, weights)
  const { std } = momentsOf(features!)
  return std > 0 ? 20 * log10(std) : -200
}

type LabeledPart = { clip?: AudioClip; features?: FeatureMatrix; label: Float32Array }

function createMix(
  on: string,
  { p = 1 }: Chance,
  draw: (a: MixPart, b: MixPart, rng: Rng, weights: ArrayLike<number> | null) => MixShares,
) {
  assertOneOf('on', on, ['waveform', 'power', 'features'])
  assertInRange('p', p, 0, 1)
  return (a: LabeledPart, b: LabeledPart, rng: Rng, weights?: ArrayLike<number>): LabeledPart => {
    assertExamples({ a, b }, on === 'waveform' ? 'clip' : 'features')
    assertRng(rng)
    const [first, second] = [partOf('a', a, on), partOf('b', b, on)]
    assertAlike(first, second)
    assertLabels(a.label, b.label)
    if (weights !== undefined && first.features && weights.length !== first.features.bins) {
      const rule = `as many as the bins of the examples, ${first.features.bins}`
      throw new EscError(
        'INVALID_INPUT',
        `loudnessWeights has ${weights.length} values; it must have ${rule}`,
      )
    }
    if (!(rng.uniform() < p)) return a
    const shares = draw(first, second, rng, weights ?? null)
    const label = weightedSum(a.label, shares.label, b.label, 1 - shares.label)
    const data = weightedSum(first.data, shares.a, second.data, shares.b)
    if (first.clip) return { clip: { samples: data, sampleRate: first.clip.sampleRate }, label }
    const { bins, frames } = first.features!
    return { features: { data, bins, frames }, label }
  }
}

function partOf(name: string, { clip, features }: LabeledPart, on: string): MixPart {
  if (on === 'waveform') {
    assertClip(`${name}.clip`, clip)
    return { data: clip.samples, clip, features: null }
  }
  assertMatrix(`${name}.features`, features)
  return { data: features.data, clip: null, features }
}

function assertAlike(a: MixPart, b: MixPart): void {
  if (a.features && b.features) {
    const { bins, frames } = a.features
    if (b.features.bins === bins && b.features.frames === frames) return
    throw new EscError(
      'INVALID_INPUT',
      `b.features is ${b.features.bins} × ${b.features.frames}; it must be ${bins} × ${frames}, as a.features is`,
    )
  }
  const [first, second] = [a.clip!, b.clip!]
  if (second.sampleRate === first.sampleRate && second.samples.length === first.samples.length) return
  throw new EscError(
    'INVALID_INPUT',
    `b.clip has ${second.samples.length} samples at ${second.sampleRate} Hz; it must have ${first.samples.length} at ` +
      `${first.sampleRate} Hz, as a.clip does`,
  )
}

/**
 * Computes the share of the first of two sounds (the other's is 1 - share) that gives it `ratio` of the
 * loudness.
 */
function shareOf(ratio: number, differenceDb: number): number {
  // 1 / (1 + g (1 - ratio) / ratio), without the division by a ratio of 0.
  return ratio / (ratio + exp((differenceDb * Math.LN10) / 20) * (1 - ratio))
}

function assertExamples(examples: Readonly<Record<string, unknown>>, part: 'features' | 'clip'): void {
  for (const [name, example] of Object.entries(examples)) {
    if (!hasField(example, part)) throw wrongValue(name, example, `an example, { ${part}, label }`)
  }
}

function assertLabels(a: Float32Array, b: Float32Array): void {
  assertFloat32('a.label', a)
  assertFloat32('b.label', b)
  if (a.length !== b.length) {
    throw new EscError(
      'INVALID_INPUT',
      `b.label has ${b.length} classes; it must have ${a.length}, as a.label has`,
    )
  }
  for (const [name, label] of Object.entries({ 'a.label': a, 'b.label': b })) {
    const sum = label.reduce((total, value) => total + (value >= 0 ? value : Number.NaN), 0)
    if (!(Math.abs(sum - 1) < 1e-3)) {
      throw new EscError('INVALID_INPUT', `${name} sums to ${sum}; it must hold numbers >= 0 that sum to 1`)
    }
  }
}
