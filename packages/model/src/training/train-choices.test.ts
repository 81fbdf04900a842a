/** Options that change what an epoch takes, what is averaged, and what learns. */
import { createRng, type FeatureSet, namedWeights } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import reference from '../../fixtures/class-weights.json' with { type: 'json' }
import {
  augmented,
  given,
  graph,
  makeExamples,
  memoryStore,
  stubEngine,
  weightsOf,
} from '../fixtures/training.js'
import { fit, ortEngine, type TrainOptions } from '../index.js'
import { balancedWeights, drawOrder } from './sampling.js'

const engine = ortEngine({ runtime: ortRuntime, threads: 1 })
const [training, validation] = [makeExamples(45, 1), makeExamples(15, 2, 'val')]
const options = { engine, epochs: 3, batchSize: 16 }
const data = given(training, validation)
/** 1 dog, 4 of rain, and the other examples are of the sea. */
const [uneven, split] = given(
  makeExamples(23, 1).map((example, i) => ({ ...example, labelIndex: i === 0 ? 0 : i < 5 ? 1 : 2 })),
)
const train = Int32Array.from(split.train)
const labelOf = ({ records }: FeatureSet, position: number) => records[position % train.length]!.labelIndex

describe('sampling', () => {
  const orderOf = (epoch: number) => drawOrder(uneven, train, 'balanced', createRng(3).fork(`order ${epoch}`))

  test('balanced: each class alike, as many examples as the part has, another order in each epoch', () => {
    const longer = new Set<number>()
    for (let epoch = 1; epoch <= 20; epoch++) {
      const order = orderOf(epoch)
      const counts = [0, 0, 0]
      for (const position of order) counts[labelOf(uneven, position)]!++
      expect(counts.toSorted()).toEqual([7, 8, 8])
      longer.add(counts.indexOf(7))
      expect(new Set(order).size, 'no repetition occurs twice').toBe(23)
    }
    expect([...longer].sort()).toEqual([0, 1, 2])
    expect(orderOf(1)).toEqual(orderOf(1))
    expect(orderOf(1)).not.toEqual(orderOf(2))
  })

  test('balanced: a class repeats its examples equally often, and does not repeat one while others are left', () => {
    const times = new Map<number, number>()
    for (const position of orderOf(1)) times.set(position % 23, (times.get(position % 23) ?? 0) + 1)
    expect(times.get(0)).toBeGreaterThanOrEqual(7)
    expect([1, 2, 3, 4].every((i) => [1, 2].includes(times.get(i)!))).toBe(true)
    const sea = [...times].filter(([i]) => i > 4)
    expect(sea.every(([, count]) => count === 1)).toBe(true)
  })

  test('shuffled takes each example once', () => {
    const order = drawOrder(uneven, train, 'shuffled', createRng(1))
    expect(order).not.toEqual(train)
    expect(order.toSorted()).toEqual(train)
  })

  test('a set draws each repetition anew, and resuming gives the same bytes', async () => {
    const draws = new Map<string, Set<number>>()
    const seen: FeatureSet = {
      ...uneven,
      get(index, context) {
        const { id } = uneven.records[index]!
        if (context) draws.set(id, (draws.get(id) ?? new Set()).add(context.rng.uniform()))
        return uneven.get(index)
      },
    }
    const balanced = { ...options, sampling: 'balanced' } as const
    await fit(graph, seen, split, { ...balanced, engine: stubEngine(), epochs: 1 })
    expect(draws.get('clip0')!.size).toBeGreaterThanOrEqual(7)

    const made = augmented([uneven, split])
    const whole = await fit(graph, ...made, balanced)
    const checkpoint = memoryStore()
    await fit(graph, ...made, { ...balanced, epochs: 1, checkpoint })
    expect(weightsOf((await fit(graph, ...made, { ...balanced, checkpoint })).graph)).toEqual(
      weightsOf(whole.graph),
    )
    await expect(fit(graph, ...made, { ...options, checkpoint })).rejects.toThrow(
      throwsCode('INVALID_INPUT', /: sampling was balanced, is shuffled/),
    )
  })
})

