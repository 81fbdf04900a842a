/** What went in: the clips and the split. */
import type { RunMetrics, RunResults } from '../results.js'
import { eachPart, renderAudit } from './audit.js'
import { drawClassCounts, drawDurations } from './figures.js'
import { count, percent, plural, seconds } from './format.js'
import { type Html, html } from './html.js'
import { figure, section, table } from './layout.js'

const longestList = 50

/**
 * Classes and durations of the clips, what the audit found, and what was skipped.
 *
 * @example renderData(results)
 */
export function renderData({ metrics, clips }: RunResults): Html {
  const { audit, dataset } = metrics
  const durations = clips.map(({ durationSec }) => durationSec).filter(Number.isFinite)
  const total = durations.reduce((sum, sec) => sum + sec, 0)
  const classes = plural(dataset.labels.length, 'class', 'classes')
  const sources = plural(audit.table.sources, 'source recording')
  return section(
    'data',
    'Data',
    html`<p>${plural(dataset.clips, 'clip')} of ${classes}, ${seconds(total)} of sound in all, from ${sources}.</p>
<div class="columns">${classFigures(dataset.labels, clips)}${durationFigure(durations, audit.clips.durationSec?.p50 ?? Number.NaN)}</div>
${renderAudit(audit)}
${skippedTable(dataset.skipped)}`,
  )
}

/**
 * Sizes of the parts, and how many test clips leak.
 *
 * @example renderSplit(results.metrics)
 */
export function renderSplit({ split, audit }: RunMetrics): Html {
  const all = split.train + split.validation + split.test
  const row = (part: string, clips: number, fold: string) => [part, count(clips), percent(clips / all), fold]
  const foldOf = (fold: number | null) => (fold === null ? '–' : String(fold))
  const rest = split.testFold === null ? '–' : 'the others'
  const leaks =
    split.leakedTestClips === 0
      ? html`<p>No test clip shares its source recording with a training clip (0 leaked test
clips).</p>`
      : html`<p><strong class="warning">${plural(split.leakedTestClips, 'leaked test clip')}</strong>: cut from source
recordings that training saw too. Split by group to avoid it.</p>`
  const copied = audit.split?.copiedTestClips ?? 0
  const copies =
    copied === 0
      ? null
      : html`<p><strong class="warning">${plural(copied, 'copied test clip')}</strong>: an exact or near copy is in
training, whatever the table says of their sources; see the findings of the audit.</p>`
  return section(
    'split',
    'Split',
    html`${table(
      `Split: ${split.name}`,
      [{ name: 'part' }, { name: 'clips' }, { name: 'share' }, { name: 'fold', text: true }],
      [
        row('training', split.train, rest),
        row('validation', split.validation, foldOf(split.validationFold)),
        row('test', split.test, foldOf(split.testFold)),
      ],
    )}${leaks}${copies}`,
  )
}

function classFigures(labels: readonly string[], clips: RunResults['clips']): Html[] {
  const counts = labels.map(() => 0)
  for (const { labelIndex } of clips) counts[labelIndex] = (counts[labelIndex] ?? 0) + 1
  return eachPart(labels, (part, range) =>
    figure(drawClassCounts(labels, counts, part), `Clips of each class${range}.`),
  )
}

function durationFigure(durations: readonly number[], medianDurationSec: number): Html {
  if (durations.length === 0) return html`<p>No clip has a known duration.</p>`
  const shortest = durations.reduce((least, sec) => Math.min(least, sec))
  const longest = durations.reduce((most, sec) => Math.max(most, sec))
  return figure(
    drawDurations(durations),
    `Durations: median ${seconds(medianDurationSec)}, shortest ${seconds(shortest)}, longest ${seconds(longest)}.`,
  )
}

function skippedTable(skipped: RunMetrics['dataset']['skipped']): Html | null {
  if (skipped.length === 0) return null
  const more = skipped.length > longestList ? `, the first ${longestList}` : ''
  return table(
    `Skipped: ${plural(skipped.length, 'clip')}${more}`,
    [{ name: 'file' }, { name: 'reason', text: true }],
    skipped.slice(0, longestList).map(({ filename, reason }) => [filename, reason]),
  )
}
