/** The table of a suite. */

/** One case: medians in milliseconds. */
export interface BenchRow {
  case: string
  oursMs: number
  /** `null` where the peer is not installed. */
  peerMs: number | null
}

/** Rows as aligned text: case, ours, peer, ratio ours / peer. */
export function formatRows(rows: readonly BenchRow[]): string {
  const cells = rows.map((row) => [
    row.case,
    row.oursMs.toFixed(1),
    row.peerMs?.toFixed(1) ?? 'not installed',
    row.peerMs === null ? '' : (row.oursMs / row.peerMs).toFixed(2),
  ])
  const table = [['case', 'ours ms', 'peer ms', 'ratio'], ...cells]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)))
  return table
    .map((line) =>
      line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    )
    .join('\n')
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
