/** Where the clips come from: a folder, or the synthesiser. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { DecodedAudio } from '@esc/audio-io'
import { decodeAudio } from '@esc/audio-io/node'
import { EscError, isEscError, type ProgressEvent } from '@esc/core'
import { type ClipRecord, type Dataset, synthesizeEsc10 } from '@esc/dataset'
import { downloadEsc50, openDataset } from '@esc/dataset/node'
import type { RunOptions } from '../options.js'
import type { SkippedClip } from '../results.js'
import type { RunContext } from './context.js'

/** A clip's sound, and the SHA-256 of what it was made from, hexadecimal. */
export interface SourceClip extends DecodedAudio {
  sha256: string
}

/** A table, and how to get at its sounds. */
export interface ClipSource {
  /** Clips that are there. */
  dataset: Dataset
  /** Clips of the table whose files are not there. */
  missing: SkippedClip[]
  /** Which part of ESC-50 it is; `null` for any other data set. */
  subset: 'esc10' | 'esc50' | null
  /** The path of a record's file; `null` for sounds that are computed. */
  pathOf: ((record: ClipRecord) => string) | null
  /** @param index - Of `dataset.records`. */
  decode(index: number): Promise<SourceClip>
}

/**
 * Fetches ESC-50 into `data`, unless it is there; its licence is shown before.
 *
 * @throws EscError as `downloadEsc50`; the signal's reason.
 */
export async function fetchSource({ options, console, signal }: RunContext): Promise<void> {
  const { data } = options
  if (data === null) return
  await console.stage('download ESC-50', async () => {
    const dir = await downloadEsc50(data, {
      signal,
      onLicense: (text) => console.line(`${text}\n`),
      onProgress: (event) => console.progress(event.stage === 'download' ? inMegabytes(event) : event),
    })
    return { summary: dir }
  })
}

function inMegabytes({ done, total }: ProgressEvent): ProgressEvent {
  return { stage: 'download, MB', done: Math.round(done / 1e6), total: Math.round(total / 1e6) }
}

/**
 * Opens the data set that was asked for.
 *
 * @throws EscError IO or INVALID_INPUT naming the file; a missing sound is an error unless `skipBad`.
 */
export async function openSource({ data, subset, seed, skipBad }: RunOptions): Promise<ClipSource> {
  if (data === null) return openSynthetic(seed)
  const opened = await openDataset(data, { subset: subset ?? 'esc10' }).catch((error) => {
    // Other data sets have no such part, and are taken whole.
    if (subset === null && isEscError(error, 'INVALID_OPTION')) return null
    throw error
  })
  const { dataset, missing, pathOf } = opened ?? (await openDataset(data))
  if (missing.length > 0 && !skipBad) {
    const more = missing.length > 1 ? ` (and ${missing.length - 1} more)` : ''
    throw new EscError(
      'IO',
      `${pathOf(missing[0]!)} is in the table but not in the folder${more}; add it, remove its row, or use --skip-bad`,
    )
  }
  const absent = new Set(missing.map(({ id }) => id))
  const records = dataset.records.filter(({ id }) => !absent.has(id))
  return {
    dataset: { ...dataset, records },
    missing: missing.map(({ filename }) => ({ filename, reason: 'the file is missing' })),
    subset: opened && (subset ?? 'esc10'),
    pathOf,
    async decode(index) {
      const path = pathOf(records[index]!)
      const bytes = await readFile(path).catch((cause) => {
        throw new EscError('IO', `cannot read ${path}: ${cause.message}`, { detail: { path }, cause })
      })
      try {
        return { ...(await decodeAudio(bytes)), sha256: sha256(bytes) }
      } catch (cause) {
        if (!isEscError(cause)) throw cause
        throw new EscError(cause.code, `${path}: ${cause.message}`, { detail: { path }, cause })
      }
    },
  }
}

function openSynthetic(seed: number): ClipSource {
  const { dataset, clipAt } = synthesizeEsc10({ seed })
  return {
    dataset,
    missing: [],
    subset: null,
    pathOf: null,
    async decode(index) {
      const { samples, sampleRate } = clipAt(index)
      const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
      return { channels: [samples], sampleRate, sha256: sha256(bytes) }
    },
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
