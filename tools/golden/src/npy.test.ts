import { describe, expect, test } from 'vitest'
import { readNpy } from './npy.js'
import { npyBytes, npyFile, npyHeader } from './npy-bytes.js'

describe('readNpy', () => {
  test.each([
    ['<f4', Float32Array.of(1.5, -2, 3, 4, 5, 6)],
    ['<f8', Float64Array.of(0.1, -2, 3, 4, 5, 6)],
    ['<i4', Int32Array.of(1, -2, 3, 4, 5, 6)],
  ])('reads %s', (descr, data) => {
    expect(readNpy(npyBytes(descr, '(2, 3)', data))).toEqual({ shape: [2, 3], data })
  })

  test('reads vectors, single values, and files that stand in the middle of a buffer', () => {
    const file = npyFile(npyHeader('<f8', '(2,)'), Float64Array.of(1, 2))
    expect(readNpy(file).shape).toEqual([2])
    expect(readNpy(npyBytes('<f8', '()', Float64Array.of(7)))).toEqual({
      shape: [],
      data: Float64Array.of(7),
    })
    const pool = Buffer.concat([Buffer.from([1, 2, 3]), file])
    expect(readNpy(pool.subarray(3)).data).toEqual(Float64Array.of(1, 2))
  })

  test.each([
    ['another version', npyFile(npyHeader('<f4', '(1,)'), Float32Array.of(1), 2), 'UNSUPPORTED_FORMAT'],
    ['another type', npyBytes('|b1', '(4,)', Uint8Array.of(1, 0, 1, 0)), 'UNSUPPORTED_FORMAT'],
    ['Fortran order', npyFile(npyHeader('<f4', '(1,)', 'True'), Float32Array.of(1)), 'UNSUPPORTED_FORMAT'],
    ['a file cut short', npyBytes('<f4', '(2,)', Float32Array.of(1)), 'CORRUPT_DATA'],
    ['a header without a shape', npyFile("{'descr': '<f4'}", Float32Array.of(1)), 'CORRUPT_DATA'],
    ['another file', Uint8Array.from({ length: 20 }, (_, i) => i), 'CORRUPT_DATA'],
    ['an empty file', new Uint8Array(0), 'CORRUPT_DATA'],
  ])('refuses %s', (_, bytes, code) => {
    expect(() => readNpy(bytes)).toThrow(expect.objectContaining({ code }))
  })
})
