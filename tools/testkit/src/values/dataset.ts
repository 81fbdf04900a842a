/** Calls of `@esc/dataset`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { encodeWav } from '@esc/audio-io'
import * as root from '@esc/dataset'
import * as node from '@esc/dataset/node'
import { type Call, type Entry, given } from './calls.js'
import { folder } from './folder.js'
import { recipe as aRecipe, clip, decodedAudio, labels as names, sampleRate, samples } from './things.js'

type Run = (...args: never[]) => unknown

const records = Array.from({ length: 12 }, (_, i) => ({
  id: `clip${i}`,
  filename: `clip${i}.wav`,
  labelIndex: i % 2,
  label: names[i % 2]!,
  group: `source${Math.floor(i / 2)}`,
  fold: 1 + (i % 3),
}))
const aDataset = { name: 'demo', labels: names, synthetic: true, records }
const dataset = given('dataset', aDataset)
const aSplit = { train: Int32Array.of(0, 1), validation: Int32Array.of(2, 3), test: Int32Array.of(4, 5) }
const split = given('split', aSplit)
const labels = given('list or set', ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b', 'a', 'b'])
const groups = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
const set = given('source', aDataset)
const count = given('count', 10, 'a feature set', 'a split')
const folds = given('list or set', [1, 2, 3, 1, 2, 3])
const signal = given('signal', undefined)
const onProgress = given('optionalCallback', undefined)
const decoded = () => records.map(({ id }) => ({ id, channels: [samples], sampleRate }))
const facts = records.map(({ id }) => root.measureClip(id, { channels: [samples], sampleRate }))
const audit = root.auditFacts(aDataset, facts)

/** A splitter of a list or a number, and of a set. What is neither may be called one or the other. */
const splitter = (name: string, run: Run, list: unknown, options?: object): Record<string, Call> => {
  const anyName = 'set|records|labels|groups|folds|count'
  const rest = options === undefined ? {} : { options }
  return {
    [name]: [run, { [anyName]: list, ...rest }],
    [`${name} of a set`]: [run, { [anyName]: set, ...rest }],
  }
}

const dir = `${folder}/sounds`
for (const { filename, label } of records) {
  mkdirSync(`${dir}/${label}`, { recursive: true })
  writeFileSync(`${dir}/${label}/${filename}`, encodeWav(clip))
}
const opened = await node.openFolderDataset(dir)
const csv = 'filename,fold,target,category,src_file\na.wav,1,0,dog,7\n'
writeFileSync(
  `${dir}/table.csv`,
  `file,label\n${records.map(({ id, label }) => `${label}/${id}.wav,${label}`).join('\n')}\n`,
)
const mapping = { table: 'table.csv', columns: { filename: 'file', label: 'label' } }
await node.extractFeatures(opened, aRecipe, { dir: `${folder}/features`, workers: 0 })

