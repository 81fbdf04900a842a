/** Training that goes on from a trained model. */
import { type FeatureSet, namedWeights, type TrainedModel } from '@esc/core'
import { logmel64 } from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import { given, graph, makeExamples, memoryStore, stubEngine, weightsOf } from '../fixtures/training.js'
import {
  fit,
  layers,
  ortEngine,
  sequential,
  type TrainEvent,
  type TrainingEngine,
  type TrainOptions,
} from '../index.js'

const engine = ortEngine({ runtime: ortRuntime, threads: 1 })
const options = { engine, epochs: 3, batchSize: 16 }
const [set, split] = given(makeExamples(45, 1), makeExamples(15, 2, 'val'))
const model = await fit(graph, set, split, options)
/** The same features with other labels: sea and rain are one, or the order is another. */
const relabelled = (labels: string[], labelOf: (index: number) => number): FeatureSet => ({
  ...set,
  labels,
  records: set.records.map((record) => ({ ...record, labelIndex: labelOf(record.labelIndex) })),
})
const two = relabelled(['animal', 'water'], (label) => Math.min(label, 1))

test('learning goes on from the weights, with the same normaliser and a new history', async () => {
  const shifted = { ...set, get: set.get }
  const more = await fit(model, shifted, { ...split, train: Array.from(split.train).slice(0, 30) }, options)
  expect(more.normalizer).toEqual(model.normalizer)
  expect(more.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3])
  expect(more.history[0]!.trainLoss).toBeLessThan(model.history[1]!.trainLoss)
  // A network alone gets a new normaliser, of the examples it learns from.
  const anew = await fit(model.graph, set, { ...split, train: Array.from(split.train).slice(0, 30) }, options)
  expect(anew.normalizer).not.toEqual(model.normalizer)
})

test('other labels: the last layer is made anew, the rest is kept, and a warning says so', async () => {
  const events: TrainEvent[] = []
  const predict: TrainingEngine['predict'] = async ({ dims }) => new Float32Array(dims[0]! * 2)
  const first = { ...options, epochs: 1, engine: stubEngine({ predict }) }
  const kept = await fit(model, two, split, { ...first, onEvent: (event) => void events.push(event) })
  const before = new Map(namedWeights(model.graph).map(({ name, weight }) => [name, weight]))
  const head = model.graph.output
  for (const { name, weight } of namedWeights(kept.graph)) {
    if (name.startsWith(`${head}.`)) expect(weight.shape[0]).toBe(2)
    else expect(weight.data).toEqual(before.get(name)!.data)
  }
  expect(events[0]).toEqual({
    type: 'warning',
    message: expect.stringMatching(
      `^the set has other labels than the model \\(animal, water; not dog, rain, sea\\): layer '${head}' starts anew with 2 outputs`,
    ),
  })
  const learnt = await fit(model, two, split, { ...options, epochs: 25 })
  expect(learnt.labels).toEqual(['animal', 'water'])
  expect(learnt.history[learnt.bestEpoch - 1]!.validationAccuracy).toBeGreaterThan(0.9)
  expect(learnt.normalizer).toEqual(model.normalizer)
})

test('the same labels in another order are other labels', async () => {
  const turned = relabelled(['sea', 'rain', 'dog'], (label) => 2 - label)
  const { graph: trained } = await fit(model, turned, split, { ...options, epochs: 1, engine: stubEngine() })
  const { output } = model.graph
  const kernelOf = (network: typeof graph) =>
    namedWeights(network).find(({ name }) => name === `${output}.kernel`)!.weight.data
  expect(kernelOf(trained)).not.toEqual(kernelOf(model.graph))
})

test('the same seed gives the same bytes, and so does a resumed training', async () => {
  const trained = async (given: Partial<TrainOptions>) =>
    weightsOf((await fit(model, two, split, { ...options, epochs: 2, ...given })).graph)
  const [first, again, other] = [await trained({}), await trained({}), await trained({ seed: 7 })]
  expect(again).toEqual(first)
  expect(other).not.toEqual(first)
  const checkpoint = memoryStore()
  await trained({ checkpoint, epochs: 1 })
  expect(await trained({ checkpoint })).toEqual(first)
  const differs = {
    ...model,
    normalizer: { ...model.normalizer!, mean: model.normalizer!.mean.map((m) => m + 1) },
  }
  await expect(fit(differs, two, split, { ...options, epochs: 2, checkpoint })).rejects.toThrow(
    throwsCode('INVALID_INPUT', /: normalize was as the earlier model \(\w+\), is as the earlier model/),
  )
})

test('the loss has the kind of the model’s activation, unless another one is given', async () => {
  const sigmoid: TrainedModel = { ...model, activation: 'sigmoid' }
  const first = { ...options, epochs: 1, engine: stubEngine() }
  expect((await fit(sigmoid, set, split, first)).activation).toBe('sigmoid')
  expect((await fit(sigmoid, set, split, { ...first, loss: { labelSmoothing: 0.1 } })).activation).toBe(
    'sigmoid',
  )
  expect((await fit(sigmoid, set, split, { ...first, loss: { kind: 'softmax' } })).activation).toBe('softmax')
})

describe('refusals', () => {
  test('another recipe, saying what differs', async () => {
    const recipe = { ...logmel64, mel: { ...logmel64.mel, nMels: 8 } }
    const made = { ...set, recipe }
    const first = { ...options, epochs: 1, engine: stubEngine() }
    const withRecipe = await fit(graph, made, split, first)
    expect((await fit(withRecipe, made, split, first)).recipe).toEqual(withRecipe.recipe)
    const louder = { ...set, recipe: { ...recipe, db: { ...recipe.db, amin: 1e-8 } } }
    const cases: [TrainedModel, FeatureSet, RegExp][] = [
      [
        withRecipe,
        louder,
        /recipe: db is .*"amin":1e-10.* in the model, .*"amin":1e-8.* in the set; extract/,
      ],
      [withRecipe, set, /recipe: the set has none; extract the features with model.recipe$/],
      [model, made, /recipe: the model has none; /],
    ]
    for (const [earlier, other, message] of cases) {
      await expect(fit(earlier, other, split, first)).rejects.toThrow(
        throwsCode('INCOMPATIBLE_MODEL', message),
      )
    }
  })

  test('other labels on a network that does not end in Dense', async () => {
    const { conv2d, globalAveragePool } = layers
    const size = { bins: 8, frames: 12, classes: 3 }
    const pooled = sequential([conv2d({ filters: 3 }), globalAveragePool()], size)
    const odd = { ...model, graph: pooled }
    expect((await fit(odd, set, split, { ...options, epochs: 1 })).history.length).toBe(1)
    await expect(fit(odd, two, split, options)).rejects.toThrow(
      throwsCode(
        'INCOMPATIBLE_MODEL',
        /whose network ends in '\w+' \(GlobalAveragePool\); only a Dense layer/,
      ),
    )
  })

  test('normalize, and a broken model', async () => {
    for (const normalize of [null, 'per-bin'] as const) {
      await expect(fit(model, set, split, { ...options, normalize })).rejects.toThrow(
        throwsCode('INVALID_OPTION', /^normalize cannot be given with a trained model/),
      )
    }
    await expect(fit({ ...model, labels: ['a'] }, set, split, options)).rejects.toThrow(
      throwsCode('INVALID_INPUT'),
    )
  })
})
