/** Tests the runtime of pages in Node, because WebAssembly is the same in both. */
import { throwsCode } from '@esc/expect'
import { expect, test } from 'vitest'
import { createGraphBuilder } from '../builder.js'
import { floatTensor } from '../tensor.js'
import { writeModel } from '../write.js'
import { ortRuntime } from './index.js'

/** `sum = a + b`, `product = a · b`. */
function sumAndProduct(): Uint8Array {
  const g = createGraphBuilder({ name: 'sum and product' })
  const inputs = ['a', 'b'].map((name) => g.input({ name, type: 'float32', dims: ['N'] }))
  for (const [op, name] of [
    ['Add', 'sum'],
    ['Mul', 'product'],
  ] as const) {
    g.nodeWithOutputs(op, inputs, [name])
    g.output({ name, type: 'float32', dims: ['N'] })
  }
  return writeModel(g.build())
}

const feeds = { a: floatTensor([1, 2, 3]), b: floatTensor([4, 5, 6]) }
const createSession = () => ortRuntime.createSession(sumAndProduct(), { threads: 1 })

test('writes results into the given tensors, and other results into new ones', async () => {
  const session = await createSession()
  expect(ortRuntime.name).toMatch(/^onnxruntime-web 1\./)
  expect(session).toMatchObject({ inputNames: ['a', 'b'], outputNames: ['sum', 'product'] })
  const sum = floatTensor([0, 0, 0])
  const results = await session.run(feeds, { sum })
  expect(results.sum).toBe(sum)
  expect(results).toEqual({ sum: floatTensor([5, 7, 9]), product: floatTensor([4, 10, 18]) })
  await session.release()
})

test.each([
  ['a missing input', { a: feeds.a }, {}, /could not run the model: .*'b'/],
  ['another shape', { ...feeds, b: floatTensor([1, 2]) }, {}, /could not run the model/],
  [
    'another type',
    { ...feeds, b: { type: 'int32', dims: [3], data: new Int32Array(3) } },
    {},
    /could not run/,
  ],
  [
    'an output of another shape',
    feeds,
    { sum: floatTensor([0, 0]) },
    /output 'sum' is float32 \[2\].* \[3\]/,
  ],
] as const)('%s is refused, and the session can still be used', async (_, given, outputs, message) => {
  const session = await createSession()
  await expect(session.run(given, outputs)).rejects.toThrow(throwsCode('INCOMPATIBLE_MODEL', message))
  expect((await session.run(feeds)).sum).toEqual(floatTensor([5, 7, 9]))
  await session.release()
})

test('bytes that are not a model are refused', async () => {
  await expect(ortRuntime.createSession(Uint8Array.of(1, 2, 3))).rejects.toThrow(
    throwsCode('INCOMPATIBLE_MODEL', /refused the model/),
  )
})
