/** Where the clips come from: a folder, or the synthesiser. */
import { EscError, isEscError, type ProgressEvent } from '@esc/core'
import { type Dataset, regroup, synthesizeEsc10 } from '@esc/dataset'
import { downloadEsc50, type OpenedDataset, openDataset, type SoundSource } from '@esc/dataset/node'
import type { RunOptions } from '../options.js'
import type { RunContext } from './context.js'

/** A table, and how to get at its sounds: what `extractFeatures` takes. */
export interface ClipSource {
  sounds: OpenedDataset | SoundSource
  dataset: Dataset
  /** Which part of ESC-50 it is; `null` for any other data set. */
  subset: 'esc10' | 'esc50' | null
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
 * @throws EscError IO or INVALID_INPUT naming the file, the column or the clip without a group.
 */
export async function openSource({
  data,
  subset,
  group,
  seed,
  nested,
  skipBad,
}: RunOptions): Promise<ClipSource> {
  const { sounds, part } =
    data === null ? openSynthetic(seed) : await openFolder(data, { subset, nested, skipBad })
  const dataset = group === null ? sounds.dataset : regroup(sounds.dataset, groupRule(group, sounds.dataset))
  return { sounds: { ...sounds, dataset }, dataset, subset: part }
}

async function openFolder(
  data: string,
  { subset, ...options }: Pick<RunOptions, 'subset' | 'nested' | 'skipBad'>,
): Promise<{ sounds: OpenedDataset; part: ClipSource['subset'] }> {
  const wanted = subset ?? 'esc10'
  const opened = await openDataset(data, { subset: wanted, ...options }).catch((error) => {
    // Other data sets, and tables of one's own, have no such part, and are taken whole.
    if (subset === null && isEscError(error, 'INVALID_OPTION')) return null
    throw error
  })
  const sounds = opened ?? (await openDataset(data, options))
  // A data set of one's own in ESC-50's layout is named as its folder.
  const isEsc50 = /^(synthetic-)?esc(10|50)$/.test(sounds.dataset.name)
  return { sounds, part: opened && isEsc50 ? wanted : null }
}

/** A column's name where the table has it, else a pattern. */
function groupRule(rule: string, { records }: Dataset): string | RegExp {
  if (records.some(({ columns }) => columns && Object.hasOwn(columns, rule))) return rule
  try {
    const pattern = new RegExp(rule)
    // A word without a capture group was meant as a column.
    if (/\(/.test(rule)) return pattern
  } catch (cause) {
    throw new EscError(
      'INVALID_OPTION',
      `--group ${rule} is no column of the table, and no regular expression`,
      { cause },
    )
  }
  return rule
}

function openSynthetic(seed: number): { sounds: SoundSource; part: null } {
  const { dataset, clipAt } = synthesizeEsc10({ seed })
  const read = (index: number) => {
    const { samples, sampleRate } = clipAt(index)
    return { channels: [samples], sampleRate }
  }
  return { sounds: { dataset, read }, part: null }
}
