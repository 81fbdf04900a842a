import { createRng, EscError, type Example, isEscError, namedWeights } from '@esc/core'
import type { OnnxRuntime } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import { audioCnn, fit, type TrainEvent, train } from './index.js'

const [bins, frames, classes] = [8, 12, 3]
const graph = audioCnn({ bins, frames, classes, seed: 1 })
const runtime = ortRuntime

/** Noise around one pattern per class: learnable, not trivial. */
function makeExamples(count: number, seed: number): Example[] {
  const patterns = createRng(99)
  const means = Array.from({ length: classes }, () => Array.from({ length: bins }, () => patterns.normal()))
  const rng = createRng(seed)
  return Array.from({ length: count }, (_, i) => {
    const labelIndex = i % classes
    const data = Float32Array.from(
      { length: bins * frames },
      (_, k) => means[labelIndex]![Math.floor(k / frames)]! + rng.normal(),
    )
    return { id: `clip${i}`, features: { data, bins, frames }, labelIndex, group: `${i}`, fold: null }
  })
}

const training = makeExamples(45, 1)
const validation = makeExamples(15, 2)

describe('fit', () => {
  test('learns what can be learnt, and keeps the epoch with the lowest validation loss', async () => {
    const result = await fit(graph, { train: training, validation }, { runtime, epochs: 12, batchSize: 16 })
    expect(result.history.at(-1)!.trainLoss).toBeLessThan(0.5 * result.history[0]!.trainLoss)
    const losses = result.history.map(({ validationLoss }) => validationLoss!)
    expect(result.bestEpoch).toBe(losses.indexOf(Math.min(...losses)) + 1)
    expect(result.history[result.bestEpoch - 1]!.validationAccuracy).toBeGreaterThan(0.9)
  })

  test('the same seed gives the same bytes, another seed does not', async () => {
    const weightsOf = async (seed: number) => {
      const result = await fit(graph, { train: training }, { runtime, epochs: 2, batchSize: 16, seed })
      return namedWeights(result.graph).map(({ weight }) => weight.data)
    }
    const [first, again, other] = [await weightsOf(5), await weightsOf(5), await weightsOf(6)]
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
  })

  test('the graph that was given keeps its weights', async () => {
    const before = namedWeights(graph).map(({ weight }) => Float32Array.from(weight.data))
    await fit(graph, { train: training }, { runtime, epochs: 1 })
    expect(namedWeights(graph).map(({ weight }) => weight.data)).toEqual(before)
  })

  test('stops early when validation gets no better', async () => {
    // Validation labels that contradict the training ones: learning can only make that loss worse.
    const contrary = validation.map((example) => ({
      ...example,
      labelIndex: (example.labelIndex + 1) % classes,
    }))
    const result = await fit(
      graph,
      { train: training, validation: contrary },
      { runtime, epochs: 30, batchSize: 16, patience: 2 },
    )
    expect(result.stoppedEarly).toBe(true)
    expect(result.history.length).toBe(result.bestEpoch + 2)
  })
})

test('train yields every step and every epoch in order', async () => {
  const seen: string[] = []
  for await (const event of train(graph, { train: training }, { runtime, epochs: 2, batchSize: 20 })) {
    seen.push(describeEvent(event))
  }
  expect(seen).toEqual(['1/1', '1/2', '1/3', 'epoch 1', '2/1', '2/2', '2/3', 'epoch 2'])
})

function describeEvent(event: TrainEvent): string {
  return event.type === 'step' ? `${event.epoch}/${event.step}` : `epoch ${event.epoch}`
}

describe('refusals', () => {
  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => 'no error',
      (error) => (isEscError(error) ? `${error.code}: ${error.message}` : error),
    )

  test('no examples, a wrong shape, a wrong label', async () => {
    expect(await refusal(fit(graph, { train: [] }, { runtime }))).toMatch(/^INVALID_INPUT/)
    const wide = {
      ...training[0]!,
      id: 'wide',
      features: { data: new Float32Array(8 * 13), bins: 8, frames: 13 },
    }
    expect(await refusal(fit(graph, { train: [wide] }, { runtime }))).toMatch(
      /^INVALID_INPUT: example 'wide'/,
    )
    const alien = { ...training[0]!, id: 'alien', labelIndex: 3 }
    expect(await refusal(fit(graph, { train: [alien] }, { runtime }))).toMatch(
      /^INVALID_INPUT: example 'alien'/,
    )
  })

  test('a loss that is not a number stops with the step', async () => {
    const data = new Float32Array(bins * frames).fill(Number.NaN)
    const poisoned = { ...training[0]!, features: { data, bins, frames } }
    expect(await refusal(fit(graph, { train: [poisoned] }, { runtime }))).toMatch(
      /loss=NaN at epoch 1, step 1 of 1/,
    )
  })

  test('weights that the last step broke are not handed out', async () => {
    const options = { runtime, epochs: 1, batchSize: 64, learningRate: 3e38 }
    expect(await refusal(fit(graph, { train: training }, options))).toMatch(
      /^INVALID_INPUT: weight '.*' is not finite/,
    )
  })

  test('a validation loss that is not a number', async () => {
    const data = new Float32Array(bins * frames).fill(Number.NaN)
    const examples = { train: training, validation: [{ ...training[0]!, features: { data, bins, frames } }] }
    expect(await refusal(fit(graph, examples, { runtime, epochs: 1 }))).toMatch(
      /^INVALID_INPUT: validation loss=NaN/,
    )
  })

  test('options out of range', async () => {
    for (const options of [
      { epochs: 0 },
      { batchSize: 1.5 },
      { learningRate: Number.NaN },
      { patience: 0 },
    ]) {
      expect(await refusal(fit(graph, { train: training }, { runtime, ...options }))).toMatch(
        /^INVALID_OPTION/,
      )
    }
  })

  test('a layer without a gradient rule is named', async () => {
    const strange = {
      ...graph,
      nodes: [{ ...graph.nodes[0]!, op: 'Spline' as never }, ...graph.nodes.slice(1)],
    }
    expect(await refusal(fit(strange, { train: training }, { runtime }))).toMatch(
      /^UNSUPPORTED_LAYER: .*conv1.*Spline/,
    )
  })

  test('an onEvent that throws frees the engine, and its error comes through', async () => {
    let [created, released] = [0, 0]
    const counting: OnnxRuntime = {
      name: 'counting',
      async createSession(model, options) {
        created++
        const session = await ortRuntime.createSession(model, options)
        return {
          ...session,
          release() {
            released++
            return session.release()
          },
        }
      },
    }
    const onEvent = () => {
      throw new Error('no more')
    }
    await expect(fit(graph, { train: training }, { runtime: counting, onEvent })).rejects.toThrow('no more')
    expect([created, released]).toEqual([1, 1])
  })

  test('threads reach every session', async () => {
    const seen: (number | undefined)[] = []
    const spying: OnnxRuntime = {
      name: 'spying',
      createSession(model, options) {
        seen.push(options?.threads)
        return ortRuntime.createSession(model, options)
      },
    }
    await fit(graph, { train: training, validation }, { runtime: spying, epochs: 1, threads: 1 })
    expect(seen).toEqual([1, 1])
  })

  test('an abort rethrows its reason', async () => {
    const controller = new AbortController()
    const reason = new EscError('IO', 'enough')
    const onEvent = () => controller.abort(reason)
    await expect(
      fit(graph, { train: training }, { runtime, signal: controller.signal, onEvent }),
    ).rejects.toBe(reason)
  })
})
