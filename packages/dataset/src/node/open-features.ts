/** Reads the features that `extractFeatures` keeps. */
import { resolve } from 'node:path'
import { assertInteger, EscError, type Example, type FeatureRecipe } from '@esc/core'
import type { ClipFacts } from '../audit/measure.js'
import { decodeNpy } from '../npy.js'
import type { ClipRecord, Dataset } from '../record.js'
import {
  entryPaths,
  type FeatureEntry,
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
  /**
   * Reads what is known of one example's sound.
   *
   * @throws EscError as `get`, but for the features themselves.
   */
  describe(index: number): Promise<SoundDescription>
}

/** What the store knows of a sound besides its features. */
export interface SoundDescription {
  /** Of the file, hexadecimal. */
  sha256: string
  /** For `auditFacts`; `null` unless `extractFeatures` was asked to keep them. */
  facts: ClipFacts | null
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
  const recordAt = (at: number): ClipRecord => {
    assertInteger('index', at, 0, records.length - 1)
    return records[at]!
  }
  const get = async (at: number) => readExample(root, index, recordAt(at))
  return {
    recipe: index.recipe,
    length: records.length,
    get,
    async describe(at) {
      const { sound, facts } = await findEntry(root, index, recordAt(at).id)
      return { sha256: sound.sha256, facts }
    },
    async *[Symbol.asyncIterator]() {
      for (let at = 0; at < records.length; at++) yield await get(at)
    },
  }
}

async function readExample(dir: string, index: FeatureIndex, record: ClipRecord): Promise<Example> {
  const { id, labelIndex, group, fold } = record
  const entry = await findEntry(dir, index, id)
  const { features: path } = entryPaths(dir, id, index.recipe)
  const bytes = await readStored(path, entry.features)
  if (bytes === null) throw refusal('CORRUPT_DATA', id, path, 'is damaged or not there')
  const { data, shape } = decodeNpy(bytes)
  const [bins, frames] = shape
  if (!(data instanceof Float32Array) || shape.length !== 2) {
    throw refusal('CORRUPT_DATA', id, path, 'holds no float32 matrix')
  }
  return { id, features: { data, bins: bins!, frames: frames! }, labelIndex, group, fold }
}

async function findEntry(dir: string, index: FeatureIndex, id: string): Promise<FeatureEntry> {
  const { entry: path } = entryPaths(dir, id, index.recipe)
  const entry = await readEntry(path)
  if (entry === 'absent') {
    throw refusal('INVALID_INPUT', id, path, `is not there: '${id}' has no features`)
  }
  if (entry === 'damaged') throw refusal('CORRUPT_DATA', id, path, 'is damaged')
  if (entry.id !== id || entry.recipeHash !== index.recipeHash || entry.library !== index.library) {
    const found = "was made by another recipe or version than the store's index says"
    throw refusal('INVALID_INPUT', id, path, found)
  }
  return entry
}

function refusal(code: 'INVALID_INPUT' | 'CORRUPT_DATA', id: string, path: string, found: string): EscError {
  return new EscError(code, `${path} ${found}; run extractFeatures`, { detail: { id, path } })
}
