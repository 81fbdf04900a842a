/** How the network was trained: its curves and its hyperparameters. */
import type { RunMetrics, RunResults } from '../results.js'
import { drawCurve } from './figures.js'
import { count, fixed, missing, percent, plural } from './format.js'
import { type Html, html } from './html.js'
import { figure, section, syntheticMark, table } from './layout.js'

/**
 * Loss and accuracy over the epochs, the best epoch marked, and the hyperparameters.
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
${history.length > 0 ? curves(metrics, history, validated) : html`<p>There is no record of the epochs.</p>`}
${hyperparameters(metrics)}`,
  )
}

function curves({ training, options }: RunMetrics, history: RunResults['history'], validated: boolean): Html {
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
  const weighted = ' Class weights are in the training loss, but not in the validation loss.'
  return html`<p class="legend">${legend}</p>
<div class="columns">${figure(loss, 'Loss: cross-entropy, in nats.')}${figure(accuracy, 'Accuracy.')}</div>
<p class="note">A training figure is the mean over the steps of an epoch. Dropout is on, and the weights change from step to
step. A validation figure is measured after the epoch, without dropout. So training may look worse than validation, most of
all in the first epochs.${options.classWeights ? weighted : null}</p>`
}

function swatch(name: string, colour: 'orange' | 'blue', dashes: string): Html {
  return html`<span><svg width="34" height="8" aria-hidden="true"><line x1="0" y1="4" x2="34" y2="4"
stroke="var(--${colour})" stroke-width="2.5" stroke-dasharray="${dashes}"/></svg> ${name}</span>\n`
}

/** Two tables: the options of the optimiser, and those of the network and its input. */
function hyperparameters({ options, model, windows, audit }: RunMetrics): Html {
  const { learningRate, batchSize, epochs, patience, weightDecay, classWeights, augment, seed, group } =
    options
  const columns = [{ name: 'hyperparameter' }, { name: 'value', text: true }]
  const [channels, bins, frames] = model.inputShape
  const ownGroups = audit.table.groupsKnown ? "the data set's own" : 'none are known'
  return html`<div class="columns">
${table('Hyperparameters: training', columns, [
  ['optimiser', 'Adam'],
  ['learning rate', exact(learningRate)],
  ['batch size', plural(batchSize, 'clip')],
  ['epochs, at most', count(epochs)],
  [
    'patience',
    patience === null
      ? 'none: training never stops early'
      : `${plural(patience, 'epoch')} without a lower validation loss`,
  ],
  ['weight decay', weightDecay === null ? 'none' : exact(weightDecay)],
  ['class weights', classWeights ? 'rare classes have more weight' : 'none'],
  ['loss', `softmax cross-entropy${classWeights ? ', weighted by class' : ''}`],
  ['augmentation', augment === null ? 'none' : html`<code>--augment ${augment}</code>`],
  ['seed', exact(seed)],
])}
${table('Hyperparameters: network and input', columns, [
  ['network', model.architecture],
  ['parameters', count(model.parameters)],
  ['input', `${count(channels)} × ${count(bins)} × ${count(frames)}`],
  ['normalisation', 'per bin: mean and standard deviation, fitted on the training part'],
  [
    'windows when classifying',
    `${exact(windows.windowSec)}\u00a0s long, a new one every ${exact(windows.hopSec)}\u00a0s`,
  ],
  ['groups', group === null ? ownGroups : html`<code>--group ${group}</code>`],
])}
</div>`
}

/** A number that the user chose. It is not rounded, so that the user can give it again. */
function exact(value: number): string {
  return Number.isFinite(value) ? String(value) : missing
}
