import { describe, expect, it } from 'vitest'
import { auditClips } from './clips.js'
import type { ClipFacts } from './measure.js'

function factsOf(id: string, changes: Partial<ClipFacts> = {}): ClipFacts {
  return {
    id,
    durationSec: 5,
    sampleRate: 44100,
    channels: 1,
    peak: 0.9,
    rmsDb: -20,
    leadingSilenceSec: 0,
    trailingSilenceSec: 0.5,
    digitalSilenceShare: 0,
    clippedShare: 0.0001,
    dcOffset: 0.01,
    hash: id,
    ...changes,
  }
}

describe('auditClips', () => {
  it('has nothing to say about clips within all limits', () => {
    const audit = auditClips([factsOf('a'), factsOf('b', { durationSec: 5.001 }), factsOf('c')])
    expect(audit).toEqual({
      clips: 3,
      medianDurationSec: 5,
      sampleRates: [{ sampleRate: 44100, clips: 3 }],
      duplicates: [],
      findings: [],
    })
  })

  it('finds each kind of trouble, the worst first', () => {
    const audit = auditClips([
      factsOf('a'),
      factsOf('b'),
      factsOf('copy of b', { hash: 'b' }),
      factsOf('short', { durationSec: 3 }),
      factsOf('slow', { sampleRate: 22050 }),
      factsOf('loud', { clippedShare: 0.02 }),
      factsOf('offset', { dcOffset: -0.02 }),
      factsOf('padded', { trailingSilenceSec: 2 }),
      factsOf('late', { leadingSilenceSec: 1 }),
      factsOf('silent', { peak: 0, leadingSilenceSec: 5, trailingSilenceSec: 5, hash: '0' }),
      factsOf('silent too', { peak: 0, leadingSilenceSec: 5, trailingSilenceSec: 5, hash: '0' }),
    ])
    expect(audit.duplicates).toEqual([['b', 'copy of b']])
    expect(audit.sampleRates).toEqual([
      { sampleRate: 44100, clips: 10 },
      { sampleRate: 22050, clips: 1 },
    ])
    expect(audit.findings.map(({ severity, code, ids }) => [severity, code, ids])).toEqual([
      ['error', 'SILENT_CLIP', ['silent', 'silent too']],
      ['error', 'DUPLICATE_CLIP', ['b', 'copy of b']],
      ['warning', 'ODD_DURATION', ['short']],
      ['warning', 'ODD_SAMPLE_RATE', ['slow']],
      ['warning', 'CLIPPING', ['loud']],
      ['warning', 'DC_OFFSET', ['offset']],
      ['info', 'SILENT_PADDING', ['padded', 'late']],
    ])
    expect(JSON.parse(JSON.stringify(audit))).toEqual(audit)
  })

  it('takes the middle of an even number of durations, and no clips at all', () => {
    expect(auditClips([factsOf('a'), factsOf('b', { durationSec: 6 })]).medianDurationSec).toBe(5.5)
    expect(auditClips([])).toEqual({
      clips: 0,
      medianDurationSec: 0,
      sampleRates: [],
      duplicates: [],
      findings: [],
    })
  })
})
