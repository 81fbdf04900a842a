/** State of the engine on ONNX Runtime, and where it finds numbers that are not finite. */
import { createRng, type NetworkGraph, withWeights } from '@esc/core'
import { throwsCode } from '@esc/expect'
import type { OnnxRuntime, Tensor } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { afterAll, describe, expect, test } from 'vitest'
import { audioCnn } from '../architectures/audio-cnn.js'
import { melCnn } from '../architectures/mel-cnn.js'
import type { EngineState, StepBatch } from '../engine/engine.js'
import { ortEngine } from './engine.js'

const graph = audioCnn({ bins: 4, frames: 4, classes: 2 })
const create = ortEngine({ runtime: ortRuntime, threads: 1 })
const engine = await create(graph, { rng: createRng(1) })
afterAll(() => engine.release())

function batchOf(seed: number, clips = 3): StepBatch {
  const rng = createRng(seed)
  const random = (dims: readonly number[]): Tensor => {
    const size = dims.reduce((a, b) => a * b, 1)
    return { type: 'float32', dims, data: Float32Array.from({ length: size }, () => rng.normal()) }
  }
  const target = Float32Array.from({ length: clips * 2 }, (_, i) => i % 2)
  return {
    input: random([clips, 1, 4, 4]),
    target: { type: 'float32', dims: [clips, 2], data: target },
    learningRate: 0.01,
  }
}

test('a restored engine goes on as the first one did, with the same dropout', async () => {
  const rng = createRng(5)
  const first = await create(graph, { rng })
  for (let seed = 0; seed < 3; seed++) await first.step(batchOf(seed))
  const saved = await first.state()
  const second = await create(graph, { rng: createRng(rng.state()) })
  await second.restore(saved)
  for (let seed = 3; seed < 6; seed++) {
    expect(await second.step(batchOf(seed, 4))).toEqual(await first.step(batchOf(seed, 4)))
  }
  const state = await first.state()
  expect(await second.state()).toEqual(state)
  expect(state.steps).toBe(6)
  expect(state.values).not.toEqual(saved.values)
  await first.release()
  await second.release()
})

test('predictions follow the weights: after a step, and after a restore', async () => {
  const { input } = batchOf(9)
  const saved = await engine.state()
  const before = await engine.predict(input)
  expect(await engine.predict(input)).toEqual(before)
  await engine.step(batchOf(1))
  expect(await engine.predict(input)).not.toEqual(before)
  await engine.restore(saved)
  expect(await engine.predict(input)).toEqual(before)
})

test('a step changes neither the graph nor a state that was returned earlier', async () => {
  const kernel = graph.nodes.find(({ name }) => name === 'conv1')!.weights as Record<
    string,
    { data: Float32Array }
  >
  const before = kernel.kernel!.data.slice()
  const state = await engine.state()
  const kept = structuredClone(state)
  await engine.step(batchOf(1))
  await engine.step(batchOf(2))
  expect(state).toEqual(kept)
  expect(kernel.kernel!.data).toEqual(before)
})

