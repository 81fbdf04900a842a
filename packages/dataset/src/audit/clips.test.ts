import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import type { ClipRecord, Dataset } from '../record.js'
import type { UnreadableClip } from './clip-audit.js'
import { auditClips } from './clips.js'
import { factsOf as plainFacts } from './fixtures/facts.js'
import type { ClipFacts } from './measure.js'

/** Facts that lie just within the limits. */
const factsOf = (id: string, changes: Partial<ClipFacts> = {}): ClipFacts =>
  plainFacts(id, { trailingSilenceSec: 0.5, clippedShare: 0.0001, dcOffset: 0.01, ...changes })

/** Clips of dogs; those whose name begins with `rain` are rain. Each is a source of its own unless `groups` says so. */
function datasetOf(ids: readonly string[], groups: Record<string, string> = {}): Dataset {
  const labels = ['dog', 'rain']
  const records = ids.map((id, i): ClipRecord => {
    const labelIndex = id.startsWith('rain') ? 1 : 0
    return {
      id,
      filename: `${id}.wav`,
      fold: i % 5,
      labelIndex,
      label: labels[labelIndex]!,
      group: groups[id] ?? id,
    }
  })
  return { name: 'test', labels, records, synthetic: false }
}

const noFit = { recipe: null, windows: null }
const audit = (facts: readonly ClipFacts[], unreadable: readonly UnreadableClip[] = []) =>
  auditClips(datasetOf([...facts, ...unreadable].map(({ id }) => id)), facts, unreadable, noFit)
const same = (value: number) => ({ p5: value, p25: value, p50: value, p75: value, p95: value })

