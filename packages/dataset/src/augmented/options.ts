/** Options of `augmentedSet`, and their check. */
import {
  assertCallback,
  assertFeatureSet,
  assertInRange,
  assertKnown,
  assertOneOf,
  assertPositive,
  assertSignal,
  type ClipWindowsOptions,
  EscError,
  type FeatureMatrix,
  type FeatureRecipe,
  type FeatureSet,
  type OnProgress,
  wrongValue,
} from '@esc/core'
import type { Augment, LabeledClip, LabeledFeatures, Mix } from '@esc/dsp'
import { sortedJson } from '../sorted-json.js'

/** A mix of features, of mel power or of waveforms. */
export type AnyMix = Mix<LabeledFeatures> | Mix<LabeledClip>

/** What may change in features, of a set that has no sounds. */
export interface AugmentedFeaturesOptions {
  /** Changes features, such as `specAugment` of `@esc/dsp`. @defaultValue `null`: they stay */
  features?: Augment<FeatureMatrix> | null | undefined
  /**
   * Mixes the example with another one of the training part: `mixup` or `betweenClassMix` of `@esc/dsp`. A set without sounds mixes
   * on features. @defaultValue `null`: examples are not mixed
   */
  mix?: AnyMix | null | undefined
}

/** What may change in examples that are made from sounds. */
export interface AugmentedSetOptions extends AugmentedFeaturesOptions {
  /** Changes clips at the recipe's sample rate, before its other steps: `gain`, `reverb`, … of `@esc/dsp`. @defaultValue `null`: they stay */
  waveform?: Augment | null | undefined
  /** Changes mel power, before the logarithm: `powerGain`, `frameShift`. @defaultValue `null`: it stays */
  power?: Augment<FeatureMatrix> | null | undefined
  /**
   * Speeds, in [0.25, 4], of which one is drawn for each example: 1.25 plays the clip faster and higher, 0.8 slower and deeper. Of a clip
   * that becomes longer than the features, a piece is drawn; behind one that becomes shorter, there is silence. Each clip's mel power is
   * computed once for each speed and kept, unless `waveform` or a mix of waveforms changes the clip itself.
   *
   * @defaultValue `null`: the recorded speed
   */
  timeScales?: readonly number[] | null | undefined
  /**
   * Cuts each clip into windows, as `extractFeatures` does. In training, the place of a window in its clip is drawn.
   *
   * @defaultValue `null`: each clip is one example
   */
  windows?: ClipWindowsOptions | null | undefined
  /** How samples are kept in memory. `int16` takes half of the memory, and cuts samples outside [-1, 1]. @defaultValue `'float32'` */
  clips?: 'float32' | 'int16' | undefined
  /**
   * The most memory for clips and their mel power, in MiB. What does not fit is read and computed anew each time. @defaultValue `1024`
   */
  memoryMiB?: number | undefined
  /**
   * The features as they are, by the same recipe, if they are computed already; its windows are taken over.
   *
   * @defaultValue `null`: the sounds are read for them first
   */
  base?: FeatureSet | null | undefined
  /** Stops the first reading of the sounds. @defaultValue none */
  signal?: AbortSignal | undefined
  /** Gets each clip of the first reading. @defaultValue none */
  onProgress?: OnProgress | undefined
}

/** Options with the defaults filled in. */
export interface ResolvedAugmentation {
  waveform: Augment | null
  power: Augment<FeatureMatrix> | null
  features: Augment<FeatureMatrix> | null
  mix: AnyMix | null
  timeScales: readonly number[] | null
}

export const featureNames: Readonly<Record<keyof AugmentedFeaturesOptions, true>> = {
  features: true,
  mix: true,
}
export const soundNames: Readonly<Record<keyof AugmentedSetOptions, true>> = {
  ...featureNames,
  waveform: true,
  power: true,
  timeScales: true,
  windows: true,
  base: true,
  clips: true,
  memoryMiB: true,
  signal: true,
  onProgress: true,
}

/**
 * Checks the options.
 *
 * @param recipe - `null` for a set without sounds.
 * @throws EscError INVALID_OPTION naming an option that is unknown or out of range, or that a set without sounds cannot follow.
 */
