/** Batches: how examples are read, changed and packed. */
import { applyNormalizer, createRng, type FeatureSet, fitNormalizer } from '@esc/core'
import { describe, expect, test } from 'vitest'
import {
  augmented,
  bins,
  classes,
  frames,
  given,
  graph,
  makeExamples,
  stubEngine,
} from '../fixtures/training.js'
import { fit, type StepBatch } from '../index.js'
import { createBatchSource, type PreparedBatch } from './batches.js'

const examples = makeExamples(12, 3)
const size = bins * frames

test('the next batch is prepared while the step runs', async () => {
  const log: string[] = []
  const stub = stubEngine({
    async step({ target, input }) {
      log.push('step begins')
      // The step ends after everything that can happen without waiting.
      await new Promise((resolve) => setImmediate(resolve))
      log.push('step ends')
      return { loss: 1, logits: new Float32Array(input.dims[0]! * (target.data.length / input.dims[0]!)) }
    },
  })
  const [set, split] = given(examples)
  const logging: FeatureSet = {
    ...set,
    get(index, context) {
      if (context) log.push('prepared')
      return set.get(index)
    },
  }
  await fit(graph, logging, split, { engine: stub, epochs: 1, batchSize: 4 })
  const four = Array(4).fill('prepared')
  const during = ['step begins', ...four, 'step ends']
  expect(log).toEqual([...four, ...during, ...during, 'step begins', 'step ends'])
})

test('two sets of arrays take turns, and the last, smaller batch is a view of one', async () => {
  const seen: StepBatch[] = []
  const stub = stubEngine({
    async step(batch) {
      seen.push(batch)
      return { loss: 1, logits: new Float32Array(batch.target.data.length) }
    },
  })
  await fit(graph, ...given(examples), { engine: stub, epochs: 2, batchSize: 5 })
  for (const key of ['input', 'target'] as const) {
    const buffers = seen.map((batch) => batch[key].data.buffer)
    const [first, second] = buffers
    expect(second).not.toBe(first)
    expect(buffers.map((buffer) => [first, second].indexOf(buffer))).toEqual([0, 1, 0, 1, 0, 1])
  }
  expect(seen.map(({ input, target }) => [input.dims[0], input.data.length, target.data.length])).toEqual(
    [5, 5, 2, 5, 5, 2].map((count) => [count, count * size, count * classes]),
  )
})

describe('how an example is made', () => {
  const source = (more = {}, list = examples) => {
    const settings = {
      batchSize: 4,
      shape: graph.input.shape,
      classes,
      normalizer: null,
      rng: createRng(7),
      ...more,
    }
    return createBatchSource(augmented(given(list))[0], Int32Array.from(list.keys()), settings)
  }
  const rowsOf = ({ input }: PreparedBatch) =>
    Array.from({ length: input.data.length / size }, (_, row) => [
      ...input.data.slice(row * size, (row + 1) * size),
    ])

  test('does not depend on its batch, nor on what was prepared before', async () => {
    const rows = rowsOf(await source().prepare(3, Int32Array.of(0, 1, 2, 3)))
    const late = source()
    await late.prepare(1, Int32Array.of(2, 5))
    await late.prepare(2, Int32Array.of(0))
    expect(rowsOf(await late.prepare(3, Int32Array.of(3, 9, 0)))).toEqual([
      rows[3],
      expect.anything(),
      rows[0],
    ])
  })

  test('depends on the epoch, the example and the seed', async () => {
    const made = async (seed: number, epoch: number) =>
      rowsOf(await source({ rng: createRng(seed) }).prepare(epoch, Int32Array.of(0)))[0]
    expect(await made(7, 1)).toEqual(await made(7, 1))
    expect(await made(7, 2)).not.toEqual(await made(7, 1))
    expect(await made(8, 1)).not.toEqual(await made(7, 1))
    // Two examples with the same features are changed in different ways.
    const twins = examples.map((example) => ({ ...example, features: examples[0]!.features }))
    const [first, second] = rowsOf(await source({}, twins).prepare(1, Int32Array.of(0, 1)))
    expect(second).not.toEqual(first)
  })

  test('features are normalised, as by applyNormalizer', async () => {
    const normalizer = fitNormalizer(examples.map(({ features }) => features))
    const order = Int32Array.of(4, 0)
    const plain = createBatchSource(given(examples)[0], Int32Array.from(examples.keys()), {
      ...{ batchSize: 4, shape: graph.input.shape, classes, normalizer, rng: createRng(7) },
    })
    const { input } = await plain.prepare(1, order)
    const expected = Array.from(order, (i) => [...applyNormalizer(examples[i]!.features, normalizer).data])
    expect([...input.data]).toEqual(expected.flat())
  })

  test('get of the set receives the epoch, a generator of its own and the training part', async () => {
    const asked: [number, number, number, number[]][] = []
    const [set] = given(examples)
    const drawing: FeatureSet = {
      ...set,
      async get(index, context) {
        if (context) asked.push([index, context.epoch, context.rng.uniform(), [...context.train!]])
        return set.get(index)
      },
    }
    const learn = async () => {
      const split = { train: [1, 2, 5], validation: [0] }
      await fit(graph, drawing, split, { engine: stubEngine(), epochs: 2, batchSize: 2 })
      return asked.splice(0)
    }
    const first = await learn()
    expect(first.map(([index]) => index).sort()).toEqual([1, 1, 2, 2, 5, 5])
    expect(first.map(([, epoch]) => epoch)).toEqual([1, 1, 1, 2, 2, 2])
    expect(new Set(first.map(([, , drawn]) => drawn)).size).toBe(6)
    for (const [, , , train] of first) expect(train).toEqual([1, 2, 5])
    expect(await learn()).toEqual(first)
  })

  test('a target takes the place of the label', async () => {
    const target = Float32Array.of(0.5, 0.25, 0.25)
    const [set] = given([{ ...examples[0]!, target }])
    const settings = { batchSize: 1, shape: graph.input.shape, classes, normalizer: null, rng: createRng(7) }
    const { target: made } = await createBatchSource(set, Int32Array.of(0), settings).prepare(
      1,
      Int32Array.of(0),
    )
    expect([...made.data]).toEqual([...target])
  })
})
