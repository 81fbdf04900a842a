/** Reads the features that `extractFeatures` keeps. */
import { resolve } from 'node:path'
import { assertInteger, EscError, type Example, type FeatureRecipe } from '@esc/core'
import { decodeNpy } from '../npy.js'
import type { ClipRecord, Dataset } from '../record.js'
import {
  entryPaths,
  type FeatureIndex,
  indexPath,
  readEntry,
  readIndex,
  readStored,
} from './feature-files.js'

/** A data set's features, which stay on the disk until they are asked for. */
export interface FeatureStore extends AsyncIterable<Example> {
  /** What the features were made by. */
  readonly recipe: FeatureRecipe
  /** Number of examples: the data set's records. */
  readonly length: number
  /**
   * Reads one example, and keeps no copy.
   *
   * @param index - Of `dataset.records`.
   * @throws EscError INVALID_OPTION if there is no such record; INVALID_INPUT if the store has no features of it by
   *   this recipe; CORRUPT_DATA if they are damaged; IO if they cannot be read.
   */
  get(index: number): Promise<Example>
}

/**
 * Opens the folder that {@link extractFeatures} filled. It reads the recipe and no features; whether they are up to date
 * is for `extractFeatures` to find out.
 *
 * @param dir - The store's folder.
 * @param dataset - The records whose features are asked for, in their order. Leave out those that `extractFeatures`
 *   listed as `failed`.
 * @throws EscError IO if there is no `index.json`; CORRUPT_DATA if it is not of a store.
 * @example
 * const store = await openFeatures('features', dataset)
 * const { features, labelIndex } = await store.get(0)
 * for await (const example of store) console.log(example.id)
 */
export async function openFeatures(dir: string, dataset: Pick<Dataset, 'records'>): Promise<FeatureStore> {
  const root = resolve(dir)
  const index = await readIndex(root)
  if (index === null) {
    throw new EscError(
      'IO',
      `there is no ${indexPath(root)}: this is no feature store; extractFeatures makes one`,
      {
        detail: { path: indexPath(root) },
      },
    )
  }
  const { records } = dataset
  async function get(at: number): Promise<Example> {
    assertInteger('index', at, 0, records.length - 1)
    return readExample(root, index!, records[at]!)
  }
  return {
    recipe: index.recipe,
    length: records.length,
    get,
    async *[Symbol.asyncIterator]() {
      for (let at = 0; at < records.length; at++) yield await get(at)
    },
  }
}

async function readExample(dir: string, index: FeatureIndex, record: ClipRecord): Promise<Example> {
  const { id, labelIndex, group, fold } = record
  const paths = entryPaths(dir, id, index.recipe)
  const entry = await readEntry(paths.entry)
  const refuse = (code: 'INVALID_INPUT' | 'CORRUPT_DATA', what: string, path: string) =>
    new EscError(code, `${path} ${what}; run extractFeatures`, { detail: { id, path } })
  if (entry === 'absent') throw refuse('INVALID_INPUT', `is not there: '${id}' has no features`, paths.entry)
  if (entry === 'damaged') throw refuse('CORRUPT_DATA', 'is damaged', paths.entry)
  if (entry.id !== id || entry.recipeHash !== index.recipeHash || entry.library !== index.library) {
    throw refuse(
      'INVALID_INPUT',
      "was made by another recipe or version than the store's index says",
      paths.entry,
    )
  }
  const bytes = await readStored(paths.features, entry.features)
  if (bytes === null) throw refuse('CORRUPT_DATA', 'is damaged or not there', paths.features)
  const { data, shape } = decodeNpy(bytes)
  const [bins, frames] = shape
  if (!(data instanceof Float32Array) || shape.length !== 2) {
    throw refuse('CORRUPT_DATA', 'holds no float32 matrix', paths.features)
  }
  return { id, features: { data, bins: bins!, frames: frames! }, labelIndex, group, fold }
}
