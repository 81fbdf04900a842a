import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import type { Dataset } from './record.js'
import { regroup } from './regroup.js'

const dataset: Dataset = {
  name: 'birds',
  labels: ['owl', 'wren'],
  synthetic: false,
  records: ['owl/north_1.wav', 'owl/north_2.wav', 'wren/south_1.wav'].map((filename, i) => ({
    id: filename.replace('/', '__').replace('.wav', ''),
    filename,
    fold: null,
    labelIndex: filename.startsWith('owl') ? 0 : 1,
    label: filename.split('/')[0]!,
    group: filename,
    columns: { site: i < 2 ? 'a' : 'b' },
  })),
}
const groups = (by: Parameters<typeof regroup>[1]) => regroup(dataset, by).records.map(({ group }) => group)

describe('regroup', () => {
  test('by a pattern, a column, a function', () => {
    expect(groups(/^([a-z]+)_/)).toEqual(['north', 'north', 'south'])
    expect(groups(/([a-z]+)_/g)).toEqual(['north', 'north', 'south'])
    expect(groups('site')).toEqual(['a', 'a', 'b'])
    expect(groups(({ label }) => label)).toEqual(['owl', 'owl', 'wren'])
  })

  test('refuses a value that is no data set', () => {
    expect(() => regroup({ dataset: {} } as never, 'site')).toThrow(
      /pass the dataset that an opener returned/,
    )
  })

  test('all else stays, and the data set that was given is not changed', () => {
    const before = structuredClone(dataset)
    const { records, ...others } = regroup(dataset, 'site')
    expect({
      ...others,
      records: records.map((record, i) => ({ ...record, group: before.records[i]!.group })),
    }).toEqual(before)
    expect(dataset).toEqual(before)
  })

  test.each<[string, unknown, string, RegExp]>([
    [
      'a pattern without a group',
      /north/,
      'INVALID_OPTION',
      /has no capture group; write the group in brackets/,
    ],
    [
      'a pattern that does not fit',
      /(north)/,
      'INVALID_INPUT',
      /wren\/south_1.wav has no group by \/\(north\)\//,
    ],
    [
      'a column that is not there',
      'speaker',
      'INVALID_INPUT',
      /owl\/north_1.wav has no group in column 'speaker'; the table has site/,
    ],
    ['a name of every object', 'constructor', 'INVALID_INPUT', /no group in column 'constructor'/],
    ['a function that gives none', () => '', 'INVALID_INPUT', /no group by the function given/],
    ['a number', 3, 'INVALID_OPTION', /by a column, a RegExp or a function/],
  ])('%s', (_, by, code, message) => {
    expect(() => groups(by as never)).toThrow(throwsCode(code, message))
  })
})
