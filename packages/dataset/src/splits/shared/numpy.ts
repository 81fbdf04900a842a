/**
 * Sums and sorts in NumPy's order. If two folds are equally good, their sums differ only in the last bits, and these bits decide which
 * fold gets the next group. If two groups are equally large, an unstable sort decides which comes first. To make scikit-learn's
 * choices, sums and sorts must have NumPy's order.
 */

/**
 * Sum of `length` values from `start`, in pairs.
 *
 * @see NumPy 1.24 `pairwise_sum` in `loops_utils.h.src`: eight accumulators, blocks of up to 128.
 */
export function pairwiseSum(values: Float64Array, start: number, length: number): number {
  if (length > 128) {
    const half = Math.floor(length / 2)
    const first = half - (half % 8)
    return pairwiseSum(values, start, first) + pairwiseSum(values, start + first, length - first)
  }
  const end = start + length
  let sum = 0
  let i = start
  if (length >= 8) {
    let a = values[i]!
    let b = values[i + 1]!
    let c = values[i + 2]!
    let d = values[i + 3]!
    let e = values[i + 4]!
    let f = values[i + 5]!
    let g = values[i + 6]!
    let h = values[i + 7]!
    for (i += 8; i <= end - 8; i += 8) {
      a += values[i]!
      b += values[i + 1]!
      c += values[i + 2]!
      d += values[i + 3]!
      e += values[i + 4]!
      f += values[i + 5]!
      g += values[i + 6]!
      h += values[i + 7]!
    }
    sum = a + b + (c + d) + (e + f + (g + h))
  }
  for (; i < end; i++) sum += values[i]!
  return sum
}

/** Population standard deviation of a row, `np.std(rows, axis=1)`; overwrites the row. */
export function rowStd(row: Float64Array): number {
  const mean = pairwiseSum(row, 0, row.length) / row.length
  for (let i = 0; i < row.length; i++) {
    const difference = row[i]! - mean
    row[i] = difference * difference
  }
  return Math.sqrt(pairwiseSum(row, 0, row.length) / row.length)
}

/** NumPy's `SMALL_QUICKSORT` is 16 elements. */
const SMALL = 15

/**
 * Gives the indices that put whole numbers into ascending order. Equal numbers are in the order of `np.argsort`, which is not stable.
 *
 * @see NumPy 1.24 `aquicksort_` in `npysort/quicksort.cpp`: introsort with the median of three, insertion sort for
 *   16 and fewer, heapsort past a depth of `2 * floor(log2(n))`. Later releases sort otherwise on some processors.
 */
export function argsort(values: ArrayLike<number>): Int32Array {
  const order = new Int32Array(values.length)
  for (let i = 0; i < order.length; i++) order[i] = i
  const todo = [{ low: 0, high: order.length - 1, depth: 2 * (31 - Math.clz32(order.length)) }]
  for (let part = todo.pop(); part; part = todo.pop()) {
    let { low, high, depth } = part
    if (depth < 0) {
      heapsort(values, order.subarray(low, high + 1))
      continue
    }
    while (high - low > SMALL) {
      const middle = partition(values, order, low, high)
      depth--
      // The larger side waits. Its depth is checked when it is its turn.
      if (middle - low < high - middle) {
        todo.push({ low: middle + 1, high, depth })
        high = middle - 1
      } else {
        todo.push({ low, high: middle - 1, depth })
        low = middle + 1
      }
    }
    insertionSort(values, order, low, high)
  }
  return order
}

/** Puts the smaller values before and the larger ones after the median of three, and returns where that is. */
function partition(values: ArrayLike<number>, order: Int32Array, low: number, high: number): number {
  const middle = low + ((high - low) >> 1)
  if (values[order[middle]!]! < values[order[low]!]!) swap(order, middle, low)
  if (values[order[high]!]! < values[order[middle]!]!) swap(order, high, middle)
  if (values[order[middle]!]! < values[order[low]!]!) swap(order, middle, low)
  const pivot = values[order[middle]!]!
  let i = low
  let j = high - 1
  swap(order, middle, j)
  for (;;) {
    do i++
    while (values[order[i]!]! < pivot)
    do j--
    while (pivot < values[order[j]!]!)
    if (i >= j) break
    swap(order, i, j)
  }
  swap(order, i, high - 1)
  return i
}

function insertionSort(values: ArrayLike<number>, order: Int32Array, low: number, high: number): void {
  for (let i = low + 1; i <= high; i++) {
    const held = order[i]!
    const value = values[held]!
    let j = i
    for (; j > low && value < values[order[j - 1]!]!; j--) order[j] = order[j - 1]!
    order[j] = held
  }
}

function heapsort(values: ArrayLike<number>, order: Int32Array): void {
  for (let root = order.length >> 1; root > 0; root--)
    siftDown(values, order, root, order.length, order[root - 1]!)
  for (let length = order.length; length > 1; length--) {
    const held = order[length - 1]!
    order[length - 1] = order[0]!
    siftDown(values, order, 1, length - 1, held)
  }
}

/** Puts `held` into the heap below `root`, counted from 1. */
function siftDown(
  values: ArrayLike<number>,
  order: Int32Array,
  root: number,
  length: number,
  held: number,
): void {
  let parent = root
  for (let child = 2 * root; child <= length; child *= 2) {
    if (child < length && values[order[child - 1]!]! < values[order[child]!]!) child++
    if (!(values[held]! < values[order[child - 1]!]!)) break
    order[parent - 1] = order[child - 1]!
    parent = child
  }
  order[parent - 1] = held
}

function swap(order: Int32Array, i: number, j: number): void {
  const held = order[i]!
  order[i] = order[j]!
  order[j] = held
}
