/** Rows of benchmarks: how they are timed, and the table of a suite. */

/** One case. Times are medians in milliseconds. */
export interface BenchRow {
  case: string
  oursMs: number
  /** The other library and its time; `null` if there is none, or it is not installed. */
  peer: { name: string; ms: number } | null
  /** Ours should take at most this many milliseconds. @defaultValue none: the case has no goal */
  goalMs?: number
}

/** Formats rows as aligned text: case, ours, peer, ratio ours / peer, goal, and whether it was met. */
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

/** Aligns lines of cells: the first column to the left, the others to the right. */
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

/** The middle value; the mean of the two middle ones if their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

const warmUpRounds = 20

/**
 * Runs ours and the peer in turns, so that a noisy machine disturbs both, and takes medians.
 *
 * @param rounds - Timed turns. 20 turns before them warm both up: V8 needs some calls before it compiles fast
 *   code.
 */
async function inTurns(
  rounds: number,
  ours: () => unknown,
  peer: (() => unknown) | null,
): Promise<{ oursMs: number; peerMs: number | null }> {
  const times: [number[], number[]] = [[], []]
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const [index, run] of [ours, peer].entries()) {
      if (!run) continue
      const started = performance.now()
      await run()
      if (round >= 0) times[index]!.push(performance.now() - started)
    }
  }
  return { oursMs: median(times[0]), peerMs: peer ? median(times[1]) : null }
}

/** What a case is measured against. */
export interface Peer {
  name: string
  run: () => unknown
}

/** How often a case is timed, and its goal. */
export interface MeasureOptions {
  rounds: number
  /** Ours should take at most this many milliseconds. @defaultValue none: the case has no goal */
  goalMs?: number | undefined
}

/** Times one case, ours and the peer in turns. */
export async function measure(
  name: string,
  ours: () => unknown,
  peer: Peer | null,
  { rounds, goalMs }: MeasureOptions,
): Promise<BenchRow> {
  const { oursMs, peerMs } = await inTurns(rounds, ours, peer?.run ?? null)
  const row: BenchRow = { case: name, oursMs, peer: peer ? { name: peer.name, ms: peerMs! } : null }
  return goalMs === undefined ? row : { ...row, goalMs }
}
