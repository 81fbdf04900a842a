/** The batches of calibration: a tensor, or tensors by input name. */
import { throwsCode } from '@esc/expect'
import { createGraphBuilder, floatData, type OnnxModel, type Tensor } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import { build, plain, random, weights, x } from '../fixtures/foreign-models.js'
import { logits, maxError } from '../fixtures/run-models.js'
import { calibrate } from './calibrate.js'
import { quantizeStatic } from './static.js'

/** A Gemm over the sum of two inputs, which must both be fed. No operator reads the third input. */
function twoInputs(): OnnxModel {
  const g = createGraphBuilder({ name: 'two' })
  const [a, b] = ['a', 'b'].map((name) => g.input({ name, type: 'float32', dims: ['N', 2] })) as [
    string,
    string,
  ]
  g.input({ name: 'lengths', type: 'int64', dims: ['N'] })
  g.node('Gemm', [g.node('Add', [a, b]), g.constant('w', weights.dense)], { transB: { int: 1 } }, 'logits')
  g.output({ name: 'logits', type: 'float32', dims: ['N', 3] })
  return g.build()
}

describe('the inputs', () => {
  const [a, b] = [random(4, 2), random(4, 2)]

  test('of a model with two are given by name; an input that no operator reads may be left out', async () => {
    const sum = (a.data as Float32Array).map((value, i) => value + (b.data as Float32Array)[i]!)
    const ranges = await calibrate(twoInputs(), [{ a, b }], { runtime: ortRuntime })
    expect(ranges.get('Add')).toEqual({ min: Math.min(...sum), max: Math.max(...sum) })
    const lengths: Tensor = { type: 'int64', dims: [4], data: new BigInt64Array(4) }
    const int8 = quantizeStatic(twoInputs(), ranges)
    expect(int8.graph.inputs.map(({ name }) => name)).toEqual(['a', 'b', 'lengths'])
    const feeds = { a, b, lengths }
    expect(await calibrate(twoInputs(), [feeds], { runtime: ortRuntime })).toEqual(ranges)
    const [float, found] = [await logits(twoInputs(), feeds), await logits(int8, feeds)]
    expect(maxError(floatData(float, 'logits'), floatData(found, 'logits'))).toBeLessThan(0.05)
  })

  test('of a model with one may be given by name', async () => {
    const named = await calibrate(plain, [{ input: x }], { runtime: ortRuntime })
    expect(named).toEqual(await calibrate(plain, [x], { runtime: ortRuntime }))
  })

  test.each<[string, OnnxModel, unknown, string]>([
    [
      'one tensor for two',
      twoInputs(),
      a,
      `is one tensor, but the model takes 'a', 'b'; give { "a": …, "b": … }`,
    ],
    [
      'one name of two',
      twoInputs(),
      { a },
      `lacks 'b'; the model takes 'a', 'b', so give { "a": …, "b": … }`,
    ],
    [
      'an unknown name',
      twoInputs(),
      { a, b, c: a },
      "has 'c', which is not an input of the model; the model takes 'a', 'b'",
    ],
    [
      'another batch size',
      build([1, 2, 8, 6]),
      x,
      "has float32 [4, 2, 8, 6] for 'input', which takes float32 [1, 2, 8, 6]; give batches of 1, or",
    ],
    [
      'another size',
      build(),
      random(4, 2, 8, 7),
      "has float32 [4, 2, 8, 7] for 'input', which takes float32 [N, 2, 8, 6]",
    ],
    [
      'another rank',
      build(),
      random(2, 8, 6),
      "has float32 [2, 8, 6] for 'input', which takes float32 [N, 2, 8, 6]",
    ],
    [
      'another type',
      twoInputs(),
      { a, b: { type: 'int32', dims: [4, 2], data: new Int32Array(8) } },
      "has int32 [4, 2] for 'b', which takes float32 [N, 2]",
    ],
    ['an array', plain, [x], 'each of the batches'],
    ['an array by name', plain, { input: x.data }, "'input' in the batches"],
  ])('%s: INVALID_INPUT', async (_name, model, batch, message) => {
    const calibrated = calibrate(model, [batch as Tensor], { runtime: ortRuntime })
    await expect(calibrated).rejects.toThrow(throwsCode('INVALID_INPUT', message))
  })
})
