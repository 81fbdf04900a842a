/** Feature sets of computed matrices, which are in memory or in a store. */
import {
  assertInteger,
  type ClipWindows,
  EscError,
  type FeatureMatrix,
  type FeatureRecipe,
  type FeatureRecord,
  type FeatureSet,
} from '@esc/core'
import { decodeNpy } from '../../npy.js'
import type { ClipRecord, Dataset } from '../../record.js'
import { entryPaths, type FeatureEntry, readEntry, readStored } from './files.js'
import type { StoreSetup } from './job.js'

/** The parts of a set. */
export interface SetParts {
  dataset: Pick<Dataset, 'labels' | 'name' | 'synthetic'>
  recipe: FeatureRecipe
  windows: ClipWindows | null
  /** Clips in order, with the number of matrices of each. */
  clips: readonly { record: ClipRecord; count: number }[]
}

/** A set whose features are in memory, one matrix for each example. */
export function setOfMatrices(parts: SetParts, matrices: readonly FeatureMatrix[]): FeatureSet {
  return createSet(parts, (index) => ({ features: matrices[index]! }))
}

/** A set that reads features from the disk when `get` is called. */
export function setOfStore(parts: SetParts, store: StoreSetup): FeatureSet {
  const places = parts.clips.flatMap(({ record: { id }, count }) =>
    Array.from({ length: count }, (_, window) => ({ id, window })),
  )
  return createSet(parts, async (index) => {
    const { id, window } = places[index]!
    return { features: await readMatrix(store, parts.recipe, id, window) }
  })
}

function createSet(parts: SetParts, read: FeatureSet['get']): FeatureSet {
  const { dataset, recipe, windows, clips } = parts
  const records = clips.flatMap(({ record, count }) => examplesOf(record, windows === null ? null : count))
  return {
    labels: dataset.labels,
    recipe,
    windows,
    dataset: { name: dataset.name, synthetic: dataset.synthetic },
    records,
    get(index) {
      assertInteger('index', index, 0, records.length - 1)
      return read(index)
    },
  }
}

/** @param count - `null` if the clip is one example, which has the clip's id. */
function examplesOf({ id, labelIndex, group, fold }: ClipRecord, count: number | null): FeatureRecord[] {
  const known = { clipId: id, labelIndex, group, fold }
  if (count === null) return [{ id, ...known }]
  return Array.from({ length: count }, (_, window) => ({ id: `${id}#${window}`, ...known }))
}

async function readMatrix(
  store: StoreSetup,
  recipe: FeatureRecipe,
  id: string,
  window: number,
): Promise<FeatureMatrix> {
  const entry = await findEntry(store, recipe, id)
  const { features: path } = entryPaths(store.dir, id, recipe)
  const bytes = await readStored(path, entry.features)
  if (bytes === null) throw refusal('CORRUPT_DATA', id, path, 'is damaged or not there')
  const { data, shape } = decodeNpy(bytes)
  const { windows, bins, frames } = entry.features
  const wanted = windows === null ? [bins, frames] : [windows, bins, frames]
  if (!(data instanceof Float32Array) || String(shape) !== String(wanted)) {
    throw refusal('CORRUPT_DATA', id, path, `holds no float32 array of shape [${wanted}]`)
  }
  const size = bins * frames
  if (windows === null) return { data, bins, frames }
  return { data: data.slice(window * size, (window + 1) * size), bins, frames }
}

/**
 * Reads a clip's entry in the store.
 *
 * @throws EscError INVALID_INPUT if the store has no features of the clip by this recipe; CORRUPT_DATA if the entry is damaged.
 */
export async function findEntry(
  { dir, recipeHash, library }: StoreSetup,
  recipe: FeatureRecipe,
  id: string,
): Promise<FeatureEntry> {
  const { entry: path } = entryPaths(dir, id, recipe)
  const entry = await readEntry(path)
  if (entry === 'absent') {
    throw refusal('INVALID_INPUT', id, path, `is not there: '${id}' has no features`)
  }
  if (entry === 'damaged') throw refusal('CORRUPT_DATA', id, path, 'is damaged')
  if (entry.id !== id || entry.recipeHash !== recipeHash || entry.library !== library) {
    const found = "was made by another recipe or version than the store's index says"
    throw refusal('INVALID_INPUT', id, path, found)
  }
  return entry
}

function refusal(code: 'INVALID_INPUT' | 'CORRUPT_DATA', id: string, path: string, found: string): EscError {
  return new EscError(code, `${path} ${found}; run extractFeatures`, { detail: { id, path } })
}