export const datasetEntries: Readonly<Record<string, Entry>> = {
  dataset: {
    exports: root,
    calls: {
      auditDataset: [
        (dataset: never, options: never) => root.auditDataset(dataset, decoded(), options),
        { dataset, options: { signal, onProgress, split: given('split', aSplit, 'undefined', 'null') } },
      ],
      'auditDataset clips': [
        (clips: never) => root.auditDataset(aDataset, clips),
        { clips: given('list', decoded(), 'a list of nulls') },
      ],
      auditFacts: [root.auditFacts, { dataset, facts: given('list', facts) }],
      formatAudit: [root.formatAudit, { audit: given('service', audit) }],
      measureClip: [
        root.measureClip,
        {
          id: given('path', 'a'),
          clip: { channels: [given('samples', samples)], sampleRate: given('number', sampleRate) },
        },
      ],
      'measureClip channels': [
        root.measureClip,
        { id: 'a', clip: { channels: given('list', [samples]), sampleRate } },
      ],
      'measureClip clip': [
        root.measureClip,
        { id: 'a', clip: given('object', { channels: [samples], sampleRate }) },
      ],
      auditTable: [root.auditTable, { dataset }],
      ...splitter('balancedBatches', root.balancedBatches, labels, {
        batchSize: given('count', 2),
        indices: given('indices', [0, 1], 'undefined'),
      }),
      ...splitter('classWeights', root.classWeights, labels),
      ...splitter('oversample', root.oversample, labels),
      ...splitter('undersample', root.undersample, labels),
      parseEsc50: [root.parseEsc50, { csvText: given('text', csv) }],
      parseUrbanSound8k: [
        root.parseUrbanSound8k,
        {
          csvText: given(
            'text',
            'slice_file_name,fsID,start,end,salience,fold,classID,class\n7-0-0-0.wav,7,0,1,1,1,0,dog\n',
          ),
        },
      ],
      parseCsvDataset: [
        root.parseCsvDataset,
        {
          csvText: given('text', csv),
          mapping: { columns: given('service', { filename: 'filename', label: 'category' }, 'a promise') },
        },
      ],
      augmentedSet: [
        root.augmentedSet,
        {
          source: { dataset, read: given('callback', () => decodedAudio) },
          recipe: given('recipe', aRecipe),
          options: { signal, onProgress },
        },
      ],
      parseFilename: [root.parseFilename, { filename: given('path', '1-100032-A-0.wav') }],
      decodeNpy: [root.decodeNpy, { bytes: given('bytes', root.encodeNpy(samples, [samples.length])) }],
      encodeNpy: [root.encodeNpy, { data: given('typed array', samples), shape: [samples.length] }],
      'encodeNpy shape': [root.encodeNpy, { data: Float32Array.of(1), shape: given('list', [1]) }],
      regroup: [root.regroup, { dataset, by: given('callback', () => 'a', 'a text', 'an empty text') }],
      ...splitter('groupKFold', root.groupKFold, given('list or set', groups)),
      stratifiedGroupKFold: [
        root.stratifiedGroupKFold,
        { 'set|labels|records': labels, groups: given('list or set', groups, 'a feature set') },
      ],
      'stratifiedGroupKFold of a set': [root.stratifiedGroupKFold, { 'set|labels': set }],
      stratifiedGroupSplit: [
        root.stratifiedGroupSplit,
        {
          'set|labels|records': given(
            'list or set',
            many((i) => i % 2),
          ),
          groups: given(
            'list or set',
            many((i) => i),
            'a feature set',
          ),
        },
      ],
      'stratifiedGroupSplit of a set': [
        (set: never) => root.stratifiedGroupSplit(set),
        {
          'set|labels': given('source', {
            records: many((i) => ({ ...records[0]!, id: `${i}`, labelIndex: i % 2, group: `${i}` })),
          }),
        },
      ],
      ...splitter('kFold', root.kFold, count),
      ...splitter('stratifiedKFold', root.stratifiedKFold, labels),
      assertNoLeaks: [
        root.assertNoLeaks,
        { split, 'groups|set|records|split': given('list or set', groups) },
      ],
      findLeaks: [root.findLeaks, { split, 'groups|set|records|split': given('list or set', groups) }],
      'findLeaks of a set': [root.findLeaks, { split, 'set|records|groups|split': set }],
      ...splitter('predefinedFolds', root.predefinedFolds, folds, { testFold: given('count', 1) }),
      ...splitter('trainValTest', root.trainValTest, folds, { testFold: given('count', 1) }),
      ...splitter('groupShuffleSplit', root.groupShuffleSplit, given('list or set', groups)),
      ...splitter('shuffleSplit', root.shuffleSplit, count),
      ...splitter('stratifiedSplit', root.stratifiedSplit, labels),
      ...splitter('trainTestSplit', root.trainTestSplit, count),
      ...splitter('timeSeriesSplit', root.timeSeriesSplit, count),
    },
    others: ['synthesizeEsc10'],
  },
  'dataset/node': {
    exports: node,
    calls: {
      auditDataset: [
        node.auditDataset,
        { opened: given('service', opened), options: { signal, onProgress } },
      ],
      extractFeatures: [
        node.extractFeatures,
        {
          source: given('opened', opened),
          recipe: given('recipe', aRecipe),
          options: { workers: 0, signal, onProgress },
        },
      ],
      augmentedSet: [
        node.augmentedSet,
        {
          source: given('opened', opened),
          recipe: given('recipe', aRecipe),
          options: { signal, onProgress },
        },
      ],
      'extractFeatures of sounds': [
        node.extractFeatures,
        {
          source: { dataset, read: given('callback', () => decodedAudio) },
          recipe: aRecipe,
          options: { workers: 0 },
        },
      ],
      openCsvDataset: [
        node.openCsvDataset,
        { dir: given('path', dir), mapping: given('service', mapping, 'a promise') },
      ],
      openDataset: [node.openDataset, { dir: given('path', dir) }],
      openFeatures: [
        node.openFeatures,
        { dir: given('path', `${folder}/features`), dataset: given('dataset', opened.dataset) },
      ],
      openFolderDataset: [
        node.openFolderDataset,
        { dir: given('path', dir), options: { groupOf: given('optionalCallback', undefined) } },
      ],
      writeSyntheticEsc10: [
        node.writeSyntheticEsc10,
        {
          dir: given('path', `${folder}/synthetic`),
          options: {
            clipsPerClass: 5,
            durationSec: given('number', 0.5, 'a number'),
            sampleRate: 8000,
            signal,
          },
          onProgress,
        },
      ],
      // What is right would fetch.
      downloadEsc50: [
        async (dir: string, options: object | undefined) => {
          const isRight = dir === folder && !Object.values(options ?? {}).some((value) => value !== undefined)
          return isRight && typeof (options ?? {}) === 'object' && options !== null
            ? undefined
            : node.downloadEsc50(dir, options as object)
        },
        {
          dir: given('path', folder),
          options: { signal, onProgress, onLicense: given('optionalCallback', undefined) },
        },
      ],
    },
  },
}

function many<T>(make: (index: number) => T): T[] {
  return Array.from({ length: 100 }, (_, i) => make(i))
}
