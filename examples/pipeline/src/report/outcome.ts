/** The results of the models: confusions, scores, and a comparison of float and int8. */
import type { Parity } from '@esc/edge'
import type { ClassScores } from '@esc/model'
import type { ModelFigures, RunMetrics } from '../results.js'
import { describeConfusions, drawConfusion, fitsBeside } from './confusion.js'
import { bytes, count, fixed, milliseconds, missing, percent, plural, significant } from './format.js'
import { type Html, type HtmlValue, html } from './html.js'
import { figure, name, section, syntheticMark, table } from './layout.js'

/**
 * The confusion matrices of float and int8, side by side where there is room; one where they are equal.
 *
 * @example renderConfusion(results.metrics)
 */
export function renderConfusion({ test, int8Test, dataset }: RunMetrics): Html {
  const { labels, synthetic } = dataset
  const isEqual = int8Test !== null && areEqual(test.confusion, int8Test.confusion)
  const isPair = int8Test !== null && !isEqual
  const isBeside = isPair && fitsBeside(labels)
  const matrix = (model: 'float' | 'int8', confusion: Confusion, caption: HtmlValue) =>
    figure(
      drawConfusion(confusion, labels, { model, isBeside }),
      html`${caption}${syntheticMark(synthetic)} ${describeConfusions(confusion, labels)}`,
      'wide',
    )
  const same = html`Float model, test clips. The int8 model has the same matrix.`
  const float = matrix('float', test.confusion, isEqual ? same : 'Float model, test clips.')
  const int8 = isPair ? matrix('int8', int8Test.confusion, 'Int8 model, test clips.') : null
  return section(
    'confusion',
    'Confusion matrix',
    html`<p>Each row is a true class, each column is a predicted class. The numbers count clips. A darker
cell holds a larger share of its row, so the diagonal shows the recall of each class.</p>
${isBeside ? html`<div class="pair">${float}${int8}</div>` : html`${float}${int8}`}
${pairTable(test)}`,
  )
}

function pairTable({ confusedPairs }: RunMetrics['test']): Html | null {
  if (confusedPairs.length === 0) return null
  const pairs = table(
    'Most confused pairs, float model',
    [{ name: 'class' }, { name: 'taken for', text: true }, { name: 'clips' }, { name: 'reverse' }],
    confusedPairs.map(({ labels: [one, other], counts: [there, back] }) => [
      name(one),
      name(other),
      count(there),
      count(back),
    ]),
  )
  return html`${pairs}
<p class="note">Reverse counts the clips of the second class that were taken for the first.</p>`
}

type Confusion = RunMetrics['test']['confusion']

function areEqual(a: Confusion, b: Confusion): boolean {
  return a.every((row, truth) => row.every((clips, predicted) => clips === b[truth]?.[predicted]))
}

/**
 * Precision, recall and F1 of each class, with their averages.
 *
 * @example renderClasses(results.metrics)
 */
export function renderClasses({ test, dataset }: RunMetrics): Html {
  const clips = test.perClass.reduce((sum, { support }) => sum + support, 0)
  const average = (of: string, { precision, recall, f1 }: RunMetrics['test']['macro']) => [
    of,
    fixed(precision, 3),
    fixed(recall, 3),
    fixed(f1, 3),
    count(clips),
  ]
  const untested = test.perClass.some(({ support }) => support === 0)
  const untestedWarning = html` <strong class="warning">Classes without a test clip have no scores of their own, but
count as 0 in the macro average.</strong>`
  return section(
    'classes',
    'Scores of each class',
    html`${table(
      html`Test clips, float model${syntheticMark(dataset.synthetic)}`,
      [{ name: 'class' }, { name: 'precision' }, { name: 'recall' }, { name: 'F1' }, { name: 'support' }],
      test.perClass.map(classRow),
      [
        ['accuracy', '', '', fixed(test.accuracy, 3), count(clips)],
        average('macro average', test.macro),
        average('weighted average', test.weighted),
      ],
    )}
<p class="note">Support is the number of test clips of the class. A score with nothing to count is 0, as in
scikit-learn with <code>zero_division=0</code>.${untested ? untestedWarning : null}</p>`,
  )
}