describe('class weights', () => {
  test('balanced: scikit-learn’s weights', () => {
    for (const { labels, classes, weights } of reference) {
      const [all, part] = given(labels.map((labelIndex, i) => ({ ...training[0]!, id: `${i}`, labelIndex })))
      const set = { ...all, labels: Array.from({ length: classes }, (_, i) => `${i}`) }
      const found = balancedWeights(set, Int32Array.from(part.train))
      expect(found.length).toBe(classes)
      for (const [label, weight] of weights.entries()) expect(found[label]).toBeCloseTo(weight ?? 1, 12)
    }
  })

  test('balanced trains as the same list does', async () => {
    const list = balancedWeights(uneven, train)
    const trained = async (classWeights: 'balanced' | number[]) =>
      weightsOf((await fit(graph, uneven, split, { ...options, loss: { classWeights } })).graph)
    expect(await trained('balanced')).toEqual(await trained(list))
  })
})

describe('ema', () => {
  test('the model has the averages, and validation uses them', async () => {
    const averaged = await fit(graph, ...data, { ...options, ema: 0.5 })
    const plain = await fit(graph, ...data, options)
    expect(averaged.history.map(({ trainLoss }) => trainLoss)).toEqual(
      plain.history.map(({ trainLoss }) => trainLoss),
    )
    expect(averaged.history[0]!.validationLoss).not.toBe(plain.history[0]!.validationLoss)
    expect(weightsOf(averaged.graph)).not.toEqual(weightsOf(plain.graph))
    expect(namedWeights(averaged.graph).map(({ name }) => name)).toEqual(
      namedWeights(graph).map(({ name }) => name),
    )
  })

  test('a resumed training gives the same bytes', async () => {
    const settings = { ...options, ema: 0.9, frozen: ['conv1'] }
    const whole = await fit(graph, ...data, settings)
    const checkpoint = memoryStore()
    await fit(graph, ...data, { ...settings, epochs: 1, checkpoint })
    const resumed = await fit(graph, ...data, { ...settings, checkpoint })
    expect(weightsOf(resumed.graph)).toEqual(weightsOf(whole.graph))
    expect(resumed.history).toEqual(whole.history)
    const changed: [Partial<TrainOptions>, RegExp][] = [
      [{ ema: 0.8 }, /: ema was 0\.9, is 0\.8\. /],
      [{ frozen: [] }, /: frozen was \["conv1"\], is \[\]\. /],
    ]
    for (const [other, message] of changed) {
      await expect(fit(graph, ...data, { ...settings, ...other, checkpoint })).rejects.toThrow(
        throwsCode('INVALID_INPUT', message),
      )
    }
  })
})

test('frozen layers keep their bytes, and the others learn', async () => {
  const before = new Map(namedWeights(graph).map(({ name, weight }) => [name, weight.data]))
  const { graph: trained, history } = await fit(graph, ...data, { ...options, frozen: ['conv*'] })
  for (const { name, weight } of namedWeights(trained)) {
    if (name.startsWith('conv')) expect(weight.data, name).toEqual(before.get(name))
    else expect(weight.data, name).not.toEqual(before.get(name))
  }
  expect(history.at(-1)!.trainLoss).toBeLessThan(history[0]!.trainLoss)
})

test.each<[Partial<TrainOptions>, RegExp]>([
  [{ ema: 1 }, /^ema=1 must be a number in \(0, 1\), or null/],
  [{ ema: Number.NaN }, /^ema=NaN/],
  [{ frozen: ['conv9'] }, /^frozen has 'conv9', which is no layer of .*; its layers are conv1, /],
  [{ frozen: 'conv1' as never }, /^frozen='conv1' must be a list of names/],
  [{ frozen: ['*'] }, /^frozen leaves no layer/],
  [{ sampling: 'random' as never }, /sampling/],
  [
    { loss: { classWeights: 'equal' as never } },
    /loss.classWeights is of type string; it must be 'balanced', 3 numbers/,
  ],
])('refuses %o before an engine is made', async (wrong, message) => {
  const unused = () => Promise.reject(new Error('an engine was made'))
  await expect(fit(graph, ...data, { ...options, engine: unused, ...wrong })).rejects.toThrow(
    throwsCode('INVALID_OPTION', message),
  )
})
