/** Reads any table with a row per clip: `parseCsvDataset`. */
import { assertKnown, EscError, typeOf } from '@esc/core'
import { en } from 'zod/locales'
import * as z from 'zod/mini'
import { assertCsvText } from '../check.js'
import type { Dataset } from '../record.js'
import { plainText, relativePath, toId, wholeNumber } from './cells.js'
import { type CsvDelimiter, readCsv, readRows } from './csv.js'
import { assertUniqueIds, sortedLabels, type TableClip, toDataset } from './to-dataset.js'

/** The columns of your own table, by their meaning. */
export interface CsvMapping {
  /** Names of columns, as in the header line. */
  columns: {
    /** The sound's file: a bare name, or a path with `/` below the audio folder. */
    filename: string
    /** The name of the clip's class. */
    label: string
    /** The clip's fold, a whole number. @defaultValue none: every fold is `null` */
    fold?: string
    /** The group: a split must keep the clips of one group on one side. @defaultValue none: each clip is a group of its own */
    group?: string
  }
  /**
   * The character between cells.
   *
   * @defaultValue the one of a line `sep=;`, or else the most frequent of `,` `;` and tab in the header
   */
  delimiter?: CsvDelimiter
}

const column = z.string().check(z.minLength(1, { error: 'must be the name of a column' }))

/** The schema of a {@link CsvMapping}; unknown keys are errors, since with a misspelt `group` splits would leak. */
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
 * Reads a table with a row per clip: any CSV with a header line. The mapping names its columns. All other columns are kept in each
 * record's `columns`. It understands a byte-order mark, CRLF, quoted cells, a line `sep=;`, and comments (`#`) above the header.
 *
 * Labels are sorted by the codes of their characters. A record's id is its file name without extension, with `__` for
 * each `/`. File names may be hostile: a name that could lead out of the audio folder is an error.
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

/** Refuses unknown names. The schema refuses values that are no objects. */
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