function classRow({ label, precision, recall, f1, support }: ClassScores): HtmlValue[] {
  if (support === 0) return [name(label), missing, missing, missing, '0']
  return [name(label), scoreBar(precision), scoreBar(recall), scoreBar(f1), count(support)]
}

function scoreBar(score: number): Html {
  const width = Number.isFinite(score) ? fixed(60 * score, 1) : '0'
  return html`<span class="score"><svg width="60" height="9" aria-hidden="true"><rect class="track" width="60"
height="9"/><rect width="${width}" height="9"/></svg> ${fixed(score, 3)}</span>`
}

/** The heading of the section about the model files. @example modelsTitle(results.metrics) // 'Float against int8' */
export function modelsTitle({ int8 }: RunMetrics): string {
  return int8 === null ? 'The model file' : 'Float against int8'
}

/** A row of the table of models: the measure, and the values of float and int8. */
type ModelRow = [name: string, float: string, int8: string]

/**
 * The float and the int8 model side by side; float alone if there is no int8 model.
 *
 * @example renderModels(results.metrics)
 */
export function renderModels(metrics: RunMetrics): Html {
  const { int8, times, dataset, split } = metrics
  const { latency } = times
  const runs = [
    `${plural(latency.float.runs, 'run')} of float`,
    ...(latency.int8 ? [`${count(latency.int8.runs)} of int8`] : []),
  ].join(', ')
  return section(
    'models',
    modelsTitle(metrics),
    html`${table(
      html`In ONNX Runtime, on ${plural(split.test, 'test clip')}${syntheticMark(dataset.synthetic)}`,
      [{ name: 'measure' }, { name: 'float' }, ...(int8 ? [{ name: 'int8' }] : [])],
      modelRows(metrics).map((row) => (int8 ? row : row.slice(0, 2))),
    )}
<p class="note">${int8 ? null : html`No int8 model was made (<code>--no-int8</code>). `}Latency: time of the network
alone, for one clip, with one thread; ${runs}. Logit error of the export: difference between the logits of the ONNX file and
those of the trained network.</p>`,
  )
}

function modelRows({ float, int8, parity, times, exportMaxLogitError }: RunMetrics): ModelRow[] {
  const { latency } = times
  const both = <T>(measure: string, of: [T, T | null], text: (value: T) => string): ModelRow => [
    measure,
    text(of[0]),
    of[1] === null ? missing : text(of[1]),
  ]
  const models: [typeof float, typeof int8] = [float, int8]
  const latencies: [typeof latency.float, typeof latency.int8] = [latency.float, latency.int8]
  const beside = int8 && parity ? besideFloat(float, int8, parity) : { size: [], logits: [] }
  return [
    both('file', models, ({ file }) => file),
    both('bytes', models, (model) => count(model.bytes)),
    both('size', models, (model) => bytes(model.bytes)),
    ...beside.size,
    both('accuracy', models, ({ accuracy }) => percent(accuracy)),
    both('macro F1', models, ({ macroF1 }) => fixed(macroF1, 3)),
    both('latency, median', latencies, ({ p50Ms }) => milliseconds(p50Ms)),
    both('latency, 95th percentile', latencies, ({ p95Ms }) => milliseconds(p95Ms)),
    ...beside.logits,
    ['largest logit error of the export', significant(exportMaxLogitError, 2), missing],
  ]
}

function besideFloat(
  float: ModelFigures,
  int8: ModelFigures,
  parity: Parity,
): Record<'size' | 'logits', ModelRow[]> {
  return {
    size: [['size relative to float', percent(1), percent(int8.bytes / float.bytes)]],
    logits: [
      ['same class as float', missing, percent(parity.agreement)],
      ['largest logit difference from float', missing, significant(parity.maxLogitError)],
      ['mean logit difference from float', missing, significant(parity.meanLogitError)],
    ],
  }
}
