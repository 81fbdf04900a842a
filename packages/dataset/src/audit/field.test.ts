/** What the audit says about the marks of recorders and codecs, and about clips that do not fit a recipe. */
import { logmel128, mfcc13 } from '@esc/dsp'
import { expect, test } from 'vitest'
import type { ClipRecord, Dataset } from '../record.js'
import { auditFacts } from './dataset.js'
import { type ClipFacts, type MeasuredClip, measureClip } from './measure.js'
import { auditTable } from './table.js'

const sampleRate = 8000

/** A tone that begins and ends with silence. */
function tone(seconds: number, { hz = 440, leadSec = 0, tailSec = 0 } = {}): Float32Array {
  const length = Math.round(seconds * sampleRate)
  return Float32Array.from({ length }, (_, i) => {
    const at = i / sampleRate
    return at < leadSec || at >= seconds - tailSec ? 0 : 0.5 * Math.sin(2 * Math.PI * hz * at)
  })
}

/** A data set of clips by class; each clip is a source of its own. */
function auditOf(classes: Record<string, MeasuredClip[]>, options: Parameters<typeof auditFacts>[2] = {}) {
  const labels = Object.keys(classes)
  const records: ClipRecord[] = []
  const facts: ClipFacts[] = []
  for (const [labelIndex, [label, clips]] of Object.entries(classes).entries()) {
    for (const [i, clip] of clips.entries()) {
      const id = `${label}${i}`
      records.push({ id, filename: `${id}.wav`, fold: null, labelIndex, label, group: id })
      facts.push(measureClip(id, clip))
    }
  }
  const dataset: Dataset = { name: 'field', labels, records, synthetic: false }
  return auditFacts(dataset, facts, options)
}

const messagesOf = (audit: ReturnType<typeof auditOf>, ...codes: string[]) =>
  audit.findings.filter(({ code }) => codes.includes(code)).map(({ message }) => message)
const mono = (seconds: number, shape?: Parameters<typeof tone>[1]): MeasuredClip => ({
  channels: [tone(seconds, shape)],
  sampleRate,
})
const many = (amount: number, make: (i: number) => MeasuredClip) =>
  Array.from({ length: amount }, (_, i) => make(i))

test('says how many clips a recipe cuts, and by how much', () => {
  const classes = {
    low: many(3, (i) => mono(10, { hz: 100 + i })),
    high: many(4, (i) => mono(5, { hz: 900 + i })),
  }
  const audit = auditOf(classes, { recipe: logmel128 })
  expect(messagesOf(audit, 'CUT_CLIP', 'PADDED_CLIP')).toEqual([
    '3 of 7 clips are longer than 5 s, and the rest of each is not used: 5.00 s in the median, 5.00 s at most; ' +
      'to use all of it, take windows',
  ])
  expect(audit.findings.find(({ code }) => code === 'CUT_CLIP')).toMatchObject({
    severity: 'warning',
    ids: ['low0', 'low1', 'low2'],
  })
  const windowed = auditOf(classes, { recipe: logmel128, windows: { windowSec: 8 } })
  expect(messagesOf(windowed, 'CUT_CLIP', 'PADDED_CLIP')).toEqual([
    '4 of 7 clips are shorter than 8 s, and zeros are added at the end: 3.00 s in the median, 3.00 s at most',
  ])
  expect(messagesOf(auditOf(classes), 'CUT_CLIP', 'PADDED_CLIP')).toEqual([])
  // The padding of a codec does not count as cut.
  expect(messagesOf(auditOf({ a: [mono(5.02)] }, { recipe: logmel128 }), 'CUT_CLIP')).toEqual([])
})

