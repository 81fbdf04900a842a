/** Opens a data set with any table: `openCsvDataset`. */
import { basename, join } from 'node:path'
import * as z from 'zod/mini'
import { relativePath } from '../../tables/cells.js'
import { type CsvMapping, checkMapping, csvMappingSchema, parseCsvDataset } from '../../tables/csv-dataset.js'
import { findSounds } from './find-sounds.js'
import { type OpenedDataset, openRoot, readTable } from './open-files.js'

/** The place of your own table, and the meaning of its columns. */
export interface OpenCsvMapping extends CsvMapping {
  /** The table, as a path with `/` in the data set's folder. */
  table: string
  /** The folder that the table's file names are relative to, as a path with `/`. @defaultValue the data set's folder */
  audioDir?: string
}

const schema = z.extend(csvMappingSchema, { table: relativePath, audioDir: z.optional(relativePath) })

/**
 * Opens a folder with any table that has a row per clip. It reads the table and lists the folders, and decodes no sound. Absent
 * sounds are in `missing`, and `folder` accounts for every file.
 *
 * A link that leads out of the folder is refused, as by `openDataset`.
 *
 * @param dir - The folder; it may itself be a link.
 * @param mapping - Plain data, so it may come from a JSON file: unknown keys are errors.
 * @returns The data set, named as the folder.
 * @throws EscError INVALID_OPTION naming the key, if the mapping is not one; IO naming the path, if the folder, the table or
 *   `audioDir` is not there, the table has more than 64 MB, or a link leads out of the folder; the codes of
 *   {@link parseCsvDataset}, with the table's path in the message.
 * @example
 * const { dataset, missing } = await openCsvDataset('birds', {
 *   table: 'meta/birds.csv',
 *   audioDir: 'audio',
 *   columns: { filename: 'file', label: 'species', group: 'site' },
 * })
 */
export async function openCsvDataset(dir: string, mapping: OpenCsvMapping): Promise<OpenedDataset> {
  checkMapping(schema, mapping)
  const { table, audioDir = '', ...csv } = mapping
  const root = await openRoot(dir, `expected a folder with ${table}`)
  const path = join(root, table)
  const dataset = await readTable(root, path, (text) => parseCsvDataset(text, csv))
  return findSounds(root, join(root, audioDir), { ...dataset, name: basename(root) }, { path })
}
