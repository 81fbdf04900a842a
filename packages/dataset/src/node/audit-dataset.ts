/** The audit of a data set that lies on disk. */
import { readFile } from 'node:fs/promises'
import { decodeAudio } from '@esc/audio-io/node'
import { asOptions, isEscError } from '@esc/core'
import {
  type AuditDatasetOptions,
  type AuditInput,
  type DatasetAudit,
  auditDataset as portable,
} from '../audit/dataset.js'
import type { ClipFacts } from '../audit/measure.js'
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
export function auditDataset(
  opened: Pick<OpenedDataset, 'dataset' | 'pathOf' | 'missing'> & Partial<Pick<OpenedDataset, 'folder'>>,
  options: AuditDatasetOptions = {},
): Promise<{ audit: DatasetAudit; facts: ClipFacts[] }> {
  return portable(opened.dataset, decodeAll(opened), {
    folder: opened.folder ?? null,
    ...asOptions('auditDataset', options),
  })
}

async function* decodeAll({
  dataset,
  pathOf,
  missing,
}: Pick<OpenedDataset, 'dataset' | 'pathOf' | 'missing'>): AsyncGenerator<AuditInput, void> {
  const absent = new Set(missing.map(({ id }) => id))
  for (const record of dataset.records) {
    if (absent.has(record.id)) continue
    yield decodeRecord(record, pathOf(record))
  }
}

async function decodeRecord({ id, filename }: ClipRecord, path: string): Promise<AuditInput> {
  try {
    return { id, ...(await decodeAudio(path)), codec: codecOf(await readFile(path)) }
  } catch (error) {
    if (!isEscError(error)) throw error
    return { id, reason: error.message.replaceAll(path, filename) }
  }
}
