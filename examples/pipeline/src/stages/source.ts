/** Opens the clips: from a folder, from a download, or from the synthesiser. */
import { EscError, isEscError, type ProgressEvent } from '@esc/core'
import { type Dataset, regroup, type SoundSource, synthesizeEsc10 } from '@esc/dataset'
import { downloadEsc50, type OpenedDataset, openDataset } from '@esc/dataset/node'
import type { RunOptions } from '../options.js'
import type { RunContext } from './context.js'

/** A table and its sounds, as `extractFeatures` takes them. */
export interface ClipSource {
  sounds: OpenedDataset | SoundSource
  dataset: Dataset
  /** The part of ESC-50; `null` for any other data set. */
  subset: 'esc10' | 'esc50' | null
}

/**
 * Downloads ESC-50 into `data`, unless it is there. It shows the licence before.
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
 * Opens the data set that `--data` names, or the synthetic one.
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
    // Without --subset, a data set that has no such part is taken whole: UrbanSound8K, folders, a user's own table.
    if (subset === null && isEscError(error, 'INVALID_OPTION')) return null
    throw error
  })
  const sounds = opened ?? (await openDataset(data, options))
  // A user's own data set in ESC-50's layout is named after its folder.
  const isEsc50 = /^(synthetic-)?esc(10|50)$/.test(sounds.dataset.name)
  return { sounds, part: opened && isEsc50 ? wanted : null }
}

/** Reads `--group`: the name of a column if the table has it, else a pattern. */
function groupRule(rule: string, { records }: Dataset): string | RegExp {
  if (records.some(({ columns }) => columns && Object.hasOwn(columns, rule))) return rule
  try {
    const pattern = new RegExp(rule)
    // A word without parentheses is meant as a column.
    if (/\(/.test(rule)) return pattern
  } catch (cause) {
    throw new EscError(
      'INVALID_OPTION',
      `--group ${rule} must be a column of the table, or a regular expression`,
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
