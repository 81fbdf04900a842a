/** Opens a feature store: `openFeatures`. */
import { resolve } from 'node:path'
import { assertText, EscError, type FeatureRecipe, type FeatureSet } from '@esc/core'
import { assertDataset } from '../../check.js'
import type { Dataset } from '../../record.js'
import { indexPath, readIndex } from './files.js'
import { findEntry, setOfStore } from './stored-set.js'

/** A data set's features, which `get` reads from the disk. */
export interface StoredFeatures extends FeatureSet {
  readonly recipe: FeatureRecipe
}

/**
 * Opens the folder that `extractFeatures` filled. It reads the recipe and no features. It does not check that they are up to date:
 * `extractFeatures` does, and returns the same set.
 *
 * @param dir - The store's folder.
 * @param dataset - The table. The set has its order. Leave out the records that `extractFeatures` listed as `failed`. In a store of
 *   windows each window of a clip is an example.
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
