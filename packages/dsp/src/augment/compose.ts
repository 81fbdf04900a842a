/** The type of an augmentation, and functions that join several into one. */
import {
  type AudioClip,
  assertClip,
  assertClipShape,
  assertInRange,
  assertInteger,
  assertKnown,
  assertMatrix,
  assertMatrixShape,
  assertRng,
  EscError,
  type FeatureMatrix,
  type Rng,
  wrongValue,
} from '@esc/core'
import type { Names } from '../option-names.js'
import { drawInteger } from './random.js'
import { type AugmentSpec, joinedIdentity, specOf } from './spec.js'

/**
 * Returns a randomly changed copy of a clip (or of a feature matrix). It never changes its input, and it may
 * return the input itself. The same input and the same state of the generator give the same output. Clips
 * keep their sample rate.
 *
 * Give each example a generator of its own, `augment(clip, rng.fork(id))`. Then the result for an example
 * does not depend on the order of the examples.
 *
 * A function of your own is an augmentation, too. Give it an id with {@link customAugment}, and a training that uses it
 * can be resumed.
 */
export interface Augment<T = AudioClip> {
  (input: T, rng: Rng): T
  /** Name and options as JSON, from which {@link augmentFromSpec} makes it again. Functions of your own have none. */
  readonly spec?: AugmentSpec | undefined
  /** A text that is equal if two augmentations do the same. @defaultValue the JSON of `spec` */
  readonly id?: string | undefined
}

/**
 * Gives an augmentation of your own an id, so that a training that uses it can be resumed. Change the id whenever you change
 * what the function does.
 *
 * @throws EscError INVALID_OPTION if `id` is empty or `augment` is no function.
 * @example
 * const softer = customAugment('softer 1', ({ samples, sampleRate }: AudioClip) => {
 *   return { samples: samples.map((sample) => sample / 2), sampleRate }
 * })
 */
export function customAugment<T>(id: string, augment: (input: T, rng: Rng) => T): Augment<T> {
  if (typeof id !== 'string' || id === '')
    throw wrongValue('id', id, 'a text that is not empty', { code: 'INVALID_OPTION' })
  if (typeof augment !== 'function') {
    throw wrongValue('augment', augment, 'a function of an input and an Rng', { code: 'INVALID_OPTION' })
  }
  return Object.assign((input: T, rng: Rng) => augment(input, rng), { id })
}

/** How often an augmentation takes place. */
export interface Chance {
  /**
   * Probability that the augmentation changes its input, in [0, 1].
   *
   * @defaultValue `1`
   */
  p?: number | undefined
}

export const chanceNames: Names<Chance> = { p: true }

/**
 * Applies all augmentations, one after the other, with probability `p`. Each of them also has its own
 * probability.
 *
 * @throws EscError INVALID_OPTION if there are none, an option is unknown or `p` is out of its range.
 * @see audiomentations 0.43 `Compose`. Those of torchvision and albumentations are the same.
 * @example
 * const augment = compose([gain({ p: 0.5 }), timeShift(), coloredNoise({ color: 'pink', p: 0.3 })])
 * const other = augment(clip, createRng(42))
 */
export function compose<T>(augments: readonly Augment<T>[], options: Chance = {}): Augment<T> {
  assertKnown('compose', options, chanceNames)
  assertSome(augments)
  const joined = withChance<T>(options, (input, rng) => {
    return augments.reduce((value, augment) => augment(value, rng), input)
  })
  return Object.assign(joined, joinedIdentity('compose', augments, options))
}

/**
 * Applies one of the augmentations with probability `p`. Each one is as likely as the others.
 *
 * @throws EscError INVALID_OPTION as {@link compose}.
 * @see audiomentations 0.43 `OneOf`.
 * @example oneOf([lowPass(), highPass(), bandPass()], { p: 0.5 })
 */
export function oneOf<T>(augments: readonly Augment<T>[], options: Chance = {}): Augment<T> {
  assertKnown('oneOf', options, chanceNames)
  return someOf(1, augments, options)
}

