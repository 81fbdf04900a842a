/** `augmentedSet`: a feature set that makes its examples anew in each epoch of training. */
import { type DecodedAudio, toMono } from '@esc/audio-io'
import {
  type AudioClip,
  asOptions,
  assertFeatureSet,
  type DrawContext,
  type DrawnFeatures,
  EscError,
  type Example,
  type FeatureRecipe,
  type FeatureSet,
  featureSet,
  hasField,
  resolveWindows,
  wrongValue,
} from '@esc/core'
import { createExtractor, createWindowExtractor } from '@esc/dsp'
import { assertDataset } from '../check.js'
import type { SoundSource } from '../record.js'
import { createClipMemory } from './clip-memory.js'
import { createDraw } from './draw-example.js'
import {
  type AugmentedFeaturesOptions,
  type AugmentedSetOptions,
  describeAugmentation,
  resolveAugmentation,
} from './options.js'

/**
 * Makes a feature set whose examples change in each epoch of training: their sound, their mel power, their features, and how they are
 * mixed with others. Outside training, such as in validation and evaluation, it returns the examples as they are.
 *
 * An example depends on the training's seed, on its id and on the epoch, and on nothing else: a training that is resumed makes the same
 * examples. Partners in a mix come from the training part alone.
 *
 * @param source - A table and a function that reads its sounds.
 * @param recipe - Every step from a clip to its features. Trimming, noise reduction and normalisation of the recipe run after the
 *   augmentation of the waveform.
 * @returns The set, when all sounds have been read once.
 * @throws EscError INVALID_OPTION naming an option that is unknown or out of range; INVALID_INPUT naming a clip that cannot be used;
 *   whatever `source.read` throws; the signal's reason. `get` throws INVALID_INPUT naming the example, if an augmentation
 *   returns something else than what it got: another shape, NaN, a promise; or if the mix needs two classes and there is one.
 * @see Zhang et al., "mixup", 2018; Tokozume et al., "Learning from between-class examples", 2018, for `timeScales` and mixing.
 * @example
 * const set = await augmentedSet({ dataset, read: () => ({ channels: [samples], sampleRate: 44100 }) }, logmel64, {
 *   timeScales: [0.8, 1, 1.25],
 *   power: compose([powerGain({ minDb: -6, maxDb: 6 }), frameShift()]),
 *   features: specAugment({ maxBins: 8, maxFrames: 20 }),
 *   mix: betweenClassMix({ on: 'power' }),
 * })
 */
export function augmentedSet(
  source: SoundSource,
  recipe: FeatureRecipe,
  options?: AugmentedSetOptions,
): Promise<FeatureSet>
/**
 * Makes a set from another set of features, which has no sounds: `features` and a `mix` on features may change its examples.
 *
 * @example const set = await augmentedSet(features, { features: specAugment(), mix: mixup({ alpha: 0.4 }) })
 */
export function augmentedSet(set: FeatureSet, options: AugmentedFeaturesOptions): Promise<FeatureSet>
export async function augmentedSet(
  source: SoundSource | FeatureSet,
  second: FeatureRecipe | AugmentedFeaturesOptions,
  options: AugmentedSetOptions = {},
): Promise<FeatureSet> {
  if (isFeatureSet(source)) {
    if (hasField(second, 'stft')) {
      const advice = 'features have no sounds: leave the recipe out'
      throw wrongValue('source', source, 'sounds, { dataset, read }', { advice: { 'a feature set': advice } })
    }
    return ofFeatures(source, asOptions('augmentedSet', second as AugmentedFeaturesOptions))
  }
  assertSource(source)
  const recipe = second as FeatureRecipe
  const examples = await readExamples(source, recipe, options)
  return augmentSounds(examples.base, examples.read, recipe, options)
}

/** A Map has a function `get`, too, but no records. */
function isFeatureSet(source: unknown): source is FeatureSet {
  return hasField(source, 'get') && hasField(source, 'records')
}

function ofFeatures(set: FeatureSet, options: AugmentedFeaturesOptions): FeatureSet {
  assertFeatureSet(set)
  const augmentation = resolveAugmentation(options, null)
  if (set.augmentation) {
    throw new EscError(
      'INVALID_INPUT',
      'the set is augmented already; give all augmentations to one augmentedSet',
    )
  }
  const draw = createDraw(set, augmentation, null)
  return withDraw(set, draw, describeAugmentation(augmentation, 'features'))
}

