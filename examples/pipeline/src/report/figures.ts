/** The report's plots, as inline SVG. */
import type { EpochRecord } from '@esc/core'
import type { Spread } from '@esc/dataset'
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { count, shorten } from './format.js'
import { type Html, trusted } from './html.js'

/** Width in px of a character of a tick label; wide enough for common system fonts. */
const characterPx = 6.8
const longestLabel = 22

/**
 * Draws a plot into a string of SVG. Colours are `currentColor` and the stylesheet's variables, so that one drawing
 * fits light and dark pages. Marks that generate ids (clips, markers, patterns) are not to be used: they would make the
 * output differ from call to call.
 *
 * @param label - What a screen reader says; no string from outside.
 * @example draw('Clips per class', { marks: [Plot.barX(counts, { x: 'clips', y: 'label' })] })
 */
export function draw(label: string, options: Plot.PlotOptions): Html {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const svg = Plot.plot({ ...options, document, className: 'plot', ariaLabel: label })
  // The page's stylesheet says the same once for all plots.
  svg.querySelector('style')?.remove()
  svg.setAttribute('role', 'img')
  return trusted(svg.outerHTML)
}

/**
 * Labels fit to stand at an axis, and the room they need.
 *
 * @returns `format` shortens the label of a class index; `width` is in px.
 * @example const { format, width } = tickLabels(['dog', 'rain'])
 */
export function tickLabels(labels: readonly string[]): { format: (index: number) => string; width: number } {
  const short = labels.map((label) => shorten(label, longestLabel))
  const longest = Math.max(1, ...short.map((label) => [...label].length))
  return { format: (index) => short[index] ?? '', width: Math.ceil(longest * characterPx) + 14 }
}

/**
 * Bars of clips per class.
 *
 * @param indices - The classes to draw, indices into `labels` and `counts`.
 * @example drawClassCounts(['dog', 'rain'], [40, 38], [0, 1])
 */
export function drawClassCounts(
  labels: readonly string[],
  counts: readonly number[],
  indices: readonly number[],
): Html {
  const { format, width } = tickLabels(labels)
  const bars = indices.map((index) => ({ index, clips: counts[index] ?? 0 }))
  return draw('Bar chart of the number of clips of each class', {
    width: 440,
    height: indices.length * 19 + 16,
    marginLeft: width,
    marginRight: 36,
    marginTop: 8,
    marginBottom: 8,
    // One scale for all columns of bars, also where a data set needs several.
    x: { axis: null, domain: [0, Math.max(1, ...counts)] },
    y: { domain: indices, tickFormat: format, tickSize: 0, label: null, padding: 0.25 },
    marks: [
      Plot.barX(bars, { x: 'clips', y: 'index', fill: 'var(--blue)' }),
      Plot.text(bars, {
        x: 'clips',
        y: 'index',
        text: (bar) => count(bar.clips),
        textAnchor: 'start',
        dx: 5,
      }),
      Plot.ruleX([0]),
    ],
  })
}

/**
 * A histogram of durations.
 *
 * @param durations - Seconds; at least one.
 * @example drawDurations([4.98, 5, 5])
 */
export function drawDurations(durations: readonly number[]): Html {
  const shortest = Math.min(...durations)
  const longest = Math.max(...durations)
  // Clips of one length would make a bin without a width. Else the domain stays open: Plot widens it to whole bins, but
  // drops from a given one what lies outside of its ticks.
  const isUniform = longest - shortest < 0.1
  const room = isUniform ? { domain: [Math.max(0, shortest - 0.5), longest + 0.5] as [number, number] } : {}
  const bins = Plot.binX<Plot.RectYOptions>(
    { y: 'count' },
    { x: (sec: number) => sec, thresholds: 24, ...room },
  )
  return draw('Histogram of the durations of the clips', {
    width: 440,
    height: 230,
    marginLeft: 48,
    marginBottom: 40,
    x: { ...room, label: 'duration (s)', labelAnchor: 'center', labelArrow: 'none', ticks: 6 },
    y: { label: 'clips', labelArrow: 'none', grid: true, ticks: 5, tickFormat: ',d' },
    marks: [Plot.rectY(durations, { ...bins, fill: 'var(--blue)' }), Plot.ruleY([0])],
  })
}

/**
 * For each class a line from the 5th to the 95th percentile, a bar over the middle half, and a dot at the median.
 *
 * @param spreads - One per class, `null` where nothing was measured; at least one is there.
 * @param indices - The classes to draw, indices into `labels` and `spreads`.
 * @example drawSpreads(['dog', 'rain'], [dogs, rains], [0, 1], 'level (dB)')
 */
