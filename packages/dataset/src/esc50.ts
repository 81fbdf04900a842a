/** Reads the metadata table of ESC-50, and of every data set that keeps its columns. */
import { assertOneOf, EscError } from '@esc/core'
// The browser build runs everywhere: the default entry needs Node's Buffer.
import { parse } from 'csv-parse/browser/esm/sync'
import * as z from 'zod/mini'
import type { ClipRecord, Dataset } from './record.js'

/** Which rows of the table to keep. */
export interface ParseEsc50Options {
  /** `esc10` keeps the rows whose `esc10` cell is true; `esc50` keeps all. Default `esc50`. */
  subset?: 'esc10' | 'esc50'
}

/** What ESC-50's file names say: `{fold}-{srcFile}-{take}-{target}.wav`. */
export interface Esc50Filename {
  fold: number
  /** Freesound id of the field recording the clip was cut from. */
  srcFile: string
  /** `A`, `B`, …: which cut of the recording. */
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

interface Line {
  line: number
  cells: readonly string[]
}

const wholeNumber = z.pipe(
  z.string().check(z.regex(/^\d{1,9}$/, { error: 'must be a whole number >= 0' })),
  z.transform(Number),
)
const plainText = z
  .string()
  .check(z.regex(/^[^\p{Cc}]+$/u, { error: 'must be text without control characters, and not empty' }))
const bareFilename = z.string().check(
  z.regex(/^[^/\\:\p{Cc}]+$/u, {
    error: 'must be a bare file name: no folder, drive, path separator or control character',
  }),
  z.refine((name) => !/^\.|\.\./.test(name), { error: "must not start with '.' or hold '..'" }),
)
const flag = z.pipe(
  z.string().check(z.regex(/^(true|false)$/i, { error: 'must be True or False' })),
  z.transform((text) => text.toLowerCase() === 'true'),
)

const baseColumns = {
  filename: bareFilename,
  fold: wholeNumber,
  target: wholeNumber,
  category: plainText,
  src_file: plainText,
}
const columnNames = [...Object.keys(baseColumns), 'esc10']

// A table without the flag is as good for its 50 classes, so only who asks for ESC-10 needs it.
const schemas = {
  esc50: z.object({ ...baseColumns, esc10: z._default(flag, false) }),
  esc10: z.object({ ...baseColumns, esc10: flag }),
} satisfies Record<string, z.ZodMiniType<Row>>

/**
 * Reads ESC-50's `meta/esc50.csv`: columns `filename fold target category src_file`, and `esc10` where it is
 * asked for; others are ignored. A byte-order mark, CRLF and any spelling of True and False are understood.
 *
 * Labels are the kept rows' categories in the order of their target numbers, so ESC-10's ten have the indices
 * 0 to 9. A record's group is its `src_file`. File names are taken as hostile: one that could leave the audio
 * folder is an error.
 *
 * @param csvText - The whole file.
 * @returns The table, named `esc10` if all its rows have that flag, else `esc50`; records in the file's
 *   order.
 * @throws EscError CORRUPT_DATA naming the line, if the text is not CSV or a row has too few or too many
 *   cells; INVALID_INPUT naming line and column, if a column is missing, a cell is bad, a file name repeats,
 *   a target has two categories or a category two targets, or no row is left; INVALID_OPTION if `subset` is
 *   unknown.
 * @see K. J. Piczak, ESC: Dataset for Environmental Sound Classification, ACM MM 2015;
 *   github.com/karolpiczak/ESC-50.
 * @example
 * const text = await readFile('ESC-50/meta/esc50.csv', 'utf8')
 * const { labels, records } = parseEsc50(text, { subset: 'esc10' })
 * labels[0] // 'dog'
 */
export function parseEsc50(csvText: string, options: ParseEsc50Options = {}): Dataset {
  const { subset = 'esc50' } = options
  assertOneOf('subset', subset, ['esc10', 'esc50'])
  const [header, ...lines] = readLines(csvText)
  if (!header) throw new EscError('INVALID_INPUT', 'the table is empty; expected a header line and rows')
  const columns = findColumns(header, subset === 'esc10' ? columnNames : Object.keys(baseColumns))
  const rows: Row[] = []
  const names = new Map<string, number>()
  const checkTarget = createTargetCheck()
  for (const { line, cells } of lines) {
    const row = readRow(line, Object.fromEntries(columns.map(([name, at]) => [name, cells[at]])), subset)
    const id = withoutExtension(row.filename)
    const earlier = names.get(id)
    if (earlier !== undefined) {
      throw badCell(line, 'filename', row.filename, `must be unique; line ${earlier} has '${id}' too`)
    }
    names.set(id, line)
    checkTarget(row, line)
    rows.push(row)
  }
  const kept = subset === 'esc10' ? rows.filter((row) => row.esc10) : rows
  if (kept.length === 0) {
    throw new EscError('INVALID_INPUT', `no row is left of ${rows.length} for subset=${subset}`)
  }
  return toDataset(kept)
}

/**
 * Takes an ESC-50 file name apart. Any extension will do: the clips are handed around as `.wav` and as
 * `.ogg`.
 *
 * @param filename - A bare name: `{fold}-{srcFile}-{take}-{target}.{extension}`.
 * @throws EscError INVALID_INPUT if the name has another form.
 * @see github.com/karolpiczak/ESC-50, README, "Repository content".
 * @example parseFilename('1-100032-A-0.ogg') // { fold: 1, srcFile: '100032', take: 'A', target: 0 }
 */
export function parseFilename(filename: string): Esc50Filename {
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

function readLines(csvText: string): Line[] {
  try {
    const lines = parse(csvText, { bom: true, info: true, skip_empty_lines: true }) as unknown
    return (lines as { record: string[]; info: { lines: number } }[]).map(({ record, info }) => ({
      line: info.lines,
      cells: record,
    }))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new EscError('CORRUPT_DATA', `the table is not CSV: ${reason}`, { cause })
  }
}

function findColumns(header: Line, required: readonly string[]): [name: string, at: number][] {
  const found = header.cells.join(', ')
  for (const name of required) {
    if (!header.cells.includes(name)) {
      throw new EscError(
        'INVALID_INPUT',
        `line ${header.line}: column '${name}' is missing; found ${found}; expected ${required.join(', ')}`,
        { detail: { line: header.line, column: name } },
      )
    }
  }
  const columns = columnNames.filter((name) => header.cells.includes(name))
  for (const name of columns) {
    if (header.cells.indexOf(name) !== header.cells.lastIndexOf(name)) {
      throw new EscError('INVALID_INPUT', `line ${header.line}: column '${name}' occurs twice in ${found}`, {
        detail: { line: header.line, column: name },
      })
    }
  }
  return columns.map((name) => [name, header.cells.indexOf(name)])
}

function readRow(line: number, cells: Record<string, string | undefined>, subset: 'esc10' | 'esc50'): Row {
  const result = z.safeParse(schemas[subset], cells)
  if (result.success) return result.data
  const { path, message } = result.error.issues[0]!
  const column = String(path[0])
  throw badCell(line, column, cells[column] ?? '', message)
}

/** Holds each row against the first that had its target or its category. */
function createTargetCheck(): (row: Row, line: number) => void {
  const byTarget = new Map<number, Row>()
  const byCategory = new Map<string, Row>()
  return (row, line) => {
    const sameTarget = byTarget.get(row.target) ?? row
    const sameCategory = byCategory.get(row.category) ?? row
    byTarget.set(row.target, sameTarget)
    byCategory.set(row.category, sameCategory)
    const rival = sameTarget.category !== row.category ? sameTarget : sameCategory
    if (rival.target === row.target && rival.category === row.category) return
    const there = `'${rival.filename}' has '${rival.category}' with target ${rival.target}`
    throw badCell(line, 'category', row.category, `must go with one target: here ${row.target}, and ${there}`)
  }
}

function toDataset(rows: readonly Row[]): Dataset {
  const byTarget = new Map(rows.map((row) => [row.target, row.category]))
  const targets = [...byTarget.keys()].sort((a, b) => a - b)
  const labels = targets.map((target) => byTarget.get(target)!)
  const indexOf = new Map(targets.map((target, index) => [target, index]))
  const records = rows.map(
    (row): ClipRecord => ({
      id: withoutExtension(row.filename),
      filename: row.filename,
      fold: row.fold,
      labelIndex: indexOf.get(row.target)!,
      label: row.category,
      group: row.src_file,
    }),
  )
  const name = rows.every((row) => row.esc10) ? 'esc10' : 'esc50'
  return { name, labels, records, synthetic: false }
}

function withoutExtension(filename: string): string {
  return filename.replace(/\.[^.]*$/, '')
}

function badCell(line: number, column: string, found: string, rule: string): EscError {
  const shown = JSON.stringify(found.length > 80 ? `${found.slice(0, 80)}…` : found)
  return new EscError('INVALID_INPUT', `line ${line}, column ${column}: ${shown} ${rule}`, {
    detail: { line, column, found, rule },
  })
}
