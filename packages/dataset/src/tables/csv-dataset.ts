/** Reads any table with a row per clip. */

import { assertKnown, EscError, typeOf } from '@esc/core'
import { en } from 'zod/locales'
import * as z from 'zod/mini'
import { assertCsvText } from '../check.js'
import type { Dataset } from '../record.js'
import { plainText, relativePath, toId, wholeNumber } from './cells.js'
import { type CsvDelimiter, readCsv, readRows } from './csv.js'
import { assertUniqueIds, sortedLabels, type TableClip, toDataset } from './to-dataset.js'

/** Where in a table of one's own the things stand that a data set needs. */
export interface CsvMapping {
  /** Names of columns, as in the header line. */
  columns: {
    /** The sound's file: a bare name, or a path with `/` below the audio folder. */
    filename: string
    label: string
    /** Whole numbers; without it every fold is `null`. */
    fold?: string
    /** What the clips that must stay on one side of a split share; without it each clip is a group of its own. */
    group?: string
  }
  /** @defaultValue what a line `sep=;` says, or else the one of `,` `;` and tab that the header has most of */
  delimiter?: CsvDelimiter
}

const column = z.string().check(z.minLength(1, { error: 'must be the name of a column' }))

/** The schema of a {@link CsvMapping}; unknown keys are errors, since a misspelt `group` would be a silent leak. */
export const csvMappingSchema = z.strictObject({
  columns: z.strictObject({
    filename: column,
    label: column,
    fold: z.optional(column),
    group: z.optional(column),
  }),
  delimiter: z.optional(z.enum([',', ';', '\t'], { error: "must be ',', ';' or a tab" })),
})

const cells = z.object({
  filename: relativePath,
  label: plainText,
  fold: z.optional(wholeNumber),
  group: z.optional(plainText),
})

/**
 * Reads a table with a row per clip: any CSV with a header line, by a mapping from its columns. Columns that the mapping
 * does not name are kept in each record's `columns`. A byte-order mark, CRLF, quoted cells, a line `sep=;`, and comments (`#`)
 * above the header are understood.
 *
 * Labels stand in the order of their characters' codes. A record's id is its file name without extension, with `__` for
 * each `/`. File names are taken as hostile: one that could leave the audio folder is an error.
 *
 * @param csvText - The whole file.
 * @returns The table, named `csv`; records in the file's order.
 * @throws EscError INVALID_OPTION naming the key, if the mapping is not one; CORRUPT_DATA naming the line, if the text is
 *   not CSV or a row has too few or too many cells; INVALID_INPUT naming line and column, if a column is missing or occurs
 *   twice, a cell is bad, an id repeats, or there is no row.
 * @example
 * parseCsvDataset('file;species;site\na/1.wav;owl;north\n', {
 *   columns: { filename: 'file', label: 'species', group: 'site' },
 *   delimiter: ';',
 * }).records[0].id // 'a__1'
 */
export function parseCsvDataset(csvText: string, mapping: CsvMapping): Dataset {
  assertCsvText(csvText)
  assertNames(mapping)
  const { columns: names, delimiter } = checkMapping(csvMappingSchema, mapping)
  const clips = readRows(readCsv(csvText, delimiter), cells, names).map(
    ({ line, values, columns }): TableClip => {
      const { filename, label, fold = null } = values
      const id = toId(filename)
      return { line, id, filename, fold, label, group: values.group ?? id, ...(columns && { columns }) }
    },
  )
  assertUniqueIds(clips, names.filename)
  return toDataset('csv', clips, sortedLabels(clips))
}

/** What is no object at all is left to the schema. */
function assertNames(mapping: CsvMapping): void {
  if (typeOf(mapping) !== 'object') return
  assertKnown('parseCsvDataset', mapping, { columns: true, delimiter: true })
  const { columns } = mapping
  if (typeOf(columns) !== 'object') return
  assertKnown('columns of parseCsvDataset', columns, {
    filename: true,
    label: true,
    fold: true,
    group: true,
  })
}

/** @throws EscError INVALID_OPTION naming the key that is wrong. @example checkMapping(csvMappingSchema, JSON.parse(text)) */
export function checkMapping<T>(schema: z.ZodMiniType<T>, mapping: unknown): T {
  const result = z.safeParse(schema, mapping, { error: en().localeError })
  if (result.success) return result.data
  const { path, message } = result.error.issues[0]!
  const key = ['mapping', ...path.map(String)].join('.')
  throw new EscError('INVALID_OPTION', `${key}: ${message}`, { detail: { key }, cause: result.error })
}
