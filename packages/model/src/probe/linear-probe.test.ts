/** The linear probe, compared with scikit-learn. */
import { type DrawnFeatures, type Example, type FeatureSet, featureSet, type TrainedModel } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import cases from '../../fixtures/linear-probe.json' with { type: 'json' }
import { given, makeExamples } from '../fixtures/training.js'
import { evaluate, linearProbe, predict, type TrainEvent } from '../index.js'

type Case = (typeof cases)[number]

/** The same numbers as `wave` in `fixtures/make_probe.py`. */
function wave(count: number, phase: number, scale: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 0.7391 + phase * 1.618) * scale)
}

/** The clips of a case: `count` for training and 12 more. */
function clipsOf({ count, bins, frames, spread, constant, labels }: Case): Example[] {
  return Array.from({ length: count + 12 }, (_, i) => {
    const noise = wave(bins * frames, i * 1.37 + 0.11 * i * i, spread)
    const [pattern, loudness] = [wave(bins, 100 + (i % 10), 1), wave(bins, i + 0.5, 0.5)]
    const data = noise.map((value, at) => {
      const bin = Math.floor(at / frames)
      return Math.fround(Math.fround(value * Math.fround(1 + loudness[bin]!)) + Math.fround(pattern[bin]!))
    })
    const shifted = data.map((value) => Math.fround(value - 20))
    if (constant) {
      shifted.fill(-33.3, frames, 2 * frames)
      shifted.fill(shifted[2 * frames]!, 2 * frames, 3 * frames)
    }
    return { id: `clip ${i}`, features: { data: shifted, bins, frames }, labelIndex: labels[i] ?? 0 }
  })
}

const indices = (length: number, from = 0) => Array.from({ length }, (_, i) => from + i)

async function probed(each: Case): Promise<{ model: TrainedModel; set: FeatureSet; events: TrainEvent[] }> {
  const names = indices(each.classes).map((k) => `class ${k}`)
  const set = featureSet(clipsOf(each), { labels: names })
  const events: TrainEvent[] = []
  const model = await linearProbe(
    null,
    set,
    { train: indices(each.count) },
    {
      C: each.C,
      classWeights: each.weights,
      onEvent: (event) => events.push(event),
    },
  )
  return { model, set, events }
}

/** The largest difference, as a share of the largest expected value. */
function relativeError(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(...expected.map(Math.abs))
  return Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value))) / scale
}

describe('against scikit-learn 1.2', () => {
  test.each(cases.map((each) => [each.name, each] as const))('%s', async (_name, each) => {
    const { model, set } = await probed(each)
    const { logits } = await evaluate(model, set, null, { runtime: ortRuntime })
    const { classes, present } = each
    const rows = indices(logits.length / classes)
    const ofPresent = rows.flatMap((row) => present.map((k) => logits[row * classes + k]!))
    expect(relativeError(ofPresent, each.logits.flat())).toBeLessThan(1e-4)
    const scores = (await predict(model, set, null, { runtime: ortRuntime })).map(({ scores }) => scores)
    const error = scores.flatMap((row, i) => present.map((k, j) => Math.abs(row[k]! - each.scores[i]![j]!)))
    expect(Math.max(...error)).toBeLessThan(1e-4)
  })

  test.each(cases.map((each) => [each.name, each] as const))('%s: weights', async (_name, each) => {
    const { model } = await probed(each)
    const { kernel, bias } = denseOf(model)
    const { mean, std } = model.normalizer!
    const columns = 2 * each.bins
    const statistics = clipsOf(each)
      .slice(0, each.count)
      .map(({ features }) => naiveStatistics(features))
    const scale = indices(columns).map((j) => deviation(statistics.map((row) => row[j]!)) || 1)
    const centre = indices(columns).map((j) => average(statistics.map((row) => row[j]!)))
    // Takes the folding apart again: weights of standardised statistics, and the intercept at their means.
    const coef = each.present.flatMap((k) =>
      indices(columns).map((j) => (kernel[k * columns + j]! / std[j % each.bins]!) * scale[j]!),
    )
    const intercept = each.present.map((k) =>
      indices(columns).reduce((sum, j) => {
        const normalised = (centre[j]! - (j < each.bins ? mean[j]! : 0)) / std[j % each.bins]!
        return sum + kernel[k * columns + j]! * normalised
      }, bias[k]!),
    )
    expect(relativeError(coef, each.coef.flat())).toBeLessThan(1e-4)
    expect(relativeError(intercept, each.intercept)).toBeLessThan(1e-3)
  })
})

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
function deviation(values: readonly number[]): number {
  const centre = average(values)
  const found = Math.sqrt(average(values.map((value) => (value - centre) ** 2)))
  return found > 1e-12 ? found : 0
}
function naiveStatistics({ data, bins, frames }: DrawnFeatures['features']): number[] {
  const rows = indices(bins).map((bin) => [...data.subarray(bin * frames, (bin + 1) * frames)])
  return [...rows.map(average), ...rows.map(deviation)]
}
function denseOf({ graph }: TrainedModel): { kernel: Float32Array; bias: Float32Array } {
  const node = graph.nodes.find(({ op }) => op === 'Dense')!
  const { kernel, bias } = node.weights as Record<string, { data: Float32Array }>
  return { kernel: kernel!.data, bias: bias!.data }
}

