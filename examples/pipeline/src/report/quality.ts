/** How well the scores rank and how far they can be trusted: a table, and reliability diagrams. */
import type { ClassMean, ReliabilityBin } from '@esc/model'
import * as Plot from '@observablehq/plot'
import type { RunMetrics, TestFigures } from '../results.js'
import { draw } from './figures.js'
import { count, fixed, missing, percent, plural } from './format.js'
import { type Html, html } from './html.js'
import { figure, section, syntheticMark, table } from './layout.js'

/** The heading of the section. */
export const qualityTitle = 'Ranking and calibration'

/**
 * Figures of the scores, and a reliability diagram of each model.
 *
 * @example renderQuality(results.metrics)
 */
export function renderQuality(metrics: RunMetrics): Html {
  const { test, int8Test, dataset, split } = metrics
  const mark = syntheticMark(dataset.synthetic)
  const models = int8Test
    ? ([
        ['float', test],
        ['int8', int8Test],
      ] as const)
    : ([['float', test]] as const)
  return section(
    'quality',
    qualityTitle,
    html`${table(
      html`Scores of ${plural(split.test, 'test clip')}${mark}`,
      [{ name: 'measure' }, ...models.map(([name]) => ({ name }))],
      qualityRows(metrics),
    )}
${notes(metrics)}
<div class="columns">${models.map(([name, figures]) => reliabilityFigure(name, figures, mark))}</div>`,
  )
}

type Row = [measure: string, ...values: string[]]

function qualityRows({ test, int8Test, audit, dataset }: RunMetrics): Row[] {
  const models = int8Test ? [test, int8Test] : [test]
  const row = (measure: string, value: (figures: TestFigures) => string): Row => [
    measure,
    ...models.map(value),
  ]
  const classes = dataset.labels.length
  const unit = audit.table.groupsKnown ? 'source recording' : 'clip'
  return [
    row('accuracy', ({ accuracy }) => percent(accuracy)),
    row(`95 % interval by ${unit}`, ({ accuracyInterval: interval }) =>
      interval ? `${percent(interval.lower)} to ${percent(interval.upper)}` : missing,
    ),
    row('balanced accuracy', ({ balancedAccuracy }) => percent(balancedAccuracy)),
    ...(test.topK ? [row('top-3 accuracy', ({ topK }) => percent(topK?.accuracy ?? Number.NaN))] : []),
    row('ROC-AUC, macro mean', ({ rocAuc }) => meanText(rocAuc, classes)),
    row('average precision, macro mean', ({ averagePrecision }) => meanText(averagePrecision, classes)),
    row('log loss (nats)', ({ loss }) => fixed(loss, 3)),
    row('Brier score', ({ brier }) => fixed(brier, 3)),
    row('expected calibration error', ({ ece }) => percent(ece)),
  ]
}

function meanText({ mean, classes: covered }: ClassMean, classes: number): string {
  if (mean === null) return missing
  return `${fixed(mean, 3)}${covered < classes ? ` (${count(covered)} of ${plural(classes, 'class', 'classes')})` : ''}`
}

function notes({ test, audit }: RunMetrics): Html {
  const { accuracyInterval: interval } = test
  const drawn = audit.table.groupsKnown
    ? 'draws whole source recordings, because clips of one recording are alike'
    : 'draws single clips, because no groups are known'
  const how = interval
    ? html`The interval ${drawn}: bootstrap, ${plural(interval.resamples, 'resample')} of
${plural(interval.groups, audit.table.groupsKnown ? 'recording' : 'clip')}. `
    : null
  return html`<p class="note">${how}Balanced accuracy is the mean recall of the classes that have a test clip. ROC-AUC and
average precision compare each class with the rest; guessing gives an AUC of 0.5. The Brier score sums over the classes: 0 is best, 2 is
worst. The calibration error is the mean distance of the dots below from the dashed line, weighted by their clips.</p>`
}

function reliabilityFigure(
  model: 'float' | 'int8',
  { reliability, ece }: TestFigures,
  mark: Html | null,
): Html {
  const name = model === 'float' ? 'Float' : 'Int8'
  return figure(
    drawReliability(reliability, model),
    html`${name} model, test clips.${mark} Share of right answers for each best score, calibration error ${percent(ece)}.
On the dashed line a score of 0.8 is right 8 times out of 10; below it the model is too sure. The dots stand at the mean
scores, the small numbers count clips.`,
  )
}

/**
 * A reliability diagram: for each bin of best scores a bar as high as the share of right answers, and a dot at the mean score.
 *
 * @param bins - As `calibrationError` returns them.
 * @example drawReliability(metrics.test.reliability, 'float')
 */
export function drawReliability(bins: readonly ReliabilityBin[], model: 'float' | 'int8'): Html {
  const full = bins.filter(({ count: clips, accuracy }) => clips > 0 && Number.isFinite(accuracy))
  const axis = { domain: [0, 1], ticks: 5, labelArrow: 'none' } as const
  return draw(
    `Reliability diagram of the ${model} model: accuracy against the best score, in ${bins.length} bins`,
    {
      width: 440,
      height: 360,
      marginLeft: 52,
      marginRight: 16,
      marginTop: 32,
      marginBottom: 40,
      x: { ...axis, label: 'best score', labelAnchor: 'center' },
      y: {
        ...axis,
        label: 'share of right answers',
        grid: true,
        tickFormat: (share: number) => `${Math.round(100 * share)}\u00a0%`,
      },
      marks: reliabilityMarks(full),
    },
  )
}

function reliabilityMarks(full: readonly ReliabilityBin[]): Plot.Markish[] {
  return [
    Plot.rectY(full, {
      x1: 'lower',
      x2: 'upper',
      y: 'accuracy',
      fill: 'var(--blue)',
      fillOpacity: 0.75,
      inset: 0.5,
      title: (bin: ReliabilityBin) => describe(bin),
    }),
    Plot.ruleY([0]),
    Plot.line(
      [
        [0, 0],
        [1, 1],
      ],
      { stroke: 'currentColor', strokeDasharray: '4,4' },
    ),
    Plot.dot(full, {
      x: 'meanScore',
      y: 'accuracy',
      r: 4,
      fill: 'var(--orange)',
      stroke: 'var(--ground)',
      strokeWidth: 1.5,
    }),
    Plot.text(full, {
      x: (bin: ReliabilityBin) => (bin.lower + bin.upper) / 2,
      text: (bin: ReliabilityBin) => count(bin.count),
      frameAnchor: 'top',
      dy: -14,
      fontSize: 10,
      fill: 'var(--muted)',
    }),
  ]
}

function describe({ lower, upper, count: clips, meanScore, accuracy }: ReliabilityBin): string {
  const range = `best score above ${fixed(lower, 2)}, at most ${fixed(upper, 2)}`
  const right = `${percent(accuracy ?? Number.NaN)} right`
  return `${range}\n${plural(clips, 'clip')}, ${right}, mean score ${fixed(meanScore ?? Number.NaN, 3)}`
}
