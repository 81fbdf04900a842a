/** Tests that splitters treat the clips of a set as their array forms treat examples. */
import { isEscError, type Split } from '@esc/core'
import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { groupKFold } from './group-k-fold.js'
import { groupShuffleSplit } from './group-shuffle-split.js'
import { kFold } from './k-fold.js'
import { findLeaks } from './leaks.js'
import { predefinedFolds } from './predefined-folds.js'
import type { SplitRecord, SplitSource } from './shared/source.js'
import { shuffleSplit } from './shuffle-split.js'
import { stratifiedGroupKFold } from './stratified-group-k-fold.js'
import { stratifiedGroupSplit } from './stratified-group-split.js'
import { stratifiedKFold } from './stratified-k-fold.js'
import { stratifiedSplit } from './stratified-split.js'
import { timeSeriesSplit } from './time-series-split.js'
import { trainTestSplit } from './train-test-split.js'
import { trainValTest } from './train-val-test.js'

type Splitter = (from: SplitSource, seed: number) => Iterable<Split>

const labelsOf = ({ records }: SplitSource) => records.map(({ labelIndex }) => labelIndex)
const groupsOf = ({ records }: SplitSource) => records.map(({ group }) => group)
const foldsOf = ({ records }: SplitSource) => records.map(({ fold }) => fold)
const countOf = ({ records }: SplitSource) => records.length

/** By name: the call with a set, and the call with arrays that says the same of single examples. */
const splitters: Readonly<Record<string, readonly [set: Splitter, arrays: Splitter]>> = {
  kFold: [
    (set, seed) => kFold(set, { nSplits: 3, seed }),
    (set, seed) => kFold(countOf(set), { nSplits: 3, seed }),
  ],
  'kFold in order': [(set) => kFold(set), (set) => kFold(countOf(set))],
  stratifiedKFold: [
    (set, seed) => stratifiedKFold(set, { nSplits: 3, seed }),
    (set, seed) => stratifiedKFold(labelsOf(set), { nSplits: 3, seed }),
  ],
  groupKFold: [(set) => groupKFold(set, { nSplits: 3 }), (set) => groupKFold(groupsOf(set), { nSplits: 3 })],
  stratifiedGroupKFold: [
    (set, seed) => stratifiedGroupKFold(set, { nSplits: 3, seed }),
    (set, seed) => stratifiedGroupKFold(labelsOf(set), groupsOf(set), { nSplits: 3, seed }),
  ],
  'stratifiedGroupKFold in order': [
    (set) => stratifiedGroupKFold(set),
    (set) => stratifiedGroupKFold(labelsOf(set), groupsOf(set)),
  ],
  stratifiedGroupSplit: [
    (set, seed) => [stratifiedGroupSplit(set, { seed })],
    (set, seed) => [stratifiedGroupSplit(labelsOf(set), groupsOf(set), { seed })],
  ],
  shuffleSplit: [
    (set, seed) => shuffleSplit(set, { seed, testSize: 0.3, trainSize: 0.5 }),
    (set, seed) => shuffleSplit(countOf(set), { seed, testSize: 0.3, trainSize: 0.5 }),
  ],
  groupShuffleSplit: [
    (set, seed) => groupShuffleSplit(set, { seed }),
    (set, seed) => groupShuffleSplit(groupsOf(set), { seed }),
  ],
  trainTestSplit: [
    (set, seed) => [trainTestSplit(set, { seed, testSize: 2 })],
    (set, seed) => [trainTestSplit(countOf(set), { seed, testSize: 2 })],
  ],
  'trainTestSplit, stratified': [
    (set, seed) => [trainTestSplit(set, { seed, stratify: true })],
    (set, seed) => [trainTestSplit(countOf(set), { seed, stratify: labelsOf(set) })],
  ],
  'trainTestSplit of groups': [
    (set, seed) => [trainTestSplit(set, { seed, groups: true })],
    (set, seed) => [trainTestSplit(countOf(set), { seed, groups: groupsOf(set) })],
  ],
  'trainTestSplit of groups, stratified': [
    (set, seed) => [trainTestSplit(set, { seed, stratify: true, groups: true })],
    (set, seed) => [trainTestSplit(countOf(set), { seed, stratify: labelsOf(set), groups: groupsOf(set) })],
  ],
  'trainTestSplit with arrays': [
    (set, seed) => [trainTestSplit(set, { seed, stratify: labelsOf(set), groups: groupsOf(set) })],
    (set, seed) => [trainTestSplit(countOf(set), { seed, stratify: labelsOf(set), groups: groupsOf(set) })],
  ],
  stratifiedSplit: [
    (set, seed) => [stratifiedSplit(set, { seed })],
    (set, seed) => [stratifiedSplit(labelsOf(set), { seed })],
  ],
  'stratifiedSplit without validation': [
    (set, seed) => [stratifiedSplit(set, { seed, validationSize: null })],
    (set, seed) => [stratifiedSplit(labelsOf(set), { seed, validationSize: null })],
  ],
  timeSeriesSplit: [
    (set) => timeSeriesSplit(set, { nSplits: 3, gap: 1 }),
    (set) => timeSeriesSplit(countOf(set), { nSplits: 3, gap: 1 }),
  ],
  predefinedFolds: [
    (set) => [predefinedFolds(set, { testFold: 2, validationFold: 1 })],
    (set) => [predefinedFolds(foldsOf(set), { testFold: 2, validationFold: 1 })],
  ],
  trainValTest: [
    (set) => [trainValTest(set, { testFold: 3 })],
    (set) => [trainValTest(foldsOf(set), { testFold: 3 })],
  ],
}

