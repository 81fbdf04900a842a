/** The confusion matrix, drawn and in words. */
import * as Plot from '@observablehq/plot'
import { draw, tickLabels } from './figures.js'
import { count, percent, plural } from './format.js'
import { type Html, html } from './html.js'

/** One cell with clips in it. */
interface Cell {
  truth: number
  predicted: number
  clips: number
  /** Share of the clips of the true class. */
  share: number
}

const marginRight = 16
// At this share the contrast of a cell to black and to white is about the same (4.4:1 and more), in the light and the dark palette.
const darkestPale = 0.75

// Width for one of two figures side by side: half of the page without the gap (`.pair` of the stylesheet).
const halfPagePx = 448
// In a smaller cell only a digit or two fit, and labels must stand upright.
const smallestCellPx = 24

/** Options of {@link drawConfusion}. */
export interface ConfusionOptions {
  /** The model of the matrix, for screen readers. */
  model: 'float' | 'int8'
  /** True if another matrix stands beside it. */
  isBeside: boolean
}

/**
 * Tells if two matrices fit side by side on a wide page, with legible cells.
 *
 * @example fitsBeside(['dog', 'rain']) // true
 */
export function fitsBeside(labels: readonly string[]): boolean {
  return cellBesidePx(labels) >= smallestCellPx
}

function cellBesidePx(labels: readonly string[]): number {
  return Math.floor((halfPagePx - sidesPx(labels)) / labels.length)
}

/** The width of a figure without its cells. */
function sidesPx(labels: readonly string[]): number {
  return tickLabels(labels).width + 24 + marginRight
}

/**
 * A heat map of the confusion matrix with the counts in its cells; empty cells stay blank.
 *
 * @param confusion - `confusion[true][predicted]`, counts.
 * @example drawConfusion([[7, 1], [0, 8]], ['dog', 'rain'], { model: 'float', isBeside: false })
 */
export function drawConfusion(
  confusion: readonly (readonly number[])[],
  labels: readonly string[],
  { model, isBeside }: ConfusionOptions,
): Html {
  const classes = labels.map((_label, index) => index)
  const room = isBeside ? cellBesidePx(labels) : Math.floor(600 / labels.length)
  const cellPx = Math.min(54, Math.max(15, room))
  const isSmall = cellPx < smallestCellPx
  const { format, width } = tickLabels(labels)
  const bottom = Math.ceil(width * (isSmall ? 1 : Math.SQRT1_2)) + 26
  const cells = cellsOf(confusion)
  const place = { x: 'predicted', y: 'truth' } as const
  const axis = { domain: classes, tickFormat: format, tickSize: 0, grid: true, padding: 0.04, round: false }
  return draw(
    `Heat map of the confusion matrix of the ${model} model: a row for each true class, a column for each predicted class`,
    {
      width: sidesPx(labels) + cellPx * labels.length,
      height: 8 + cellPx * labels.length + bottom,
      marginLeft: width + 24,
      marginRight,
      marginTop: 8,
      marginBottom: bottom,
      x: {
        ...axis,
        label: 'predicted class',
        labelAnchor: 'center',
        labelArrow: 'none',
        tickRotate: isSmall ? -90 : -45,
      },
      y: { ...axis, label: 'true class', labelAnchor: 'center', labelArrow: 'none' },
      marks: [
        Plot.frame({ stroke: 'var(--rule)' }),
        // Keeps the grid from showing through.
        Plot.cell(cells, { ...place, fill: 'var(--ground)' }),
        Plot.cell(cells, {
          ...place,
          fill: 'var(--cell)',
          fillOpacity: (cell: Cell) => Math.max(0.06, cell.share),
          title: (cell: Cell) => describe(cell, labels),
        }),
        Plot.text(cells, {
          ...place,
          text: (cell: Cell) => count(cell.clips),
          fill: (cell: Cell) => (cell.share > darkestPale ? 'var(--on-cell)' : 'var(--on-pale)'),
          fontSize: numberPx(cells, cellPx),
          pointerEvents: 'none',
        }),
      ],
      color: { type: 'identity' },
      opacity: { type: 'identity' },
    },
  )
}

/**
 * Describes the most frequent confusions, or says that there are none.
 *
 * @example describeConfusions([[7, 1], [0, 8]], ['dog', 'rain']) // … dog taken for rain (1 of 8)
 */
export function describeConfusions(
  confusion: readonly (readonly number[])[],
  labels: readonly string[],
): Html {
  const errors = cellsOf(confusion).filter(({ truth, predicted }) => truth !== predicted)
  if (errors.length === 0) return html`No clip was taken for another class.`
  const worst = errors.sort((a, b) => b.clips - a.clips).slice(0, 3)
  const items = worst.map(({ truth, predicted, clips, share }, i) => {
    const support = Math.round(clips / share)
    return html`${i > 0 ? ', ' : ''}<b>${labels[truth]!}</b> taken for <b>${labels[predicted]!}</b>
(${count(clips)} of ${count(support)})`
  })
  return html`Most frequent confusions: ${items}.`
}

/** Size of the numbers, such that the longest one fits into its cell. */
function numberPx(cells: readonly Cell[], cellPx: number): number {
  const digits = Math.max(1, ...cells.map(({ clips }) => count(clips).length))
  return Math.max(6, Math.min(12, Math.floor(0.66 * cellPx), Math.floor((cellPx - 4) / (0.62 * digits))))
}

function cellsOf(confusion: readonly (readonly number[])[]): Cell[] {
  return confusion.flatMap((row, truth) => {
    const support = row.reduce((sum, clips) => sum + clips, 0)
    return row.flatMap((clips, predicted) =>
      clips > 0 ? [{ truth, predicted, clips, share: clips / support }] : [],
    )
  })
}

function describe({ truth, predicted, clips, share }: Cell, labels: readonly string[]): string {
  const size = `${plural(clips, 'clip')}, ${percent(share)} of the class`
  return `true: ${labels[truth]}\npredicted: ${labels[predicted]}\n${size}`
}
