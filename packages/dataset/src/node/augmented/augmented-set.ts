/** `augmentedSet` of data sets on the disk, with worker threads. */
import {
  asOptions,
  assertInteger,
  assertKnown,
  type FeatureRecipe,
  type FeatureSet,
  hasField,
} from '@esc/core'
import { createExtractor } from '@esc/dsp'
import { augmentSounds, augmentedSet as ofSounds } from '../../augmented/augmented-set.js'
import {
  type AugmentedFeaturesOptions,
  type AugmentedSetOptions,
  resolveAugmentation,
  soundNames,
} from '../../augmented/options.js'
import type { SoundSource } from '../../record.js'
import type { OpenedDataset } from '../open/open-files.js'
import { extractFeatures } from '../store/extract-features.js'
import type { ExtractFeaturesOptions } from '../store/extracted-features.js'
import { createDrawPool } from './draw-pool.js'
import { readClip } from './read-clip.js'

/** Options of {@link augmentedSet} for files. */
export interface AugmentedFilesOptions
  extends AugmentedSetOptions,
    Pick<ExtractFeaturesOptions, 'dir' | 'skipBad' | 'tolerant'> {
  /**
   * Threads that make examples of files during training, each with its own part of `memoryMiB`. They help where an example takes long, such as
   * with `timeStretchBy`: the training itself needs the processors, too. An augmentation of your own runs in the calling thread; then there
   * are no such threads. Any number of threads gives the same examples.
   *
   * @defaultValue `0`: examples are made in the calling thread
   */
  workers?: number | undefined
}

const fileNames: Readonly<Record<keyof AugmentedFilesOptions, true>> = {
  ...soundNames,
  dir: true,
  skipBad: true,
  tolerant: true,
  workers: true,
}

/**
 * Makes a feature set whose examples change in each epoch of training, as `augmentedSet` of `@esc/dataset` does, from the files of a data
 * set. The features as they are, for validation and evaluation, are those of `extractFeatures`; `dir` keeps them.
 *
 * @param source - The result of `openDataset`, `openFolderDataset` or `openCsvDataset`; or a table and a function that reads sounds.
 * @throws EscError as `augmentedSet` of `@esc/dataset` and `extractFeatures`.
 * @example
 * const opened = await openDataset('ESC-50', { subset: 'esc10' })
 * const set = await augmentedSet(opened, { ...logmel64, durationSec: 5 }, { timeScales: [0.8, 1, 1.25], features: specAugment(), dir: 'features' })
 */
export function augmentedSet(
  source: Pick<OpenedDataset, 'dataset' | 'pathOf'> | SoundSource,
  recipe: FeatureRecipe,
  options?: AugmentedFilesOptions,
): Promise<FeatureSet>
/**
 * Makes a set from another set of features, which has no sounds: `features` and a `mix` on features may change its examples.
 *
 * @example const set = await augmentedSet(features, { features: specAugment(), mix: mixup({ alpha: 0.4 }) })
 */
export function augmentedSet(set: FeatureSet, options: AugmentedFeaturesOptions): Promise<FeatureSet>
export async function augmentedSet(
  source: Pick<OpenedDataset, 'dataset' | 'pathOf'> | SoundSource | FeatureSet,
  second: FeatureRecipe | AugmentedFeaturesOptions,
  options: AugmentedFilesOptions = {},
): Promise<FeatureSet> {
  if (!hasField(source, 'pathOf')) {
    assertKnown('augmentedSet', asOptions('augmentedSet', options), fileNames)
    // Sounds of a program are no files: they are read in this thread, and `tolerant` and the like say nothing about them.
    const { dir: _dir, skipBad: _skipBad, tolerant: _tolerant, workers: _workers, ...sounds } = options
    return ofSounds(source as SoundSource, second as FeatureRecipe, sounds)
  }
  return ofFiles(source as Pick<OpenedDataset, 'dataset' | 'pathOf'>, second as FeatureRecipe, options)
}

async function ofFiles(
  source: Pick<OpenedDataset, 'dataset' | 'pathOf'>,
  recipe: FeatureRecipe,
  options: AugmentedFilesOptions,
): Promise<FeatureSet> {
  assertKnown('augmentedSet', asOptions('augmentedSet', options), fileNames)
  const { dir, skipBad, tolerant = false, workers = 0, ...sounds } = options
  assertInteger('workers', workers, 0, 1024)
  // This names what is wrong with the recipe.
  createExtractor(recipe)
  const augmentation = resolveAugmentation(sounds, recipe)
  const { windows, signal, onProgress } = sounds
  const extraction = { dir, skipBad, tolerant, windows, signal, onProgress }
  const base = sounds.base ?? (await extractFeatures(source, recipe, extraction))
  const pathOf = new Map(source.dataset.records.map((record) => [record.id, source.pathOf(record)]))
  const set = await augmentSounds(base, (clipId) => readClip(pathOf.get(clipId)!, tolerant), recipe, sounds)
  if (workers === 0) return set
  const { frames } = (await base.get(0)).features
  const pool = createDrawPool({
    base,
    recipe,
    options: sounds,
    augmentation,
    frames,
    pathOf,
    tolerant,
    workers,
  })
  if (pool === null) return set
  return { ...set, get: (index, context) => (context ? pool(index, context) : base.get(index)) }
}