/**
 * The augmented set of a set whose sounds can be read.
 *
 * @param base - The examples as they are; their `clipId`s are ids of clips.
 * @param read - Reads a clip by its id.
 */
export async function augmentSounds(
  base: FeatureSet,
  read: (clipId: string) => Promise<AudioClip>,
  recipe: FeatureRecipe,
  options: AugmentedSetOptions,
): Promise<FeatureSet> {
  const augmentation = resolveAugmentation(options, recipe)
  const { clips = 'float32', memoryMiB = 1024 } = options
  const whole = createExtractor({ ...recipe, durationSec: null })
  const seconds = base.windows?.windowSec ?? recipe.durationSec
  const { frames } = (await base.get(0)).features
  const draw = createDraw(base, augmentation, {
    memory: createClipMemory(whole, read, { clips, memoryMiB }),
    whole,
    length: seconds === null ? null : Math.round(seconds * recipe.sampleRate),
    frames,
  })
  return withDraw(base, draw, describeAugmentation(augmentation, clips))
}

function withDraw(
  base: FeatureSet,
  draw: (index: number, context: DrawContext) => Promise<DrawnFeatures>,
  id: string | null,
): FeatureSet {
  return {
    labels: base.labels,
    recipe: base.recipe,
    windows: base.windows ?? null,
    dataset: base.dataset ?? null,
    records: base.records,
    augmentation: { id },
    get: (index, context) => (context === undefined ? base.get(index) : draw(index, context)),
  }
}

/** Reads every sound once, and computes the features as they are. */
async function readExamples(source: SoundSource, recipe: FeatureRecipe, options: AugmentedSetOptions) {
  // This names what is wrong with the recipe, before any sound is read.
  createExtractor(recipe)
  resolveAugmentation(options, recipe)
  const { signal, onProgress, windows = null } = options
  const { records, labels, name, synthetic } = source.dataset
  const extractor = windows === null ? createExtractor(recipe) : createWindowExtractor(recipe, windows)
  const indexOf = new Map(records.map(({ id }, index) => [id, index]))
  const read = (clipId: string) => readClip(source, indexOf.get(clipId)!, clipId)
  if (options.base) return { base: options.base, read }
  const examples: Example[] = []
  for (const [done, { id, labelIndex, group, fold }] of records.entries()) {
    signal?.throwIfAborted()
    const made = extractor.extract(await readClip(source, done, id))
    const known = { clipId: id, labelIndex, group, fold }
    if ('data' in made) examples.push({ id, ...known, features: made })
    else {
      for (const [window, features] of [...made].entries())
        examples.push({ id: `${id}#${window}`, ...known, features })
    }
    onProgress?.({ stage: 'read sounds', done: done + 1, total: records.length, detail: id })
  }
  const base = featureSet(examples, {
    labels,
    recipe,
    windows: windows && resolveWindows(windows),
    dataset: { name, synthetic },
  })
  return { base, read }
}

async function readClip({ read }: SoundSource, index: number, id: string): Promise<AudioClip> {
  const { channels, sampleRate } = ((await read(index)) ?? {}) as Partial<DecodedAudio>
  if (!Array.isArray(channels) || typeof sampleRate !== 'number') {
    throw new EscError(
      'INVALID_INPUT',
      `read made no sound for '${id}'; it must return { channels: Float32Array[], sampleRate }`,
      { detail: { id } },
    )
  }
  return { samples: toMono(channels), sampleRate }
}

function assertSource(source: unknown): asserts source is SoundSource {
  const must = 'a set of features, or sounds: { dataset, read }'
  if (!hasField(source, 'dataset')) throw wrongValue('source', source, must)
  assertDataset('source.dataset', source.dataset)
  const { read } = source as { read?: unknown }
  if (typeof read === 'function') return
  const advice = hasField(source, 'pathOf')
    ? '; augmentedSet of @esc/dataset/node takes opened data sets'
    : ''
  throw wrongValue('source.read', read, `a function: source must be ${must}${advice}`)
}