test('a class without examples is told, and its score is below 2e-9', async () => {
  const each = cases.find(({ name }) => name === 'a class without examples')!
  const { model, set, events } = await probed(each)
  expect(events).toEqual([{ type: 'warning', message: expect.stringContaining("'class 2'") }])
  for (const { scores } of await predict(model, set, null, { runtime: ortRuntime })) {
    expect(scores[2]).toBeLessThan(2.1e-9)
  }
})

test('the same model for the same examples, and the history is empty', async () => {
  const [set, split] = given(makeExamples(30, 1), makeExamples(6, 2, 'other'))
  const first = await linearProbe(null, set, split)
  expect(await linearProbe(null, set, split, { seed: 7 })).toEqual(first)
  expect(first).toMatchObject({ history: [], bestEpoch: 0, activation: 'softmax', stoppedEarly: false })
})

test('a hard target given as a soft label is the label', async () => {
  const [set, split] = given(makeExamples(30, 1))
  const soft: FeatureSet = {
    ...set,
    async get(index) {
      const target = new Float32Array(3)
      target[set.records[index]!.labelIndex] = 1
      return { ...(await set.get(index)), target }
    },
  }
  expect(denseOf(await linearProbe(null, soft, split))).toEqual(denseOf(await linearProbe(null, set, split)))
})

test('a soft label counts as an example of each class, with its share as weight', async () => {
  const examples = makeExamples(30, 1)
  const twice = examples.flatMap((each) => [each, { ...each, id: `${each.id} again` }])
  const [hardSet, hardSplit] = given(
    twice.map((each, i) => ({
      ...each,
      labelIndex: i % 2 === 0 ? each.labelIndex : (each.labelIndex + 1) % 3,
    })),
  )
  const [set, split] = given(examples)
  const soft: FeatureSet = {
    ...set,
    async get(index) {
      const target = new Float32Array(3).fill(0)
      target[set.records[index]!.labelIndex] = 0.5
      target[(set.records[index]!.labelIndex + 1) % 3] = 0.5
      return { ...(await set.get(index)), target }
    },
  }
  // Every example twice means twice the loss.
  const ofSoft = denseOf(await linearProbe(null, soft, split, { C: 2 }))
  const ofHard = denseOf(await linearProbe(null, hardSet, hardSplit, { C: 1 }))
  expect(relativeError(ofSoft.kernel, [...ofHard.kernel])).toBeLessThan(1e-5)
})

describe('linearProbe refuses', () => {
  const [set, split] = given(makeExamples(30, 1))
  test.each([
    ['C of 0', { C: 0 }, /C=0 must be a finite number > 0/],
    ['C that is NaN', { C: Number.NaN }, /C=NaN/],
    ['a tolerance of 0', { tolerance: 0 }, /tolerance=0/],
    ['no iterations', { maxIterations: 0 }, /maxIterations=0/],
    ['too few class weights', { classWeights: [1, 2] }, /classWeights is \[1,2\]; it must be 3 numbers/],
    ['epochs', { epochs: 30 } as object, /linearProbe has no option 'epochs'/],
  ])('%s', async (_name, options, text) => {
    await expect(linearProbe(null, set, split, options)).rejects.toThrow(throwsCode('INVALID_OPTION', text))
  })

  test('a feature that is not a number, and names the example', async () => {
    const examples = makeExamples(6, 1)
    examples[4]!.features.data[13] = Number.NaN
    const [broken, parts] = given(examples)
    await expect(linearProbe(null, broken, parts)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /'clip4'.*NaN/),
    )
  })

  test('examples of one class only', async () => {
    const train = indices(10).map((i) => 3 * i)
    await expect(linearProbe(null, set, { train })).rejects.toThrow(
      throwsCode('INVALID_INPUT', /one class only, 'dog'/),
    )
  })

  test('to return a model that has not converged', async () => {
    await expect(linearProbe(null, set, split, { maxIterations: 1 })).rejects.toThrow(
      throwsCode('DIVERGED', /did not converge: after 1 steps .*raise maxIterations/),
    )
  })

  test('to go on after an abort', async () => {
    const stop = new AbortController()
    const running = linearProbe(null, set, split, { signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
  })
})
