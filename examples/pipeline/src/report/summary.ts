/** The top of the page: what was run, warnings about the figures, and the most important figures. */
import type { RunMetrics, RunResults } from '../results.js'
import { defeatOf } from '../verdict.js'
import { bytes, count, fixed, milliseconds, percent, plural, wilson } from './format.js'
import { type Html, type HtmlValue, html } from './html.js'
import { section, syntheticMark } from './layout.js'
import { qualityTitle } from './quality.js'

/**
 * Title, subtitle, and the banners with warnings about all figures below them.
 *
 * @example renderHeader(results.metrics)
 */
export function renderHeader(metrics: RunMetrics): Html {
  const { dataset, model, split } = metrics
  const folds = [
    split.testFold === null ? html`` : html` · tested on fold ${split.testFold}`,
    split.validationFold === null ? html`` : html` · validated on fold ${split.validationFold}`,
  ]
  return html`
<header>
<p class="kicker">Environmental sound classification</p>
<h1>${dataset.name}</h1>
<p class="lead">model <b>${model.architecture}</b> · split <b>${split.name}</b>${folds}</p>
${dataset.synthetic ? syntheticBanner() : null}
${leakBanner(split)}
</header>`
}

/**
 * The headline figures.
 *
 * @example renderSummary(results)
 */
export function renderSummary({ metrics }: RunResults): Html {
  const { test, audit } = metrics
  const mark = syntheticMark(metrics.dataset.synthetic)
  return section(
    'summary',
    'Summary',
    html`<dl class="tiles">
${headlines(metrics).map((headline) => tile(headline, mark))}</dl>
<p class="note">The intervals assume that the clips are independent of each other. Clips of the same recording
are not, so the true uncertainty is somewhat larger.${audit.table.groupsKnown && test.accuracyInterval ? bySource : null}</p>`,
  )
}

const bySource = html` <a href="#quality">${qualityTitle}</a> has intervals by source recording.`

/** The content of one tile: a few figures and a note about them. */
interface Headline {
  name: string
  figures: { value: string; of: string; interval?: string }[]
  note: HtmlValue
}

function headlines(metrics: RunMetrics): Headline[] {
  const { float, int8, split, test, times, dataset } = metrics
  const classes = plural(dataset.labels.length, 'class', 'classes')
  const untested = test.perClass.filter(({ support }) => support === 0).length
  const zeros =
    untested > 0 ? ` ${plural(untested, 'class', 'classes')} without a test clip: each counts as 0.` : ''
  const latency = times.latency
  return [
    accuracyHeadline(metrics),
    {
      name: 'Macro F1',
      figures: both(float, int8, ({ macroF1 }) => fixed(macroF1, 3)),
      note: `Mean of ${classes}, each with the same weight.${zeros}`,
    },
    {
      name: 'Model file',
      figures: both(float, int8, (model) => bytes(model.bytes)),
      note:
        int8 === null
          ? html`No int8 model was made (<code>--no-int8</code>).`
          : `The int8 file has ${percent(int8.bytes / float.bytes)} of the bytes of the float file.`,
    },
    {
      name: 'Latency, median',
      figures: both(latency.float, latency.int8, ({ p50Ms }) => milliseconds(p50Ms)),
      note: 'Time of the network alone, for one clip, with one thread.',
    },
    leakHeadline(split),
  ]
}

/** The accuracies of float and int8, and the bar to beat. */
function accuracyHeadline({ linearProbe, float, int8, split, dataset }: RunMetrics): Headline {
  const interval = (accuracy: number) => wilson(accuracy, split.test).map(percent).join(' to ')
  const lineOf = ({ accuracy }: { accuracy: number }, of: string) => {
    return { value: percent(accuracy), of, interval: interval(accuracy) }
  }
  const defeat = defeatOf(float.accuracy, linearProbe.accuracy)
  const guessing = percent(1 / dataset.labels.length)
  return {
    name: 'Test accuracy',
    figures: [
      lineOf(float, 'float'),
      ...(int8 === null ? [] : [lineOf(int8, 'int8')]),
      lineOf(linearProbe, 'linear probe, the bar to beat'),
    ],
    note: html`Share of ${plural(split.test, 'test clip')}; in brackets Wilson's 95 % interval. A random guess would reach ${guessing}.
The linear probe knows only mean and deviation over time of each feature bin.${
      defeat === null ? null : html` <strong class="warning">Warning: ${defeat}.</strong>`
    }`,
  }
}

function leakHeadline({ leakedTestClips, test }: RunMetrics['split']): Headline {
  const name = 'Leaked test clips'
  if (leakedTestClips === null) {
    return {
      name,
      figures: [{ value: 'not known', of: '' }],
      note: html`No groups are known, so a leak cannot be seen. <code>--group</code> names the groups.`,
    }
  }
  return {
    name,
    figures: [{ value: count(leakedTestClips), of: `of ${count(test)}` }],
    note:
      leakedTestClips === 0
        ? 'No test clip comes from the same recording as a training clip.'
        : html`<strong class="warning">Warning: the test figures are too good. The box at the top says why.</strong>`,
  }
}

/** A line for float, and one for int8 if there is an int8 model. */
function both<T>(float: T, int8: T | null, text: (of: T) => string): Headline['figures'] {
  const lines = [{ value: text(float), of: 'float' }]
  return int8 === null ? lines : [...lines, { value: text(int8), of: 'int8' }]
}

function tile({ name, figures, note }: Headline, mark: Html | null): Html {
  const lines = figures.map(
    ({ value, of, interval }) =>
      html`<span class="value"><b>${value}</b> ${of}${interval ? html` <small>(${interval})</small>` : null}${mark}</span>\n`,
  )
  return html`<div><dt>${name}</dt><dd>${lines}<span class="note">${note}</span></dd></div>\n`
}

function syntheticBanner(): Html {
  return html`<p class="banner" role="note"><strong>Synthetic data.</strong> A program made these clips. The figures show that
the pipeline works from end to end, but they say nothing about real sound.</p>`
}

function leakBanner({ leakedTestClips, test }: RunMetrics['split']): Html | null {
  if (!leakedTestClips) return null
  return html`<p class="banner" role="note"><strong>Leaking split.</strong> ${count(leakedTestClips)} of
${plural(test, 'test clip')} ${leakedTestClips === 1 ? 'comes' : 'come'} from a recording that is also in
training. The network may recognise the recording instead of the sound, so the test figures are better than they would be
on new recordings.</p>`
}
