/** Numbers labels or groups: from any values to whole numbers. */
import { EscError, hasField, shown, wrongValue } from '@esc/core'
import { argsort } from './numpy.js'
import { argsortStrings } from './sort.js'

/** One label or group per example: finite numbers or strings, not both, in a plain or a typed array. */
export type Labels = ArrayLike<number | string>

/** The distinct values of a {@link Labels}, and the number of each example's value. */
export interface Encoding {
  values: (number | string)[]
  /** Index into `values`, one per example. */
  codes: Int32Array
  /** The number of examples with each value. */
  counts: number[]
}

/**
 * Numbers the distinct values in the order in which they appear, so that renaming them changes no code.
 *
 * @param name - The name of the caller's parameter, for the message.
 * @throws EscError INVALID_INPUT if a value is neither a finite number nor a string, or both kinds occur.
 */
export function encodeByAppearance(name: string, labels: Labels): Encoding {
  assertList(name, labels)
  const range = wholeRange(labels)
  if (range) return encodeWhole(labels as ArrayLike<number>, range.min, range.max)
  const codeOf = new Map<number | string, number>()
  const values: (number | string)[] = []
  const codes = new Int32Array(labels.length)
  const counts: number[] = []
  for (let i = 0; i < labels.length; i++) {
    const value = labels[i]!
    let code = codeOf.get(value)
    if (code === undefined) {
      assertValue(name, i, value, values[0] ?? value)
      code = values.length
      codeOf.set(value, code)
      values.push(value)
      counts.push(0)
    }
    codes[i] = code
    counts[code]!++
  }
  return { values, codes, counts }
}

/** @throws EscError INVALID_INPUT unless it is a plain or a typed array, or has a length. @example assertList('labels', labels) */
export function assertList(name: string, list: unknown): asserts list is ArrayLike<unknown> {
  if (hasField(list, 'length') && typeof list.length === 'number') return
  throw wrongValue(name, list, 'a list, with one value for each example, or a set')
}

/** {@link assertList}; the first value must be a label, too. @example assertValues('labels', labels) */
export function assertValues(name: string, list: unknown): asserts list is Labels {
  assertList(name, list)
  if (list.length > 0) assertValue(name, 0, list[0], list[0] as string)
}

/** The range of labels that are whole numbers, if a table of that range has at most eight times their size; else `null`. */
function wholeRange(labels: Labels): { min: number; max: number } | null {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < labels.length; i++) {
    const value = labels[i]!
    if (typeof value !== 'number' || !Number.isInteger(value)) return null
    if (value < min) min = value
    if (value > max) max = value
  }
  return min <= max && max - min < 8 * labels.length ? { min, max } : null
}

/** {@link encodeByAppearance} with a table, which is several times faster than a map. */
function encodeWhole(labels: ArrayLike<number>, min: number, max: number): Encoding {
  const codeOf = new Int32Array(max - min + 1).fill(-1)
  const values: number[] = []
  const codes = new Int32Array(labels.length)
  const counts: number[] = []
  for (let i = 0; i < labels.length; i++) {
    const place = labels[i]! - min
    let code = codeOf[place]!
    if (code < 0) {
      code = values.length
      codeOf[place] = code
      values.push(labels[i]!)
      counts.push(0)
    }
    codes[i] = code
    counts[code]!++
  }
  return { values, codes, counts }
}

/**
 * Numbers the distinct values in ascending order, as NumPy's `unique` does: strings by UTF-16 code units (NumPy
 * compares code points, which differ above U+FFFF alone).
 *
 * @throws EscError INVALID_INPUT as {@link encodeByAppearance}.
 */
export function encodeSorted(name: string, labels: Labels): Encoding {
  const { values, codes, counts } = encodeByAppearance(name, labels)
  const order =
    typeof values[0] === 'string' ? argsortStrings(values as string[]) : argsort(values as number[])
  const rank = new Int32Array(order.length)
  for (let position = 0; position < order.length; position++) rank[order[position]!] = position
  for (let i = 0; i < codes.length; i++) codes[i] = rank[codes[i]!]!
  return {
    values: Array.from(order, (code) => values[code]!),
    codes,
    counts: Array.from(order, (code) => counts[code]!),
  }
}

/** The examples of each class in ascending order, one class after the other. Those of class `k` begin at `starts[k]`. */
export function membersByCode({ codes, counts }: Encoding): { members: Int32Array; starts: Int32Array } {
  const starts = startsOf(counts)
  const next = starts.slice()
  const members = new Int32Array(codes.length)
  for (let i = 0; i < codes.length; i++) members[next[codes[i]!]!++] = i
  return { members, starts }
}

/** The begin of each part, for parts of these sizes one after the other. The last number is the end of the last part. */
export function startsOf(counts: ArrayLike<number>): Int32Array {
  const starts = new Int32Array(counts.length + 1)
  for (let k = 0; k < counts.length; k++) starts[k + 1] = starts[k]! + counts[k]!
  return starts
}

function assertValue(name: string, index: number, value: unknown, first: number | string): void {
  if (typeof value !== 'string' && !Number.isFinite(value)) {
    throw new EscError(
      'INVALID_INPUT',
      `${name}[${index}]=${shown(value)} must be a finite number or a string`,
    )
  }
  if (typeof value !== typeof first) {
    const found = `${name}[${index}]=${value} is a ${typeof value} and ${name}[0]=${first} a ${typeof first}`
    throw new EscError('INVALID_INPUT', `${found}; use one kind`)
  }
}
