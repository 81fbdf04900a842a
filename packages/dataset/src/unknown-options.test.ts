/** No export of the root takes an option that it does not know. */
import { logmel64 } from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import * as dataset from './index.js'

/** A misspelt option, in place of an options object of any type. */
type Unknown = never
type Call = (options: Unknown) => unknown

const set = {
  labels: ['dog', 'rain'],
  name: 'four',
  synthetic: false,
  records: [0, 1, 0, 1].map((labelIndex, i) => ({
    id: `${i}`,
    filename: `${i}.wav`,
    labelIndex,
    label: ['dog', 'rain'][labelIndex]!,
    group: `${i}`,
    fold: i,
  })),
}
const labels = [0, 1, 0, 1]
const groups = ['a', 'b', 'c', 'd']
const csv = 'filename,fold,target,category,src_file\na.wav,1,0,dog,7\n'
const silence = { channels: [new Float32Array(8)], sampleRate: 8000 }
const columns = { filename: 'filename', label: 'category' }
const merged = <T extends object>(rest: T, options: Unknown): T => ({ ...rest, ...(options as object) })

/** By name: every way to hand options to the function. */
const calls: Readonly<Record<string, readonly Call[]>> = {
  augmentedSet: [(o) => dataset.augmentedSet({ dataset: set, read: () => silence }, logmel64, o)],
  auditDataset: [(o) => dataset.auditDataset(set, [], o)],
  auditFacts: [(o) => dataset.auditFacts(set, [], o)],
  balancedBatches: [
    (o) => dataset.balancedBatches(set, merged({ batchSize: 2 }, o)),
    (o) => dataset.balancedBatches(labels, merged({ batchSize: 2 }, o)),
  ],
  classWeights: [(o) => dataset.classWeights(set, o), (o) => dataset.classWeights(labels, o)],
  encodeNpy: [(o) => dataset.encodeNpy(Float32Array.of(1), [1], o)],
  groupKFold: [(o) => dataset.groupKFold(set, o), (o) => dataset.groupKFold(groups, o)],
  groupShuffleSplit: [(o) => dataset.groupShuffleSplit(set, o), (o) => dataset.groupShuffleSplit(groups, o)],
  kFold: [(o) => dataset.kFold(set, o), (o) => dataset.kFold(10, o)],
  oversample: [(o) => dataset.oversample(set, o), (o) => dataset.oversample(labels, o)],
  parseCsvDataset: [
    (o) => dataset.parseCsvDataset(csv, merged({ columns }, o)),
    (o) => dataset.parseCsvDataset(csv, { columns: merged(columns, o) }),
  ],
  parseEsc50: [(o) => dataset.parseEsc50(csv, o)],
  predefinedFolds: [
    (o) => dataset.predefinedFolds(set, merged({ testFold: 1 }, o)),
    (o) => dataset.predefinedFolds(labels, merged({ testFold: 1 }, o)),
  ],
  shuffleSplit: [(o) => dataset.shuffleSplit(set, o), (o) => dataset.shuffleSplit(10, o)],
  stratifiedGroupKFold: [
    (o) => dataset.stratifiedGroupKFold(set, o),
    (o) => dataset.stratifiedGroupKFold(labels, groups, o),
  ],
  stratifiedGroupSplit: [
    (o) => dataset.stratifiedGroupSplit(set, o),
    (o) => dataset.stratifiedGroupSplit(labels, groups, o),
  ],
  stratifiedKFold: [(o) => dataset.stratifiedKFold(set, o), (o) => dataset.stratifiedKFold(labels, o)],
  stratifiedSplit: [(o) => dataset.stratifiedSplit(set, o), (o) => dataset.stratifiedSplit(labels, o)],
  synthesizeEsc10: [(o) => dataset.synthesizeEsc10(o)],
  timeSeriesSplit: [(o) => dataset.timeSeriesSplit(set, o), (o) => dataset.timeSeriesSplit(10, o)],
  trainTestSplit: [(o) => dataset.trainTestSplit(set, o), (o) => dataset.trainTestSplit(10, o)],
  trainValTest: [
    (o) => dataset.trainValTest(set, merged({ testFold: 1 }, o)),
    (o) => dataset.trainValTest(labels, merged({ testFold: 1 }, o)),
  ],
  undersample: [(o) => dataset.undersample(set, o), (o) => dataset.undersample(labels, o)],
}

const withoutOptions = [
  'assertNoLeaks',
  'auditTable',
  'decodeNpy',
  'findLeaks',
  'formatAudit',
  'measureClip',
  'parseFilename',
  'parseUrbanSound8k',
  'regroup',
]

const cases = Object.entries(calls).flatMap(([name, all]) => all.map((call, i) => [name, i, call] as const))

describe('an option that is unknown', () => {
  test.each(cases)('%s (form %i) refuses it by name', async (name, _form, call) => {
    const refusal = throwsCode(
      'INVALID_OPTION',
      new RegExp(`\\b${name} has no option 'no_such_option'.*; it has \\w`),
    )
    await expect((async () => call({ no_such_option: 2 } as Unknown))()).rejects.toEqual(refusal)
  })

  test('is refused with the names of the known options', () => {
    expect(() => dataset.kFold(10, { n_splits: 2 } as Unknown)).toThrow(
      "kFold has no option 'n_splits' (write nSplits); it has nSplits, seed",
    )
  })
})

test('every function is in one of the lists', () => {
  const functions = Object.entries(dataset).flatMap(([name, value]) =>
    typeof value === 'function' ? [name] : [],
  )
  expect([...Object.keys(calls), ...withoutOptions].sort()).toEqual(functions.sort())
})