test('a recipe that trims cuts fewer clips, and pads more', () => {
  const classes = { a: [mono(6, { leadSec: 2, tailSec: 1 }), mono(6, { hz: 300 })] }
  const audit = auditOf(classes, { recipe: mfcc13 })
  expect(messagesOf(audit, 'CUT_CLIP', 'PADDED_CLIP')).toEqual([
    expect.stringMatching(/^1 of 2 clips are longer than 5 s/),
    expect.stringMatching(
      /^1 of 2 clips are shorter than 5 s after silence at their ends is removed, .*: 2\.00 s in the median/,
    ),
  ])
})

test('finds clips that are silent in the mono mix, and channels that cancel each other', () => {
  const left = tone(1)
  const opposite = left.map((value) => -value)
  const nearly = left.map((value) => -0.95 * value)
  const audit = auditOf({
    a: [
      { channels: [left, opposite], sampleRate },
      { channels: [left, nearly], sampleRate },
      { channels: [left, left], sampleRate },
      { channels: [left, tone(1, { hz: 1000 })], sampleRate },
    ],
  })
  const idsOf = (wanted: string) => audit.findings.find(({ code }) => code === wanted)?.ids
  expect(idsOf('SILENT_CLIP')).toEqual(['a0'])
  expect(idsOf('OPPOSITE_PHASE')).toEqual(['a0', 'a1'])
})

test.each([
  [
    'CLASS_SAMPLE_RATE',
    { channels: [tone(1)], sampleRate: 4000 },
    /^class siren is at 4000 Hz \(3 of 3 clips\), class dog is not \(0 of 4 clips\)/,
  ],
  [
    'CLASS_CHANNELS',
    { channels: [tone(1), tone(1)], sampleRate },
    /^class siren is recorded with 2 channels/,
  ],
  [
    'CLASS_CODEC',
    { channels: [tone(1)], sampleRate, codec: 'mp3' },
    /^class siren is stored as mp3 .*; a network may learn the recorder instead of the sound$/,
  ],
])('%s finds a class that was recorded in another way', (code, clip, message) => {
  const usual = { channels: [tone(1)], sampleRate, codec: 'wav pcm_s16le' }
  const classes = { dog: many(4, () => usual), rain: many(5, () => usual), siren: many(3, () => clip) }
  expect(messagesOf(auditOf(classes), code)).toEqual([expect.stringMatching(message)])
  // If it is alike in every class, it gives nothing away.
  const mixed = [usual, clip, usual, clip]
  expect(messagesOf(auditOf({ dog: mixed, rain: mixed, siren: [...mixed, usual] }), code)).toEqual([])
})

test('names files that had to be repaired, and counts how the clips are stored', () => {
  const clip = { channels: [tone(1)], sampleRate, codec: 'wav pcm_s16le' }
  const audit = auditOf({
    a: [clip, { ...clip, codec: 'flac, 16 bits', warnings: ['no size in the header'] }],
  })
  expect(messagesOf(audit, 'REPAIRED_CLIP')).toEqual([
    'damaged or unfinished files that could still be read: 1 clip: a1 (no size in the header)',
  ])
  expect(audit.clips.codecs).toEqual([
    { codec: 'wav pcm_s16le', clips: 1 },
    { codec: 'flac, 16 bits', clips: 1 },
  ])
})

test('finds labels that a person would take for one, and shows the characters that cannot be seen', () => {
  const labels = ['dog', 'Dog', 'rain', 'rain ', 'r\u0430in', 'cow', 'cows']
  const records = labels.map((label, i): ClipRecord => {
    return { id: String(i), filename: `${i}.wav`, fold: null, labelIndex: i, label, group: String(i) }
  })
  const { findings } = auditTable({ name: 'x', labels, records, synthetic: false })
  expect(findings.filter(({ code }) => code === 'ALIKE_LABELS')).toEqual([
    {
      severity: 'warning',
      code: 'ALIKE_LABELS',
      message:
        "labels that look the same: 'dog' (1 clip) and 'Dog' (1 clip); " +
        "'rain' (1 clip) and 'rain ' (1 clip) and 'r<U+0430>in' (1 clip); if they are one class, use one spelling",
      ids: [],
    },
  ])
})
