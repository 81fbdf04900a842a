import { throwsCode } from '@esc/expect'
import { expect, test } from 'vitest'
import { elementCode, floatData, floatTensor, int64Vector, scalar, sizeOf } from './index.js'
import { assertElementType, elementTypeOf } from './tensor.js'

test('the default shape is a vector or a scalar', () => {
  expect(floatTensor([1, 2])).toEqual({ type: 'float32', dims: [2], data: Float32Array.of(1, 2) })
  expect(scalar(1)).toEqual({ type: 'float32', dims: [], data: Float32Array.of(1) })
  expect(int64Vector([0, -1])).toEqual({ type: 'int64', dims: [2], data: BigInt64Array.of(0n, -1n) })
  expect([[], [2, 3], [4, 0]].map(sizeOf)).toEqual([1, 6, 0])
})

test('floatData accepts float32 only: INCOMPATIBLE_MODEL names the outputs', () => {
  const outputs = { y: scalar(2), i: int64Vector([1]) }
  expect(floatData(outputs, 'y')).toEqual(Float32Array.of(2))
  for (const [name, found, more] of [
    ['i', 'int64', ''],
    ['z', 'missing', '; the outputs are y, i'],
  ] as const) {
    expect(() => floatData(outputs, name)).toThrow(
      throwsCode(
        'INCOMPATIBLE_MODEL',
        new RegExp(`^model output '${name}' is ${found}, but must be float32${more}$`),
      ),
    )
  }
})

test('element types have the numbers of onnx.proto', () => {
  const codes = { float32: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9 } as const
  const others = { float16: 10, float64: 11, uint32: 12, uint64: 13, bfloat16: 16 } as const
  for (const [type, code] of Object.entries({ ...codes, ...others })) {
    expect(elementCode(type as keyof typeof codes)).toBe(code)
    expect(elementTypeOf(code)).toBe(type)
  }
  for (const code of [0, 8, 14, 15, 17, 22, 28, 29, -1]) expect(elementTypeOf(code)).toBeNull()
  expect(() => assertElementType(22, "value 'x'")).toThrow(
    throwsCode(
      'UNSUPPORTED_FORMAT',
      /^value 'x' has element type int4, but only these can be read: float32, /,
    ),
  )
})
