/** Where the clips come from: a folder, or the synthesiser. */

import type { DecodedAudio } from '@esc/audio-io'
import { decodeAudio } from '@esc/audio-io/node'
import { EscError, type ProgressEvent } from '@esc/core'
import { type Dataset, synthesizeEsc10 } from '@esc/dataset'
import { downloadEsc50, openDataset } from '@esc/dataset/node'
import type { RunOptions } from '../options.js'
import type { SkippedClip } from '../results.js'
import type { RunContext } from './context.js'

/** A table, and how to get at its sounds. */
export interface ClipSource {
  /** Clips that are there. */
  dataset: Dataset
  /** Clips of the table whose files are not there. */
  missing: SkippedClip[]
  /** @param index - Of `dataset.records`. */
  decode(index: number): Promise<DecodedAudio>
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
  const whole = await openDataset(data)
  // Other data sets have no such part, and are taken whole.
  const opened = whole.dataset.name === 'esc50' ? await openDataset(data, { subset }) : whole
  const { dataset, missing, pathOf } = opened
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
    decode: (index) => decodeAudio(pathOf(records[index]!)),
  }
}

function openSynthetic(seed: number): ClipSource {
  const { dataset, clipAt } = synthesizeEsc10({ seed })
  return {
    dataset,
    missing: [],
    async decode(index) {
      const { samples, sampleRate } = clipAt(index)
      return { channels: [samples], sampleRate }
    },
  }
}
