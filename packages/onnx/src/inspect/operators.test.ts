import { expect, test } from 'vitest'
import { arrayOf } from '../tensor.js'
import { operatorSignature } from './index.js'
import { signatures } from './operator-table.js'

test('operatorSignature gives inputs, outputs and attributes', () => {
  expect(operatorSignature('Conv', 17)).toEqual({
    opsets: [13, Number.POSITIVE_INFINITY],
    inputs: [2, 3],
    inputTypes: Array(3).fill({ parameter: 'f', types: ['float16', 'float32', 'float64'] }),
    outputs: [1, 1],
    attributes: {
      auto_pad: {
        kind: 'string',
        required: false,
        values: ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'],
      },
      ...Object.fromEntries(
        ['dilations', 'kernel_shape', 'pads', 'strides'].map((name) => [
          name,
          { kind: 'ints', required: false },
        ]),
      ),
      group: { kind: 'int', required: false },
    },
  })
  expect(operatorSignature('Concat', 13)?.inputs).toEqual([1, Number.POSITIVE_INFINITY])
  expect(operatorSignature('toString', 13)).toBeNull()
})

test('element types depend on the operator set', () => {
  const types = (opType: string, opset: number) =>
    operatorSignature(opType, opset)!.inputTypes.map(({ parameter, types }) => [parameter, types.length])
  expect(types('Relu', 13)).toEqual([['F', 4]])
  expect(types('Relu', 14)).toEqual([['G', 8]])
  expect(types('Where', 13)).toEqual([
    ['B', 1],
    ['a', 12],
    ['a', 12],
  ])
  expect(types('Constant', 17)).toEqual([])
  expect(types('Concat', 17)).toEqual([['A', 13]])
  // The zero point of each matrix has the matrix's type; the two matrices may have different types.
  expect(types('MatMulInteger', 17).map(([parameter]) => parameter)).toEqual(['Q', 'Q2', 'Q', 'Q2'])
})

test('every line of the table can be read', () => {
  expect(Object.keys(signatures)).toHaveLength(172)
  for (const [opType, lines] of Object.entries(signatures)) {
    const sinces = lines.map((line) => Number.parseInt(line, 10))
    expect(
      [...new Set(sinces)].sort((a, b) => a - b),
      opType,
    ).toEqual(sinces)
    for (const since of sinces) {
      const { opsets, inputs, inputTypes, outputs, attributes } = operatorSignature(opType, since)!
      expect(opsets[0], opType).toBe(since)
      expect(Math.min(inputs[1], inputTypes.length), opType).toBe(inputTypes.length)
      for (const [min, max] of [opsets, inputs, outputs]) expect(min <= max, opType).toBe(true)
      for (const { types } of inputTypes) {
        expect(
          types.filter((type) => !Object.hasOwn(arrayOf, type)),
          opType,
        ).toEqual([])
        expect(new Set(types).size, opType).toBe(types.length)
      }
      for (const { kind, values } of Object.values(attributes)) {
        expect(kind, opType).toMatch(/^(float|int|string)s?$|^tensor$/)
        if (values) expect(kind, opType).toBe('string')
      }
    }
  }
})
