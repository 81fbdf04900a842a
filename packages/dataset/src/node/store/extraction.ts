/** A run over all clips of a data set: it finds what must be computed, gives it to workers, and gathers the results. */
import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import type { DecodedAudio } from '@esc/audio-io'
import { EscError, type EscErrorCode, type FeatureMatrix, isEscError } from '@esc/core'
import { onDisk, reasonOf, removeStaleTemporaries, writeAtomicallySync } from '@esc/core/node'
import type { ClipRecord, Dataset, SoundSource } from '../../record.js'
import { count } from '../../words.js'
import type { OpenedDataset } from '../open/open-files.js'
import { createClipTask, keepWaveform } from './clip-features.js'
import type {
  ClipSound,
  ExtractedFeatures,
  ExtractFeaturesOptions,
  FeatureSummary,
} from './extracted-features.js'
import { type FeatureIndex, indexPath, readIndex } from './files.js'
import { inspectEntry } from './inspect-entry.js'
import type { ClipFailure, ClipJob, ClipResult, RunSetup, StoreSetup } from './job.js'
import { createPool } from './pool.js'
import { setOfMatrices, setOfStore } from './stored-set.js'

interface Pending extends ClipJob {
  record: ClipRecord
  index: number
  need: 'computed' | 'rebuilt'
}

/** Small enough that an error is seen soon, and large enough that messages between threads cost little. */
const batchSize = 4

/** Computes sounds in memory, one after the other in this thread. */
export async function readAll(
  { dataset, read }: SoundSource,
  setup: RunSetup,
  run: Run,
  signal: AbortSignal | undefined,
): Promise<void> {
  const compute = createClipTask(setup)
  if (setup.audioDir !== null) await removeStaleTemporaries(setup.audioDir)
  for (const [index, record] of dataset.records.entries()) {
    // The event loop runs once for each clip, so that an abort is noticed.
    await new Promise((next) => setImmediate(next))
    signal?.throwIfAborted()
    const pending: Pending = { id: record.id, path: record.filename, record, index, need: 'computed' }
    const outcome = await tryRead(record.id, () => read(index), compute, setup)
    signal?.throwIfAborted()
    run.settle(pending, outcome)
  }
}

async function tryRead(
  id: string,
  read: () => DecodedAudio | Promise<DecodedAudio>,
  compute: ReturnType<typeof createClipTask>,
  setup: RunSetup,
): Promise<ClipResult | ClipFailure> {
  let isStores = false
  try {
    const audio = await readSound(id, read)
    const parts = compute(id, audio, setup)
    isStores = true
    keepWaveform(setup, id, parts)
    const hash = createHash('sha256')
    for (const { buffer, byteOffset, byteLength } of audio.channels)
      hash.update(new Uint8Array(buffer, byteOffset, byteLength))
    const { matrices, facts } = parts
    const { warnings = [] } = audio
    return { sha256: hash.digest('hex'), facts, warnings, count: matrices.length, matrices }
  } catch (error) {
    if (!isEscError(error)) throw error
    const message = error.message.includes(id) ? error.message : `${id}: ${error.message}`
    return { code: error.code, message, isStores }
  }
}

/** Checks the result, or the error, of the caller's function as that of a file. */
async function readSound(
  id: string,
  read: () => DecodedAudio | Promise<DecodedAudio>,
): Promise<DecodedAudio> {
  let audio: DecodedAudio
  try {
    audio = await read()
  } catch (cause) {
    if (isEscError(cause)) throw cause
    throw new EscError('INVALID_INPUT', `read failed for '${id}': ${reasonOf(cause)}`, { cause })
  }
  const { channels, sampleRate } = (audio ?? {}) as Partial<DecodedAudio>
  const isSound = Array.isArray(channels) && channels.every((channel) => channel instanceof Float32Array)
  if (isSound && typeof sampleRate === 'number') return audio
  const wanted = 'it must return { channels: Float32Array[], sampleRate }'
  throw new EscError('INVALID_INPUT', `read made no sound for '${id}'; ${wanted}`)
}

