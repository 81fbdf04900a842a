import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { auditFacts } from '../audit/dataset.js'
import { measureClip } from '../audit/measure.js'
import { auditTable } from '../audit/table.js'
import { parseEsc50, parseFilename } from '../tables/esc50.js'
import { synthesizeEsc10 } from './esc10.js'

/** Small enough for a test, whole enough to have every class in every fold. */
const small = { clipsPerClass: 5, sampleRate: 16000, durationSec: 1 }

describe('synthesizeEsc10', () => {
  test("has ESC-10's shape: ten classes of 40 clips, five folds of 80", () => {
    const { dataset, csv } = synthesizeEsc10()
    expect(dataset.synthetic).toBe(true)
    expect(dataset.labels).toEqual([
      'dog',
      'rooster',
      'rain',
      'sea_waves',
      'crackling_fire',
      'crying_baby',
      'sneezing',
      'clock_tick',
      'helicopter',
      'chainsaw',
    ])
    expect(parseEsc50(csv, { subset: 'esc10' }).records).toEqual(dataset.records)
    const audit = auditTable(dataset)
    expect(audit.classes.map(({ clips }) => clips)).toEqual(Array(10).fill(40))
    expect(audit.folds.map(({ clips }) => clips)).toEqual(Array(5).fill(80))
    expect(audit.crossingSources).toEqual([])
    expect(audit.clipsSharingSource).toBeGreaterThan(100)
  })

  test("names its files as ESC-50 does, with ESC-50's target numbers", () => {
    const targets = new Map<string, number>()
    for (const { filename, fold, group, label } of synthesizeEsc10(small).dataset.records) {
      const parts = parseFilename(filename)
      expect(parts).toMatchObject({ fold, srcFile: group })
      targets.set(label, parts.target)
    }
    expect(Object.fromEntries(targets)).toEqual({
      dog: 0,
      rooster: 1,
      rain: 10,
      sea_waves: 11,
      crackling_fire: 12,
      crying_baby: 20,
      sneezing: 21,
      clock_tick: 38,
      helicopter: 40,
      chainsaw: 41,
    })
  })

  test('makes sound: finite, peak at most 1, of the asked length, all different, at varied levels', () => {
    const { dataset, clips } = synthesizeEsc10(small)
    const facts = [...clips()].map(({ id, clip }) =>
      measureClip(id, { channels: [clip.samples], sampleRate: clip.sampleRate }),
    )
    expect(facts.length).toBe(50)
    expect(facts.every(({ durationSec, sampleRate }) => durationSec === 1 && sampleRate === 16000)).toBe(true)
    const peaks = facts.map(({ peak }) => peak)
    expect(Math.max(...peaks)).toBeLessThanOrEqual(1)
    expect(Math.max(...peaks) / Math.min(...peaks)).toBeGreaterThan(5)
    const padded = facts.filter(({ digitalSilenceShare }) => digitalSilenceShare > 0.04).length
    expect(padded).toBeGreaterThan(5)
    expect(padded).toBeLessThan(35)
    expect(auditFacts(dataset, facts).clips.findings.filter(({ severity }) => severity !== 'info')).toEqual(
      [],
    )
  })

  test('makes each clip alone as it makes it in the row', () => {
    const { clips } = synthesizeEsc10(small)
    const again = synthesizeEsc10(small)
    const inTurn = [...clips()]
    for (const index of [49, 0, 17]) {
      const { clip, ...record } = inTurn[index]!
      expect(record).toEqual(again.dataset.records[index])
      expect(again.clipAt(index)).toEqual(clip)
    }
  })

  test('makes another set for another seed', () => {
    const [first, second] = [synthesizeEsc10(small), synthesizeEsc10({ ...small, seed: 43 })]
    expect(first.csv).not.toBe(second.csv)
    expect(first.clipAt(0)).not.toEqual(second.clipAt(0))
  })

  test('gives siblings one level and lets other sources differ', () => {
    const { dataset, clipAt } = synthesizeEsc10({ ...small, clipsPerClass: 40 })
    const shared = dataset.records
      .filter(({ group }, i) => group === dataset.records[i + 1]?.group)
      .slice(0, 5)
    const peakAt = (index: number) =>
      measureClip('x', { channels: [clipAt(index).samples], sampleRate: 16000 }).peak
    const levels = shared.map((record) => {
      const index = dataset.records.indexOf(record)
      expect(peakAt(index + 1)).toBeCloseTo(peakAt(index), 5)
      return peakAt(index)
    })
    expect(new Set(levels).size).toBe(5)
  })

  test('refuses sizes out of range', () => {
    expect(() => synthesizeEsc10({ clipsPerClass: 4 })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => synthesizeEsc10({ sampleRate: 0 })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => synthesizeEsc10({ durationSec: Number.NaN })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => synthesizeEsc10({ seed: -1 })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => synthesizeEsc10(small).clipAt(50)).toThrow(throwsCode('INVALID_OPTION'))
  })
})
