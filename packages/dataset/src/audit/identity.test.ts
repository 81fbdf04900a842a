/** Tests that each finding has its own code, and that a table is audited once. */

import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ClipRecord, Dataset } from '../record.js'
import { auditDataset, auditFacts } from './dataset.js'
import { factsOf } from './fixtures/facts.js'
import { formatAudit } from './format.js'
import { auditTable, type TableAudit } from './table.js'

const labels = ['dog', 'rain', 'saw', 'wind', 'owl']

function datasetOf(records: readonly Pick<ClipRecord, 'id' | 'labelIndex' | 'group' | 'fold'>[]): Dataset {
  return {
    name: 'test',
    labels,
    records: records.map((record) => ({
      ...record,
      filename: `${record.id}.wav`,
      label: labels[record.labelIndex]!,
    })),
    synthetic: false,
  }
}

const clip = fc.record({
  labelIndex: fc.nat(4),
  group: fc.nat(6).map(String),
  fold: fc.option(fc.nat(2)),
  /** What became of it. */
  fate: fc.constantFrom('measured', 'unreadable', 'missing'),
  sound: fc.record({
    durationSec: fc.constantFrom(1, 5, 30),
    sampleRate: fc.constantFrom(8000, 44100),
    channels: fc.constantFrom(1, 2),
    peak: fc.constantFrom(0, 0.9),
    hash: fc.constantFrom('a', 'b', 'c'),
    bandwidthHz: fc.constantFrom(3000, 20000),
    clippedShare: fc.constantFrom(0, 0.5),
    dcOffset: fc.constantFrom(0, 0.5),
    leadingSilenceSec: fc.constantFrom(0, 1),
    insideSilenceSec: fc.constantFrom(0, 1),
  }),
})

test('no two findings of one audit have one code, and each part has its own findings', () => {
  fc.assert(
    fc.property(fc.array(clip, { minLength: 1, maxLength: 20 }), fc.nat(19), (all, cut) => {
      const clips = all.map((values, i) => ({ ...values, id: `clip ${i}` }))
      const dataset = datasetOf(clips)
      const facts = clips.filter(({ fate }) => fate === 'measured').map(({ id, sound }) => factsOf(id, sound))
      const unreadable = clips
        .filter(({ fate }) => fate === 'unreadable')
        .map(({ id }) => ({ id, reason: 'torn' }))
      const indices = Int32Array.from(clips.keys())
      const split = { train: indices.subarray(0, cut), test: indices.subarray(cut) }
      const audit = auditFacts(dataset, facts, { unreadable, split })
      const codes = audit.findings.map(({ code }) => code)
      expect(new Set(codes).size).toBe(codes.length)
      const parts = [audit.table.findings, audit.clips.findings, audit.split!.findings]
      expect(new Set(parts.flat())).toEqual(new Set(audit.findings))
      expect(parts.flat()).toHaveLength(audit.findings.length)
    }),
    { numRuns: 200 },
  )
})

const pair = datasetOf([
  { id: 'a', labelIndex: 0, group: 's', fold: 1 },
  { id: 'b', labelIndex: 1, group: 's', fold: 2 },
])

describe('a table that was audited before', () => {
  const table = auditTable(pair)
  const { records } = pair

  test('is taken as it is', async () => {
    // The clip that cannot be read was taken out, and the table still says what it said of both.
    const readable = { ...pair, records: records.slice(0, 1) }
    const audit = auditFacts(readable, [factsOf('a', {})], { table })
    expect(audit.table).toBe(table)
    expect(audit.findings.filter(({ code }) => code === 'SOURCE_CROSSES_FOLDS')).toHaveLength(1)
    expect(auditFacts(pair, [factsOf('a', {})])).toEqual(auditFacts(pair, [factsOf('a', {})], { table }))
    expect((await auditDataset(readable, [], { table })).audit.table).toBe(table)
  })

  test.each<[string, unknown, RegExp]>([
    ['none', null, /table is no audit/],
    ['a data set', pair, /table is no audit/],
    ['that of other labels', auditTable({ ...pair, labels: ['dog', 'rain'] }), /table has other labels/],
  ])('is refused if it is %s', async (_name, other, message) => {
    const options = { table: other as TableAudit }
    expect(() => auditFacts(pair, [], options)).toThrow(throwsCode('INVALID_OPTION', message))
    await expect(auditDataset(pair, [], options)).rejects.toEqual(throwsCode('INVALID_OPTION', message))
  })
})

test('if no groups are known, the text does not say that nothing leaks', () => {
  const split = { train: Int32Array.of(0), test: Int32Array.of(1) }
  const textOf = (dataset: Dataset) => formatAudit(auditFacts(dataset, [], { split }))
  expect(textOf(pair)).toMatch(/leak rate 100\.0 % \(1 test clip\)/)
  const alone = datasetOf(pair.records.map((record) => ({ ...record, group: record.id })))
  expect(auditTable(alone).groupsKnown).toBe(false)
  expect(textOf(alone)).toMatch(/no two clips share a group, so leaks cannot be found/)
  expect(textOf(alone)).not.toMatch(/leak rate/)
})