describe('auditClips', () => {
  test('has nothing to say about clips within all limits', () => {
    const clips = [factsOf('a'), factsOf('b', { durationSec: 5.001 }), factsOf('rain')]
    const sound = { rmsDb: same(-20), bandwidthHz: same(20000) }
    expect(audit(clips)).toEqual({
      clips: 3,
      missing: [],
      unreadable: [],
      durationSec: { p5: 5, p25: 5, p50: 5, p75: expect.closeTo(5.0005), p95: expect.closeTo(5.0009) },
      sampleRates: [{ sampleRate: 44100, clips: 3 }],
      channels: [{ channels: 1, clips: 3 }],
      codecs: [],
      silence: { leading: 0, trailing: expect.closeTo(0.1, 4), inside: 0 },
      ...sound,
      classes: [
        { label: 'dog', clips: 2, ...sound },
        { label: 'rain', clips: 1, ...sound },
      ],
      duplicates: [],
      nearDuplicates: [],
      findings: [],
    })
  })

  test('finds each kind of trouble, the worst first', () => {
    const clips = [
      factsOf('a'),
      factsOf('b'),
      factsOf('copy of b', { hash: 'b' }),
      factsOf('short', { durationSec: 3 }),
      factsOf('slow', { sampleRate: 22050, bandwidthHz: 11000 }),
      factsOf('stereo', { channels: 2 }),
      factsOf('repaired', { warnings: ['the size of "data" is 0'] }),
      factsOf('cancelled', { channels: 1, mixLossDb: 40 }),
      factsOf('loud', { clippedShare: 0.02 }),
      factsOf('offset', { dcOffset: -0.02 }),
      factsOf('narrow', { bandwidthHz: 9000 }),
      factsOf('rain', { bandwidthHz: 8000 }),
      factsOf('padded', { trailingSilenceSec: 2 }),
      factsOf('late', { leadingSilenceSec: 1 }),
      factsOf('twice', { insideSilenceSec: 1 }),
      factsOf('silent', { peak: 0, leadingSilenceSec: 5, trailingSilenceSec: 5, hash: '0', bandwidthHz: 0 }),
      factsOf('silent too', { peak: 0, leadingSilenceSec: 5, trailingSilenceSec: 5, hash: '0' }),
    ]
    const unreadable = [{ id: 'torn', reason: 'ends too early' }]
    const all = auditClips(
      datasetOf([...clips.map(({ id }) => id), 'torn', 'lost']),
      clips,
      unreadable,
      noFit,
    )
    expect(all).toMatchObject({ clips: 17, missing: ['lost'], unreadable, duplicates: [['b', 'copy of b']] })
    expect(all.sampleRates).toEqual([
      { sampleRate: 44100, clips: 16 },
      { sampleRate: 22050, clips: 1 },
    ])
    expect(all.findings.map(({ severity, code, ids }) => [severity, code, ids])).toEqual([
      ['error', 'MISSING_CLIP', ['lost']],
      ['error', 'UNREADABLE_CLIP', ['torn']],
      ['error', 'SILENT_CLIP', ['silent', 'silent too']],
      ['error', 'DUPLICATE_CLIP', ['b', 'copy of b']],
      ['warning', 'REPAIRED_CLIP', ['repaired']],
      ['warning', 'OPPOSITE_PHASE', ['cancelled']],
      ['warning', 'ODD_DURATION', ['short']],
      ['warning', 'ODD_SAMPLE_RATE', ['slow']],
      ['warning', 'ODD_CHANNELS', ['stereo']],
      ['warning', 'CLIPPING', ['loud']],
      ['warning', 'DC_OFFSET', ['offset']],
      ['warning', 'CLASS_BANDWIDTH', []],
      ['info', 'NARROW_BAND', ['narrow', 'rain']],
      ['info', 'SILENT_PADDING', ['padded', 'late']],
      ['info', 'SILENT_GAP', ['twice']],
    ])
    expect(all.findings[1]!.message).toBe('clips that cannot be read: 1 clip: torn (ends too early)')
    expect(all.findings.find(({ code }) => code === 'CLASS_BANDWIDTH')!.message).toMatch(
      /^class rain has sound up to 8\.0 kHz, class dog up to 20\.0 kHz \(medians\); a network may learn/,
    )
    expect(all.findings.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        'clips with another length than usual (more than 0.25 s from the median, 5 s): 1 clip (short)',
        'clips at another rate than 44100 Hz, the most frequent one: 1 clip (slow)',
        'clips with another number of channels than 1, the most frequent one: 1 clip (stereo)',
      ]),
    )
    expect(JSON.parse(JSON.stringify(all))).toEqual(all)
  })

  test('says so where as many clips have one number of channels as another', () => {
    const clips = [1, 2, 1, 2].map((channels, i) => factsOf(String(i), { channels }))
    expect(audit(clips).findings.map(({ message }) => message)).toEqual([
      'clips with another number of channels than 1 (as many clips have 1): 2 clips (1; 3)',
    ])
  })

  test('takes only what stands apart for odd where durations vary', () => {
    const clips = Array.from({ length: 41 }, (_, i) => factsOf(String(i), { durationSec: 2 + i / 20 }))
    const codes = (facts: ClipFacts[]) => audit(facts).findings.map(({ code, ids }) => [code, ids])
    expect(codes(clips)).toEqual([])
    expect(codes([...clips, factsOf('long', { durationSec: 60 })])).toEqual([['ODD_DURATION', ['long']]])
  })

  test('tells copies from other sources, and overlapping cuts of one', () => {
    const fingerprint = Array.from({ length: 100 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0)
    const clips = ['a', 'b', 'rain'].map((id) => factsOf(id, { fingerprint }))
    const { nearDuplicates, findings } = auditClips(
      datasetOf(['a', 'b', 'rain'], { b: 'a' }),
      clips,
      [],
      noFit,
    )
    expect(nearDuplicates).toEqual([
      { ids: ['a', 'b'], offsetSec: 0, overlapSec: 2, bitErrorRate: 0 },
      { ids: ['a', 'rain'], offsetSec: 0, overlapSec: 2, bitErrorRate: 0 },
    ])
    expect(findings.map(({ severity, code, message }) => [severity, code, message])).toEqual([
      [
        'warning',
        'NEAR_DUPLICATE',
        'clips of different sources that sound nearly the same: a ~ rain (folds 0, 2) (dog, rain)',
      ],
      ['info', 'OVERLAPPING_CLIPS', 'clips of one source that overlap: a ~ b (folds 0, 1)'],
    ])
  })

  test('has no number where there is no clip', () => {
    const none = { rmsDb: null, bandwidthHz: null }
    expect(audit([])).toMatchObject({ clips: 0, durationSec: null, ...none, findings: [] })
    expect(audit([]).classes[0]).toEqual({ label: 'dog', clips: 0, ...none })
  })

  test('refuses clips of another table, and clips given twice', () => {
    const refused = (message: RegExp) => throwsCode('INVALID_INPUT', message)
    expect(() => auditClips(datasetOf(['a']), [factsOf('b')], [], noFit)).toThrow(
      refused(/clip b is not in the table/),
    )
    expect(() => auditClips(datasetOf(['a']), [factsOf('a')], [{ id: 'a', reason: '' }], noFit)).toThrow(
      refused(/clip a was given 2 times/),
    )
  })
})
