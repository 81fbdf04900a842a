import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EscError } from './error.js'
import { readSafetensors, type Safetensors, writeSafetensors } from './safetensors.js'

const file: Safetensors = {
  tensors: new Map([
    ['conv1.kernel', { shape: [2, 3], data: Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25) }],
    ['m/conv1.kernel', { shape: [1], data: Float32Array.of(-1.5) }],
    ['empty', { shape: [0, 3], data: new Float32Array(0) }],
  ]),
  metadata: { 'made by': 'Python' },
}

// save({'conv1.kernel': np.arange(6, dtype='<f4').reshape(2, 3) / 4, 'm/conv1.kernel': np.array([-1.5], '<f4'),
//   'empty': np.zeros((0, 3), '<f4')}, metadata={'made by': 'Python'}) of safetensors.numpy 0.8.0, in Base64.
const writtenByPython =
  '8AAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIGJ5IjoiUHl0aG9uIn0sImNvbnYxLmtlcm5lbCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMiwzXSwiZGF0YV9vZmZzZXRzIjpbMCwyNF19LCJlbXB0eSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCwzXSwiZGF0YV9vZmZzZXRzIjpbMjQsMjRdfSwibS9jb252MS5rZXJuZWwiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOlsyNCwyOF19fSAgICAgICAAAAAAAACAPgAAAD8AAEA/AACAPwAAoD8AAMC/'

test("reads a file of Python's safetensors", () => {
  expect(readSafetensors(Buffer.from(writtenByPython, 'base64'))).toEqual(file)
})

test('the layout is: header length, JSON, spaces up to a multiple of 8, data in order', () => {
  const bytes = writeSafetensors({ ...file, metadata: { a: 'b' } })
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
  expect(length % 8).toBe(0)
  expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
    __metadata__: { a: 'b' },
    'conv1.kernel': { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
    'm/conv1.kernel': { dtype: 'F32', shape: [1], data_offsets: [24, 28] },
    empty: { dtype: 'F32', shape: [0, 3], data_offsets: [28, 28] },
  })
  expect([...new Float32Array(bytes.buffer, 8 + length)]).toEqual([0, 0.25, 0.5, 0.75, 1, 1.25, -1.5])
})

test('a written file reads back the same, at any offset in memory', () => {
  const data = fc.float32Array({ maxLength: 20 })
  const tensors = fc.dictionary(
    fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__'),
    data,
  )
  fc.assert(
    fc.property(tensors, fc.nat(9), (values, offset) => {
      const given = new Map(
        Object.entries(values).map(([name, data]) => [name, { shape: [data.length], data }]),
      )
      const bytes = writeSafetensors({ tensors: given, metadata: {} })
      const moved = new Uint8Array(bytes.length + offset)
      moved.set(bytes, offset)
      expect(readSafetensors(moved.subarray(offset)).tensors).toEqual(given)
    }),
  )
})

test.each<[string, number[], string]>([
  ['a', [3], 'does not fill its shape'],
  ['a', [-1, -2], 'has negative lengths'],
  ['a', [0.5, 4], 'has fractions of a length'],
  ['a', [Number.NaN], 'has a length that is no number'],
  ['__metadata__', [2], 'has the name of the texts'],
])("an array '%s' of shape [%s] is not written: it %s", (name, shape) => {
  const tensors = new Map([[name, { shape, data: new Float32Array(2) }]])
  expect(() => writeSafetensors({ tensors, metadata: {} })).toThrow(throwsCode('INVALID_INPUT', `'${name}'`))
})

test.each([1, null, undefined, { deep: 'text' }])('a metadata value %o is not written', (value) => {
  const metadata = { epochs: value } as unknown as Safetensors['metadata']
  expect(() => writeSafetensors({ tensors: new Map(), metadata })).toThrow(
    throwsCode('INVALID_INPUT', "metadata 'epochs' is of type"),
  )
})

