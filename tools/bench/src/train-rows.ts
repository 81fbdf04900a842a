/** The table of the training suite: ratios are what counts, and every measured value is kept. */
import { availableParallelism, loadavg } from 'node:os'
import { formatTable, median } from './rows.js'

/** What was measured, in the order it was; or why it could not be. */
export type Measured = { median: number; min: number; values: readonly number[] } | { cannot: string }

/** What a case was measured on. */
export interface Machine {
  processors: number
  /** Processes that ran or waited to run as the case began, the mean of the last minute: others', and those of the case before. */
  load: number
}

/** What the machine is like now. */
export function lookAtMachine(): Machine {
  return { processors: availableParallelism(), load: loadavg()[0]! }
}

/** One case, against one peer. */
export interface TrainRow {
  case: string
  unit: 'ms' | 'MiB'
  machine: Machine
  ours: Measured
  peer: Measured & { name: string }
  /** Ours over the peer's median, which the ratio should not pass. */
  goalRatio?: number
}

/** Median and minimum of some values, with them. */
export function summarize(values: readonly number[]): Measured {
  return { median: median(values), min: Math.min(...values), values }
}

/** Rows as aligned text, medians and minima, and a line about the machine. */
export function formatTrainRows(rows: readonly TrainRow[]): string {
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

function formatMeasured(measured: Measured, unit: TrainRow['unit']): string {
  if ('cannot' in measured) return measured.cannot
  const digits = (value: number) => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)
  const { median, min } = measured
  return unit === 'MiB' ? `${digits(median)} MiB` : `${digits(median)} / ${digits(min)} ms`
}
