/** Schedules: the rates are PyTorch's, wrong options are refused, and training follows them. */
import type { EpochRecord } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import reference from '../../fixtures/schedules.json' with { type: 'json' }
import { given, graph, makeExamples, memoryStore, stubEngine, weightsOf } from '../fixtures/training.js'
import {
  constant,
  cosine,
  fit,
  oneCycle,
  ortEngine,
  reduceOnPlateau,
  type Schedule,
  stepDecay,
  warmUp,
} from '../index.js'

const { rate, epochs, steps, losses } = reference
const training = makeExamples(12, 1)
const validation = makeExamples(6, 2, 'val')

function record(epoch: number, loss: number, accuracy = 1 - loss): EpochRecord {
  const validated = { validationLoss: loss, validationAccuracy: accuracy }
  return { epoch, trainLoss: 1, trainAccuracy: 0, ...validated, learningRate: 1 }
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length)
  for (const [i, value] of actual.entries()) {
    expect(Math.abs(value / expected[i]! - 1), `rate ${i}: ${value}, not ${expected[i]}`).toBeLessThan(1e-9)
  }
}

describe('the rate at the start of each step is PyTorch’s', () => {
  test.each<[keyof typeof reference, Schedule]>([
    ['stepDecay', stepDecay(rate, { every: 2, factor: 0.3 })],
    ['cosine', cosine(rate, { epochs, minRate: 0.001 })],
    ['warmUp', warmUp(rate, { epochs: 2 })],
    ['warmUpCosine', warmUp(cosine(rate, { epochs }), { epochs: 2, startFactor: 0.1 })],
    ['oneCycle', oneCycle(rate, { epochs })],
    ['oneCycleOther', oneCycle(rate, { epochs, pctStart: 0.4, divFactor: 10, finalDivFactor: 100 })],
  ])('%s', (name, schedule) => {
    const found = Array.from({ length: epochs * steps }, (_, step) => schedule(step / steps, []))
    expectClose(found, reference[name] as number[])
  })

  const along = (schedule: Schedule, history: readonly EpochRecord[]) =>
    Array.from({ length: history.length + 1 }, (_, epoch) => schedule(epoch, history.slice(0, epoch)))
  const options = { factor: 0.5, patience: 1, minDelta: 0.02, minRate: 0.002 }
  const history = losses.map((loss, i) => record(i + 1, loss))

  test('reduceOnPlateau', () => {
    const found = along(reduceOnPlateau(rate, options), history)
    expectClose(found, reference.plateau)
    expect(new Set(found).size).toBeGreaterThan(3)
  })

  test('reduceOnPlateau with its defaults', () => {
    const flat = Array.from({ length: 40 }, (_, i) => record(i + 1, 0.5))
    expectClose(along(reduceOnPlateau(rate), flat), reference.plateauDefaults)
  })

  test('reduceOnPlateau of the accuracy', () => {
    const monitored = reduceOnPlateau(rate, { ...options, monitor: 'validationAccuracy' })
    expectClose(along(monitored, history), reference.plateauAccuracy)
  })
})

test('after their end, schedules stay where they are', () => {
  expect(cosine(0.1, { epochs: 3, minRate: 0.01 })(5, [])).toBe(0.01)
  expect(oneCycle(0.1, { epochs: 3 })(5, [])).toBe(0.1 / 25 / 1e4)
  expect(warmUp(0.1, { epochs: 3 })(5, [])).toBe(0.1)
  expect(constant(0.1)(5, [])).toBe(0.1)
})

test('a loss that is no number is no improvement', () => {
  const schedule = reduceOnPlateau(1, { patience: 1 })
  expect(schedule(3, [record(1, 0.5), record(2, Number.NaN), record(3, Number.NaN)])).toBe(0.1)
})

test('training passes the finished epochs to a schedule, and a resumed one passes the same', async () => {
  const seen: number[][] = []
  const learningRate: Schedule = (_, history) => {
    seen.push(history.map(({ epoch }) => epoch))
    return 1e-3
  }
  const store = memoryStore()
  const options = { engine: stubEngine(), batchSize: 12, learningRate, checkpoint: store }
  await fit(graph, ...given(training), { ...options, epochs: 2 })
  // Once for the step, and once for the record.
  expect(seen).toEqual([[], [], [1], [1]])
  seen.length = 0
  await fit(graph, ...given(training), { ...options, epochs: 3 })
  expect(seen).toEqual([[], [1], [1, 2], [1, 2]])
})

test('a resumed training with reduceOnPlateau gives the same bytes', async () => {
  const options = {
    engine: ortEngine({ runtime: ortRuntime, threads: 1 }),
    batchSize: 6,
    learningRate: warmUp(reduceOnPlateau(3e-3, { patience: 0, minDelta: 0.5 }), { epochs: 1 }),
  }
  const whole = await fit(graph, ...given(training, validation), { ...options, epochs: 4 })
  const checkpoint = memoryStore()
  await fit(graph, ...given(training, validation), { ...options, epochs: 2, checkpoint })
  const resumed = await fit(graph, ...given(training, validation), { ...options, epochs: 4, checkpoint })
  expect(resumed.history).toEqual(whole.history)
  expect(whole.history.at(-1)!.learningRate).toBeLessThan(3e-4)
  expect(weightsOf(resumed.graph)).toEqual(weightsOf(whole.graph))
})

test('without validation, reduceOnPlateau is refused after the first epoch', async () => {
  const options = { engine: stubEngine(), epochs: 3, learningRate: reduceOnPlateau(1e-3) }
  await expect(fit(graph, ...given(training), options)).rejects.toThrow(
    throwsCode('INVALID_OPTION', /reduceOnPlateau needs validationLoss, and epoch 1 has none/),
  )
})

describe('refusals', () => {
  test.each<[() => unknown, RegExp]>([
    [() => constant(0), /rate=0/],
    [() => stepDecay(Number.NaN, { every: 1 }), /rate=NaN/],
    [() => stepDecay(1, {} as never), /every/],
    [() => stepDecay(1, { every: 1, factor: 0 }), /factor=0 must be a number in \(0, 1\]/],
    [() => cosine(1, { epochs: Number.NaN }), /epochs=NaN/],
    [() => cosine(1, { epochs: 1, minRate: 2 }), /minRate=2 must be a number in \[0, 1\]/],
    [() => cosine(1, { epoch: 1 } as never), /cosine has no option 'epoch'/],
    [() => warmUp('1' as never, { epochs: 1 }), /schedule='1' must be a number, or a function/],
    [() => warmUp(1, { epochs: 1, startFactor: Number.NaN }), /startFactor=NaN/],
    [() => oneCycle(1, { epochs: 1, pctStart: 1 }), /pctStart=1 must be a number in \(0, 1\)/],
    [() => oneCycle(1, { epochs: 1, divFactor: 0.5 }), /divFactor=0.5 must be a number >= 1/],
    [() => oneCycle(1, { epochs: 1, finalDivFactor: Number.NaN }), /finalDivFactor=NaN/],
    [() => reduceOnPlateau(1, { factor: 1 }), /factor=1 must be a number in \(0, 1\)/],
    [() => reduceOnPlateau(1, { patience: -1 }), /patience=-1/],
    [() => reduceOnPlateau(1, { minDelta: Number.NaN }), /minDelta=NaN must be a number >= 0/],
    [() => reduceOnPlateau(1, { minRate: 2 }), /minRate=2/],
    [() => reduceOnPlateau(1, { monitor: 'loss' as never }), /monitor/],
  ])('%s', (call, message) => {
    expect(call).toThrow(throwsCode('INVALID_OPTION', message))
  })
})
