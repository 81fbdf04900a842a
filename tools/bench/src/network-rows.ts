/** The table of the suites `train` and `infer`. The ratios matter most. Every measured value is kept. */
import { availableParallelism, loadavg } from 'node:os'
import { formatTable, median } from './rows.js'

/** The measured values in their order, or why nothing could be measured. */
export type Measured = { median: number; min: number; values: readonly number[] } | { cannot: string }

/** The machine that a case was measured on. */
export interface Machine {
  processors: number
  /**
   * Processes that ran or waited to run, on average in the minute before the case; also those of the case
   * before.
   */
  load: number
}

/** Returns the state of the machine now. */
export function lookAtMachine(): Machine {
  return { processors: availableParallelism(), load: loadavg()[0]! }
}

/** One case, against one peer. */
export interface NetworkRow {
  case: string
  unit: 'ms' | 'MiB'
  machine: Machine
  ours: Measured
  peer: Measured & { name: string }
  /** Ours divided by the peer's median should be at most this. @defaultValue none: the case has no goal */
  goalRatio?: number
}

/** Returns the median and the minimum of values, and the values themselves. */
export function summarize(values: readonly number[]): Measured {
  return { median: median(values), min: Math.min(...values), values }
}

/** Formats rows as aligned text with medians and minima, and adds a line about the machine. */
export function formatNetworkRows(rows: readonly NetworkRow[]): string {
  const cells = rows.map(({ case: name, unit, machine, ours, peer, goalRatio }) => {
    const ratio = 'cannot' in ours || 'cannot' in peer ? null : ours.median / peer.median
    return [
      name,
      formatMeasured(ours, unit),
      `${formatMeasured(peer, unit)} (${peer.name})`,
      ratio?.toFixed(2) ?? '–',
      goalRatio === undefined ? '' : `≤ ${goalRatio}${verdict(ratio, goalRatio)}`,
      machine.load.toFixed(1),
    ]
  })
  const head = ['case', 'ours median / min', 'peer median / min', 'ratio', 'goal', 'load']
  const processors = [...new Set(rows.map(({ machine }) => machine.processors))].join(', ')
  return `${formatTable([head, ...cells])}\n${processors} processors; load: average of the minute before the case`
}

function verdict(ratio: number | null, goalRatio: number): string {
  if (ratio === null) return ''
  return ratio <= goalRatio ? ' met' : ' missed'
}

function formatMeasured(measured: Measured, unit: NetworkRow['unit']): string {
  if ('cannot' in measured) return measured.cannot
  const digits = (value: number) => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)
  const { median, min } = measured
  return unit === 'MiB' ? `${digits(median)} MiB` : `${digits(median)} / ${digits(min)} ms`
}
