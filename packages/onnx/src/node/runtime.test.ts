import { throwsCode } from '@esc/expect'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGraphBuilder } from '../builder.js'
import type { Session } from '../runtime.js'
import type { Tensor } from '../tensor.js'
import { writeModel } from '../write.js'
import { ortRuntime } from './index.js'

let session: Session
beforeAll(async () => {
  const g = createGraphBuilder({ name: 'sum and product' })
  const x = g.input({ name: 'x', type: 'float32', dims: ['N', 2] })
  g.nodeWithOutputs('Add', [x, x], ['sum'])
  g.nodeWithOutputs('Mul', [x, x], ['product'])
  g.output({ name: 'sum', type: 'float32', dims: ['N', 2] })
  g.output({ name: 'product', type: 'float32', dims: ['N', 2] })
  session = await ortRuntime.createSession(writeModel(g.build()), { threads: 1 })
})
afterAll(() => session.release())

const float = (values: readonly number[], dims: readonly number[]): Tensor => {
  return { type: 'float32', dims, data: Float32Array.from(values) }
}
const x = float([1, 2, 3, 4], [2, 2])

describe('tensors for results', () => {
  test('results are written into them, and other results get new arrays', async () => {
    const memory = new Float32Array(8)
    const sum: Tensor = { type: 'float32', dims: [2, 2], data: memory.subarray(2, 6) }
    const results = await session.run({ x }, { sum })
    expect(results.sum).toBe(sum)
    expect([...memory]).toEqual([0, 0, 2, 4, 6, 8, 0, 0])
    expect(results.product).toEqual(float([1, 4, 9, 16], [2, 2]))
  })

  const four = [0, 0, 0, 0]
  test.each([
    [
      'another width',
      { sum: float(four, [4, 1]) },
      "output 'sum' is float32 [N,2], but the tensor given for it is float32 [4,1]",
    ],
    [
      'another rank',
      { sum: float(four, [4]) },
      "output 'sum' is float32 [N,2], but the tensor given for it is float32 [4]",
    ],
    ['another batch', { sum: float([0, 0], [1, 2]) }, "'sum'"],
    [
      'another type',
      { sum: { type: 'int32', dims: [2, 2], data: new Int32Array(4) } },
      'given for it is int32 [2,2]',
    ],
    ['too few values', { sum: float([0], [2, 2]) }, "output 'sum': Tensor's size(4)"],
    ['an unknown name', { total: float(four, [2, 2]) }, "the model has no output 'total'"],
    [
      'shared memory',
      { sum: { type: 'float32', dims: [2, 2], data: new Float32Array(new SharedArrayBuffer(16)) } },
      "output 'sum' is in shared memory, which onnxruntime-node does not accept; copy it",
    ],
  ] as [string, Record<string, Tensor>, string][])('%s is refused by name', async (_, outputs, message) => {
    await expect(session.run({ x }, outputs)).rejects.toThrow(throwsCode('INCOMPATIBLE_MODEL', message))
  })
})

test('an input that is missing or in shared memory is refused by name', async () => {
  const data = new Float32Array(new SharedArrayBuffer(16))
  await expect(session.run({ x: { type: 'float32', dims: [2, 2], data } })).rejects.toThrow(
    throwsCode('INCOMPATIBLE_MODEL', "input 'x' is in shared memory"),
  )
  await expect(session.run({})).rejects.toThrow(throwsCode('INCOMPATIBLE_MODEL', "input 'x' is missing"))
})

test('a session may be released several times, and a run afterwards is INVALID_STATE', async () => {
  const g = createGraphBuilder({ name: 'double' })
  g.input({ name: 'x', type: 'float32', dims: [1] })
  g.node('Add', ['x', 'x'], {}, 'y')
  g.output({ name: 'y', type: 'float32', dims: [1] })
  const session = await ortRuntime.createSession(writeModel(g.build()))
  await Promise.all([session.release(), session.release()])
  await session.release()
  await expect(session.run({ x: float([1], [1]) })).rejects.toThrow(
    throwsCode('INVALID_STATE', 'the session was released; create it again'),
  )
})
