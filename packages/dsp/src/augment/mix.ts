/** Augmentations that mix two examples and their labels. */
import {
  type AudioClip,
  assertClip,
  assertFloat32,
  assertInRange,
  assertInteger,
  assertKnown,
  assertMatrix,
  assertRng,
  EscError,
  type FeatureMatrix,
  hasField,
  type Rng,
  wrongValue,
} from '@esc/core'
import { createRealFft } from '../fft/fft.js'
import { exp, log10 } from '../math.js'
import type { Names } from '../option-names.js'
import { getWindow } from '../stft/get-window.js'
import { weightedSum } from './level.js'
import { drawBeta } from './random.js'

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

/** Options of {@link mixup}. */
export interface MixupOptions {
  /**
   * Parameter of the Beta distribution, in (0, 100]. The smaller it is, the more often one example gets
   * nearly all.
   *
   * @defaultValue `0.2`
   */
  alpha?: number
}

const mixupNames: Names<MixupOptions> = { alpha: true }

/**
 * Mixes two examples' features and labels: `share * a + (1 - share) * b`. The share is drawn from
 * Beta(alpha, alpha).
 *
 * @param a - Same shape and number of classes as `b`.
 * @returns Same shape, new storage; the label is mixed with the same share.
 * @throws EscError INVALID_OPTION if an option is unknown or `alpha` is out of its range; INVALID_INPUT if
 *   the examples do not fit together, or one is empty, not finite, or has a label that does not sum to 1.
 * @see Zhang et al., "mixup: beyond empirical risk minimization", 2018.
 * @example
 * const dog = { features: melSpectrogram(clips[0]!), label: oneHot(0, 10) }
 * const rain = { features: melSpectrogram(clips[1]!), label: oneHot(1, 10) }
 * const mixed = mixup(dog, rain, createRng(1), { alpha: 0.4 })
 */
export function mixup(
  a: LabeledFeatures,
  b: LabeledFeatures,
  rng: Rng,
  options: MixupOptions = {},
): LabeledFeatures {
  assertKnown('mixup', options, mixupNames)
  const { alpha = 0.2 } = options
  assertInRange('alpha', alpha, 1e-3, 100)
  assertExamples({ a, b }, 'features')
  assertRng(rng)
  assertMatrix('a.features', a.features)
  assertMatrix('b.features', b.features)
  const { bins, frames } = a.features
  if (b.features.bins !== bins || b.features.frames !== frames) {
    throw new EscError(
      'INVALID_INPUT',
      `b.features is ${b.features.bins} × ${b.features.frames}; it must be ${bins} × ${frames}, as a.features is`,
    )
  }
  assertLabels(a.label, b.label)
  const share = drawBeta(rng, alpha)
  const data = weightedSum(a.features.data, share, b.features.data, 1 - share)
  return { features: { data, bins, frames }, label: weightedSum(a.label, share, b.label, 1 - share) }
}

/**
 * Mixes two clips so that people hear as much of each as the label says. The ratio is drawn evenly from
 * [0, 1) and is a ratio of loudness. The mix is scaled for two unrelated sounds, whose powers add.
 *
 * @param a - Same sample rate, length and number of classes as `b`.
 * @returns Same length and sample rate, new storage; `ratio * a.label + (1 - ratio) * b.label`.
 * @throws EscError INVALID_INPUT if the examples do not fit together, or one is empty, not finite, or has a
 *   label that does not sum to 1.
 * @see Tokozume, Ushiku and Harada, "Learning from between-class examples for deep sound recognition", 2018,
 *   equation 2; loudness is the largest A-weighted level of any tenth of a second, as there.
 * @example
 * const dog = { clip: clips[0]!, label: oneHot(0, 10) }
 * const rain = { clip: clips[1]!, label: oneHot(1, 10) }
 * const mixed = betweenClassMix(dog, rain, createRng(1))
 */
export function betweenClassMix(a: LabeledClip, b: LabeledClip, rng: Rng): LabeledClip {
  assertExamples({ a, b }, 'clip')
  assertRng(rng)
  assertClip('a.clip', a.clip)
  assertClip('b.clip', b.clip)
  const { samples, sampleRate } = a.clip
  if (b.clip.sampleRate !== sampleRate || b.clip.samples.length !== samples.length) {
    throw new EscError(
      'INVALID_INPUT',
      `b.clip has ${b.clip.samples.length} samples at ${b.clip.sampleRate} Hz; it must have ${samples.length} at ` +
        `${sampleRate} Hz, as a.clip does`,
    )
  }
  assertLabels(a.label, b.label)
  const ratio = rng.uniform()
  const share = shareOf(ratio, peakLevelDb(a.clip) - peakLevelDb(b.clip))
  const scale = 1 / Math.sqrt(share * share + (1 - share) * (1 - share))
  return {
    clip: { samples: weightedSum(samples, share * scale, b.clip.samples, (1 - share) * scale), sampleRate },
    label: weightedSum(a.label, ratio, b.label, 1 - ratio),
  }
}

/**
 * Computes the share of the first of two sounds (the other's is 1 - share) that gives it `ratio` of the
 * loudness.
 */
function shareOf(ratio: number, differenceDb: number): number {
  // 1 / (1 + g (1 - ratio) / ratio), without the division by a ratio of 0.
  return ratio / (ratio + exp((differenceDb * Math.LN10) / 20) * (1 - ratio))
}

/** Level of silence. */
const silenceDb = -80

/** Computes the largest A-weighted level in dB of all frames of about a tenth of a second. */
function peakLevelDb({ samples, sampleRate }: AudioClip): number {
  const length = sampleRate > 32000 ? 4096 : 2048
  const fft = createRealFft(length)
  const window = getWindow('hann', length)
  const weights = Float64Array.from({ length: length / 2 + 1 }, (_, bin) =>
    aWeight((bin * sampleRate) / length),
  )
  let loudest = 0
  for (let start = 0; start === 0 || start + length <= samples.length; start += length / 2) {
    for (let i = 0; i < length; i++) fft.input[i] = window[i]! * (samples[start + i] ?? 0)
    fft.computePower()
    let power = 0
    for (let bin = 0; bin < weights.length; bin++) power += weights[bin]! * fft.power[bin]!
    if (power > loudest) loudest = power
  }
  return Math.max(silenceDb, loudest > 0 ? 10 * log10(loudest) : silenceDb)
}

/** The A-weighting as a factor for power; 1 at 1 kHz. @see IEC 61672-1:2013, annex E. */
function aWeight(hz: number): number {
  const square = hz * hz
  const [a, b, c, d] = [
    20.598997 * 20.598997,
    107.65265 * 107.65265,
    737.86223 * 737.86223,
    12194.217 * 12194.217,
  ]
  const gain = (1.2589254 * d * square * square) / ((square + a) * (square + d))
  return (gain * gain) / ((square + b) * (square + c))
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