const clip = fc.record({
  labelIndex: fc.nat(2),
  group: fc.nat(14).map((group) => `source ${group}`),
  fold: fc.integer({ min: 1, max: 4 }),
})
const clips = fc
  .array(clip, { minLength: 2, maxLength: 50 })
  .map((all) => all.map((values, i): SplitRecord => ({ id: `clip ${i}`, ...values })))
/** Sets whose clips have one to four windows, in any order. */
const windowed = clips.chain((all) =>
  fc
    .array(fc.integer({ min: 1, max: 4 }), { minLength: all.length, maxLength: all.length })
    .map((counts) => all.flatMap((record, i) => Array<SplitRecord>(counts[i]!).fill(record)))
    .chain((windows) => fc.shuffledSubarray(windows, { minLength: windows.length }))
    .map(
      (windows): SplitSource => ({
        records: windows.map((record, i) => ({ ...record, id: `${i}`, clipId: record.id })),
      }),
    ),
)

/** The splits, or the code of the refusal. */
function outcome(split: Splitter, from: SplitSource, seed: number): Split[] | string {
  try {
    return [...split(from, seed)]
  } catch (error) {
    if (!isEscError(error)) throw error
    return error.code
  }
}

/** One example for each clip, in the order of the clips' first examples. */
function clipsOnly({ records }: SplitSource): SplitSource {
  const first = new Map<string, SplitRecord>()
  for (const record of records) if (!first.has(record.clipId!)) first.set(record.clipId!, record)
  return { records: [...first.values()].map(({ clipId, ...record }) => ({ ...record, id: clipId! })) }
}