describe('hostile files are refused', () => {
  const bytesOf = (header: unknown, dataBytes: number, length?: bigint) => {
    const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
    const bytes = new Uint8Array(8 + json.length + dataBytes)
    new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true)
    bytes.set(json, 8)
    return bytes
  }
  const entry = (begin: number, end: number, more = {}) => ({
    dtype: 'F32',
    shape: [(end - begin) / 4],
    data_offsets: [begin, end],
    ...more,
  })
  const tooLong = `{"__metadata__":{"a":"${'x'.repeat(2 ** 24)}"}}`
  test.each<[string, Uint8Array, string, RegExp]>([
    ['an empty file', new Uint8Array(0), 'CORRUPT_DATA', /file of 0/],
    [
      'a header longer than the file',
      bytesOf({}, 0, 3n),
      'CORRUPT_DATA',
      /header of 3 bytes in a file of 10/,
    ],
    ['a header of 2^64 - 1 bytes', bytesOf({}, 0, 2n ** 64n - 1n), 'CORRUPT_DATA', /header of 1844/],
    ['a header beyond the limit', bytesOf(tooLong, 0), 'CORRUPT_DATA', /header of 167772\d\d bytes/],
    ['a header that is not JSON', bytesOf('{"a":', 0), 'CORRUPT_DATA', /not a JSON object/],
    ['a header that is an array', bytesOf('[]', 0), 'CORRUPT_DATA', /not a JSON object/],
    [
      'a type other than float32',
      bytesOf({ a: entry(0, 4, { dtype: 'F16' }) }, 4),
      'UNSUPPORTED_FORMAT',
      /"a" is of "F16"/,
    ],
    [
      'a tensor without a shape',
      bytesOf({ a: entry(0, 4, { shape: undefined }) }, 4),
      'CORRUPT_DATA',
      /"a" has no dtype/,
    ],
    [
      'a negative length',
      bytesOf({ a: entry(0, 4, { shape: [-1, -1] }) }, 4),
      'CORRUPT_DATA',
      /"a" has no dtype/,
    ],
    [
      'a length of 0.5',
      bytesOf({ a: entry(0, 4, { shape: [0.5, 2] }) }, 4),
      'CORRUPT_DATA',
      /"a" has no dtype/,
    ],
    [
      'a length of 2^40',
      bytesOf({ a: entry(0, 4, { shape: [2 ** 40] }) }, 4),
      'CORRUPT_DATA',
      /"a" of shape/,
    ],
    [
      'lengths whose product is infinite',
      bytesOf({ a: entry(0, 0, { shape: [...Array(40).fill(2 ** 40), 0] }) }, 0),
      'CORRUPT_DATA',
      /"a" of shape/,
    ],
    ['data beyond the file', bytesOf({ a: entry(0, 8) }, 4), 'CORRUPT_DATA', /lies at \[0,8\] of 4 bytes/],
    ['an end before its begin', bytesOf({ a: entry(8, 4) }, 8), 'CORRUPT_DATA', /"a"/],
    [
      'an overlap',
      bytesOf({ a: entry(0, 8), b: entry(4, 12) }, 12),
      'CORRUPT_DATA',
      /overlap or leave a hole at byte 4/,
    ],
    ['the same data twice', bytesOf({ a: entry(0, 8), b: entry(0, 8) }, 8), 'CORRUPT_DATA', /overlap/],
    ['a gap', bytesOf({ a: entry(0, 4), b: entry(8, 12) }, 12), 'CORRUPT_DATA', /hole at byte 4/],
    ['data after the last tensor', bytesOf({ a: entry(0, 4) }, 8), 'CORRUPT_DATA', /end at byte 4 of 8/],
    ['metadata that is not text', bytesOf({ __metadata__: { a: 1 } }, 0), 'CORRUPT_DATA', /__metadata__/],
  ])('%s', (_name, bytes, code, message) => {
    expect(() => readSafetensors(bytes)).toThrow(throwsCode(code, message))
  })

  test('a damaged file is read or throws an EscError, and nothing else', () => {
    const whole = writeSafetensors(file)
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, value, kept) => {
        const damaged = Uint8Array.from(whole.subarray(0, kept))
        if (at < kept) damaged[at] = value
        try {
          readSafetensors(damaged)
        } catch (error) {
          expect(error).toBeInstanceOf(EscError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
