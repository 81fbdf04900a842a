import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeNpy, encodeNpy, type NpyData } from './npy.js'

const folder = new URL('fixtures/npy/', import.meta.url)
const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`${name}.npy`, folder)))
const caught = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (error) {
    return error
  }
}

const counting = Array.from({ length: 24 }, (_, i) => i)
const types: [string, NpyData][] = [
  ['f4', Float32Array.from(counting, (i) => i - 12)],
  ['f8', Float64Array.from(counting, (i) => i - 12)],
  ['i1', Int8Array.from(counting, (i) => i - 12)],
  ['i2', Int16Array.from(counting, (i) => i - 12)],
  ['i4', Int32Array.from(counting, (i) => i - 12)],
  ['i8', BigInt64Array.from(counting, (i) => BigInt(i - 12))],
  ['u1', Uint8Array.from(counting)],
  ['u2', Uint16Array.from(counting)],
  ['u4', Uint32Array.from(counting)],
  ['u8', BigUint64Array.from(counting, BigInt)],
]

test("copies out of Node's Buffers, whose slices are views, and leaves them as they are", () => {
  const buffer = Buffer.from(readFileSync(new URL('./fixtures/npy/f4-big.npy', import.meta.url)))
  const before = Buffer.from(buffer)
  const first = decodeNpy(buffer).data
  expect(buffer.equals(before)).toBe(true)
  expect(decodeNpy(buffer).data).toEqual(first)
  const little = Buffer.from(encodeNpy(Float32Array.of(1, 2), [2]))
  expect(decodeNpy(little).data.buffer).not.toBe(little.buffer)
})

describe('files that NumPy 1.24.2 wrote', () => {
  test.each(types)('%s, and we write the same bytes', (name, data) => {
    expect(decodeNpy(fixture(name))).toEqual({ data, shape: [2, 3, 4] })
    expect(encodeNpy(data, [2, 3, 4])).toEqual(fixture(name))
  })

  test.each(types.filter(([name]) => !name.endsWith('1')))('%s, big-endian', (name, data) => {
    const shifted = data.map(
      (_: unknown, i: number) => (typeof data[0] === 'bigint' ? BigInt(i) : i) as never,
    )
    expect(decodeNpy(fixture(`${name}-big`))).toEqual({ data: shifted, shape: [2, 3, 4] })
  })

  test('versions 2 and 3, Fortran order, one axis, none, and an empty one', () => {
    const expected = { data: Float32Array.from(counting), shape: [2, 3, 4] }
    for (const name of ['version2', 'version3', 'fortran']) expect(decodeNpy(fixture(name))).toEqual(expected)
    expect(encodeNpy(expected.data, expected.shape, { fortranOrder: true })).toEqual(fixture('fortran'))
    const small: [string, NpyData, number[]][] = [
      ['vector', Float32Array.of(0, 0.25, 0.5, 0.75, 1), [5]],
      ['scalar', Float64Array.of(2.5), []],
      ['empty', new Float32Array(), [0, 3]],
    ]
    for (const [name, data, shape] of small) {
      expect(decodeNpy(fixture(name))).toEqual({ data, shape })
      expect(encodeNpy(data, shape)).toEqual(fixture(name))
    }
  })

  test('from a view at an odd offset, leaving it as it was', () => {
    const file = fixture('f8-big')
    const padded = new Uint8Array(file.length + 1)
    padded.set(file, 1)
    expect(decodeNpy(padded.subarray(1))).toEqual(decodeNpy(file))
    expect(padded.subarray(1)).toEqual(file)
  })

  test.each([
    ['object', /objects are Python pickles, which can run code/],
    ['structure', /elements are a structure/],
    ['bool', /elements are b1: numbers are read/],
    ['complex', /elements are c8/],
  ])('refuses %s', (name, message) => {
    expect(caught(() => decodeNpy(fixture(name)))).toEqual(throwsCode('UNSUPPORTED_FORMAT', message))
  })
})

test('what is written is read again, in either order', () => {
  const shapes = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 })
  fc.assert(
    fc.property(shapes, fc.boolean(), fc.integer(), (shape, fortranOrder, seed) => {
      const data = Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => seed ^ i)
      expect(decodeNpy(encodeNpy(data, shape, { fortranOrder }))).toEqual({ data, shape })
    }),
  )
})

test.each([
  [[1, 2], [2], /typed array that NumPy has; found \[object Array\]/],
  [new Uint8ClampedArray(2), [2], /found \[object Uint8ClampedArray\]/],
  [new Float32Array(2), [3], /shape=\[3\] must .* hold the 2 elements/],
  [new Float32Array(2), [-1, -2], /shape=\[-1, -2\]/],
  [new Float32Array(1), Array(33).fill(1), /at most 32 axes/],
])('encodeNpy refuses %o as %o', (data, shape, message) => {
  expect(caught(() => encodeNpy(data as NpyData, shape))).toEqual(throwsCode('INVALID_INPUT', message))
})

/** A version 1.0 file with any header. */
function fileOf(header: string, body = new Uint8Array(8), lengthSaid = header.length): Uint8Array {
  const head = [0x93, ...Buffer.from('NUMPY'), 1, 0, lengthSaid & 255, lengthSaid >> 8]
  return Uint8Array.from([...head, ...Buffer.from(header, 'latin1'), ...body])
}

const dict = (shape: string, rest = '') =>
  `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}${rest}}`

