import { createRng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import type { ClipRecord, Dataset } from '../record.js'
import { type AuditInput, auditDataset, auditFacts } from './dataset.js'
import { formatAudit } from './format.js'

const rate = 16000

function noise(seed: number): Float32Array {
  const rng = createRng(seed)
  return Float32Array.from({ length: 2 * rate }, () => 0.1 * rng.normal())
}

const rows: [id: string, label: string, fold: number, group: string][] = [
  ['a', 'dog', 1, 's1'],
  ['b', 'dog', 2, 's1'],
  ['c', 'rain', 1, 's2'],
  ['quiet c', 'rain', 2, 's3'],
  ['nan', 'rain', 2, 's4'],
  ['torn', 'dog', 1, 's5'],
  ['lost', 'dog', 2, 's6'],
]
const records = rows.map(([id, label, fold, group]): ClipRecord => {
  const labelIndex = label === 'dog' ? 0 : 1
  return { id, filename: `${id}.wav`, fold, labelIndex, label, group }
})
const dataset: Dataset = { name: 'seven', labels: ['dog', 'rain'], records, synthetic: false }
const split = { train: Int32Array.of(0, 2), test: Int32Array.of(1, 3, 4) }

async function* clips(): AsyncGenerator<AuditInput> {
  yield { id: 'a', channels: [noise(1)], sampleRate: rate }
  yield { id: 'b', channels: [noise(2), noise(3)], sampleRate: rate }
  yield { id: 'c', channels: [noise(4)], sampleRate: rate }
  yield { id: 'quiet c', channels: [noise(4).map((value) => value / 3)], sampleRate: rate }
  yield { id: 'nan', channels: [Float32Array.of(0, Number.NaN)], sampleRate: rate }
  yield { id: 'torn', reason: 'the file ends too early' }
}

describe('auditDataset', () => {
  test('joins table, clips and split', async () => {
    const { audit, facts } = await auditDataset(dataset, clips(), { split })
    expect(audit).toMatchObject({ name: 'seven', synthetic: false, table: { clips: 7 } })
    expect(audit.clips).toMatchObject({
      clips: 4,
      missing: ['lost'],
      unreadable: [
        { id: 'nan', reason: expect.stringMatching(/nan has NaN at sample 1/) },
        { id: 'torn', reason: 'the file ends too early' },
      ],
      nearDuplicates: [{ ids: ['c', 'quiet c'], offsetSec: 0 }],
    })
    // b is a sibling of a; the copy of c claims another source.
    expect(audit.split).toEqual({
      train: 2,
      validation: 0,
      test: 3,
      leakedTestClips: 1,
      leakRate: 1 / 3,
      copiedTestClips: 1,
      findings: [
        expect.objectContaining({ code: 'SPLIT_LEAKS' }),
        expect.objectContaining({ code: 'SPLIT_COPIES' }),
      ],
    })
    expect(audit.findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      'error MISSING_CLIP',
      'error UNREADABLE_CLIP',
      'error SPLIT_LEAKS',
      'error SPLIT_COPIES',
      'warning SOURCE_CROSSES_FOLDS',
      'warning NEAR_DUPLICATE',
      'warning ODD_CHANNELS',
      'info CLASS_IMBALANCE',
      'info FOLD_IMBALANCE',
      'info SHARED_SOURCE',
    ])
    expect(JSON.parse(JSON.stringify({ audit, facts }))).toEqual({ audit, facts })
    const { unreadable } = audit.clips
    expect(auditFacts(dataset, JSON.parse(JSON.stringify(facts)), { unreadable, split })).toEqual(audit)
    expect(auditFacts(dataset, facts, { unreadable }).split).toBeNull()
  })

  test('tells how far it is, and stops when asked to', async () => {
    const seen: unknown[] = []
    await auditDataset(dataset, clips(), {
      onProgress: ({ done, total, detail }) => seen.push([done, total, detail]),
    })
    expect(seen).toHaveLength(6)
    expect(seen.at(-1)).toEqual([6, 7, 'torn'])
    const controller = new AbortController()
    const reason = new Error('enough')
    let closed = false
    async function* endless() {
      try {
        while (true) yield* clips()
      } finally {
        closed = true
      }
    }
    const onProgress = ({ done }: { done: number }) => done === 2 && controller.abort(reason)
    await expect(auditDataset(dataset, endless(), { signal: controller.signal, onProgress })).rejects.toBe(
      reason,
    )
    expect(closed).toBe(true)
    await expect(auditDataset(dataset, clips(), { signal: controller.signal })).rejects.toBe(reason)
  })

  test('refuses a split of another table, and passes on what the clips throw', async () => {
    await expect(
      auditDataset(dataset, clips(), { split: { train: Int32Array.of(7), test: Int32Array.of(0) } }),
    ).rejects.toThrow(throwsCode('INVALID_INPUT', /index 7/))
    async function* broken(): AsyncGenerator<AuditInput> {
      yield* clips()
      throw new RangeError('a bug')
    }
    await expect(auditDataset(dataset, broken())).rejects.toThrow(RangeError)
  })
})

describe('formatAudit', () => {
  test('is a page of text', async () => {
    const { audit } = await auditDataset(dataset, clips(), { split })
    const text = formatAudit(audit)
    expect(text.split('\n').slice(0, 17)).toEqual([
      'seven: 7 clips, 2 classes, 6 sources',
      '',
      'clips      4 measured, 1 missing, 2 unreadable',
      'durations  median 2.00 s, 5 to 95 %: 2.00 to 2.00 s',
      'rates      16000 Hz (4 clips)',
      'channels   1 (3 clips), 2 (1 clip)',
      'silence    0.0 % of all time at the start, 0.0 % at the end, 0.0 % between sounds',
      expect.stringMatching(/^levels {5}median -21\.5 dB, 5 to 95 %: -28\.\d to -20\.0 dB$/),
      'bandwidth  median 8000 Hz, 5 to 95 %: 8000 to 8000 Hz',
      'copies     0 sets of equal sounds, 1 pair of nearly equal ones',
      'split      2 training, 0 validation, 3 test; leak rate 33.3 % (1 test clip); 1 test clip is a copy',
      '           of a training clip',
      '',
      'class  clips  dB 5 %   50 %   95 %  kHz 5 %  50 %  95 %',
      'dog        2   -22.8  -21.5  -20.2      8.0   8.0   8.0',
      expect.stringMatching(/^rain {7}2/),
      '',
    ])
    expect(text).toMatch(
      /^error {4}clips that the table names and whose files are missing: 1 clip \(lost\)$/m,
    )
    expect(text.endsWith('\n')).toBe(true)
  })

  test('keeps its width and its terminal, whatever the names are', () => {
    const hostile = `\u001b[31m${'x'.repeat(300)}\u0007`
    const named: Dataset = {
      ...dataset,
      name: hostile,
      labels: [hostile, 'rain'],
      records: records.map((record) => ({ ...record, label: hostile, id: `${record.id}${hostile}` })),
    }
    const unreadable = named.records.map(({ id }) => ({ id, reason: hostile }))
    const text = formatAudit(auditFacts(named, [], { unreadable }))
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100)
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    expect(formatAudit(auditFacts({ ...dataset, labels: [], records: [] }, []))).toMatch(
      /the audit found no problem/,
    )
  })
})
