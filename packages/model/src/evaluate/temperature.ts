/** Temperature scaling: one number that makes scores say how often a label is right. */
import {
  type Activation,
  asOptions,
  assertFloat32,
  assertInteger,
  assertKnown,
  assertOneOf,
  EscError,
  isNumberList,
  shown,
  wrongValue,
} from '@esc/core'
import { rowsByClip } from './clip-scores.js'
import { assertClassList, assertFiniteScores } from './score-checks.js'

/** Options of {@link fitTemperature}. */
export interface FitTemperatureOptions {
  /** Number of classes: the length of a row of logits. */
  classes: number
  /** The function that turns logits into scores. @defaultValue `'softmax'` */
  activation?: Activation | undefined
  /** Clip of each row. The scores of a clip's rows are averaged, as `evaluate` does. @defaultValue each row is a clip */
  clipIds?: readonly string[] | undefined
}

/** Result of {@link fitTemperature}. */
export interface FittedTemperature {
  /** In [0.05, 20]. */
  temperature: number
  /** Mean loss at this temperature: cross-entropy, or binary cross-entropy with `sigmoid`. */
  loss: number
  /** Mean loss without a temperature. */
  lossBefore: number
  /**
   * True if the temperature is the bound 0.05 or 20. At 0.05 the examples are probably separated without a mistake, and at 20 the logits
   * say nothing about the labels.
   */
  atBound: boolean
}

/** On separable examples the loss falls for ever as the temperature nears 0, so the search needs bounds. */
const bounds = [0.05, 20] as const
const [lowest, highest] = bounds.map(Math.log) as [number, number]
const gridPoints = 25
/** Width in log T at which the search ends. Below 1e-8 rounding of the loss hides the minimum. */
const tolerance = 1e-9

/**
 * Finds the temperature with the lowest mean loss of `logits / temperature`. It searches log T in [log 0.05, log 20] on a grid, then by
 * golden section, in float64. If no temperature has a lower loss than 1, it returns 1.
 *
 * Take validation examples: on training examples logits are too sure, and test examples would leak.
 *
 * @param logits - [rows, classes], finite.
 * @param labels - Class index of each row; with `sigmoid` the targets [rows, classes], in [0, 1].
 * @throws EscError INVALID_INPUT if there are no rows, the lengths differ, a logit is not finite, a class is outside, or the rows of a
 *   clip have different labels; INVALID_OPTION if an option is wrong or unknown.
 * @see Guo, Pleiss, Sun and Weinberger 2017, On Calibration of Modern Neural Networks, section 4.2.
 * @example fitTemperature(Float32Array.of(4, 0, 4, 0, 0, 4), [0, 1, 1], { classes: 2 }).temperature
 */
export function fitTemperature(
  logits: Float32Array,
  labels: ArrayLike<number>,
  options: FitTemperatureOptions,
): FittedTemperature {
  assertKnown('fitTemperature', options, { classes: true, activation: true, clipIds: true })
  const { classes, activation = 'softmax', clipIds } = asOptions('fitTemperature', options)
  assertInteger('classes', classes, 1)
  assertOneOf('activation', activation, ['softmax', 'sigmoid'])
  assertFloat32('logits', logits)
  if (logits.length === 0) throw new EscError('INVALID_INPUT', 'logits is empty; give at least one row')
  assertFiniteScores('logits', logits)
  const perRow = activation === 'sigmoid' ? classes : 1
  assertTargets(labels, activation, classes)
  const rows = logits.length / classes
  if (rows * perRow !== labels.length) {
    const must = `${labels.length / perRow} rows of ${classes} classes`
    throw new EscError(
      'INVALID_INPUT',
      `logits has ${logits.length} values and labels ${labels.length}; logits must be ${must}`,
    )
  }
  const clips = clipsOf(clipIds, rows, labels, perRow)
  const lossAt = activation === 'sigmoid' ? sigmoidLoss : softmaxLoss
  return search((logT) => lossAt({ logits, labels, classes, clips }, Math.exp(-logT)))
}

function assertTargets(labels: ArrayLike<number>, activation: Activation, classes: number): void {
  if (activation === 'softmax') {
    assertClassList('labels', labels, classes)
    return
  }
  if (!isNumberList(labels)) throw wrongValue('labels', labels, 'a list of targets, [rows, classes]')
  for (let i = 0; i < labels.length; i++) {
    if (labels[i]! >= 0 && labels[i]! <= 1) continue
    throw new EscError('INVALID_INPUT', `labels[${i}]=${shown(labels[i])} must be in [0, 1] with sigmoid`)
  }
}

