import { createRng, type Example } from '@esc/core'
import { mixup, oneHot, specAugment } from '@esc/dsp'
import { describe, expect, test } from 'vitest'
import { createBatchSource } from './batches.js'
import { bins, classes, frames, graph, makeExamples, stubEngine } from './fixtures/training.js'
import { fit, type StepBatch } from './index.js'

const examples = makeExamples(12, 3)
const size = bins * frames

test('the next batch is prepared while the step runs', async () => {
  const log: string[] = []
  const stub = stubEngine({
    async step({ target, input }) {
      log.push('step begins')
      // Later than anything that is done at once.
      await new Promise((resolve) => setImmediate(resolve))
      log.push('step ends')
      return { loss: 1, logits: new Float32Array(input.dims[0]! * (target.data.length / input.dims[0]!)) }
    },
  })
  const augment = (features: Example['features']) => {
    log.push('prepared')
    return features
  }
  await fit(graph, { train: examples }, { engine: stub, epochs: 1, batchSize: 4, augment })
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
  await fit(graph, { train: examples }, { engine: stub, epochs: 2, batchSize: 5 })
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

describe('what becomes of an example', () => {
  const options = { augment: specAugment({ maxBins: 3, maxFrames: 5 }), batchSize: 4 }
  const source = (more = {}) =>
    createBatchSource(examples, graph, classes, { ...options, rng: createRng(7), ...more })
  const rowsOf = ({ input }: { input: { data: Float32Array } }) =>
    Array.from({ length: input.data.length / size }, (_, row) => [
      ...input.data.slice(row * size, (row + 1) * size),
    ])

  test('does not depend on its batch, nor on what was prepared before', () => {
    const rows = rowsOf(source().prepare(3, Int32Array.of(0, 1, 2, 3)))
    const late = source()
    late.prepare(1, Int32Array.of(2, 5))
    late.prepare(2, Int32Array.of(0))
    expect(rowsOf(late.prepare(3, Int32Array.of(3, 9, 0)))).toEqual([rows[3], expect.anything(), rows[0]])
  })

  test('depends on the epoch, the example and the seed', () => {
    const made = (seed: number, epoch: number) =>
      rowsOf(source({ rng: createRng(seed) }).prepare(epoch, Int32Array.of(0)))[0]
    expect(made(7, 1)).toEqual(made(7, 1))
    expect(made(7, 2)).not.toEqual(made(7, 1))
    expect(made(8, 1)).not.toEqual(made(7, 1))
    // Of two examples with the same features, each is masked its own way.
    const twins = examples.map((example) => ({ ...example, features: examples[0]!.features }))
    const twinSource = createBatchSource(twins, graph, classes, { ...options, rng: createRng(7) })
    const [first, second] = rowsOf(twinSource.prepare(1, Int32Array.of(0, 1)))
    expect(second).not.toEqual(first)
  })

  test('examples are not changed', () => {
    const before = examples.map(({ features }) => features.data.slice())
    source({ mix: mixup }).prepare(1, Int32Array.of(0, 1, 2, 3))
    expect(examples.map(({ features }) => features.data)).toEqual(before)
  })

  test('mixup: each with its neighbour, features and labels by the same share', () => {
    const rng = createRng(7)
    const batches = createBatchSource(examples, graph, classes, { mix: mixup, batchSize: 4, rng })
    const order = Int32Array.of(4, 0, 8, 2)
    const { input, target } = batches.prepare(2, order)
    order.forEach((index, row) => {
      const [a, b] = [examples[index]!, examples[order[(row + 1) % 4]!]!]
      const label = ({ labelIndex }: Example) => oneHot(labelIndex, classes)
      const expected = mixup(
        { features: a.features, label: label(a) },
        { features: b.features, label: label(b) },
        rng.fork(`mix 2 ${a.id}`),
      )
      expect(input.data.slice(row * size, (row + 1) * size)).toEqual(expected.features.data)
      expect(target.data.slice(row * classes, (row + 1) * classes)).toEqual(expected.label)
    })
  })
})
