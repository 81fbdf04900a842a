/** The findings of the audit of table, clips and split. */
import type { ClipAudit, DatasetAudit, FolderAudit, Spread } from '@esc/dataset'
import { findingInFlags } from '../flag-words.js'
import { drawSpreads } from './figures.js'
import { count, fixed, hertz, missing, percent, plural, seconds } from './format.js'
import { type Html, html } from './html.js'
import { cutNote, figure, longestList, name, table } from './layout.js'

/** A figure with more rows than this is too tall to be seen at once. */
const classesPerFigure = 25

/**
 * Findings, levels and bandwidths of each class, facts about the clips, and clips that sound the same.
 *
 * @example renderAudit(results.metrics.audit)
 */
export function renderAudit(audit: DatasetAudit): Html {
  const { clips, folder } = audit
  const labels = clips.classes.map(({ label }) => label)
  const levels = clips.classes.map(({ rmsDb }) => rmsDb)
  const bandwidths = clips.classes.map(({ bandwidthHz }) => scale(bandwidthHz, 1e-3))
  return html`${findingsTable(audit)}
<div class="columns">${spreadFigures(labels, levels, 'level (dB)')}${spreadFigures(labels, bandwidths, 'bandwidth (kHz)')}</div>
${folder && describeFolder(folder)}
${clipTable(clips)}
${nearTable(clips)}`
}

/**
 * Splits the classes over several figures if there are many.
 *
 * @param draw - Draws one figure of the classes in `part`. `range` is what its caption adds, as `, 26 to 50`.
 *
 * @example eachPart(labels, (part, range) => figure(drawClassCounts(labels, counts, part), `Clips${range}.`))
 */
export function eachPart(
  labels: readonly string[],
  draw: (part: readonly number[], range: string) => Html,
): Html[] {
  const indices = labels.map((_label, index) => index)
  const parts: Html[] = []
  for (let start = 0; start < labels.length; start += classesPerFigure) {
    const part = indices.slice(start, start + classesPerFigure)
    const range = labels.length > classesPerFigure ? `, ${start + 1} to ${start + part.length}` : ''
    parts.push(draw(part, range))
  }
  return parts
}

function spreadFigures(
  labels: readonly string[],
  spreads: readonly (Spread | null)[],
  quantity: 'level (dB)' | 'bandwidth (kHz)',
): Html[] {
  if (spreads.every((spread) => spread === null)) return []
  const what = quantity === 'level (dB)' ? 'Levels' : 'Effective bandwidths'
  const note =
    quantity === 'level (dB)'
      ? 'The level is the root mean square, relative to full scale'
      : 'The bandwidth is the highest frequency at which a spectrum is above that of noise at −90\u00a0dB. A codec or a recorder that cuts high frequencies makes it low'
  return eachPart(labels, (part, range) =>
    figure(
      drawSpreads(labels, spreads, part, quantity),
      `${what} of each class${range}. The dot is the median, the bar the middle half, the line the 5th to 95th percentile. ${note}.`,
    ),
  )
}

function describeFolder({ files, clips, unused, notSound }: FolderAudit): Html {
  const rest = files - clips - unused - notSound
  const rows = unused > 0 ? `, ${plural(unused, 'file')} of classes that were not selected` : ''
  return html`<p>The folder holds ${plural(files, 'file')}: ${plural(clips, 'clip')}${rows}, ${plural(notSound, 'file')} that
${notSound === 1 ? 'is' : 'are'} not sound, ${plural(rest, 'file')} left out (see the findings).</p>`
}

function clipTable(clips: ClipAudit): Html {
  const { silence, durationSec, rmsDb, bandwidthHz } = clips
  const spread = (values: Spread | null, text: (value: number) => string) =>
    values
      ? `${text(values.p50)} (5th to 95th percentile: ${text(values.p5)} to ${text(values.p95)})`
      : missing
  const list = (texts: readonly string[]) => texts.join(', ') || missing
  return table(
    'Facts about the clips',
    [{ name: 'quantity' }, { name: 'found', text: true }],
    [
      ['duration', spread(durationSec, seconds)],
      [
        'sample rate',
        list(clips.sampleRates.map((rate) => `${hertz(rate.sampleRate)}: ${plural(rate.clips, 'clip')}`)),
      ],
      [
        'channels',
        list(clips.channels.map((kind) => `${count(kind.channels)}: ${plural(kind.clips, 'clip')}`)),
      ],
      ['stored as', list(clips.codecs.map((kind) => `${kind.codec}: ${plural(kind.clips, 'clip')}`))],
      ['level', spread(rmsDb, (value) => `${fixed(value, 1)}\u00a0dB`)],
      ['effective bandwidth', spread(bandwidthHz, (value) => `${fixed(value / 1000, 1)}\u00a0kHz`)],
      [
        'silence',
        `${percent(silence.leading)} of all time at the start, ${percent(silence.trailing)} at the end, ${percent(silence.inside)} between sounds`,
      ],
      ['exact copies', `${plural(clips.duplicates.length, 'set')} of equal clips`],
      ['near copies', plural(clips.nearDuplicates.length, 'pair')],
    ],
  )
}

function nearTable({ nearDuplicates }: ClipAudit): Html | null {
  if (nearDuplicates.length === 0) return null
  return table(
    `Clips that sound nearly the same: ${plural(nearDuplicates.length, 'pair')}${cutNote(nearDuplicates.length)}. Two clips with nothing in common differ in about half of the bits of their fingerprints.`,
    [
      { name: 'clip' },
      { name: 'the other', text: true },
      { name: 'begins' },
      { name: 'compared' },
      { name: 'differing bits' },
    ],
    nearDuplicates
      .slice(0, longestList)
      .map(({ ids: [a, b], offsetSec, overlapSec, bitErrorRate }) => [
        name(a),
        name(b),
        `${fixed(offsetSec, 2)}\u00a0s`,
        seconds(overlapSec),
        percent(bitErrorRate),
      ]),
  )
}

function findingsTable({ findings }: DatasetAudit): Html {
  if (findings.length === 0)
    return html`<p>The audit found no problem in the table, the clips or the split.</p>`
  return table(
    'Findings of the audit',
    [{ name: 'severity' }, { name: 'finding', text: true }, { name: 'clips or files' }],
    findings.map(({ severity, code, message, ids, files = [] }) => [
      html`<span class="${severity}">${severity}</span>`,
      findingInFlags({ code, message }),
      ids.length + files.length > 0 ? count(ids.length + files.length) : missing,
    ]),
  )
}

function scale(spread: Spread | null, factor: number): Spread | null {
  if (!spread) return null
  const { p5, p25, p50, p75, p95 } = spread
  return { p5: p5 * factor, p25: p25 * factor, p50: p50 * factor, p75: p75 * factor, p95: p95 * factor }
}