describe.each(Object.entries(splitters))('%s', (_name, [ofSet, ofArrays]) => {
  test('gives the same indices for a set of clips as for arrays', () => {
    let splits = 0
    fc.assert(
      fc.property(clips, fc.nat(), (records, seed) => {
        const found = outcome(ofSet, { records }, seed)
        expect(found).toEqual(outcome(ofArrays, { records }, seed))
        if (typeof found !== 'string') splits++
      }),
      { numRuns: 60 },
    )
    expect(splits).toBeGreaterThan(0)
  })

  test('splits clips, and puts all windows of a clip on one side', () => {
    fc.assert(
      fc.property(windowed, fc.nat(), (set, seed) => {
        const whole = clipsOnly(set)
        const found = outcome(ofSet, set, seed)
        const expected = outcome(ofArrays, whole, seed)
        if (typeof found === 'string' || typeof expected === 'string') {
          expect(found).toBe(expected)
          return
        }
        expect(found).toHaveLength(expected.length)
        for (const [i, split] of found.entries()) {
          const part = (name: keyof Split) => {
            const ids = new Set(Array.from(expected[i]![name] ?? [], (clip) => whole.records[clip]!.id))
            return set.records.flatMap(({ clipId }, index) => (ids.has(clipId!) ? [index] : []))
          }
          const wanted = Object.fromEntries(
            Object.keys(expected[i]!).map((name) => [name, Int32Array.from(part(name as keyof Split))]),
          )
          expect(split).toEqual(wanted)
          const sides = Object.values(split).map((indices) => [...indices].map((j) => set.records[j]!.clipId))
          const separate = sides.flatMap((ids) => [...new Set(ids)])
          expect(new Set(separate).size).toBe(separate.length)
        }
      }),
      { numRuns: 60 },
    )
  })
})

test.each(['kFold', 'stratifiedKFold', 'groupKFold', 'stratifiedGroupKFold'])(
  '%s covers every window once',
  (name) => {
    const [ofSet] = splitters[name]!
    fc.assert(
      fc.property(windowed, fc.nat(), (set, seed) => {
        const found = outcome(ofSet, set, seed)
        fc.pre(typeof found !== 'string')
        const tested = (found as Split[]).flatMap(({ test: part }) => [...part]).sort((a, b) => a - b)
        expect(tested).toEqual([...set.records.keys()])
        for (const { train, test: part } of found as Split[]) {
          expect(train.length + part.length).toBe(set.records.length)
        }
      }),
      { numRuns: 40 },
    )
  },
)

describe('a set is refused', () => {
  const a: SplitRecord = { id: 'a', labelIndex: 0, group: 's', fold: 1 }
  const b: SplitRecord = { id: 'b 0', clipId: 'b', labelIndex: 0, group: 's', fold: 2 }
  test.each<[string, SplitSource, RegExp]>([
    ['without examples', { records: [] }, /the set has no examples/],
    ['without a list', { records: {} as SplitRecord[] }, /records of the set is of type object/],
    [
      'with an example that has no id',
      { records: [a, {} as SplitRecord] },
      /record 1 of the set has id=undefined/,
    ],
    [
      'with an example that is none',
      { records: [null as unknown as SplitRecord] },
      /record 0 of the set has id/,
    ],
    [
      'whose clip has two labels',
      { records: [b, { ...b, id: 'b 1', labelIndex: 1 }] },
      /two examples of clip 'b' differ in label: 0 and 1/,
    ],
    [
      'whose clip has two groups',
      { records: [b, { ...b, id: 'b 1', group: 't' }] },
      /two examples of clip 'b' differ in group: s and t/,
    ],
    [
      'whose clip has two folds',
      { records: [b, { ...b, id: 'b 1', fold: null }] },
      /two examples of clip 'b' differ in fold: 2 and null/,
    ],
  ])('%s', (_name, set, message) => {
    for (const [name, [ofSet]] of Object.entries(splitters)) {
      // That one reads the arrays off the set itself.
      if (name === 'trainTestSplit with arrays') continue
      expect(() => ofSet(set, 1)).toThrow(throwsCode('INVALID_INPUT', message))
    }
    const split = { train: Int32Array.of(0), test: Int32Array.of(0) }
    expect(() => findLeaks(split, set)).toThrow(throwsCode('INVALID_INPUT', message))
  })

  test('with a clip that has no fold, by name', () => {
    const records = [a, { ...b, fold: null }]
    const refusal = throwsCode('INVALID_INPUT', /clip 'b' has fold null/)
    expect(() => predefinedFolds({ records }, { testFold: 1 })).toThrow(refusal)
    expect(() => trainValTest({ records }, { testFold: 1 })).toThrow(refusal)
  })
})