/** The rows of each clip. */
function clipsOf(
  clipIds: readonly string[] | undefined,
  rows: number,
  labels: ArrayLike<number>,
  perRow: number,
): (readonly number[])[] {
  if (clipIds === undefined) return Array.from({ length: rows }, (_, row) => [row])
  if (!Array.isArray(clipIds) || clipIds.length !== rows) {
    const found = Array.isArray(clipIds) ? `has ${clipIds.length} values` : 'is not an array'
    throw new EscError(
      'INVALID_OPTION',
      `clipIds ${found}; it must have one text for each of the ${rows} rows`,
    )
  }
  const clips = rowsByClip(clipIds)
  for (const [clipId, [first, ...others]] of clips) {
    for (const row of others) {
      for (let i = 0; i < perRow; i++) {
        if (labels[row * perRow + i] === labels[first! * perRow + i]) continue
        throw new EscError('INVALID_INPUT', `clip ${shown(clipId)} has rows with different labels`)
      }
    }
  }
  return [...clips.values()]
}

function search(lossAt: (logT: number) => number): FittedTemperature {
  const lossBefore = lossAt(0)
  const step = (highest - lowest) / (gridPoints - 1)
  const grid = Float64Array.from({ length: gridPoints }, (_, i) => lossAt(lowest + i * step))
  // With several windows for a clip, the loss may have more than one minimum. The grid finds the lowest.
  const best = grid.indexOf(Math.min(...grid))
  const found = goldenSection(
    lossAt,
    lowest + Math.max(0, best - 1) * step,
    lowest + Math.min(gridPoints - 1, best + 1) * step,
  )
  // The first of equals: no change is better than a change without a gain, and a bound better than a number beside it.
  let [logT, loss] = [0, lossBefore]
  for (const candidate of [lowest, highest, found]) {
    const other = lossAt(candidate)
    if (other < loss) [logT, loss] = [candidate, other]
  }
  const bound = bounds.find((temperature) => Math.log(temperature) === logT)
  return { temperature: bound ?? Math.exp(logT), loss, lossBefore, atBound: bound !== undefined }
}

/** @see Kiefer 1953, Sequential minimax search for a maximum. */
function goldenSection(f: (x: number) => number, from: number, to: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2
  let [low, high] = [from, to]
  let [a, b] = [high - ratio * (high - low), low + ratio * (high - low)]
  let [fa, fb] = [f(a), f(b)]
  while (high - low > tolerance) {
    if (fa <= fb) {
      high = b
      b = a
      fb = fa
      a = high - ratio * (high - low)
      fa = f(a)
    } else {
      low = a
      a = b
      fa = fb
      b = low + ratio * (high - low)
      fb = f(b)
    }
  }
  return (low + high) / 2
}

/** Rows of logits with their labels, by clip. */
interface LabeledRows {
  logits: Float32Array
  labels: ArrayLike<number>
  classes: number
  clips: readonly (readonly number[])[]
}

/** Mean cross-entropy of the clips' scores. A clip's score is the mean of its rows' scores. */
function softmaxLoss({ logits, labels, classes, clips }: LabeledRows, scale: number): number {
  let total = 0
  for (const rows of clips) {
    let clip = Number.NEGATIVE_INFINITY
    for (const row of rows) {
      const start = row * classes
      let max = Number.NEGATIVE_INFINITY
      for (let c = 0; c < classes; c++) max = Math.max(max, logits[start + c]!)
      let partition = 0
      for (let c = 0; c < classes; c++) partition += Math.exp(scale * (logits[start + c]! - max))
      clip = addLogs(clip, scale * (logits[start + labels[row]!]! - max) - Math.log(partition))
    }
    total -= clip - Math.log(rows.length)
  }
  return total / clips.length
}

/** Mean binary cross-entropy over clips and classes. */
function sigmoidLoss({ logits, labels, classes, clips }: LabeledRows, scale: number): number {
  let total = 0
  for (const rows of clips) {
    for (let c = 0; c < classes; c++) {
      let [yes, no] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
      for (const row of rows) {
        const logit = scale * logits[row * classes + c]!
        const tail = Math.log1p(Math.exp(-Math.abs(logit)))
        yes = addLogs(yes, Math.min(0, logit) - tail)
        no = addLogs(no, Math.min(0, -logit) - tail)
      }
      const target = labels[rows[0]! * classes + c]!
      total -= target * yes + (1 - target) * no - Math.log(rows.length)
    }
  }
  return total / clips.length / classes
}

/** `log(eᵃ + eᵇ)` without overflow. */
function addLogs(a: number, b: number): number {
  const max = Math.max(a, b)
  if (max === Number.NEGATIVE_INFINITY) return max
  return max + Math.log1p(Math.exp(Math.min(a, b) - max))
}
