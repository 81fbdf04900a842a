/** What went in: the clips and the split. */
import type { RunMetrics, RunResults } from '../results.js'
import { drawClassCounts, drawDurations } from './figures.js'
import { count, percent, plural, seconds } from './format.js'
import { type Html, html } from './html.js'
import { figure, section, table } from './layout.js'

/** More rows than this make a figure too tall to take in at once. */
const classesPerFigure = 25
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
<div class="columns">${classFigures(dataset.labels, clips)}${durationFigure(durations, audit.medianDurationSec)}</div>
${findingsTable(metrics)}
${skippedTable(dataset.skipped)}`,
  )
}

/**
 * Sizes of the parts, and how many test clips leak.
 *
 * @example renderSplit(results.metrics)
 */
export function renderSplit({ split }: RunMetrics): Html {
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
    )}${leaks}`,
  )
}

function classFigures(labels: readonly string[], clips: RunResults['clips']): Html[] {
  const counts = labels.map(() => 0)
  for (const { labelIndex } of clips) counts[labelIndex] = (counts[labelIndex] ?? 0) + 1
  const indices = labels.map((_label, index) => index)
  const figures: Html[] = []
  for (let start = 0; start < labels.length; start += classesPerFigure) {
    const part = indices.slice(start, start + classesPerFigure)
    const range = labels.length > classesPerFigure ? `, ${start + 1} to ${start + part.length}` : ''
    figures.push(figure(drawClassCounts(labels, counts, part), `Clips of each class${range}.`))
  }
  return figures
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

function findingsTable({ audit }: RunMetrics): Html {
  const severities = ['error', 'warning', 'info']
  // The run's findings may hold those of the table again.
  const unique = new Map(
    [...audit.table.findings, ...audit.findings].map((finding) => [
      `${finding.code} ${finding.message}`,
      finding,
    ]),
  )
  const findings = [...unique.values()].sort(
    (a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity),
  )
  if (findings.length === 0) return html`<p>The audit of table and clips found nothing worth a word.</p>`
  return table(
    'Findings of the audit',
    [{ name: 'severity' }, { name: 'finding', text: true }, { name: 'clips' }],
    findings.map(({ severity, message, ids }) => [
      html`<span class="${severity}">${severity}</span>`,
      message,
      ids.length > 0 ? count(ids.length) : '–',
    ]),
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
