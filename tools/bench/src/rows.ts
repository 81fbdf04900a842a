/** The table of a suite. */

/** One case: medians in milliseconds. */
export interface BenchRow {
  case: string
  oursMs: number
  /** What ours is measured against, and its time; `null` where there is none, or it is not installed. */
  peer: { name: string; ms: number } | null
  /** Milliseconds that ours should not pass, where a goal is set. */
  goalMs?: number
}

/** Rows as aligned text: case, ours, peer, ratio ours / peer, goal, and whether it was met. */
export function formatRows(rows: readonly BenchRow[]): string {
  const digits = (ms: number) => ms.toFixed(ms < 10 ? 2 : 1)
  const cells = rows.map(({ case: name, oursMs, peer, goalMs }) => [
    name,
    digits(oursMs),
    peer ? `${digits(peer.ms)} (${peer.name})` : '–',
    peer ? (oursMs / peer.ms).toFixed(2) : '–',
    goalMs === undefined ? '' : `${goalMs} ${oursMs <= goalMs ? 'met' : 'missed'}`,
  ])
  return formatTable([['case', 'ours ms', 'peer ms', 'ratio', 'goal ms'], ...cells])
}

/** Lines of cells as aligned text: the first column to the left, the others to the right. */
export function formatTable(table: readonly (readonly string[])[]): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)))
  return table
    .map((line) =>
      line
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

const WARM_UP_ROUNDS = 20

/**
 * Runs ours and the peer in turns, so that a noisy machine is noisy for both, and takes medians.
 *
 * @param rounds - Timed turns. Before them 20 warm both up: V8 takes some calls to make its fast code.
 */
export async function inTurns(
  rounds: number,
  ours: () => unknown,
  peer: (() => unknown) | null,
): Promise<{ oursMs: number; peerMs: number | null }> {
  const times: [number[], number[]] = [[], []]
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const [index, run] of [ours, peer].entries()) {
      if (!run) continue
      const started = performance.now()
      await run()
      if (round >= 0) times[index]!.push(performance.now() - started)
    }
  }
  return { oursMs: median(times[0]), peerMs: peer ? median(times[1]) : null }
}
