/** The audit of a data set that lies on disk. */
import { readFile } from 'node:fs/promises'
import { decodeAudio } from '@esc/audio-io/node'
import { asOptions, hasField, isEscError, wrongValue } from '@esc/core'
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
 * Audits a data set on disk, decoding one file at a time; see the root's `auditDataset` for what it reports. Files that
 * are not there or cannot be decoded are part of the report, with the decoder's reason and without the folder's path.
 *
 * @returns The audit, and the facts it rests on; both plain JSON.
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
  /** Reads damaged sounds as far as they go, and names them in a finding. @defaultValue `false`: they are unreadable */
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
  for (const record of dataset.records) {
    if (absent.has(record.id)) continue
    yield decodeRecord(record, pathOf(record), tolerant)
  }
}

async function decodeRecord(
  { id, filename }: ClipRecord,
  path: string,
  tolerant: boolean,
): Promise<AuditInput> {
  try {
    return { id, ...(await decodeAudio(path, { tolerant })), codec: codecOf(await readFile(path)) }
  } catch (error) {
    if (!isEscError(error)) throw error
    return { id, reason: error.message.replaceAll(path, filename) }
  }
}
