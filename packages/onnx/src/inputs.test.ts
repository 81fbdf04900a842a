import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import {
  assertRuntime,
  dataInputs,
  floatTensor,
  type OnnxModel,
  type Session,
  singleInputName,
  type ValueInfo,
} from './index.js'

const value = (name: string): ValueInfo => ({ name, type: 'float32', dims: [2] })

function model(inputs: readonly string[], constants: readonly string[]): OnnxModel {
  const initializers = new Map(constants.map((name) => [name, floatTensor([1, 2])]))
  const graph = { name: 'g', nodes: [], inputs: inputs.map(value), outputs: [], initializers }
  return { irVersion: 8, opset: 17, domains: {}, producer: '', metadata: {}, graph }
}

describe('dataInputs', () => {
  test.each([
    [['x'], ['w'], ['x']],
    [['w', 'x'], ['w'], ['x']],
    [
      ['b', 'x', 'w', 'y'],
      ['w', 'b', 'unused'],
      ['x', 'y'],
    ],
    [['w'], ['w'], []],
  ])('%j without the constants %j', (inputs, constants, data) => {
    expect(dataInputs(model(inputs, constants))).toEqual(data.map(value))
  })

  test.each([undefined, null, 7, {}, { opset: 17, graph: { inputs: [] } }])(
    '%j is no model: INVALID_INPUT',
    (wrong) => {
      expect(() => dataInputs(wrong as never)).toThrow(throwsCode('INVALID_INPUT', /^model.* must be /))
    },
  )
})

describe('singleInputName', () => {
  const session = (inputNames: unknown) => ({ inputNames, run: async () => ({}) }) as unknown as Session

  test('gives the name of the only input', () => expect(singleInputName(session(['x']))).toBe('x'))

  test.each([
    [[], 'INCOMPATIBLE_MODEL', /^the model takes no data; it must take one input, the features$/],
    [
      ['a', 'b'],
      'INCOMPATIBLE_MODEL',
      /^the model takes 2 inputs, 'a' and 'b'; it must take one input, the features$/,
    ],
    [
      ['a', 'b', 'c'],
      'INCOMPATIBLE_MODEL',
      /^the model takes 3 inputs, 'a', 'b' and 'c'; it must take one input, the features$/,
    ],
    [undefined, 'INVALID_INPUT', /^session is .* must be what createSession of an OnnxRuntime returned/],
  ])('%j is refused', (names, code, message) => {
    expect(() => singleInputName(session(names))).toThrow(throwsCode(code, message))
  })
})

test.each([undefined, null, {}, { createSession: 1 }])('%j is not a runtime: INVALID_OPTION', (wrong) => {
  expect(() => assertRuntime('calibrate', '@esc/edge/node or /browser', wrong)).toThrow(
    throwsCode(
      'INVALID_OPTION',
      /^runtime .* must be an OnnxRuntime; use calibrate of @esc\/edge\/node or \/browser, which brings its own/,
    ),
  )
})
