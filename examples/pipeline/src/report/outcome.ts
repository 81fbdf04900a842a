/** What came out: training, errors, scores, and float against int8. */
import type { ClassScores } from '@esc/model'
import type { RunMetrics, RunResults } from '../results.js'
import { describeConfusions, drawConfusion } from './confusion.js'
import { drawCurve } from './figures.js'
import { bytes, count, fixed, milliseconds, missing, percent, plural, significant } from './format.js'
import { type Html, type HtmlValue, html } from './html.js'
import { figure, section, syntheticMark, table } from './layout.js'

/**
 * Loss and accuracy over the epochs, the best epoch marked.
 *
 * @example renderTraining(results)
 */
export function renderTraining({ metrics, history }: RunResults): Html {
  const { training, model } = metrics
  const validated = history.some(({ validationLoss }) => validationLoss !== null)
  const kept = validated
    ? html`The weights of epoch ${training.bestEpoch} were kept: it had the lowest validation loss,
${fixed(training.validationLoss, 3)}, at an accuracy of ${percent(training.validationAccuracy)}.`
    : 'There were no validation clips, so the weights of the last epoch were kept.'
  const mark = syntheticMark(metrics.dataset.synthetic)
  const length = `${plural(training.epochs, 'epoch')}${training.stoppedEarly ? ', stopped early' : ''}`
  return section(
    'training',
    'Training',
    html`<p>${model.architecture}, ${plural(model.parameters, 'parameter')}, ${length}. ${kept}${mark}</p>
${history.length > 0 ? curves(metrics, history, validated) : html`<p>There is no record of the epochs.</p>`}`,
  )
}

function curves({ training }: RunMetrics, history: RunResults['history'], validated: boolean): Html {
  const loss = drawCurve(history, training.bestEpoch, {
    name: 'loss',
    train: ({ trainLoss }) => trainLoss,
    validation: ({ validationLoss }) => validationLoss,
  })
  const accuracy = drawCurve(history, training.bestEpoch, {
    name: 'accuracy',
    train: ({ trainAccuracy }) => trainAccuracy,
    validation: ({ validationAccuracy }) => validationAccuracy,
  })
  const legend = [
    swatch('training', 'orange', '6,4'),
    ...(validated ? [swatch('validation', 'blue', '')] : []),
  ]
  return html`<p class="legend">${legend}</p>
<div class="columns">${figure(loss, 'Loss: cross-entropy, in nats.')}${figure(accuracy, 'Accuracy.')}</div>
<p class="note">Training figures are means over an epoch's steps, with dropout on and while the weights move; validation is
measured after the epoch, without dropout. Training may therefore look worse than validation, most of all in the first
epochs.</p>`
}

function swatch(name: string, colour: 'orange' | 'blue', dashes: string): Html {
  return html`<span><svg width="34" height="8" aria-hidden="true"><line x1="0" y1="4" x2="34" y2="4"
stroke="var(--${colour})" stroke-width="2.5" stroke-dasharray="${dashes}"/></svg> ${name}</span>\n`
}

/**
 * The confusion matrix of the float model.
 *
 * @example renderConfusion(results.metrics)
 */
export function renderConfusion({ test, dataset }: RunMetrics): Html {
  return section(
    'confusion',
    'Confusion matrix',
    figure(
      drawConfusion(test.confusion, dataset.labels),
      html`Test clips, float model: a row for each true class, a column for each predicted one. Numbers are
clips; the colour of a cell grows with its share of the row, so the diagonal shows recall.
${syntheticMark(dataset.synthetic)}
${describeConfusions(test.confusion, dataset.labels)}`,
      'wide',
    ),
  )
}

/**
 * Precision, recall and F1 of each class, with their averages.
 *
 * @example renderClasses(results.metrics)
 */
export function renderClasses({ test, dataset }: RunMetrics): Html {
  const clips = test.perClass.reduce((sum, { support }) => sum + support, 0)
  const average = (name: string, { precision, recall, f1 }: RunMetrics['test']['macro']) => [
    name,
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
<p class="note">Support is the number of test clips of the class. A score without anything to count is 0, as with
scikit-learn's <code>zero_division=0</code>.${untested ? untestedWarning : null}</p>`,
  )
}

function classRow({ label, precision, recall, f1, support }: ClassScores): HtmlValue[] {
  if (support === 0) return [label, missing, missing, missing, '0']
  return [label, scoreBar(precision), scoreBar(recall), scoreBar(f1), count(support)]
}

function scoreBar(score: number): Html {
  const width = Number.isFinite(score) ? fixed(60 * score, 1) : '0'
  return html`<span class="score"><svg width="60" height="9" aria-hidden="true"><rect class="track" width="60"
height="9"/><rect width="${width}" height="9"/></svg> ${fixed(score, 3)}</span>`
}

/**
 * The float and the int8 model side by side.
 *
 * @example renderModels(results.metrics)
 */
export function renderModels(metrics: RunMetrics): Html {
  const { float, int8, parity, times, exportMaxLogitError, dataset, split } = metrics
  const latency = times.latency
  const both = (name: string, of: (model: RunMetrics['float']) => string) => [name, of(float), of(int8)]
  const runs = `${count(latency.float.runs)} runs of float, ${count(latency.int8.runs)} of int8`
  return section(
    'models',
    'Float against int8',
    html`${table(
      html`In ONNX Runtime, on ${plural(split.test, 'test clip')}${syntheticMark(dataset.synthetic)}`,
      [{ name: 'measure' }, { name: 'float' }, { name: 'int8' }],
      [
        both('file', ({ file }) => file),
        both('bytes', (model) => count(model.bytes)),
        both('size', (model) => bytes(model.bytes)),
        ['size relative to float', percent(1), percent(int8.bytes / float.bytes)],
        both('accuracy', ({ accuracy }) => percent(accuracy)),
        both('macro F1', ({ macroF1 }) => fixed(macroF1, 3)),
        ['latency, median', milliseconds(latency.float.p50Ms), milliseconds(latency.int8.p50Ms)],
        ['latency, 95th percentile', milliseconds(latency.float.p95Ms), milliseconds(latency.int8.p95Ms)],
        ['same class as float', missing, percent(parity.agreement)],
        ['largest logit difference to float', missing, significant(parity.maxLogitError)],
        ['mean logit difference to float', missing, significant(parity.meanLogitError)],
        ['largest logit error of the export', significant(exportMaxLogitError, 2), missing],
      ],
    )}
<p class="note">Latency: the network alone on one clip, one thread, ${runs}. Error of the export: the trained
network against its ONNX file.</p>`,
  )
}
