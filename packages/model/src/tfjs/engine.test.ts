/** The tfjs engine against the one on ONNX Runtime: same seeds, same batches. */
import { createRng, type NetworkGraph, namedWeights, type Rng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import type { LossOptions, OptimizerOptions } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import { audioCnn } from '../architectures/audio-cnn.js'
import { melCnn } from '../architectures/mel-cnn.js'
import type { CreateEngine, EngineOptions, StepBatch, TrainingEngine } from '../engine/engine.js'
import { ortEngine } from '../ort/engine.js'
import { layerCases } from './fixtures/layer-cases.js'
import { tfjsEngine } from './index.js'

const small = layerCases.find(({ name }) => name === 'Dropout of an image')!.graph
const engines = { ort: ortEngine({ runtime: ortRuntime, threads: 1 }), tfjs: tfjsEngine() }

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('two engines, one interface', () => {
  // The epsilon for melCnn is larger than Adam's default; fixtures/make.py says why.
  test.each([
    ['audioCnn 13 × 43, 10 steps', audioCnn({ bins: 13, frames: 43, classes: 5 }), 1e-8],
    ['melCnn 32 × 27, 10 steps', melCnn({ bins: 32, frames: 27, classes: 5 }), 1e-3],
  ] as const)(
    '%s: losses within 1e-5, logits and weights within 1e-4',
    async (_name, graph, epsilon) => {
      const options = { optimizer: { epsilon } }
      const ours = await trainedBy(engines.ort, graph, options, 10, 1e-3)
      const theirs = await trainedBy(engines.tfjs, graph, options, 10, 1e-3)
      expect(relativeError(theirs.losses, ours.losses)).toBeLessThan(1e-5)
      expect(relativeError(theirs.logits, ours.logits)).toBeLessThan(1e-4)
      expect(relativeError(theirs.predicted, ours.predicted)).toBeLessThan(1e-4)
      expectSameState(theirs.state, ours.state, 1e-4)
      // tfjs in plain JavaScript needs some 20 s, and more on a busy machine.
    },
    900_000,
  )

  const losses: [string, LossOptions][] = [
    ['label smoothing and class weights', { labelSmoothing: 0.1, classWeights: [1, 0.5, 2] }],
    ['focal', { focalGamma: 2 }],
    ['focal below 1', { focalGamma: 0.5, labelSmoothing: 0.2 }],
    ['distillation', { distillation: { temperature: 3, weight: 0.7 } }],
    ['sigmoid', { kind: 'sigmoid', labelSmoothing: 0.1, classWeights: [1, 0.5, 2] }],
    ['sigmoid, focal', { kind: 'sigmoid', focalGamma: 1.5 }],
  ]
  const optimizers: [string, OptimizerOptions][] = [
    ['SGD', { kind: 'sgd', weightDecay: 0.1 }],
    ['momentum', { kind: 'sgd', momentum: 0.9, weightDecay: 0.1 }],
    ['Nesterov, clipped', { kind: 'sgd', momentum: 0.9, nesterov: true, clipNorm: 0.5 }],
    [
      'Adam, weight decay, clipped',
      { beta1: 0.8, beta2: 0.99, weightDecay: 0.1, clipNorm: 0.5, epsilon: 1e-4 },
    ],
    ['AdamW', { kind: 'adamw', weightDecay: 0.2, epsilon: 1e-4 }],
  ]
  const cases: [string, Omit<EngineOptions, 'rng'>][] = [
    ...losses.map(([name, loss]): [string, object] => [name, { loss, optimizer: { epsilon: 1e-4 } }]),
    ...optimizers.map(([name, optimizer]): [string, object] => [name, { optimizer }]),
  ]
  test.each(cases)('%s: 4 steps alike', async (_name, options) => {
    const ours = await trainedBy(engines.ort, small, options, 4)
    const theirs = await trainedBy(engines.tfjs, small, options, 4)
    expect(relativeError(theirs.losses, ours.losses)).toBeLessThan(2e-6)
    expectSameState(theirs.state, ours.state, 2e-5)
  })
})

describe('the tfjs engine', () => {
  test('goes on from a saved state as if it had not stopped', async () => {
    const batches = draw(small, 4)
    const first = await engines.tfjs(small, { rng: createRng(1) })
    await lossesOf(first, batches.slice(0, 2))
    const [saved, rng] = [await first.state(), createRng(1)]
    const expected = await lossesOf(first, batches.slice(2))
    // The second engine draws the same masks as the first one.
    const second = await engines.tfjs(small, { rng })
    await lossesOf(second, batches.slice(0, 2))
    await second.restore(saved)
    expect(await lossesOf(second, batches.slice(2))).toEqual(expected)
    expect(await second.state()).toEqual(await first.state())
    expect((await second.state()).steps).toBe(4)
    await Promise.all([first.release(), second.release()])
  })

  test('keeps as many tensors as it needs, and none after release', async () => {
    const before = tf.memory().numTensors
    const engine = await engines.tfjs(small, { rng: createRng(1) })
    const [first, second] = draw(small, 2) as [StepBatch, StepBatch]
    await engine.step(first)
    const kept = tf.memory().numTensors
    // The weights twice (present, and before the last step), and two arrays of Adam for each.
    expect(kept - before).toBe(4 * namedWeights(small).length)
    await engine.step(second)
    await engine.predict(second.input)
    expect(await engine.findNonFinite(second)).toBeNull()
    const state = await engine.state()
    await expect(engine.step({ ...first, target: first.input })).rejects.toThrow(throwsCode('INVALID_INPUT'))
    expect(tf.memory().numTensors).toBe(kept)
    await engine.restore(state)
    await engine.release()
    expect(tf.memory().numTensors).toBe(before)
  })

  type Broken = { weight?: [name: string, value: number]; input?: number; target?: number }
  const broken: [string, Broken][] = [
    ["weight 'layer2.bias'", { weight: ['layer2.bias', Number.NaN] }],
    ['input', { input: Number.NaN }],
    ["layer 'layer2'", { weight: ['layer2.kernel', 3e38] }],
    ['loss', { target: Number.POSITIVE_INFINITY }],
  ]
  test.each(broken)('finds %s that is not finite', async (expected, { weight, input, target }) => {
    const engine = await engines.tfjs(small, { rng: createRng(1) })
    const [batch] = draw(small, 1) as [StepBatch]
    const { steps, values } = await engine.state()
    if (weight) values[weight[0]]!.fill(weight[1])
    await engine.restore({ steps, values })
    if (input !== undefined) (batch.input.data as Float32Array)[7] = input
    if (target !== undefined) (batch.target.data as Float32Array)[0] = target
    await engine.step(batch)
    expect(await engine.findNonFinite(batch)).toBe(expected)
    await engine.release()
  })

  test.each([
    ['an input of another shape', { input: { type: 'float32', dims: [2, 3], data: new Float32Array(6) } }],
    ['no teacher', { teacherLogits: undefined }],
  ] as const)('%s: INVALID_INPUT', async (_name, wrong) => {
    const loss = { distillation: { temperature: 2, weight: 0.5 } }
    const engine = await engines.tfjs(small, { rng: createRng(1), loss })
    const { teacherLogits, ...batch } = draw(small, 1)[0]!
    const teacher = 'teacherLogits' in wrong ? {} : { teacherLogits: teacherLogits! }
    const given = 'input' in wrong ? { input: wrong.input } : {}
    await expect(engine.step({ ...batch, ...teacher, ...given })).rejects.toThrow(
      throwsCode('INVALID_INPUT', Object.keys(wrong)[0]!),
    )
    await engine.release()
  })

  test('a state of another network: INVALID_INPUT; options out of range: INVALID_OPTION', async () => {
    const engine = await engines.tfjs(small, { rng: createRng(1) })
    await expect(engine.restore({ steps: 1, values: {} })).rejects.toThrow(throwsCode('INVALID_INPUT'))
    await engine.release()
    const options = { rng: createRng(1), loss: { labelSmoothing: 1 } }
    await expect(engines.tfjs(small, options)).rejects.toThrow(throwsCode('INVALID_OPTION'))
  })

  test('has the name and version of tfjs, and its backend', async () => {
    const engine = await engines.tfjs(small, { rng: createRng(1) })
    expect(engine.name).toBe('@tensorflow/tfjs 4.22.0 (cpu)')
    await engine.release()
  })
})

/** Batches of 4 clips with soft targets, and logits of a teacher. */
function draw(graph: NetworkGraph, count: number, learningRate = 1e-2): StepBatch[] {
  const rng = createRng(5)
  const classes = namedWeights(graph).at(-1)!.weight.data.length
  return Array.from({ length: count }, () => {
    const target = random(rng, [4, classes])
    for (let n = 0; n < 4; n++) {
      const row = target.data.subarray(n * classes, (n + 1) * classes)
      const exps = row.map(Math.exp)
      const sum = exps.reduce((a, b) => a + b, 0)
      row.set(exps.map((value) => value / sum))
    }
    return {
      input: random(rng, [4, ...graph.input.shape]),
      target,
      teacherLogits: random(rng, [4, classes]),
      learningRate,
    }
  })
}

function random(rng: Rng, dims: readonly number[]) {
  const length = dims.reduce((a, b) => a * b, 1)
  return { type: 'float32' as const, dims, data: Float32Array.from({ length }, () => rng.normal()) }
}

async function trainedBy(
  create: CreateEngine,
  graph: NetworkGraph,
  options: Omit<EngineOptions, 'rng'>,
  steps: number,
  learningRate?: number,
) {
  const engine = await create(graph, { ...options, rng: createRng(3) })
  const batches = draw(graph, steps, learningRate).map((batch) => {
    const { teacherLogits, ...rest } = batch
    return options.loss?.distillation ? batch : rest
  })
  const losses: number[] = []
  let logits: number[] = []
  for (const batch of batches) {
    const result = await engine.step(batch)
    losses.push(result.loss)
    logits = [...result.logits]
  }
  const predicted = [...(await engine.predict(batches[0]!.input))]
  const state = await engine.state()
  await engine.release()
  return { losses, logits, predicted, state }
}

async function lossesOf(engine: TrainingEngine, batches: readonly StepBatch[]): Promise<number[]> {
  const losses: number[] = []
  for (const batch of batches) losses.push((await engine.step(batch)).loss)
  return losses
}

type State = Awaited<ReturnType<TrainingEngine['state']>>

function expectSameState(actual: State, expected: State, tolerance: number): void {
  expect(Object.keys(actual.values).sort()).toEqual(Object.keys(expected.values).sort())
  expect(actual.steps).toBe(expected.steps)
  for (const [name, values] of Object.entries(expected.values)) {
    // The true gradient of a bias before BatchNorm is 0. In tfjs, rounding leaves a small number.
    if (/^[mv]\/conv\d\.bias$/.test(name) && 'norm1.gamma' in expected.values) continue
    expect(relativeError(actual.values[name]!, values), name).toBeLessThan(tolerance)
  }
}

/** ‖a - b‖ / ‖b‖. */
function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length)
  const norm = (value: (i: number) => number) =>
    Math.sqrt(Array.from({ length: expected.length }, (_, i) => value(i) ** 2).reduce((a, b) => a + b, 0))
  return norm((i) => actual[i]! - expected[i]!) / norm((i) => expected[i]!)
}
