/** Whether a folder holds a whole data set: all clips and classes, and each sound that its table names. */
import { probeAudio } from '@esc/audio-io/node'
import { EscError, isEscError, type OnProgress } from '@esc/core'
import { count } from '../../words.js'
import { openDataset } from '../open/open-dataset.js'
import type { OpenedDataset } from '../open/open-files.js'

/** The size of a whole data set. */
export interface Extent {
  clips: number
  classes: number
}
/** Whether the folder holds a whole ESC-50: its table and its list of files are checked, not its sounds. */
export async function isWhole(root: string, extent: Extent): Promise<boolean> {
  try {
    return faultOf(await openDataset(root), extent) === null
  } catch (error) {
    if (isEscError(error)) return false
    throw error
  }
}

function faultOf({ dataset, missing }: OpenedDataset, { clips, classes }: Extent): string | null {
  const { records, labels, synthetic } = dataset
  if (synthetic) return 'its sounds are synthetic'
  if (records.length !== clips || labels.length !== classes) {
    return `its table has ${records.length} clips of ${labels.length} classes, not ${clips} of ${classes}`
  }
  return missing.length > 0
    ? `${count(missing.length, 'sound')} of its table cannot be found, the first is ${missing[0]!.filename}`
    : null
}

/** @throws EscError CORRUPT_DATA naming the archive, unless its content is a whole data set whose sounds have readable headers. */
export async function assertWhole(
  archive: string,
  unpacked: string,
  extent: Extent,
  { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress?: OnProgress | undefined },
): Promise<void> {
  try {
    const opened = await openDataset(unpacked)
    const fault = faultOf(opened, extent)
    if (fault !== null) throw new EscError('CORRUPT_DATA', fault)
    for (const [index, record] of opened.dataset.records.entries()) {
      signal?.throwIfAborted()
      await probeAudio(opened.pathOf(record))
      onProgress?.({ stage: 'check', done: index + 1, total: extent.clips, detail: record.filename })
    }
  } catch (cause) {
    if (!isEscError(cause) || isDiskError(cause)) throw cause
    const message = `${archive} is no whole ESC-50: ${cause.message}`
    throw new EscError('CORRUPT_DATA', message, { detail: { path: archive }, cause })
  }
}

/** Whether the disk failed, and not the archive: a file is there and cannot be read. */
function isDiskError(error: EscError): boolean {
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException
  return error.code === 'IO' && code !== undefined && !['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code)
}
