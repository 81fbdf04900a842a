/** Reads the features that `extractFeatures` keeps. */

import { resolve } from 'node:path'
import { assertText, EscError, type FeatureRecipe, type FeatureSet } from '@esc/core'
import { assertDataset } from '../../check.js'
import type { Dataset } from '../../record.js'
import { indexPath, readIndex } from './files.js'
import { findEntry, setOfStore } from './stored-set.js'

/** A data set's features, which stay on the disk until they are asked for. */
export interface StoredFeatures extends FeatureSet {
  readonly recipe: FeatureRecipe
}

/**
 * Opens the folder that `extractFeatures` filled. It reads the recipe and no features; whether they are up to date is for
 * `extractFeatures` to find out, which returns the same set.
 *
 * @param dir - The store's folder.
 * @param dataset - The table whose features are asked for, in its order. Leave out records that `extractFeatures` listed as
 *   `failed`. In a store of windows each clip has as many examples as it was cut into.
 * @returns A set whose `get` throws INVALID_OPTION if there is no such example, and rejects with INVALID_INPUT if the store has no features of
 *   it by this recipe; CORRUPT_DATA if they are damaged; IO if they cannot be read.
 * @throws EscError IO if there is no `index.json`; CORRUPT_DATA if it is not of a store; INVALID_INPUT if an earlier version made it,
 *   or a clip of a store of windows has no features.
 * @example
 * const features = await openFeatures('features', dataset)
 * const { features: matrix } = await features.get(0)
 */
export async function openFeatures(
  dir: string,
  dataset: Pick<Dataset, 'labels' | 'records' | 'name' | 'synthetic'>,
): Promise<StoredFeatures> {
  assertDataset('dataset', dataset)
  assertText('dir', dir)
  const root = resolve(dir)
  const index = await readIndex(root)
  const path = indexPath(root)
  if (index === null) {
    const found = `there is no ${path}: this is no feature store; extractFeatures makes one`
    throw new EscError('IO', found, { detail: { path } })
  }
  if (index === 'old') {
    throw new EscError('INVALID_INPUT', `${path} is of an earlier version; run extractFeatures`, {
      detail: { path },
    })
  }
  const { recipe, windows, recipeHash, library } = index
  const store = { dir: root, recipeHash, library }
  const clips: { record: Dataset['records'][number]; count: number }[] = []
  for (const record of dataset.records) {
    const entry = windows && (await findEntry(store, recipe, record.id))
    clips.push({ record, count: entry?.features.windows ?? 1 })
  }
  return { ...setOfStore({ dataset, recipe, windows, clips }, store), recipe }
}
