/** Writes a synthetic data set to the disk: `writeSyntheticEsc10`. */
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writeWav } from '@esc/audio-io/node'
import { assertCallback, assertKnown, assertSignal, assertText, EscError, type OnProgress } from '@esc/core'
import { isTemporaryName, onDisk, removeStaleTemporaries, writeAtomically } from '@esc/core/node'
import { type SyntheticOptions, synthesizeEsc10 } from '../synthetic/esc10.js'
import { markerPath } from './layout.js'

/** Options of {@link writeSyntheticEsc10}. */
export interface WriteSyntheticOptions extends SyntheticOptions {
  /** Aborts the work; what is written is kept. @defaultValue none */
  signal?: AbortSignal
}

/** To be raised when the same options make other samples, so that an old folder is not taken for a new one. */
const generatorVersion = 1

/**
 * Writes {@link synthesizeEsc10}'s clips in ESC-50's layout: `audio/*.wav` (16 bit), `meta/esc50.csv`, and
 * `meta/SYNTHETIC.json`, a marker with the options. A finished folder with the same options is left as it is.
 * A folder that is not finished is completed. The table is written after the sounds, and the finished marker last.
 *
 * @param dir - The folder; it is made if it does not exist.
 * @param onProgress - Gets every clip, also those that are there already.
 * @returns The folder's absolute path.
 * @throws EscError INVALID_INPUT if the folder holds a synthetic set of other options, or sounds or tables
 *   that are not ours; IO naming the path if something cannot be written; INVALID_OPTION as
 *   `synthesizeEsc10`; the signal's reason.
 * @example
 * const dir = await writeSyntheticEsc10('data/synthetic', { clipsPerClass: 10 })
 * const { dataset, pathOf } = await openDataset(dir)
 */
export async function writeSyntheticEsc10(
  dir: string,
  options: WriteSyntheticOptions = {},
  onProgress?: OnProgress,
): Promise<string> {
  assertKnown('writeSyntheticEsc10', options, {
    seed: true,
    clipsPerClass: true,
    sampleRate: true,
    durationSec: true,
    signal: true,
  })
  assertText('dir', dir)
  assertSignal(options.signal)
  assertCallback('onProgress', onProgress)
  const { seed = 42, clipsPerClass = 40, sampleRate = 44100, durationSec = 5, signal } = options
  const chosen = { seed, clipsPerClass, sampleRate, durationSec }
  const { dataset, csv, clipAt } = synthesizeEsc10(chosen)
  const root = resolve(dir)
  const audioDir = join(root, 'audio')
  const isFinished = await claim(root, chosen)
  const present = new Set(await onDisk('read', audioDir, readdir(audioDir)))
  const total = dataset.records.length
  for (const [index, { filename }] of dataset.records.entries()) {
    signal?.throwIfAborted()
    // A sound that is there is whole, since it was renamed into place.
    if (!present.has(filename)) await writeWav(join(audioDir, filename), clipAt(index))
    onProgress?.({ stage: 'write synthetic clips', done: index + 1, total, detail: filename })
  }
  if (!isFinished) {
    await writeAtomically(join(root, 'meta', 'esc50.csv'), csv)
    await writeAtomically(markerPath(root), markerText(chosen, true))
  }
  return root
}

/**
 * Makes the folders and the first marker, or refuses a folder that this function did not write.
 *
 * @returns Whether the folder is finished.
 */
async function claim(root: string, options: Required<SyntheticOptions>): Promise<boolean> {
  const path = markerPath(root)
  const folders = ['audio', 'meta'].map((name) => join(root, name))
  for (const folder of folders) await removeStaleTemporaries(folder)
  const found = await onDisk('read', path, readFile(path, 'utf8').catch(ifAbsent(null)))
  if (found !== null) {
    const isFinished = found === markerText(options, true)
    if (!isFinished && found !== markerText(options, false)) {
      const rule = `must be of this version, with ${JSON.stringify(options)}; choose another folder`
      throw new EscError('INVALID_INPUT', `${path} ${rule}`, { detail: { path, found } })
    }
    for (const folder of folders) await onDisk('write', folder, mkdir(folder, { recursive: true }))
    return isFinished
  }
  for (const folder of folders) {
    const entries = await onDisk('read', folder, readdir(folder).catch(ifAbsent<string[]>([])))
    if (entries.some((name) => !isTemporaryName(name))) {
      throw new EscError(
        'INVALID_INPUT',
        `${folder} holds files that are not synthetic; choose another folder`,
        {
          detail: { path: folder },
        },
      )
    }
    await onDisk('write', folder, mkdir(folder, { recursive: true }))
  }
  await writeAtomically(path, markerText(options, false))
  return false
}

function markerText(options: Required<SyntheticOptions>, finished: boolean): string {
  const about = 'Computed sounds: results on them say nothing about real recordings.'
  return `${JSON.stringify({ about, finished, version: generatorVersion, options }, null, 2)}\n`
}

function ifAbsent<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return value
    throw error
  }
}