/**
 * Applies `count` different augmentations, in their order, with probability `p`.
 *
 * @param count - How many, or the smallest and the largest number.
 * @throws EscError INVALID_OPTION as {@link compose}, or if `count` is larger than the list.
 * @see audiomentations 0.43 `SomeOf`.
 * @example someOf([1, 3], [gain(), polarity(), timeShift(), reverb()])
 */
export function someOf<T>(
  count: number | readonly [number, number],
  augments: readonly Augment<T>[],
  options: Chance = {},
): Augment<T> {
  assertKnown('someOf', options, chanceNames)
  assertSome(augments)
  const [fewest, most] = (Array.isArray(count) ? count : [count, count]) as readonly [number, number]
  assertInteger('count', fewest, 0, augments.length)
  assertInteger('count', most, fewest, augments.length)
  const joined = withChance<T>(options, (input, rng) => {
    const order = rng.shuffle(Int32Array.from(augments, (_, index) => index))
    const chosen = order.slice(0, drawInteger(rng, fewest, most)).sort()
    return chosen.reduce<T>((value, index) => augments[index]!(value, rng), input)
  })
  return Object.assign(joined, joinedIdentity('someOf', augments, options, count))
}

/**
 * Applies `augment` with probability `p`.
 *
 * @throws EscError INVALID_OPTION if `p` is out of its range.
 */
export function withChance<T>(
  { p = 1 }: Chance,
  augment: (input: T, rng: Rng) => T,
): (input: T, rng: Rng) => T {
  assertInRange('p', p, 0, 1)
  return (input, rng) => {
    assertRng(rng)
    return rng.uniform() < p ? augment(input, rng) : input
  }
}

/**
 * Makes an augmentation from a function of samples. It checks the clip and keeps its sample rate.
 *
 * @param name - Name of the function that the caller called, and its options.
 * @throws EscError INVALID_OPTION if `p` is out of its range; the augmentation throws INVALID_INPUT if the
 *   clip is empty or not finite.
 */
export function clipAugment<Options extends Chance>(
  [name, options]: readonly [name: string, options: Options],
  change: (clip: AudioClip, rng: Rng) => Float32Array,
): Augment<AudioClip> {
  const applied = withChance<AudioClip>(options, (clip, rng) => {
    assertClip('clip', clip)
    return { samples: change(clip, rng), sampleRate: clip.sampleRate }
  })
  const checked = (clip: AudioClip, rng: Rng) => {
    // The check runs before the random draw. Otherwise a mistake would show only now and then.
    assertClipShape('clip', clip)
    return applied(clip, rng)
  }
  return Object.assign(checked, specOf(name, options))
}

/**
 * Makes an augmentation from a function of a matrix, as {@link clipAugment} does of samples.
 *
 * @throws EscError INVALID_OPTION if `p` is out of its range; the augmentation throws INVALID_INPUT if the matrix is empty or
 *   not finite.
 */
export function matrixAugment<Options extends Chance>(
  [name, options]: readonly [name: string, options: Options],
  change: (matrix: FeatureMatrix, rng: Rng) => FeatureMatrix,
): Augment<FeatureMatrix> {
  const applied = withChance<FeatureMatrix>(options, (matrix, rng) => {
    assertMatrix('features', matrix)
    return change(matrix, rng)
  })
  const checked = (features: FeatureMatrix, rng: Rng) => {
    assertMatrixShape('features', features)
    return applied(features, rng)
  }
  return Object.assign(checked, specOf(name, options))
}

function assertSome(augments: readonly unknown[]): void {
  if (!Array.isArray(augments)) {
    throw wrongValue('augments', augments, 'a list of augmentations, such as [gain()]', {
      code: 'INVALID_OPTION',
    })
  }
  const odd = augments.findIndex((augment) => typeof augment !== 'function')
  if (odd >= 0) {
    const must = 'an augmentation, which gain() and others return'
    throw wrongValue(`augments[${odd}]`, augments[odd], must, { code: 'INVALID_OPTION' })
  }
  if (augments.length === 0) throw new EscError('INVALID_OPTION', 'augments.length=0 must be at least 1')
}
