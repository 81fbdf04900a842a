import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { parseEsc50, parseFilename } from './esc50.js'

const header = 'filename,fold,target,category,esc10,src_file,take'
const rows = [
  '1-100032-A-0.wav,1,0,dog,True,100032,A',
  '1-100038-A-14.wav,1,14,chirping_birds,False,100038,A',
  '5-234879-B-1.ogg,5,1,rooster,True,234879,B',
  '2-100032-B-0.wav,2,0,dog,True,100032,B',
]
const table = (...lines: string[]) => `${[header, ...lines].join('\n')}\n`

/** A table of one good row, with one of its cells replaced. */
function withCell(column: string, cell: string): string {
  const at = header.split(',').indexOf(column)
  return table(rows[0]!, rows[2]!.split(',').with(at, cell).join(','))
}

describe('parseEsc50', () => {
  test('keeps all rows in order, with labels in the order of the targets', () => {
    expect(parseEsc50(table(...rows))).toEqual({
      name: 'esc50',
      labels: ['dog', 'rooster', 'chirping_birds'],
      records: [
        {
          id: '1-100032-A-0',
          filename: '1-100032-A-0.wav',
          fold: 1,
          labelIndex: 0,
          label: 'dog',
          group: '100032',
          columns: { take: 'A' },
        },
        {
          id: '1-100038-A-14',
          filename: '1-100038-A-14.wav',
          fold: 1,
          labelIndex: 2,
          label: 'chirping_birds',
          group: '100038',
          columns: { take: 'A' },
        },
        {
          id: '5-234879-B-1',
          filename: '5-234879-B-1.ogg',
          fold: 5,
          labelIndex: 1,
          label: 'rooster',
          group: '234879',
          columns: { take: 'B' },
        },
        {
          id: '2-100032-B-0',
          filename: '2-100032-B-0.wav',
          fold: 2,
          labelIndex: 0,
          label: 'dog',
          group: '100032',
          columns: { take: 'B' },
        },
      ],
      synthetic: false,
    })
  })

  test('keeps the ESC-10 rows, and numbers their labels without gaps', () => {
    const dataset = parseEsc50(table(...rows), { subset: 'esc10' })
    expect(dataset.name).toBe('esc10')
    expect(dataset.labels).toEqual(['dog', 'rooster'])
    expect(dataset.records.map(({ labelIndex }) => labelIndex)).toEqual([0, 1, 0])
  })

  test('reads the same from every dialect', () => {
    const plain = table(...rows)
    const expected = parseEsc50(plain, { subset: 'esc10' })
    const dialects = {
      CRLF: plain.replaceAll('\n', '\r\n'),
      BOM: `\ufeff${plain}`,
      'BOM and CRLF': `\ufeff${plain}`.replaceAll('\n', '\r\n'),
      'upper case': plain.replaceAll('True', 'TRUE').replaceAll('False', 'FALSE'),
      'lower case': plain.replaceAll('True', 'true').replaceAll('False', 'false'),
      'no last newline': plain.trimEnd(),
      'empty lines': plain.replaceAll('\n', '\n\n'),
      quoted: plain.replaceAll(/[^,\n]+/g, '"$&"'),
      'columns reordered': plain
        .trimEnd()
        .split('\n')
        .map((line) => line.split(',').reverse().join(','))
        .join('\n'),
    }
    for (const [name, text] of Object.entries(dialects)) {
      expect(parseEsc50(text, { subset: 'esc10' }), name).toEqual(expected)
    }
  })

  test('keeps the columns it has no field for, by name and as they are', () => {
    const columnsOf = (text: string) => parseEsc50(text).records.map(({ columns }) => columns)
    const wide = 'filename,fold,target,category,src_file,,site,__proto__\na.wav,1,0,dog,7,0, =1+1,p\n'
    expect(columnsOf(wide).map((columns) => Object.entries(columns!))).toEqual([
      [
        ['site', ' =1+1'],
        ['__proto__', 'p'],
      ],
    ])
    expect(
      parseEsc50('filename,fold,target,category,src_file\na.wav,1,0,dog,7\n').records[0],
    ).not.toHaveProperty('columns')
    expect(() => parseEsc50(wide.replace('__proto__', 'site'))).toThrow(/line 1: column 'site' occurs twice/)
  })

  test('reads what a spreadsheet makes of it: semicolons, tabs, a line sep=, lines of delimiters', () => {
    const plain = parseEsc50(table(...rows))
    const semicolons = table(...rows).replaceAll(',', ';')
    expect(parseEsc50(semicolons)).toEqual(plain)
    expect(parseEsc50(table(...rows).replaceAll(',', '\t'))).toEqual(plain)
    expect(parseEsc50(`\ufeffsep=;\r\n${semicolons}${';'.repeat(6)}\n\n`)).toEqual(plain)
    expect(() => parseEsc50(table(...rows).replaceAll(',', '|'))).toThrow(
      /line 1: column 'filename' is missing; found filename\|fold/,
    )
  })

  test('needs the esc10 column only for ESC-10', () => {
    const text = 'filename,fold,target,category,src_file\na.wav,1,0,dog,7\n'
    expect(parseEsc50(text)).toMatchObject({ name: 'esc50', labels: ['dog'] })
    expect(() => parseEsc50(text, { subset: 'esc10' })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: 'subset=esc10: the table has no column esc10; take all rows, subset=esc50',
      }),
    )
  })

  test('names line and column of a bad cell, what it holds, and what it must hold', () => {
    expect(() => parseEsc50(withCell('fold', 'two'))).toThrow(
      'line 3, column fold: "two" must be a whole number >= 0',
    )
    expect(() => parseEsc50(withCell('fold', 'two'))).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        detail: expect.objectContaining({ line: 3, column: 'fold' }),
      }),
    )
    const bad = {
      fold: ['', '1.5', '-1', '1e3'],
      target: ['', 'x'],
      category: [''],
      esc10: ['', 'yes'],
      src_file: [''],
    }
    for (const [column, cells] of Object.entries(bad)) {
      for (const cell of cells) {
        expect(() => parseEsc50(withCell(column, cell)), `${column}=${cell}`).toThrow(
          expect.objectContaining({
            code: 'INVALID_INPUT',
            detail: expect.objectContaining({ line: 3, column }),
          }),
        )
      }
    }
  })

  test('counts the lines that an editor counts', () => {
    const text = `\ufeff${header}\r\n\r\n${rows[0]}\r\n"1-7-A-1.wav",1,1,"roos\u0007ter",True,7,A\r\n`
    expect(() => parseEsc50(text)).toThrow(/line 4, column category/)
  })

  test('refuses file names that could leave the audio folder', () => {
    const hostile = [
      '../x.wav',
      'a/b.wav',
      'a\\b.wav',
      '/etc/passwd',
      'C:x.wav',
      '..',
      '.',
      '.wav',
      'a\0.wav',
      '',
    ]
    for (const filename of hostile) {
      expect(() => parseEsc50(withCell('filename', filename)), JSON.stringify(filename)).toThrow(
        expect.objectContaining({
          code: 'INVALID_INPUT',
          detail: expect.objectContaining({ column: 'filename' }),
        }),
      )
    }
  })

  test('refuses repeated names, even with another extension', () => {
    const again = rows[0]!.replace('.wav', '.ogg')
    expect(() => parseEsc50(table(rows[0]!, rows[1]!, again))).toThrow(/line 4, column filename.*line 2/)
    expect(() => parseEsc50(table(rows[0]!, rows[0]!))).toThrow(throwsCode('INVALID_INPUT'))
  })

  test('refuses a target with two categories and a category with two targets', () => {
    expect(() => parseEsc50(table(rows[0]!, '1-7-A-0.wav,1,0,cat,True,7,A'))).toThrow(
      /line 3, column category/,
    )
    expect(() => parseEsc50(table(rows[0]!, '1-7-A-5.wav,1,5,dog,True,7,A'))).toThrow(
      /line 3, column category/,
    )
  })

  test('refuses tables that are none', () => {
    expect(() => parseEsc50('')).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => parseEsc50(table())).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => parseEsc50(table(rows[1]!), { subset: 'esc10' })).toThrow(
      throwsCode('INVALID_OPTION', /none of .* 1 rows has True/),
    )
    expect(() => parseEsc50(header.replace('fold', 'target'))).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => parseEsc50(table(`${rows[0]},fold`).replace('take', 'take,fold'))).toThrow(
      /'fold' occurs twice/,
    )
    expect(() => parseEsc50(table(`${rows[0]},more`))).toThrow(throwsCode('CORRUPT_DATA'))
    expect(() => parseEsc50(table('"1-7-A-0.wav,1'))).toThrow(throwsCode('CORRUPT_DATA'))
    expect(() => parseEsc50(table(...rows), { subset: 'esc20' as 'esc10' })).toThrow(
      throwsCode('INVALID_OPTION'),
    )
  })

  test('keeps its footing on names that are special in JavaScript', () => {
    const { labels } = parseEsc50(table('__proto__.wav,1,3,__proto__,True,constructor,A'))
    expect(labels).toEqual(['__proto__'])
  })
})

describe('parseFilename', () => {
  test('reads both extensions', () => {
    const parts = { fold: 1, srcFile: '100032', take: 'A', target: 0 }
    expect(parseFilename('1-100032-A-0.ogg')).toEqual(parts)
    expect(parseFilename('1-100032-A-0.wav')).toEqual(parts)
    expect(parseFilename('5-9032-C-49.wav')).toEqual({ fold: 5, srcFile: '9032', take: 'C', target: 49 })
  })

  test('refuses other forms', () => {
    for (const name of [
      '',
      'dog.wav',
      '1-100032-A-0',
      '1-100032-A.wav',
      '1-x-A-0.wav',
      'a/1-100032-A-0.wav',
      '1-1-a-0.wav',
    ]) {
      expect(() => parseFilename(name), name).toThrow(throwsCode('INVALID_INPUT'))
    }
  })
})
