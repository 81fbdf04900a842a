import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { type CsvMapping, parseCsvDataset } from './csv-dataset.js'

const mapping: CsvMapping = {
  columns: { filename: 'file', label: 'species', fold: 'part', group: 'site' },
}
const header = 'file,species,part,site,temperature'
const rows = ['north/1.wav,wren,1,north,3.5', 'north/2.flac,owl,2,north,', 'b c.wav,owl,1,"pond, west",7']
const table = (...lines: string[]) => `${[header, ...lines].join('\n')}\n`
const withCell = (column: string, cell: string) =>
  table(rows[0]!, rows[1]!.split(',').with(header.split(',').indexOf(column), cell).join(','))

describe('parseCsvDataset', () => {
  test('reads the columns of the mapping, sorts the labels, and keeps the rest', () => {
    const { name, labels, records, synthetic } = parseCsvDataset(table(...rows), mapping)
    expect({ name, labels, synthetic }).toEqual({ name: 'csv', labels: ['owl', 'wren'], synthetic: false })
    expect(records).toEqual([
      {
        id: 'north__1',
        filename: 'north/1.wav',
        fold: 1,
        labelIndex: 1,
        label: 'wren',
        group: 'north',
        columns: { temperature: '3.5' },
      },
      {
        id: 'north__2',
        filename: 'north/2.flac',
        fold: 2,
        labelIndex: 0,
        label: 'owl',
        group: 'north',
        columns: { temperature: '' },
      },
      {
        id: 'b c',
        filename: 'b c.wav',
        fold: 1,
        labelIndex: 0,
        label: 'owl',
        group: 'pond, west',
        columns: { temperature: '7' },
      },
    ])
  })

  test('makes each clip a group of its own, without a fold, where there are no such columns', () => {
    const text = 'f,l\na/1.wav,owl\nb.wav,wren\n'
    expect(parseCsvDataset(text, { columns: { filename: 'f', label: 'l' } }).records).toEqual([
      { id: 'a__1', filename: 'a/1.wav', fold: null, labelIndex: 0, label: 'owl', group: 'a__1' },
      { id: 'b', filename: 'b.wav', fold: null, labelIndex: 1, label: 'wren', group: 'b' },
    ])
  })

  test('reads the same from every dialect', () => {
    const plain = table(...rows.slice(0, 2))
    const expected = parseCsvDataset(plain, mapping)
    expect(parseCsvDataset(`\ufeff${plain}`.replaceAll('\n', '\r\n'), mapping)).toEqual(expected)
    for (const delimiter of [';', '\t'] as const) {
      expect(parseCsvDataset(plain.replaceAll(',', delimiter), { ...mapping, delimiter })).toEqual(expected)
    }
  })

  test.each([
    ['file', '../x.wav'],
    ['file', 'a/../../x.wav'],
    ['file', '/etc/passwd'],
    ['file', 'C:/x.wav'],
    ['file', 'a\\b.wav'],
    ['file', 'a//b.wav'],
    ['file', '.hidden/a.wav'],
    ['file', 'a\0.wav'],
    ['file', ''],
    ['file', 'north/1.wav'],
    ['file', 'north__1.ogg'],
    ['species', ''],
    ['species', 'ow\u0007l'],
    ['part', 'train'],
    ['site', ''],
  ])('refuses %s=%j, naming line and column', (column, cell) => {
    expect(() => parseCsvDataset(withCell(column, cell), mapping)).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        message: expect.stringContaining(`line 3, column ${column}: ${JSON.stringify(cell)} must`),
        detail: expect.objectContaining({ line: 3, column, found: cell }),
      }),
    )
  })

  test.each([
    ['', 'INVALID_INPUT', /the table is empty/],
    [table(), 'INVALID_INPUT', /no rows/],
    [
      table(...rows).replace('site', 'Site'),
      'INVALID_INPUT',
      /line 1: column 'site' is missing; found file, .*Site/,
    ],
    [table(...rows).replace('temperature', 'file'), 'INVALID_INPUT', /line 1: column 'file' occurs twice/],
    [table(rows[0]!).replaceAll(',', '|'), 'INVALID_INPUT', /column 'file' is missing; found file\|species/],
    [table(rows[0]!, 'a.wav,owl'), 'CORRUPT_DATA', /line 3 has 2 cells, the header 5/],
    [table(rows[0]!, '"a.wav,owl'), 'CORRUPT_DATA', /not CSV/],
  ])('refuses a table that is none: %j', (text, code, message) => {
    expect(() => parseCsvDataset(text, mapping)).toThrow(throwsCode(code, message))
  })

  test.each([
    [null, /^mapping: .*expected object/],
    [{}, /^mapping\.columns: /],
    [{ columns: { filename: 'file' } }, /^mapping\.columns\.label: /],
    [{ columns: { filename: '', label: 'species' } }, /^mapping\.columns\.filename: must be the name/],
    [
      { columns: { filename: 'file', label: 'species', gruop: 'site' } },
      /^columns of parseCsvDataset has no option 'gruop'; it has filename, label, fold, group$/,
    ],
    [{ ...mapping, delimiter: '|' }, /^mapping\.delimiter: must be/],
    [
      { ...mapping, delimeter: ';' },
      /^parseCsvDataset has no option 'delimeter'; it has columns, delimiter$/,
    ],
  ])('refuses the mapping %j, naming the key', (bad, message) => {
    expect(() => parseCsvDataset(table(...rows), bad as CsvMapping)).toThrow(
      throwsCode('INVALID_OPTION', message),
    )
  })
})
