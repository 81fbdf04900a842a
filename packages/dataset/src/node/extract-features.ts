/** Computes the features of a data set once, in parallel, and keeps them. */
import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import {
  assertInteger,
  EscError,
  type EscErrorCode,
  type FeatureRecipe,
  isEscError,
  type OnProgress,
} from '@esc/core'
import { parseRecipe } from '@esc/core/recipe'
import { createExtractor } from '@esc/dsp'
import { version as library } from '../../package.json'
import type { ClipRecord } from '../record.js'
import {
  type FeatureIndex,
  hashRecipe,
  indexPath,
  ioError,
  readIndex,
  writeAtomically,
} from './feature-files.js'
import { inspectEntry } from './feature-inspection.js'
import { createPool, type FeaturePool } from './feature-pool.js'
import type { ClipFailure, ClipJob, StoreSetup } from './feature-task.js'
import type { OpenedDataset } from './open-files.js'

/** Options of {@link extractFeatures}. */
export interface ExtractFeaturesOptions {
  recipe: FeatureRecipe
  /** The store's folder; it is made where it does not exist. One folder holds the features of one recipe. */
  dir: string
  /**
   * Worker threads; 0 computes in the calling thread, for programs in one bundled file, which has no file for a worker.
   * Default: as many as there are processors.
   */
  workers?: number
  /** Keeps the log-mel spectrogram under an MFCC as well, in `<id>_spec.npy`. Default `false`. */
  spectrogram?: boolean
  /** Keeps what `measureClip` finds as well, for `auditFacts`. Default `false`. */
  facts?: boolean
  /** Hashes every sound, where size and time of last change are taken for enough else. Default `false`. */
  verify?: boolean
  /** Lists clips that cannot be read in `failed`, where they are errors else. Default `false`. */
  skipBad?: boolean
  signal?: AbortSignal
  onProgress?: OnProgress
}

/** What a run of {@link extractFeatures} did: plain JSON. */
export interface FeatureSummary {
  /** Clips whose features were not there, or of another recipe, sound or version of this package. */
  computed: number
  /** Clips whose features were there. */
  cached: number
  /** Clips whose files were damaged, and were computed again. */
  rebuilt: number
  /** Clips that could not be read, in the table's order. */
  failed: { id: string; code: EscErrorCode; reason: string }[]
}

interface Pending extends ClipJob {
  record: ClipRecord
  index: number
  need: 'computed' | 'rebuilt'
}

/** Small enough that an error or the end comes soon, and large enough that messages cost nothing. */
const batchSize = 4

/**
 * Computes the features of every clip of a data set, and keeps them as float32 `.npy` files of shape [bins, frames]:
 * `<id>_mfcc.npy`, or `<id>_logmel.npy` for a recipe without MFCC. Beside each stands a `.json` with the hashes of its
 * sound, its recipe and its bytes; `index.json` has the recipe.
 *
 * What is there is not computed again unless the sound, the recipe or the version of this package is another, or the
 * file is damaged. Every clip is complete on its own, so a run that was ended in any way (an abort, a full disk, kill -9)
 * goes on where it was, and two processes may work on one folder; after a loss of power, files that had not reached the
 * disk are found damaged.
 *
 * A sound that changed with neither its size nor its time of last change is not noticed unless `verify` is set.
 *
 * @param opened - What `openDataset`, `openFolderDataset` or `openCsvDataset` returned.
 * @throws EscError IO naming the path if the store cannot be written, or if threads cannot be started; the code of what is wrong with a clip, naming its
 *   file, unless `skipBad`; CORRUPT_DATA if `index.json` is not of a store; INVALID_INPUT if two clips have
 *   one id; INVALID_INPUT or INVALID_OPTION naming the
 *   parameter of the recipe that is wrong; INVALID_OPTION if `workers` is; the signal's reason.
 * @example
 * const opened = await openDataset('ESC-50')
 * const { computed, cached } = await extractFeatures(opened, { recipe: mfcc13, dir: 'features' })
 * for await (const example of await openFeatures('features', opened.dataset)) console.log(example.id)
 */
