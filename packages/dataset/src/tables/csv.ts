/** CSV text → checked rows. */
import { EscError } from '@esc/core'
// The browser build runs everywhere: the default entry needs Node's Buffer.
import { parse } from 'csv-parse/browser/esm/sync'
import * as z from 'zod/mini'

/** The character between the cells of a line. */
export type CsvDelimiter = ',' | ';' | '\t'

/** A line of a table. `line` is its number in an editor, from 1. */
export interface CsvLine {
  line: number
  cells: readonly string[]
}

/** A row whose cells were checked. */
export interface CsvRow<T> {
  line: number
  values: T
  /** The cells of all other columns, by column name, unchecked; absent if there are none. */
  columns?: Readonly<Record<string, string>>
}

/**
 * Reads CSV with a header line. It understands a byte-order mark, CRLF, quoted cells, lines without text, and above the header a line
 * `sep=;` and comments that begin with `#`. Below the header, a line that begins with `#` is a comment if it has another number of
 * cells than the header: so a row whose file name begins with `#` is not lost. Cells are put into Unicode's composed form (NFC), so
 * that texts that look equal are equal.
 *
 * @param delimiter - Without it: the one of a line `sep=`, or else the most frequent of comma, semicolon and tab in the header.
 * @throws EscError CORRUPT_DATA naming the line, if a quote is left open or a line has too few or too many cells;
 *   INVALID_INPUT if there is no header line.
 * @example const { header, lines } = readCsv('filename,label\na.wav,dog\n')
 */
export function readCsv(text: string, delimiter?: CsvDelimiter): { header: CsvLine; lines: CsvLine[] } {
  const { skipped, start, separator, headerText } = readTop(text)
  const [header, ...rows] = parseLines(
    text.slice(start),
    skipped,
    delimiter ?? separator ?? guessDelimiter(headerText),
  )
  if (!header) throw new EscError('INVALID_INPUT', 'the table is empty; expected a header line and rows')
  const isComment = ({ cells }: CsvLine) => cells.length !== header.cells.length && cells[0]!.startsWith('#')
  // Spreadsheets end a table with lines of delimiters.
  const isBlank = ({ cells }: CsvLine) => cells.every((cell) => cell.trim() === '')
  const lines = rows.filter((row) => !isComment(row) && !isBlank(row))
  const odd = lines.find(({ cells }) => cells.length !== header.cells.length)
  if (odd) {
    const message = `the table is not CSV: line ${odd.line} has ${odd.cells.length} cells, the header ${header.cells.length}`
    throw new EscError('CORRUPT_DATA', message, { detail: { line: odd.line } })
  }
  return { header, lines }
}

/** Skips the lines above the header, one of which may name the delimiter. */
function readTop(text: string) {
  let separator: CsvDelimiter | null = null
  let skipped = 0
  let start = text.startsWith('\ufeff') ? 1 : 0
  while (start < text.length) {
    const end = /\r\n|\n|\r/g
    end.lastIndex = start
    const found = end.exec(text)
    const line = text.slice(start, found?.index)
    const sep = /^"?sep=([,;\t])"?$/i.exec(line)
    if (sep) separator = sep[1] as CsvDelimiter
    else if (!line.startsWith('#') && line.trim() !== '')
      return { skipped, start, separator, headerText: line }
    if (!found) break
    skipped++
    start = end.lastIndex
  }
  return { skipped, start, separator, headerText: '' }
}

function guessDelimiter(header: string): CsvDelimiter {
  const countOf = (delimiter: CsvDelimiter) => header.split(delimiter).length
  return ([',', ';', '\t'] as const).reduce((best, next) => (countOf(next) > countOf(best) ? next : best))
}

/**
 * Checks each row's cells against a schema.
 *
 * @param schema - The schema of an object of cells.
 * @param names - The column for each of the schema's keys; `undefined` if the table has none.
 * @throws EscError INVALID_INPUT naming line and column, if a column is missing or occurs twice, or a cell is bad.
 * @example
 * import * as z from 'zod/mini'
 * readRows(readCsv(text, ','), z.object({ label: plainText }), { label: 'class' })
 */
export function readRows<T>(
  { header, lines }: { header: CsvLine; lines: readonly CsvLine[] },
  schema: z.ZodMiniType<T>,
  names: Readonly<Record<string, string | undefined>>,
): CsvRow<T>[] {
  const wanted = Object.entries(names).flatMap(([key, name]) => (name === undefined ? [] : [{ key, name }]))
  assertColumns(
    header,
    wanted.map(({ name }) => name),
  )
  const known = wanted.map(({ key, name }) => ({ key, name, at: header.cells.indexOf(name) }))
  const taken = new Set(known.map(({ at }) => at))
  // A column without a name, as pandas writes its index, is not kept: there is no key for it.
  const others = header.cells.flatMap((name, at) => (taken.has(at) || name === '' ? [] : [{ name, at }]))
  return lines.map(({ line, cells }) => {
    const result = z.safeParse(schema, Object.fromEntries(known.map(({ key, at }) => [key, cells[at]])))
    if (!result.success) {
      const { path, message } = result.error.issues[0]!
      const { name, at } = known.find(({ key }) => key === path[0])!
      throw badCell(line, name, cells[at]!, message)
    }
    const row = { line, values: result.data }
    if (others.length === 0) return row
    return { ...row, columns: Object.fromEntries(others.map(({ name, at }) => [name, cells[at]!])) }
  })
}

/** The error for a bad cell: its place, its text, and the rule that it breaks. @example throw badCell(3, 'fold', 'two', 'must …') */
export function badCell(line: number, column: string, found: string, rule: string): EscError {
  const message = `line ${line}, column ${column}: ${JSON.stringify(shorten(found, 80))} ${rule}`
  return new EscError('INVALID_INPUT', message, { detail: { line, column, found, rule } })
}

function parseLines(text: string, skipped: number, delimiter: CsvDelimiter): CsvLine[] {
  const found: CsvLine[] = []
  try {
    parse(text, {
      delimiter,
      // Without this list, the parser expects the first line's ending on all lines.
      record_delimiter: ['\r\n', '\n', '\r'],
      skip_empty_lines: true,
      relax_column_count: true,
      on_record: (cells: string[], { lines }) => {
        found.push({ line: lines + skipped, cells: cells.map((cell) => cell.normalize('NFC')) })
        return null
      },
    })
    return found
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new EscError('CORRUPT_DATA', `the table is not CSV: ${shorten(reason, 300)}`, { cause })
  }
}

function assertColumns({ line, cells }: CsvLine, required: readonly string[]): void {
  const found = shorten(cells.join(', '), 300)
  for (const column of required) {
    if (cells.includes(column)) continue
    const hint =
      cells.length === 1 && /[,;\t]/.test(cells[0]!) ? '; does the table use another delimiter?' : ''
    throw new EscError(
      'INVALID_INPUT',
      `line ${line}: column '${column}' is missing; found ${found}; expected ${required.join(', ')}${hint}`,
      { detail: { line, column } },
    )
  }
  const seen = new Set<string>()
  for (const column of cells) {
    if (column !== '' && seen.has(column)) {
      throw new EscError(
        'INVALID_INPUT',
        `line ${line}: column '${shorten(column, 80)}' occurs twice in ${found}`,
        { detail: { line, column } },
      )
    }
    seen.add(column)
  }
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}