export function drawSpreads(
  labels: readonly string[],
  spreads: readonly (Spread | null)[],
  indices: readonly number[],
  quantity: 'level (dB)' | 'bandwidth (kHz)',
): Html {
  const { format, width } = tickLabels(labels)
  const ends = spreads.flatMap((spread) => (spread ? [spread.p5, spread.p95] : []))
  const rows = indices.flatMap((index) => (spreads[index] ? [{ index, ...spreads[index] }] : []))
  return draw(`The ${quantity} of the clips of each class: median, quartiles, 5th and 95th percentile`, {
    width: 440,
    height: indices.length * 19 + 50,
    marginLeft: width,
    marginRight: 16,
    marginTop: 8,
    marginBottom: 42,
    // One scale for all figures, as for the counts; a class without a clip keeps its line.
    x: {
      domain: [Math.min(...ends), Math.max(...ends)],
      nice: true,
      grid: true,
      ticks: 6,
      label: quantity,
      labelAnchor: 'center',
      labelArrow: 'none',
    },
    y: { domain: indices, type: 'band', tickFormat: format, tickSize: 0, label: null, padding: 0.4 },
    marks: [
      Plot.ruleY(rows, { x1: 'p5', x2: 'p95', y: 'index', stroke: 'var(--blue)', strokeWidth: 1.5 }),
      Plot.ruleY(rows, { x1: 'p25', x2: 'p75', y: 'index', stroke: 'var(--blue)', strokeWidth: 7 }),
      Plot.dot(rows, {
        x: 'p50',
        y: 'index',
        r: 3.5,
        fill: 'var(--ground)',
        stroke: 'currentColor',
        strokeWidth: 1.5,
      }),
    ],
  })
}

/** One quantity over the epochs; a value that is `null` was not measured. */
export interface Curve {
  name: 'loss' | 'accuracy'
  train: (record: EpochRecord) => number
  validation: (record: EpochRecord) => number | null
}

/**
 * A quantity over the epochs in training (dashed) and validation (solid), the best epoch marked.
 *
 * @param history - At least one epoch.
 * @example drawCurve(history, 17, { name: 'loss', train: (r) => r.trainLoss, validation: (r) => r.validationLoss })
 */
export function drawCurve(history: readonly EpochRecord[], bestEpoch: number, curve: Curve): Html {
  const epochs = history.map(({ epoch }) => epoch)
  const last = Math.max(...epochs)
  const shares = { domain: [0, 1], tickFormat: (share: number) => `${Math.round(100 * share)}\u00a0%` }
  return draw(`Line chart of the ${curve.name} in training and validation after each epoch`, {
    width: 440,
    height: 280,
    marginLeft: 52,
    marginBottom: 40,
    marginTop: 32,
    marginRight: 16,
    x: {
      label: 'epoch',
      labelAnchor: 'center',
      labelArrow: 'none',
      domain: last > 1 ? [1, last] : [0.5, 1.5],
      ticks: last <= 10 ? epochs : 8,
      tickFormat: 'd',
    },
    y: {
      label: curve.name,
      labelArrow: 'none',
      grid: true,
      ticks: 5,
      ...(curve.name === 'accuracy' ? shares : { zero: true, nice: true }),
    },
    marks: [
      Plot.ruleY([0]),
      Plot.ruleX([bestEpoch], { stroke: 'var(--muted)', strokeDasharray: '2,3' }),
      Plot.text([bestEpoch], {
        x: (epoch: number) => epoch,
        text: (epoch: number) => `best epoch: ${epoch}`,
        frameAnchor: 'top',
        dy: -14,
        textAnchor: bestEpoch > last / 2 ? 'end' : 'start',
      }),
      curveMark(history, curve.train, { stroke: 'var(--orange)', strokeDasharray: '6,4' }),
      curveMark(history, curve.validation, { stroke: 'var(--blue)' }),
    ],
  })
}

function curveMark(
  history: readonly EpochRecord[],
  y: (record: EpochRecord) => number | null,
  style: { stroke: string; strokeDasharray?: string },
): Plot.Markish {
  const measured = history.filter((record) => y(record) !== null)
  const options = { x: 'epoch', y, strokeWidth: 2, ...style }
  // A line through one point is nothing.
  return measured.length === 1
    ? Plot.dot(measured, { ...options, strokeDasharray: 'none' })
    : Plot.line(measured, options)
}