export async function extractFeatures(
  opened: Pick<OpenedDataset, 'dataset' | 'pathOf'>,
  options: ExtractFeaturesOptions,
): Promise<FeatureSummary> {
  const { workers = availableParallelism(), signal } = options
  assertInteger('workers', workers, 0, 1024)
  assertUnique(opened.dataset.records)
  signal?.throwIfAborted()
  const setup = await openStore(options)
  const pool = createPool(setup, workers)
  const run = createRun(opened, options, setup, pool)
  const halt = () => {
    run.stop()
    return pool.close()
  }
  signal?.addEventListener('abort', halt)
  // Two for each worker: while one has a batch in work, the other has its own in the queue. However large the data set,
  // no more is under way.
  const lanes = Array.from({ length: Math.max(1, 2 * workers) }, run.lane)
  try {
    await Promise.all(lanes)
    // Lanes that were stopped end without a word.
    signal?.throwIfAborted()
    return run.summarize()
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', halt)
    await halt()
    await Promise.allSettled(lanes)
  }
}

/** Checks the recipe, makes the folder, and says in its index which recipe it is of. */
async function openStore(options: ExtractFeaturesOptions): Promise<StoreSetup> {
  const { spectrogram = false, facts = false } = options
  const recipe = parseRecipe(options.recipe)
  createExtractor(recipe)
  const recipeHash = hashRecipe(recipe)
  const dir = resolve(options.dir)
  await mkdir(dir, { recursive: true }).catch((cause) => Promise.reject(ioError('make', dir, cause)))
  const found = await readIndex(dir)
  if (found?.recipeHash !== recipeHash || found.library !== library) {
    const index: FeatureIndex = { version: 1, library, recipeHash, recipe }
    writeAtomically(indexPath(dir), `${JSON.stringify(index, null, 2)}\n`)
  }
  return { dir, recipe, recipeHash, library, spectrogram, facts }
}

/** An id that makes no file name is the clip's own trouble; anything else is not. */
function asFailure(error: unknown): ClipFailure {
  if (!isEscError(error, 'INVALID_INPUT')) throw error
  return { code: error.code, message: error.message, isStores: false }
}

function assertUnique(records: readonly ClipRecord[]): void {
  const ids = new Set<string>()
  for (const { id } of records) {
    if (ids.has(id)) {
      throw new EscError(
        'INVALID_INPUT',
        `id=${JSON.stringify(id)} must be unique: its features have one file`,
      )
    }
    ids.add(id)
  }
}

function createRun(
  { dataset, pathOf }: Pick<OpenedDataset, 'dataset' | 'pathOf'>,
  { verify = false, skipBad = false, onProgress }: ExtractFeaturesOptions,
  setup: StoreSetup,
  pool: FeaturePool,
) {
  const { records } = dataset
  const counts = { computed: 0, cached: 0, rebuilt: 0 }
  const failed: { index: number; id: string; code: EscErrorCode; reason: string }[] = []
  const rest = records.entries()
  let done = 0
  let isStopped = false

  function progress({ filename }: ClipRecord): void {
    done++
    onProgress?.({ stage: 'compute features', done, total: records.length, detail: filename })
  }

  function settle({ record, index, path, need }: Pending, failure: ClipFailure | null): void {
    if (failure === null) {
      counts[need]++
    } else if (failure.isStores || !skipBad) {
      const advice = failure.isStores ? 'what is finished is kept' : 'mend or remove it, or set skipBad'
      throw new EscError(failure.code, `${failure.message}; ${advice}`, { detail: { id: record.id, path } })
    } else {
      failed.push({ index, id: record.id, code: failure.code, reason: failure.message })
    }
    progress(record)
  }

  async function compute(batch: readonly Pending[]): Promise<void> {
    const outcomes = await pool.run(batch.map(({ id, path }) => ({ id, path })))
    for (const [i, outcome] of outcomes.entries()) settle(batch[i]!, outcome)
  }

  /** Looks for clips that need computing, and has them computed a batch at a time. */
  async function lane(): Promise<void> {
    let batch: Pending[] = []
    for (const [index, record] of rest) {
      const job = { id: record.id, path: pathOf(record) }
      const need = await inspectEntry(job, setup, verify).catch((error) => asFailure(error))
      if (isStopped) return
      if (typeof need === 'object' && need !== null) {
        settle({ ...job, record, index, need: 'computed' }, need)
        continue
      }
      if (need === null) {
        counts.cached++
        progress(record)
      } else {
        batch.push({ ...job, record, index, need })
      }
      if (batch.length < batchSize) continue
      await compute(batch)
      batch = []
    }
    if (batch.length > 0) await compute(batch)
  }

  return {
    lane,
    stop: () => {
      isStopped = true
    },
    summarize: (): FeatureSummary => ({
      ...counts,
      failed: failed.sort((a, b) => a.index - b.index).map(({ index: _, ...failure }) => failure),
    }),
  }
}