test('weights are always in one of two arrays, and predictions share a session', async () => {
  const seen = new Map<string, Set<unknown>>()
  let sessions = 0
  const watched: OnnxRuntime = {
    name: 'watched',
    async createSession(model, options) {
      sessions++
      const session = await ortRuntime.createSession(model, options)
      return {
        ...session,
        run(feeds, outputs = {}) {
          for (const [name, { data }] of [...Object.entries(feeds), ...Object.entries(outputs)]) {
            const key = name.replace(/^next\//, '')
            seen.set(key, (seen.get(key) ?? new Set()).add(data.buffer))
          }
          return session.run(feeds, outputs)
        },
      }
    },
  }
  const counted = await ortEngine({ runtime: watched, threads: 1 })(graph, { rng: createRng(1) })
  for (let seed = 0; seed < 5; seed++) await counted.step(batchOf(seed, seed === 4 ? 2 : 3))
  const sizes = (names: string[]) => names.map((name) => seen.get(name)!.size)
  expect(sizes(['conv1.kernel', 'dense2.bias', 'm/conv1.kernel', 'v/dense2.bias'])).toEqual([2, 2, 2, 2])
  expect(sizes(['dropout.mask'])).toEqual([2])
  expect(sessions).toBe(1)
  await counted.predict(batchOf(1).input)
  await counted.predict(batchOf(2).input)
  expect(sessions).toBe(2)
  await counted.release()
})

describe('restore', () => {
  const edits: [string, (values: Record<string, Float32Array>) => void, string][] = [
    ['a missing value', (values) => delete values['m/conv1.bias'], "state has no values 'm/conv1.bias'"],
    [
      'a length',
      (values) => Object.assign(values, { 'dense2.bias': new Float32Array(3) }),
      "state has 3 values 'dense2.bias'; 'audio-cnn' needs 2",
    ],
    [
      'an unknown value',
      (values) => Object.assign(values, { 'momentum/conv1.bias': new Float32Array(16) }),
      "state has values 'momentum/conv1.bias', which 'audio-cnn' and its optimiser do not",
    ],
  ]
  test.each(edits)('refuses %s and changes nothing', async (_, edit, message) => {
    const before = await engine.state()
    const values = Object.fromEntries(
      Object.entries(before.values).map(([name, data]) => [name, data.map((value) => value + 1)]),
    )
    edit(values)
    const refused = throwsCode('INVALID_INPUT', message)
    await expect(engine.restore({ steps: 1, values })).rejects.toEqual(refused)
    expect(await engine.state()).toEqual(before)
  })

  test.each([-1, 0.5, Number.NaN])('refuses steps=%s', async (steps) => {
    const state: EngineState = { ...(await engine.state()), steps }
    await expect(engine.restore(state)).rejects.toThrow(
      throwsCode('INVALID_INPUT', new RegExp(`^state has steps=${steps}, which must be an integer >= 0$`)),
    )
  })
})

describe('findNonFinite', () => {
  const wide = melCnn({ bins: 8, frames: 8, classes: 2 })
  const withHuge = (name: string, value: number): NetworkGraph => {
    const [node, key] = name.split('.') as [string, string]
    const weights = wide.nodes.find((each) => each.name === node)!.weights as Record<
      string,
      { data: Float32Array }
    >
    return withWeights(wide, { [name]: weights[key]!.data.map(() => value) })
  }
  const batch = (fill: (i: number) => number): StepBatch => ({
    input: {
      type: 'float32',
      dims: [2, 1, 8, 8],
      data: Float32Array.from({ length: 128 }, (_, i) => fill(i)),
    },
    target: { type: 'float32', dims: [2, 2], data: Float32Array.of(0, 1, 1, 0) },
    learningRate: 1e-3,
  })
  test.each([
    ['nothing', wide, batch(Math.sin), null],
    ['a weight', withHuge('dense.kernel', Number.NaN), batch(Math.sin), "weight 'dense.kernel'"],
    ['the input', wide, batch((i) => (i === 100 ? Number.POSITIVE_INFINITY : i)), 'input'],
    ['a layer', withHuge('conv2.kernel', 3e38), batch(Math.sin), "layer 'conv2'"],
    ['the first layer, not one behind it', withHuge('conv1.kernel', 3e38), batch((i) => i), "layer 'conv1'"],
    [
      'the loss',
      wide,
      {
        ...batch(Math.sin),
        target: { type: 'float32', dims: [2, 2], data: Float32Array.of(Number.NaN, 1, 1, 0) },
      },
      'loss',
    ],
  ] as [string, NetworkGraph, StepBatch, string | null][])('%s', async (_, network, given, where) => {
    const seeker = await create(network, { rng: createRng(1) })
    expect(await seeker.findNonFinite(given)).toBe(where)
    // It checks the weights from before the step, not those that the step has broken.
    await seeker.step(given)
    expect(await seeker.findNonFinite(given)).toBe(where)
    await seeker.release()
  })

  test('does not change what dropout draws next', async () => {
    const rng = createRng(3)
    const seeker = await create(graph, { rng })
    const before = rng.state()
    expect(await seeker.findNonFinite(batchOf(1))).toBeNull()
    expect(rng.state()).toEqual(before)
    await seeker.release()
  })
})