export function resolveAugmentation(
  options: AugmentedSetOptions,
  recipe: FeatureRecipe | null,
): ResolvedAugmentation {
  if (recipe) assertKnown('augmentedSet', options, soundNames)
  else assertKnown<AugmentedFeaturesOptions>('augmentedSet of features', options, featureNames)
  const { waveform = null, power = null, features = null, mix = null, timeScales = null } = options
  for (const [name, augment] of Object.entries({ waveform, power, features, mix })) {
    if (augment === null || typeof augment === 'function') continue
    const must = name === 'mix' ? 'what mixup() returns' : 'an augmentation, such as gain() or compose([…])'
    throw wrongValue(name, augment, must, { code: 'INVALID_OPTION' })
  }
  if (mix) assertMix(mix, recipe)
  if (timeScales !== null) assertScales(timeScales)
  if (recipe && (power || mix?.on === 'power') && recipe.mel.power !== 2) {
    throw new EscError(
      'INVALID_OPTION',
      `the recipe's mel.power is ${recipe.mel.power}; ${power ? 'power' : 'a mix on power'} needs the power spectrum, mel.power=2`,
    )
  }
  const { clips = 'float32', memoryMiB = 1024, signal, onProgress } = options
  assertOneOf('clips', clips, ['float32', 'int16'])
  assertPositive('memoryMiB', memoryMiB)
  if (options.base) assertBase(options.base, options.windows ?? null, recipe)
  assertSignal(signal)
  assertCallback('onProgress', onProgress)
  return { waveform, power, features, mix, timeScales }
}

/** Whether examples are made from sounds anew. If not, their features are known. */
export function needsSounds({ waveform, power, mix, timeScales }: ResolvedAugmentation): boolean {
  return waveform !== null || power !== null || timeScales !== null || (mix !== null && mix.on !== 'features')
}

function assertBase(
  base: FeatureSet,
  windows: ClipWindowsOptions | null,
  recipe: FeatureRecipe | null,
): void {
  assertFeatureSet(base, 'base')
  if (windows !== null) {
    throw new EscError('INVALID_OPTION', 'windows and base do not go together: base has windows of its own')
  }
  const differs = Object.keys(recipe ?? {}).find((name) => {
    return sortedJson(recipe?.[name as 'mel']) !== sortedJson(base.recipe?.[name as 'mel'])
  })
  if (differs) throw new EscError('INVALID_OPTION', `base was made by another recipe: its ${differs} differs`)
}

function assertMix({ on }: AnyMix, recipe: FeatureRecipe | null): void {
  if (on === undefined) {
    throw new EscError(
      'INVALID_OPTION',
      'mix does not say what it mixes; pass mixup() or betweenClassMix() of @esc/dsp, or Object.assign(your function, { on: "features" })',
    )
  }
  assertOneOf('mix.on', on, ['waveform', 'power', 'features'])
  if (recipe || on === 'features') return
  throw new EscError(
    'INVALID_OPTION',
    `mix.on='${on}' needs sounds; a set of features is mixed on 'features': mixup({ on: 'features' })`,
  )
}

function assertScales(timeScales: unknown): void {
  if (!Array.isArray(timeScales) || timeScales.length === 0) {
    throw wrongValue('timeScales', timeScales, 'a list of speeds, as in [0.8, 1, 1.25]', {
      code: 'INVALID_OPTION',
    })
  }
  for (const [i, scale] of timeScales.entries()) assertInRange(`timeScales[${i}]`, scale, 0.25, 4)
}

/**
 * A text that is equal if two sets change their examples in the same way; `null` if one of the functions has no id.
 *
 * @param clips - How samples are kept, which changes them.
 */
export function describeAugmentation(
  { waveform, power, features, mix, timeScales }: ResolvedAugmentation,
  clips: string,
): string | null {
  const functions = { waveform, power, features, mix }
  const ids = Object.entries(functions).map(([name, augment]) => [name, augment === null ? null : augment.id])
  if (ids.some(([, id]) => id === undefined)) return null
  return JSON.stringify({ ...Object.fromEntries(ids), timeScales, clips })
}
