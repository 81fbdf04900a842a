/** The audit of a data set on the disk. */
import { readFile } from 'node:fs/promises'
import { decodeAudio } from '@esc/audio-io/node'
import { asOptions, EscError, hasField, isEscError, wrongValue } from '@esc/core'
import { onDisk } from '@esc/core/node'
import {
  type AuditDatasetOptions,
  type AuditInput,
  type DatasetAudit,
  auditDataset as portable,
} from '../audit/dataset.js'
import type { ClipFacts } from '../audit/measure.js'
import { assertDataset } from '../check.js'
import { codecOf } from '../codec-of.js'
import type { ClipRecord } from '../record.js'
import type { OpenedDataset } from './open/open-files.js'

/**
 * Audits a data set on the disk. It decodes one file at a time. `auditDataset` of the root says what it reports. Files that are not
 * there or cannot be decoded are part of the report, with the decoder's reason and without the folder's path.
 *
 * @returns The audit, and the facts that it is made from; both plain JSON.
 * @throws EscError INVALID_INPUT if the split has an index without a record; the signal's reason.
 * @example
 * const { audit } = await auditDataset(await openDataset('ESC-50'))
 * console.log(formatAudit(audit))
 */
export async function auditDataset(
  opened: AuditedDataset,
  options: AuditFilesOptions = {},
): Promise<{ audit: DatasetAudit; facts: ClipFacts[] }> {
  assertOpened('opened', opened)
  const { tolerant = false, ...others } = asOptions('auditDataset', options)
  return portable(opened.dataset, decodeAll(opened, tolerant), { folder: opened.folder ?? null, ...others })
}

/** Options of {@link auditDataset}. */
export interface AuditFilesOptions extends AuditDatasetOptions {
  /** Reads damaged sounds as far as they go, and names them in a finding. Without it they are unreadable. @defaultValue `false` */
  tolerant?: boolean | undefined
}

type AuditedDataset = Pick<OpenedDataset, 'dataset' | 'pathOf' | 'missing'> &
  Partial<Pick<OpenedDataset, 'folder'>>

function assertOpened(name: string, opened: AuditedDataset): void {
  const must = 'what openDataset, openFolderDataset or openCsvDataset returned'
  if (!hasField(opened, 'dataset') || typeof opened.pathOf !== 'function')
    throw wrongValue(name, opened, must)
  assertDataset(`${name}.dataset`, opened.dataset)
  if (!Array.isArray(opened.missing)) throw wrongValue(`${name}.missing`, opened.missing, 'an array')
}

async function* decodeAll(
  { dataset, pathOf, missing }: AuditedDataset,
  tolerant: boolean,
): AsyncGenerator<AuditInput, void> {
  const absent = new Set(missing.map(({ id }) => id))
  const records = dataset.records.filter(({ id }) => !absent.has(id))
  let next = records[0] && readBytes(pathOf(records[0]))
  for (const [i, record] of records.entries()) {
    const bytes = await next!
    // The next file is read while this one is decoded and measured.
    const following = records[i + 1]
    next = following && readBytes(pathOf(following))
    yield decodeRecord(record, pathOf(record), bytes, tolerant)
  }
}

/** The bytes of a file, or the error. It never rejects: the error is thrown when it is the clip's turn. */
function readBytes(path: string): Promise<Uint8Array | EscError> {
  return onDisk('read', path, readFile(path)).catch((error: EscError) => error)
}

async function decodeRecord(
  { id, filename }: ClipRecord,
  path: string,
  bytes: Uint8Array | EscError,
  tolerant: boolean,
): Promise<AuditInput> {
  try {
    if (bytes instanceof EscError) throw bytes
    return { id, ...(await decodeAudio(bytes, { tolerant })), codec: codecOf(bytes) }
  } catch (error) {
    if (!isEscError(error)) throw error
    const { message } = error
    return {
      id,
      reason: message.includes(path) ? message.replaceAll(path, filename) : `${filename}: ${message}`,
    }
  }
}