/** Computes sounds in files, with worker threads. */
export async function computeAll(
  { dataset, pathOf }: Pick<OpenedDataset, 'dataset' | 'pathOf'>,
  setup: RunSetup,
  workers: number,
  run: Run,
  { verify = false, signal }: ExtractFeaturesOptions,
): Promise<void> {
  if (setup.store) await openStore(setup, setup.store)
  const pool = createPool(setup, workers)
  const rest = dataset.records.entries()
  let isStopped = false
  const halt = () => {
    isStopped = true
    return pool.close()
  }

  async function compute(batch: readonly Pending[]): Promise<void> {
    const outcomes = await pool.run(batch.map(({ id, path }) => ({ id, path })))
    for (const [i, outcome] of outcomes.entries()) run.settle(batch[i]!, outcome)
  }

  /** Looks for clips that must be computed, and gives them to a worker in batches. */
  async function lane(): Promise<void> {
    let batch: Pending[] = []
    for (const [index, record] of rest) {
      const pending: Pending = { id: record.id, path: pathOf(record), record, index, need: 'computed' }
      const found = await inspect(pending, setup, verify)
      if (isStopped) return
      if (typeof found === 'object') run.settle(pending, found, 'cached')
      else batch.push({ ...pending, need: found })
      if (batch.length < batchSize) continue
      await compute(batch)
      batch = []
    }
    if (batch.length > 0) await compute(batch)
  }

  signal?.addEventListener('abort', halt)
  // Two lanes for each worker: while a worker computes the batch of one, the batch of the other waits in the queue. However large
  // the data set is, no more clips are in work at a time.
  const lanes = Array.from({ length: Math.max(1, 2 * workers) }, lane)
  try {
    await Promise.all(lanes)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', halt)
    await halt()
    await Promise.allSettled(lanes)
  }
}

/** The clip's result in the store, or the reason why it must be computed. */
async function inspect(
  job: ClipJob,
  setup: RunSetup,
  verify: boolean,
): Promise<ClipResult | 'computed' | 'rebuilt'> {
  const { store, audioDir } = setup
  if (!store || audioDir !== null) return 'computed'
  const found = await inspectEntry(job, { ...setup, store }, verify)
  if (typeof found === 'string') return found
  const { sound, facts, features, warnings } = found
  return {
    sha256: sound.sha256,
    facts: setup.facts ? facts : null,
    warnings,
    count: features.windows ?? 1,
    matrices: null,
  }
}

/** Makes the store's folder, and writes its index with the recipe. */
async function openStore(
  { recipe, windows }: RunSetup,
  { dir, recipeHash, library }: StoreSetup,
): Promise<void> {
  await onDisk('make', dir, mkdir(dir, { recursive: true }))
  // Stale files are removed here, too: if all features are there, no thread is started, and none removes them.
  await removeStaleTemporaries(dir)
  const found = await readIndex(dir)
  if (found !== null && found !== 'old' && found.recipeHash === recipeHash && found.library === library)
    return
  const index: FeatureIndex = { version: 2, library, recipeHash, recipe, windows }
  writeAtomicallySync(indexPath(dir), `${JSON.stringify(index, null, 2)}\n`)
}

/** Result of {@link createRun}. */
export type Run = ReturnType<typeof createRun>

/** Gathers the outcomes of the clips, in whatever order they are done. */
export function createRun(dataset: Dataset, { skipBad = false, onProgress }: ExtractFeaturesOptions) {
  const { records } = dataset
  const counts = { computed: 0, cached: 0, rebuilt: 0 }
  const failed: { index: number; id: string; code: EscErrorCode; reason: string }[] = []
  const results: (ClipResult | undefined)[] = new Array(records.length)
  let done = 0

  return {
    settle(
      { record, index, path, need }: Pending,
      outcome: ClipResult | ClipFailure,
      how: keyof typeof counts = need,
    ): void {
      if (!('code' in outcome)) {
        counts[how]++
        results[index] = outcome
      } else if (outcome.isStores || !skipBad) {
        const advice = outcome.isStores ? 'what is finished is kept' : 'repair or remove it, or skip it'
        const detail = { id: record.id, path, skippable: !outcome.isStores }
        throw new EscError(outcome.code, `${outcome.message}; ${advice}`, { detail })
      } else {
        // The file's name without its folder: a report's readers need not know the paths of the machine that ran this.
        const reason = outcome.message.replaceAll(path, record.filename)
        failed.push({ index, id: record.id, code: outcome.code, reason })
      }
      done++
      onProgress?.({ stage: 'compute features', done, total: records.length, detail: record.filename })
    },
    finish(setup: RunSetup): ExtractedFeatures {
      const kept = records.flatMap((record, i) => (results[i] ? [{ record, ...results[i] }] : []))
      if (kept.length === 0) {
        const reasons = failed.map(({ reason }) => reason)
        const first = reasons.length > 0 ? `; the first: ${reasons[0]}` : ''
        throw new EscError('INVALID_INPUT', `none of ${count(records.length, 'clip')} could be read${first}`)
      }
      const summary: FeatureSummary = {
        ...counts,
        failed: failed.sort((a, b) => a.index - b.index).map(({ index: _, ...failure }) => failure),
      }
      const clips = kept.map(
        ({ record: { id }, sha256, facts, warnings }): ClipSound => ({ id, sha256, facts, warnings }),
      )
      const { recipe, windows, store } = setup
      const parts = { dataset, recipe, windows, clips: kept.map(({ record, count }) => ({ record, count })) }
      const matrices = kept.flatMap((clip): FeatureMatrix[] => clip.matrices ?? [])
      const set = store ? setOfStore(parts, store) : setOfMatrices(parts, matrices)
      return { ...set, recipe, summary, clips }
    },
  }
}
