/** From a sound file to its files in the feature store: what a worker does. */
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { crc32 } from 'node:zlib'
import { type DecodedAudio, toMono } from '@esc/audio-io'
import { decodeAudio } from '@esc/audio-io/node'
import { type EscErrorCode, type FeatureMatrix, type FeatureRecipe, isEscError } from '@esc/core'
import { createExtractor, mfccFromLogMel } from '@esc/dsp'
import { measureClip } from '../audit/measure.js'
import { encodeNpy } from '../npy.js'
import {
  type EntryPaths,
  entryPaths,
  type FeatureEntry,
  ioError,
  readEntry,
  type SoundFacts,
  type StoredMatrix,
  writeAtomically,
  writeEntry,
} from './feature-files.js'

/** What all clips of a store have in common. */
export interface StoreSetup {
  /** An absolute path. */
  dir: string
  recipe: FeatureRecipe
  recipeHash: string
  library: string
  /** Whether the log-mel spectrogram under an MFCC is kept. */
  spectrogram: boolean
  /** Whether what an audit takes is kept. */
  facts: boolean
}

/** What a worker is told when it starts: plain data. */
export interface TaskSetup extends StoreSetup {
  /** On the disk of `dir`, and gone after the run. */
  temporaryDir: string
}

/** A clip to compute. */
export interface ClipJob {
  id: string
  path: string
}

/** Why a clip has no features; an error's class does not survive the way between threads. */
export interface ClipFailure {
  code: EscErrorCode
  message: string
  /** Whether it is the store that could not be written, so that no other clip will fare better. */
  isStores: boolean
}

/** Computes clips and writes them; one outcome for each, `null` where all went well. */
export type BatchTask = (jobs: readonly ClipJob[]) => Promise<(ClipFailure | null)[]>

/**
 * Plans the features of a run.
 *
 * @throws EscError INVALID_OPTION if the recipe is out of range.
 */
export function createBatchTask(setup: TaskSetup): BatchTask {
  const { dir, temporaryDir, recipe, recipeHash, library } = setup
  const { extract } = createExtractor(recipe)
  // One STFT for both: the DCT is the last step of a recipe.
  const logMel = recipe.mfcc && createExtractor({ ...recipe, mfcc: null })

  function store(path: string, matrix: FeatureMatrix): StoredMatrix {
    const { data, bins, frames } = matrix
    const bytes = encodeNpy(data, [bins, frames])
    writeAtomically(path, bytes, temporaryDir)
    return { bins, frames, crc32: crc32(bytes) }
  }

  /** What to keep: what this run was asked for, and what an earlier one with this recipe was. */
  async function wishes(path: string): Promise<{ spectrogram: boolean; facts: boolean }> {
    const entry = await readEntry(path)
    const isOurs = typeof entry === 'object' && entry.recipeHash === recipeHash && entry.library === library
    return {
      spectrogram: setup.spectrogram || (isOurs && entry.spectrogram !== null),
      facts: setup.facts || (isOurs && entry.facts !== null),
    }
  }

  function write(
    paths: EntryPaths,
    known: Pick<FeatureEntry, 'id' | 'sound' | 'facts'>,
    features: FeatureMatrix,
    spectrogram: FeatureMatrix | null,
  ) {
    // What is there may be of another recipe.
    if (spectrogram === null) rmSync(paths.spectrogram, { force: true })
    const entry = {
      ...known,
      recipeHash,
      library,
      features: store(paths.features, features),
      spectrogram: spectrogram && store(paths.spectrogram, spectrogram),
    }
    writeEntry(paths.entry, entry, temporaryDir)
  }

  async function compute({ id, path }: ClipJob): Promise<ClipFailure | null> {
    let isStores = false
    try {
      const paths = entryPaths(dir, id, recipe)
      const { channels, sampleRate, sound } = await readSound(path)
      const wanted = await wishes(paths.entry)
      const clip = { samples: toMono(channels), sampleRate }
      const spectrogram = wanted.spectrogram && logMel ? logMel.extract(clip) : null
      const features = spectrogram ? mfccFromLogMel(spectrogram, recipe.mfcc!) : extract(clip)
      const facts = wanted.facts ? measureClip(id, channels, sampleRate) : null
      isStores = true
      write(paths, { id, sound, facts }, features, spectrogram)
      return null
    } catch (error) {
      if (!isEscError(error)) throw error
      const message = error.message.includes(path) || isStores ? error.message : `${path}: ${error.message}`
      return { code: error.code, message, isStores }
    }
  }

  return async (jobs) => {
    const outcomes: (ClipFailure | null)[] = []
    for (const job of jobs) {
      outcomes.push(await compute(job))
      if (outcomes.at(-1)?.isStores) break
    }
    return outcomes
  }
}

async function readSound(path: string): Promise<DecodedAudio & { sound: SoundFacts }> {
  const facts = soundFacts(path)
  const content = reading(path, () => readFileSync(path))
  const { channels, sampleRate } = await decodeAudio(content)
  return {
    channels,
    sampleRate,
    sound: { ...facts, sha256: createHash('sha256').update(content).digest('hex') },
  }
}

/**
 * Size and time of a sound file, which come before its content is read: if it is written to meanwhile, they no longer
 * fit, and the next run looks again.
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
