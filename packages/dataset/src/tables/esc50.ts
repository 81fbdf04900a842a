/** Reads the metadata table of ESC-50, and of every data set with the same columns: `parseEsc50`. */
import { assertKnown, assertOneOf, EscError, wrongValue } from '@esc/core'
import * as z from 'zod/mini'
import { assertCsvText } from '../check.js'
import type { Dataset } from '../record.js'
import { bareFilename, flag, plainText, toId, wholeNumber } from './cells.js'
import { readCsv, readRows } from './csv.js'
import { assertOneTarget, assertUniqueIds, labelsByTarget, type TargetClip, toDataset } from './to-dataset.js'

/** Which rows of the table to keep. */
export interface ParseEsc50Options {
  /** `esc10` keeps the rows whose `esc10` cell is true; `esc50` keeps all. @defaultValue `'esc50'` */
  subset?: 'esc10' | 'esc50'
}

/** The parts of an ESC-50 file name, `{fold}-{srcFile}-{take}-{target}.wav`. */
export interface Esc50Filename {
  fold: number
  /** Freesound id of the field recording that the clip was cut from. */
  srcFile: string
  /** `A`, `B`, …: the number of the cut from the recording. */
  take: string
  /** ESC-50's class number, 0 to 49. */
  target: number
}

interface Row {
  filename: string
  fold: number
  target: number
  category: string
  esc10: boolean
  src_file: string
}

interface EscClip extends TargetClip {
  esc10: boolean
}

const baseColumns = {
  filename: bareFilename,
  fold: wholeNumber,
  target: wholeNumber,
  category: plainText,
  src_file: plainText,
}

// Only the subset ESC-10 needs the flag. A table without it is good for all 50 classes.
const schemas = {
  esc50: z.object({ ...baseColumns, esc10: z._default(flag, false) }),
  esc10: z.object({ ...baseColumns, esc10: flag }),
} satisfies Record<string, z.ZodMiniType<Row>>

/**
 * Reads ESC-50's `meta/esc50.csv`: the columns `filename fold target category src_file`, and `esc10` for that subset. Other columns
 * (`take`) are kept in each record's `columns`. It understands commas, semicolons or tabs between cells, a byte-order mark, CRLF, a
 * line `sep=;`, comments (`#`) above the header, and True and False in upper or lower case.
 *
 * Labels are the categories of the kept rows in the order of their target numbers, so ESC-10's ten have the indices 0 to 9. A
 * record's group is its `src_file`. File names may be hostile: a name that could lead out of the audio folder is an error.
 *
 * @param csvText - The whole file.
 * @returns The table, named `esc10` if all its rows have that flag, else `esc50`; records in the file's
 *   order.
 * @throws EscError CORRUPT_DATA naming the line, if the text is not CSV or a row has too few or too many
 *   cells; INVALID_INPUT naming line and column, if a column is missing or occurs twice, a cell is bad, a
 *   file name repeats, or a target has two categories or a category two targets; INVALID_OPTION if `subset` or
 *   the name of an option is unknown, or the table has no row of the subset.
 * @see K. J. Piczak, ESC: Dataset for Environmental Sound Classification, ACM MM 2015;
 *   github.com/karolpiczak/ESC-50.
 * @example
 * const text = await readFile('ESC-50/meta/esc50.csv', 'utf8')
 * const { labels, records } = parseEsc50(text, { subset: 'esc10' })
 * labels[0] // 'dog'
 */
export function parseEsc50(csvText: string, options: ParseEsc50Options = {}): Dataset {
  assertCsvText(csvText)
  assertKnown('parseEsc50', options, { subset: true })
  const { subset = 'esc50' } = options
  assertOneOf('subset', subset, ['esc10', 'esc50'])
  const table = readCsv(csvText)
  const needsFlag = table.header.cells.includes('esc10')
  if (subset === 'esc10' && !needsFlag) {
    const advice = 'take all rows, subset=esc50'
    throw new EscError('INVALID_OPTION', `subset=esc10: the table has no column esc10; ${advice}`)
  }
  const columns = [...Object.keys(baseColumns), ...(needsFlag ? ['esc10'] : [])]
  const rows = readRows<Row>(
    table,
    needsFlag ? schemas.esc10 : schemas.esc50,
    Object.fromEntries(columns.map((name) => [name, name])),
  )
  const clips = rows.map(
    ({ line, values, columns: others }): EscClip => ({
      line,
      id: toId(values.filename),
      filename: values.filename,
      fold: values.fold,
      target: values.target,
      label: values.category,
      group: values.src_file,
      esc10: values.esc10,
      ...(others && { columns: others }),
    }),
  )
  assertUniqueIds(clips, 'filename')
  assertOneTarget(clips, 'category')
  const kept = subset === 'esc10' ? clips.filter(({ esc10 }) => esc10) : clips
  if (kept.length === 0 && rows.length > 0) {
    const found = `none of the table's ${rows.length} rows has True in column esc10`
    throw new EscError('INVALID_OPTION', `subset=esc10: ${found}; take all rows, subset=esc50`)
  }
  return toDataset(kept.every(({ esc10 }) => esc10) ? 'esc10' : 'esc50', kept, labelsByTarget(kept))
}

/**
 * Reads the parts of an ESC-50 file name. It accepts any extension: there are copies of ESC-50 in `.wav` and in `.ogg`.
 *
 * @param filename - A bare name: `{fold}-{srcFile}-{take}-{target}.{extension}`.
 * @throws EscError INVALID_INPUT if the name has another form.
 * @see github.com/karolpiczak/ESC-50, README, "Repository content".
 * @example parseFilename('1-100032-A-0.ogg') // { fold: 1, srcFile: '100032', take: 'A', target: 0 }
 */
export function parseFilename(filename: string): Esc50Filename {
  if (typeof filename !== 'string') throw wrongValue('filename', filename, 'a text')
  const match = /^(\d{1,9})-(\d+)-([A-Z])-(\d{1,9})\.[A-Za-z0-9]+$/.exec(filename)
  if (!match) {
    throw new EscError(
      'INVALID_INPUT',
      `filename='${filename}' must have the form fold-source-take-target.wav, as in 1-100032-A-0.wav`,
      { detail: { filename } },
    )
  }
  const [, fold, srcFile, take, target] = match
  return { fold: Number(fold), srcFile: srcFile!, take: take!, target: Number(target) }
}
