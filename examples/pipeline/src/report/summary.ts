/** The top of the page: what was run, what must be known before reading on, and the figures that matter. */
import type { RunMetrics, RunResults } from '../results.js'
import { bytes, count, fixed, milliseconds, percent, plural, wilson } from './format.js'
import { type Html, type HtmlValue, html } from './html.js'
import { section, syntheticMark } from './layout.js'

/**
 * Title, subtitle and the banners that qualify every figure below them.
 *
 * @example renderHeader(results.metrics)
 */
export function renderHeader(metrics: RunMetrics): Html {
  const { dataset, model, split } = metrics
  const folds = [
    split.testFold === null ? html`` : html` · fold ${split.testFold} tests`,
    split.validationFold === null ? html`` : html` · fold ${split.validationFold} validates`,
  ]
  return html`
<header>
<p class="kicker">Environmental sound classification</p>
<h1>${dataset.name}</h1>
<p class="lead">model <b>${model.architecture}</b> · split <b>${split.name}</b>${folds}</p>
${dataset.synthetic ? syntheticBanner() : null}
${split.leakedTestClips > 0 ? leakBanner(split) : null}
</header>`
}

/**
 * The headline figures.
 *
 * @example renderSummary(results)
 */
export function renderSummary({ metrics }: RunResults): Html {
  const mark = syntheticMark(metrics.dataset.synthetic)
  return section(
    'summary',
    'Summary',
    html`<dl class="tiles">
${headlines(metrics).map((headline) => tile(headline, mark))}</dl>
<p class="note">The intervals take the clips as independent. Clips cut from one recording are not, so the true
uncertainty is somewhat larger.</p>`,
  )
}

/** What one tile says: a few figures and what to know about them. */
interface Headline {
  name: string
  figures: { value: string; of: string; interval?: string }[]
  note: HtmlValue
}

function headlines({ float, int8, split, test, times, dataset }: RunMetrics): Headline[] {
  const classes = plural(dataset.labels.length, 'class', 'classes')
  const untested = test.perClass.filter(({ support }) => support === 0).length
  const zeros =
    untested > 0 ? ` ${plural(untested, 'class', 'classes')} without a test clip: counted as 0.` : ''
  const guessing = percent(1 / dataset.labels.length)
  const accuracy = (of: string, share: number) => ({
    value: percent(share),
    of,
    interval: wilson(share, split.test).map(percent).join(' to '),
  })
  return [
    {
      name: 'Test accuracy',
      figures: [accuracy('float', float.accuracy), accuracy('int8', int8.accuracy)],
      note: `Of ${plural(split.test, 'test clip')}, with Wilson's 95 % interval. Guessing would reach ${guessing}.`,
    },
    {
      name: 'Macro F1',
      figures: both(fixed(float.macroF1, 3), fixed(int8.macroF1, 3)),
      note: `Mean over ${classes}, each with the same weight.${zeros}`,
    },
    {
      name: 'Model file',
      figures: both(bytes(float.bytes), bytes(int8.bytes)),
      note: `int8 takes ${percent(int8.bytes / float.bytes)} of the bytes of float.`,
    },
    {
      name: 'Latency, median',
      figures: both(milliseconds(times.latency.float.p50Ms), milliseconds(times.latency.int8.p50Ms)),
      note: 'The network alone, one clip at a time, one thread.',
    },
    {
      name: 'Leaked test clips',
      figures: [{ value: count(split.leakedTestClips), of: `of ${count(split.test)}` }],
      note:
        split.leakedTestClips > 0
          ? html`<strong class="warning">Warning: the test figures are too good, see above.</strong>`
          : 'No test clip shares its recording with a training clip.',
    },
  ]
}

function both(float: string, int8: string): Headline['figures'] {
  return [
    { value: float, of: 'float' },
    { value: int8, of: 'int8' },
  ]
}

function tile({ name, figures, note }: Headline, mark: Html | null): Html {
  const lines = figures.map(
    ({ value, of, interval }) =>
      html`<span class="value"><b>${value}</b> ${of}${interval ? html` <small>(${interval})</small>` : null}${mark}</span>\n`,
  )
  return html`<div><dt>${name}</dt><dd>${lines}<span class="note">${note}</span></dd></div>\n`
}

function syntheticBanner(): Html {
  return html`<p class="banner" role="note"><strong>Synthetic data.</strong> These clips were synthesised by a program. The
figures show that the pipeline works from end to end; they say nothing about real sound.</p>`
}

function leakBanner({ leakedTestClips, test }: RunMetrics['split']): Html {
  return html`<p class="banner" role="note"><strong>Leaking split.</strong> ${count(leakedTestClips)} of
${plural(test, 'test clip')} ${leakedTestClips === 1 ? 'was' : 'were'} cut from a recording that training
also saw. The network may know the recording instead of the sound, so the test figures are better than they would be on
new recordings.</p>`
}
