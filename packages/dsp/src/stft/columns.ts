/** Writes matrices that are computed column by column and stored row by row. */

/** Takes the columns of a matrix from left to right. */
export interface ColumnWriter {
  /** `data[row * columns + column]`. It is complete when all columns are written. */
  readonly data: Float32Array
  /** Takes the next column. */
  write(column: Float64Array): void
}

// Float32 numbers in one line of the cache.
const blockColumns = 16

/**
 * Plans the matrix. It stores sixteen columns at a time. If it stored them one by one, each number would go
 * to a different line of the cache, which takes longer than a transform.
 *
 * @example const { data, write } = createColumnWriter(1025, 431)
 */
export function createColumnWriter(rows: number, columns: number): ColumnWriter {
  const data = new Float32Array(rows * columns)
  const block = new Float32Array(blockColumns * rows)
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
      if (held === blockColumns || done + held === columns) put()
    },
  }
}
