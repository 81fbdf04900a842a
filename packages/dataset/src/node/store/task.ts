/** What a worker does: it reads a sound file, computes its features, and writes them into the feature store. */
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { decodeAudio } from '@esc/audio-io/node'
import { type FeatureMatrix, isEscError } from '@esc/core'
import { ioError, writeAtomicallySync } from '@esc/core/node'
import { codecOf } from '../../codec-of.js'
import { encodeNpy } from '../../npy.js'
import {
  type ClipParts,
  type CodedAudio,
  createClipTask,
  keepWaveform,
  type Wanted,
} from './clip-features.js'
import {
  entryPaths,
  type FeatureEntry,
  readEntry,
  type SoundFacts,
  type StoredMatrix,
  writeEntry,
} from './files.js'
import type { ClipFailure, ClipJob, ClipResult, RunSetup, StoreSetup } from './job.js'

/** The setup of one worker: plain data. */
export interface TaskSetup extends RunSetup {
  /** Folders for unfinished files, on the disks of the store and of `audioDir`; `null` if the run has no such folder. */
  temporary: { store: string | null; audio: string | null }
}

/** Computes clips. There is one outcome for each clip that was begun. */
export type BatchTask = (jobs: readonly ClipJob[]) => Promise<(ClipResult | ClipFailure)[]>

/**
 * Plans the features of a run whose sounds are files.
 *
 * @throws EscError INVALID_OPTION if the recipe or the windows are out of range.
 */
export function createBatchTask(setup: TaskSetup): BatchTask {
  const { recipe, store } = setup
  const run = createClipTask(setup)

  async function compute({ id, path }: ClipJob): Promise<ClipResult | ClipFailure> {
    let isStores = false
    try {
      const paths = store && entryPaths(store.dir, id, recipe)
      const { sound, ...audio } = await readSound(path, setup.tolerant)
      const parts = run(id, audio, store && paths ? await wishes(setup, store, paths.entry) : setup)
      isStores = true
      keepWaveform(setup, id, parts, setup.temporary.audio ?? undefined)
      const { warnings = [] } = audio
      if (store) writeParts(setup, store, { id, sound, warnings }, parts)
      const { matrices, facts } = parts
      return {
        sha256: sound.sha256,
        facts,
        warnings,
        count: matrices.length,
        matrices: store ? null : matrices,
      }
    } catch (error) {
      if (!isEscError(error)) throw error
      const message = error.message.includes(path) || isStores ? error.message : `${path}: ${error.message}`
      return { code: error.code, message, isStores }
    }
  }

  return async (jobs) => {
    const outcomes: (ClipResult | ClipFailure)[] = []
    for (const job of jobs) {
      const outcome = await compute(job)
      outcomes.push(outcome)
      if ('code' in outcome && outcome.isStores) break
    }
    return outcomes
  }
}

/** What to keep: what this run asks for, and what an earlier run with this recipe kept. */
async function wishes(setup: TaskSetup, { recipeHash, library }: StoreSetup, path: string): Promise<Wanted> {
  const entry = await readEntry(path)
  const isOurs = typeof entry === 'object' && entry.recipeHash === recipeHash && entry.library === library
  return {
    spectrogram: setup.spectrogram || (isOurs && entry.spectrogram !== null),
    facts: setup.facts || (isOurs && entry.facts !== null),
  }
}

/** Writes a clip's files, its entry last: if the entry is there, they are whole. */
function writeParts(
  { recipe, windows, tolerant, temporary }: TaskSetup,
  { dir, recipeHash, library }: StoreSetup,
  known: Pick<FeatureEntry, 'id' | 'sound' | 'warnings'>,
  { matrices, spectrogram, facts }: ClipParts,
): void {
  const paths = entryPaths(dir, known.id, recipe)
  const place = { temporaryDir: temporary.store! }
  function keep(path: string, all: readonly FeatureMatrix[], isCut: boolean): StoredMatrix {
    const { bins, frames } = all[0]!
    const data = isCut ? joined(all) : all[0]!.data
    const bytes = encodeNpy(data, isCut ? [all.length, bins, frames] : [bins, frames])
    writeAtomicallySync(path, bytes, place)
    return { windows: isCut ? all.length : null, bins, frames, crc32: crc32(bytes) }
  }
  // A file that is there may be of another recipe.
  if (spectrogram === null) rmSync(paths.spectrogram, { force: true })
  const entry: FeatureEntry = {
    ...known,
    recipeHash,
    library,
    features: keep(paths.features, matrices, windows !== null),
    spectrogram: spectrogram && keep(paths.spectrogram, [spectrogram], false),
    facts,
    tolerant,
  }
  writeEntry(paths.entry, entry, place)
}

function joined(matrices: readonly FeatureMatrix[]): Float32Array {
  const size = matrices[0]!.data.length
  const data = new Float32Array(matrices.length * size)
  for (const [i, matrix] of matrices.entries()) data.set(matrix.data, i * size)
  return data
}

async function readSound(path: string, tolerant: boolean): Promise<CodedAudio & { sound: SoundFacts }> {
  const facts = soundFacts(path)
  const content = reading(path, () => readFileSync(path))
  return {
    ...(await decodeAudio(content, { tolerant })),
    codec: codecOf(content),
    sound: { ...facts, sha256: createHash('sha256').update(content).digest('hex') },
  }
}

/**
 * Size and time of a sound file. They are taken before its content is read: if the file is changed meanwhile, they no longer fit,
 * and the next run reads it again.
 *
 * @throws EscError IO if there is no such file.
 */
export function soundFacts(path: string): Omit<SoundFacts, 'sha256'> {
  const { size, mtimeMs } = reading(path, () => statSync(path))
  return { path: resolve(path), bytes: size, modifiedMs: mtimeMs }
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw ioError('read', path, cause)
  }
}