describe('hostile files', () => {
  test('takes keys in any order, double quotes, no last comma, Python 2 numbers', () => {
    const expected = { data: new Float32Array(2), shape: [2] }
    expect(decodeNpy(fileOf(`{"shape":(2L,),"fortran_order":False,"descr":"<f4"}`))).toEqual(expected)
  })

  test.each([
    ['', /no dict/],
    ["__import__('os').system('x')", /no dict/],
    ['{}', /found $/],
    ['{ }', /no dict of text/],
    ["{'descr': __import__('os')}", /no dict of text/],
    [dict('(2)'), /shape \(2\) is no tuple/],
    [dict('(-2,)'), /shape \(-2,\) must be/],
    [dict('(2.0,)'), /shape \(2\.0,\)/],
    [dict('(1,,2)'), /shape \(1,,2\)/],
    [dict('(0, 99999999999999999999)'), /shape/],
    [dict('(4294967296, 4294967296)'), /shape/],
    [dict(`(${'1,'.repeat(33)})`), /at most 32/],
    [dict('[2]'), /'shape' is not a key .* another kind/],
    [dict('((2,),)'), /no dict of text/],
    [dict('(2,)', ", 'shape': (2,)"), /'shape' occurs twice/],
    [dict('(2,)', ", 'extra': True"), /'extra' is not a key/],
    [dict('(2,)', " 'extra': True"), /no dict of text/],
    ["{'descr': '<f4', 'shape': (2,)}", /found descr, shape/],
    ["{'descr': True, 'fortran_order': False, 'shape': (2,)}", /'descr'/],
  ])('header %s', (header, message) => {
    expect(caught(() => decodeNpy(fileOf(header)))).toEqual(throwsCode('CORRUPT_DATA', message))
  })

  test.each([
    [fileOf(dict('(3,)')), 'CORRUPT_DATA', /8 bytes of data; shape \[3\] of f4 takes 12/],
    [fileOf(dict('(1,)')), 'CORRUPT_DATA', /8 bytes of data; shape \[1\] of f4 takes 4/],
    [fileOf(dict('(2,)'), new Uint8Array(8), 60000), 'CORRUPT_DATA', /the file ends in it/],
    [fixture('version2').subarray(0, 11), 'CORRUPT_DATA', /the file ends in it/],
    [fixture('f4').subarray(0, 7), 'UNSUPPORTED_FORMAT', /version 1\.undefined/],
    [new Uint8Array(), 'UNSUPPORTED_FORMAT', /no \.npy file/],
    [Uint8Array.from([...fixture('f4').subarray(0, 6), 4, 0]), 'UNSUPPORTED_FORMAT', /version 4\.0/],
    [
      Uint8Array.from([...fixture('f4').subarray(0, 6), 2, 0, 0, 0, 0, 0x7f]),
      'CORRUPT_DATA',
      /2130706432 bytes; more than 65535/,
    ],
    [Uint8Array.from([...fixture('f4').subarray(0, 6), 3, 0, 1, 0, 0, 0, 0xff]), 'CORRUPT_DATA', /not UTF-8/],
  ] as const)('file %#', (bytes, code, message) => {
    expect(caught(() => decodeNpy(bytes))).toEqual(throwsCode(code, message))
  })

  test('any damage is an EscError or other numbers, never another error', () => {
    const file = fixture('mfcc')
    const flip = fc.tuple(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(fc.array(flip, { minLength: 1, maxLength: 4 }), fc.nat(file.length), (flips, length) => {
        const damaged = file.slice(0, length)
        for (const [at, mask] of flips) if (at < length) damaged[at]! ^= mask
        const result = caught(() => decodeNpy(damaged))
        if (result instanceof Error) expect(result.name).toBe('EscError')
      }),
      { numRuns: 2000 },
    )
  })

  test('a header of 64 KiB that nearly matches takes no time to refuse', () => {
    for (const filling of [' '.repeat(60000), "'a': (1), ".repeat(6000), `'shape': (${'1'.repeat(60000)}`]) {
      expect(caught(() => decodeNpy(fileOf(`{${filling}`)))).toEqual(throwsCode('CORRUPT_DATA', /./))
      expect(caught(() => decodeNpy(fileOf(`{${filling}}`)))).toEqual(throwsCode('CORRUPT_DATA', /./))
    }
  })
})

const python = '/usr/bin/python3'
const hasNumpy = spawnSync(python, ['-c', 'import numpy']).status === 0

test.skipIf(!hasNumpy)('NumPy reads what we write (skipped unless python3 has numpy)', () => {
  const dir = mkdtempSync(join(tmpdir(), 'esc-npy-'))
  try {
    for (const [name, data] of types) {
      for (const fortranOrder of [false, true]) {
        const path = join(dir, `${name}-${fortranOrder ? 'F' : 'C'}.npy`)
        writeFileSync(path, encodeNpy(data, [2, 3, 4], { fortranOrder }))
      }
    }
    const script = `
import json, os, sys, numpy as np
files = {name: np.load(os.path.join(sys.argv[1], name), mmap_mode='r') for name in os.listdir(sys.argv[1])}
print(json.dumps({name: [a.dtype.str, a.flags.f_contiguous, a.tolist()] for name, a in files.items()}))`
    const { stdout, stderr } = spawnSync(python, ['-c', script, dir], { encoding: 'utf8' })
    expect(stderr).toBe('')
    const loaded = JSON.parse(stdout) as Record<string, [string, boolean, number[][][]]>
    expect(Object.keys(loaded)).toHaveLength(readdirSync(dir).length)
    for (const [name, data] of types) {
      for (const order of ['C', 'F']) {
        const [dtype, fortran, values] = loaded[`${name}-${order}.npy`]!
        expect([dtype.slice(1), fortran]).toEqual([name, order === 'F'])
        expect(values.flat(2)).toEqual(Array.from(data, Number))
      }
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
})
