import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { findLeaks } from '../splits/leaks.js'
import { predefinedFolds } from '../splits/predefined-folds.js'
import { parseUrbanSound8k } from './urbansound8k.js'

const header = 'slice_file_name,fsID,start,end,salience,fold,classID,class'
const rows = [
  '100032-3-0-0.wav,100032,0.0,0.317551,1,5,3,dog_bark',
  '100263-2-0-117.wav,100263,58.5,62.5,1,5,2,children_playing',
  '100263-2-0-121.wav,100263,60.5,64.5,1,5,2,children_playing',
  '100648-1-0-0.wav,100648,4.823402,5.471927,2,10,1,car_horn',
]
const table = (...lines: string[]) => `${[header, ...lines].join('\n')}\n`
const withCell = (column: string, cell: string) =>
  table(rows[1]!, rows[0]!.split(',').with(header.split(',').indexOf(column), cell).join(','))

describe('parseUrbanSound8k', () => {
  test('reads folders, folds, sources and labels in the order of classID, and keeps the rest', () => {
    const { name, labels, records, synthetic } = parseUrbanSound8k(table(...rows))
    expect({ name, labels, synthetic }).toEqual({
      name: 'urbansound8k',
      labels: ['car_horn', 'children_playing', 'dog_bark'],
      synthetic: false,
    })
    expect(records[0]).toEqual({
      id: '100032-3-0-0',
      filename: 'fold5/100032-3-0-0.wav',
      fold: 5,
      labelIndex: 2,
      label: 'dog_bark',
      group: '100032',
      columns: { start: '0.0', end: '0.317551', salience: '1' },
    })
    expect(records.map(({ filename }) => filename.split('/')[0])).toEqual([
      'fold5',
      'fold5',
      'fold5',
      'fold10',
    ])
    const split = predefinedFolds(
      records.map(({ fold }) => fold),
      { testFold: 10 },
    )
    expect(
      findLeaks(
        split,
        records.map(({ group }) => group),
      ).leakedTestClips,
    ).toBe(0)
  })

  test('reads the same from every dialect', () => {
    const plain = table(...rows)
    for (const text of [
      `\ufeff${plain}`,
      plain.replaceAll('\n', '\r\n'),
      plain.replaceAll(/[^,\n]+/g, '"$&"'),
    ]) {
      expect(parseUrbanSound8k(text)).toEqual(parseUrbanSound8k(plain))
    }
  })

  test.each([
    ['slice_file_name', '../x.wav'],
    ['slice_file_name', 'fold1/x.wav'],
    ['slice_file_name', '/etc/passwd'],
    ['slice_file_name', 'C:x.wav'],
    ['slice_file_name', 'a\\b.wav'],
    ['slice_file_name', 'a\0.wav'],
    ['slice_file_name', '.wav'],
    ['slice_file_name', '100263-2-0-117.ogg'],
    ['fold', '../1'],
    ['fold', '-1'],
    ['fold', ''],
    ['fsID', ''],
    ['classID', 'three'],
    ['class', ''],
    ['class', 'children_playing'],
  ])('refuses %s=%j, naming line and column', (column, cell) => {
    expect(() => parseUrbanSound8k(withCell(column, cell))).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        message: expect.stringContaining(`line 3, column ${column}: ${JSON.stringify(cell)}`),
        detail: expect.objectContaining({ line: 3, column, found: cell }),
      }),
    )
  })

  test.each([
    ['', 'INVALID_INPUT', /the table is empty/],
    [table(), 'INVALID_INPUT', /no rows/],
    [
      table(...rows).replace('fsID,', 'id,'),
      'INVALID_INPUT',
      /line 1: column 'fsID' is missing; found slice_/,
    ],
    [table(...rows).replace('salience', 'fold'), 'INVALID_INPUT', /line 1: column 'fold' occurs twice/],
    [table(...rows).replaceAll(',', '|'), 'INVALID_INPUT', /column 'slice_file_name' is missing/],
    [table(rows[0]!, `${rows[1]},more`), 'CORRUPT_DATA', /line 3/],
    [table(rows[0]!, '"100263'), 'CORRUPT_DATA', /not CSV/],
  ])('refuses a table that is none: %j', (text, code, message) => {
    expect(() => parseUrbanSound8k(text)).toThrow(throwsCode(code, message))
  })
})
