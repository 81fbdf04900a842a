/** The input of the run: the clips and the split. */
import type { RunMetrics, RunResults } from '../results.js'
import { eachPart, renderAudit } from './audit.js'
import { drawClassCounts, drawDurations } from './figures.js'
import { count, percent, plural, seconds } from './format.js'
import { type Html, html } from './html.js'
import { cutNote, figure, longestList, section, table } from './layout.js'

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
  // Without groups each clip counts as a source of its own, so the number of sources says nothing.
  const sources = audit.table.groupsKnown
    ? html`, from ${plural(audit.table.sources, 'source recording')}`
    : html`. It is not known which clips come from the same recording`
  return section(
    'data',
    'Data',
    html`<p>${plural(dataset.clips, 'clip')} of ${classes}, ${seconds(total)} of sound in all${sources}.</p>
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
export function renderSplit({ split, audit, options }: RunMetrics): Html {
  const all = split.train + split.validation + split.test
  const row = (part: string, clips: number, fold: string) => [part, count(clips), percent(clips / all), fold]
  const foldOf = (fold: number | null) => (fold === null ? '–' : String(fold))
  const rest = split.testFold === null ? '–' : 'the others'
  const copied = audit.split?.copiedTestClips ?? 0
  const copies =
    copied === 0
      ? null
      : html`<p><strong class="warning">${plural(copied, 'copied test clip')}</strong>: training has an exact or a near copy of
${copied === 1 ? 'it' : 'each of them'}, even if the table does not say so.</p>`
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
    )}${describeLeaks(split.leakedTestClips, options.group)}${copies}`,
  )
}

/** @param group - The rule that was given for the groups. */
function describeLeaks(leaked: number | null, group: string | null): Html {
  if (leaked === 0) {
    return html`<p>No test clip comes from the same recording as a training clip (0 leaked test clips).</p>`
  }
  if (leaked !== null) {
    return html`<p><strong class="warning">${plural(leaked, 'leaked test clip')}</strong>: training has other clips
of the same recordings. A split by groups avoids this.</p>`
  }
  const advice =
    group === null
      ? html`If some clips come from the same recording, name the groups with <code>--group</code>: a column of the
table, or a pattern for the file names.`
      : html`The rule <code>--group ${group}</code> gives each clip a group of its own.`
  return html`<p><strong>No groups are known, so a leak cannot be seen.</strong> ${advice}</p>`
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
  return table(
    `Skipped: ${plural(skipped.length, 'clip')}${cutNote(skipped.length)}`,
    [{ name: 'file' }, { name: 'reason', text: true }],
    skipped.slice(0, longestList).map(({ filename, reason }) => [filename, reason]),
  )
}
