/** Matrices that come column by column and are kept row by row. */

/** Takes the columns of a matrix from left to right. */
export interface ColumnWriter {
  /** `data[row * columns + column]`; whole once all columns are written. */
  readonly data: Float32Array
  write(column: Float64Array): void
}

// Numbers that share a line of the cache.
const BLOCK = 16

/**
 * Plans the matrix. Columns are put down sixteen at a time: one by one, every number would go to a line of the cache of
 * its own, and that takes longer than a transform.
 *
 * @example const { data, write } = createColumnWriter(1025, 431)
 */
export function createColumnWriter(rows: number, columns: number): ColumnWriter {
  const data = new Float32Array(rows * columns)
  const block = new Float32Array(BLOCK * rows)
  let done = 0
  let held = 0
  function put(): void {
    for (let row = 0; row < rows; row++) {
      const to = row * columns + done
      for (let column = 0, from = row; column < held; column++, from += rows) data[to + column] = block[from]!
    }
    done += held
    held = 0
  }
  return {
    data,
    write(column) {
      block.set(column, held * rows)
      held++
      if (held === BLOCK || done + held === columns) put()
    },
  }
}
