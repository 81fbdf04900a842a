/** From JSON back to augmentations: a table of all that this package has. */
import { assertKnown, EscError, hasField, shown, wrongValue } from '@esc/core'
import { type Augment, type Chance, compose, someOf } from './compose.js'
import { denoise } from './denoise.js'
import { frequencyMask, specAugment, timeMask } from './feature.js'
import { bandPass, highPass, lowPass } from './filter.js'
import { betweenClassMix, type Mix, mixup } from './mix.js'
import { coloredNoise } from './noise.js'
import { frameShift, powerGain } from './power.js'
import { reverb } from './reverb.js'
import type { AugmentSpec } from './spec.js'
import { clipping, gain, pitchShiftBy, polarity, timeShift, timeStretchBy } from './waveform.js'

const makers = {
  gain,
  polarity,
  timeShift,
  clipping,
  timeStretchBy,
  pitchShiftBy,
  lowPass,
  highPass,
  bandPass,
  coloredNoise,
  reverb,
  denoise,
  powerGain,
  frameShift,
  timeMask,
  frequencyMask,
  specAugment,
} as const

const mixers = { mixup, betweenClassMix } as const

/**
 * Makes the augmentation that a spec describes.
 *
 * @param spec - JSON, as `spec` of an augmentation holds it.
 * @throws EscError INVALID_INPUT if it is no spec, or names no augmentation of this package; INVALID_OPTION as the function that
 *   it names.
 * @example augmentFromSpec<FeatureMatrix>({ name: 'timeMask', options: { maxFrames: 20 } })
 */
export function augmentFromSpec<T>(spec: AugmentSpec): Augment<T> {
  assertSpec(spec)
  const { name, options = {}, augments = [], count = 1 } = spec
  if (name === 'compose' || name === 'someOf') {
    const joined = augments.map((each) => augmentFromSpec<T>(each))
    return name === 'compose' ? compose(joined, options as Chance) : someOf(count, joined, options as Chance)
  }
  if (!Object.hasOwn(makers, name)) throw unknownName(name, Object.keys(makers).concat('compose', 'someOf'))
  // The functions check their options themselves.
  return makers[name as 'gain'](options) as unknown as Augment<T>
}

/**
 * Makes the mix that a spec describes.
 *
 * @throws EscError as {@link augmentFromSpec}.
 * @example mixFromSpec({ name: 'mixup', options: { alpha: 0.4 } })
 */
export function mixFromSpec(spec: AugmentSpec): Mix {
  assertSpec(spec)
  const { name, options = {} } = spec
  if (!Object.hasOwn(mixers, name)) throw unknownName(name, Object.keys(mixers))
  return mixers[name as 'mixup'](options as { on?: 'features' })
}

function assertSpec(spec: unknown): asserts spec is AugmentSpec {
  if (!hasField(spec, 'name') || typeof spec.name !== 'string') {
    throw wrongValue('spec', spec, "JSON as { name: 'gain', options: { maxDb: 6 } }")
  }
  assertKnown('spec', spec as AugmentSpec, { name: true, options: true, augments: true, count: true })
}

function unknownName(name: string, known: readonly string[]): EscError {
  return new EscError('INVALID_INPUT', `spec.name=${shown(name)} must be one of ${known.join(', ')}`)
}
