/** Sorts large lists several times faster than a comparator does. */
import { argsort } from './numpy.js'

/**
 * Gives the indices that put distinct strings into ascending order of UTF-16 code units.
 *
 * It reads the characters after the common prefix as digits of a number, as many as a float64 holds exactly. It sorts these numbers,
 * and compares only strings with equal numbers.
 */
export function argsortStrings(values: readonly string[]): Int32Array {
  const start = commonPrefix(values)
  let highest = 0
  for (const value of values) {
    for (let i = start; i < value.length; i++) highest = Math.max(highest, value.charCodeAt(i))
  }
  // One digit more stands for the end of a string.
  const base = highest + 2
  const width = Math.floor(53 / Math.log2(base))
  const keys = new Float64Array(values.length)
  for (let k = 0; k < keys.length; k++) {
    const value = values[k]!
    let key = 0
    for (let i = start; i < start + width; i++) {
      key = key * base + (i < value.length ? value.charCodeAt(i) + 1 : 0)
    }
    keys[k] = key
  }
  const order = argsort(keys)
  forEachTie(order, keys, (tied) => tied.sort((a, b) => (values[a]! < values[b]! ? -1 : 1)))
  return order
}

/** Gives the indices that put numbers into descending order; equal ones keep their order. */
export function argsortDescending(values: Float64Array): Int32Array {
  const keys = values.map((value) => -value)
  const order = argsort(keys)
  forEachTie(order, keys, (tied) => tied.sort())
  return order
}

/** Calls `use` with each stretch of `order` that has equal keys and more than one index. */
function forEachTie(order: Int32Array, keys: Float64Array, use: (tied: Int32Array) => void): void {
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && keys[order[end]!] === keys[order[start]!]) end++
    if (end - start > 1) use(order.subarray(start, end))
  }
}

function commonPrefix(values: readonly string[]): number {
  const first = values[0] ?? ''
  let length = first.length
  for (const value of values) {
    let same = 0
    while (same < length && first.charCodeAt(same) === value.charCodeAt(same)) same++
    length = same
  }
  return length
}
