/** Writes an audit as text for a terminal. */
import { hasField, wrongValue } from '@esc/core'
import { count } from '../words.js'
import type { ClipAudit } from './clip-audit.js'
import type { DatasetAudit } from './dataset.js'
import type { FolderAudit } from './folder.js'
import type { SplitAudit } from './split.js'
import type { Spread } from './spread.js'

const lineLength = 100
const longestLabel = 30

/**
 * Writes an audit as plain text: a summary, a table of the classes, and the findings. No line is longer than 100
 * characters, and none holds a control character, whatever names the table has.
 *
 * @example console.log(formatAudit((await auditDataset(dataset, [])).audit))
 */
export function formatAudit(audit: DatasetAudit): string {
  if (!hasField(audit, 'table')) throw wrongValue('audit', audit, 'what auditDataset returns, its audit')
  const { name, synthetic, table, clips, split, folder, findings } = audit
  const kind = synthetic ? ' (synthetic)' : ''
  const classes = count(table.classes.length, 'class')
  const title = `${shorten(name)}${kind}: ${count(table.clips, 'clip')}, ${classes}, ${count(table.sources, 'source')}`
  const summary = [
    ...describeClips(clips),
    ...(folder ? [describeFolder(folder)] : []),
    ...(split ? [describeSplit(split, table.groupsKnown)] : []),
  ]
  const remarks = findings.map(({ severity, message }) => [severity, message] as const)
  return [
    title,
    '',
    ...hang(summary),
    '',
    ...classTable(clips),
    '',
    ...(remarks.length > 0 ? hang(remarks) : ['the audit found no problem']),
    '',
  ]
    .map((line) => line.replaceAll(/\p{Cc}/gu, '?').trimEnd())
    .join('\n')
}

function describeClips(clips: ClipAudit): (readonly [string, string])[] {
  const { silence, missing, unreadable, duplicates, nearDuplicates } = clips
  const list = (values: readonly string[]) => values.join(', ') || '–'
  const spread = (values: Spread | null, unit: string, digits: number) =>
    values
      ? `median ${values.p50.toFixed(digits)} ${unit}, 5 to 95 %: ${values.p5.toFixed(digits)} to ${values.p95.toFixed(digits)} ${unit}`
      : '–'
  const share = (part: number) => `${(100 * part).toFixed(1)} %`
  return [
    ['clips', `${clips.clips} measured, ${missing.length} missing, ${unreadable.length} unreadable`],
    ['durations', spread(clips.durationSec, 's', 2)],
    ['rates', list(clips.sampleRates.map((rate) => `${rate.sampleRate} Hz (${count(rate.clips, 'clip')})`))],
    ['channels', list(clips.channels.map((kind) => `${kind.channels} (${count(kind.clips, 'clip')})`))],
    ...(clips.codecs.length > 0
      ? [
          [
            'stored as',
            list(clips.codecs.map((kind) => `${kind.codec} (${count(kind.clips, 'clip')})`)),
          ] as const,
        ]
      : []),
    [
      'silence',
      `${share(silence.leading)} of all time at the start, ${share(silence.trailing)} at the end, ${share(silence.inside)} between sounds`,
    ],
    ['levels', spread(clips.rmsDb, 'dB', 1)],
    ['bandwidth', spread(clips.bandwidthHz, 'Hz', 0)],
    [
      'copies',
      `${count(duplicates.length, 'set')} of equal sounds, ${count(nearDuplicates.length, 'pair')} of nearly equal ones`,
    ],
  ]
}

function describeFolder({ files, clips, unused, notSound }: FolderAudit): readonly [string, string] {
  const rest = files - clips - unused - notSound
  const rows = unused > 0 ? `, ${unused} of other rows` : ''
  return [
    'files',
    `${files} in the folder: ${count(clips, 'clip')}${rows}, ${notSound} no sound, ${rest} left out`,
  ]
}

function describeSplit(split: SplitAudit, groupsKnown: boolean): readonly [string, string] {
  const { train, validation, test, leakRate, leakedTestClips, copiedTestClips } = split
  const sizes = `${train} training, ${validation} validation, ${test} test`
  const leaks = groupsKnown
    ? `leak rate ${(100 * leakRate).toFixed(1)} % (${count(leakedTestClips, 'test clip')})`
    : 'no two clips share a group, so leaks cannot be found'
  const copies = `${count(copiedTestClips, 'test clip')} ${copiedTestClips === 1 ? 'is a copy' : 'are copies'}`
  return ['split', `${sizes}; ${leaks}; ${copies} of a training clip`]
}

function classTable({ classes }: ClipAudit): string[] {
  const cells = (values: Spread | null, scale: number) =>
    values ? [values.p5, values.p50, values.p95].map((value) => (value / scale).toFixed(1)) : ['–', '–', '–']
  const rows = classes.map(({ label, clips, rmsDb, bandwidthHz }) => [
    shorten(label),
    String(clips),
    ...cells(rmsDb, 1),
    ...cells(bandwidthHz, 1000),
  ])
  const head = ['class', 'clips', 'dB 5 %', '50 %', '95 %', 'kHz 5 %', '50 %', '95 %']
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]!.length), title.length),
  )
  return [head, ...rows].map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  )
}

/** Puts names at the left, and their texts beside them in lines of limited length. */
function hang(entries: readonly (readonly [string, string])[]): string[] {
  const indent = Math.max(...entries.map(([name]) => name.length)) + 2
  return entries.flatMap(([name, text]) =>
    wrap(text, lineLength - indent).map((line, i) => (i === 0 ? name : '').padEnd(indent) + line),
  )
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = ['']
  for (const word of text.split(' ').flatMap((part) => cut(part, width))) {
    const last = lines.at(-1)!
    if (last === '') lines[lines.length - 1] = word
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

function cut(word: string, width: number): string[] {
  const parts = [word.slice(0, width)]
  for (let at = width; at < word.length; at += width) parts.push(word.slice(at, at + width))
  return parts
}

function shorten(label: string): string {
  return label.length <= longestLabel ? label : `${label.slice(0, longestLabel - 1)}…`
}
