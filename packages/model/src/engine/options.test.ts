/** Averages of weights and frozen layers, in every engine. */
import { createRng, type NetworkGraph, namedWeights, type Rng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import type { OnnxRuntime } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import reference from '../../fixtures/averages.json' with { type: 'json' }
import { melCnn } from '../architectures/mel-cnn.js'
import { separableCnn } from '../fixtures/separable.js'
import { layers, sequential } from '../index.js'
import { ortEngine } from '../ort/engine.js'
import { tfjsEngine } from '../tfjs/index.js'
import { createAverages } from './averages.js'
import type { CreateEngine, EngineOptions, EngineState, StepBatch } from './engine.js'

const plainRuntime: OnnxRuntime = { ...ortRuntime, channelBlock: async () => 1 }
const engines: [string, CreateEngine][] = [
  ['ONNX Runtime', ortEngine({ runtime: ortRuntime, threads: 1 })],
  ['ONNX Runtime, plain layout', ortEngine({ runtime: plainRuntime, threads: 1 })],
  ['tfjs', tfjsEngine()],
]
const size = { bins: 9, frames: 11, classes: 3 }
const separable = separableCnn(size)
const { conv2d, batchNorm, relu, dropout, maxPool, flatten, dense } = layers
const withDropout = sequential(
  [
    ...[
      conv2d({ filters: 4, name: 'conv' }),
      batchNorm({ name: 'norm' }),
      relu(),
      dropout({ rate: 0.3 }),
      maxPool(),
    ],
    ...[flatten(), dense({ units: 3, name: 'head' })],
  ],
  size,
)

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe.each(engines)('%s', (_name, create) => {
  test('averages follow the formula, decide predictions, and go on from a saved state', async () => {
    const ema = 0.7
    const engine = await create(withDropout, { rng: createRng(3), ema })
    const plain = await create(withDropout, { rng: createRng(3) })
    const expected = new Map<string, Float64Array>()
    let middle: EngineState | null = null
    for (const [step, batch] of draw(withDropout, 4).entries()) {
      expect(await engine.step(batch)).toEqual(await plain.step(batch))
      const { values } = await plain.state()
      for (const { name } of namedWeights(withDropout)) {
        const before = expected.get(name)
        const now = Float64Array.from(values[name]!, (w, i) =>
          step === 0 ? w : ema * before![i]! + (1 - ema) * w,
        )
        expected.set(name, now)
      }
      if (step === 1) middle = await engine.state()
    }
    const last = await engine.state()
    const { values: present } = await plain.state()
    for (const [name, average] of expected) {
      expect(last.values[name]).toEqual(present[name])
      expect(worst(last.values[`ema/${name}`]!, average), name).toBeLessThan(1e-6)
    }
    expect(worst(last.values['ema/norm.variance']!, present['norm.variance']!)).toBeGreaterThan(1e-4)

    // A network whose weights are the averages predicts the same.
    const averaged = Object.fromEntries(
      [...expected.keys()].map((name) => [name, last.values[`ema/${name}`]!]),
    )
    const { input } = draw(withDropout, 1)[0]!
    await plain.restore({ steps: 4, values: { ...present, ...averaged } })
    expect(worst(await engine.predict(input), await plain.predict(input))).toBeLessThan(1e-6)

    const rng = createRng(3)
    const resumed = await create(withDropout, { rng, ema })
    await resumed.restore(middle!)
    for (const batch of draw(withDropout, 4).slice(2)) await resumed.step(batch)
    expect(await resumed.state()).toEqual(last)
    await Promise.all([engine, plain, resumed].map((each) => each.release()))
  })

  test.each<[string, NetworkGraph, string[]]>([
    ['a block', separable, separable.nodes.slice(0, 9).map(({ name }) => name)],
    ['the middle of the network', separable, middleOf(separable)],
    ['all but the head', withDropout, ['conv', 'norm', 'dropout*']],
    ['the batch normalisation', withDropout, ['norm']],
  ])('frozen: %s keeps its bytes, and the rest learns', async (_title, graph, frozen) => {
    const options = { ema: 0.9, frozen, optimizer: { kind: 'adamw' } } as const
    const state = await trained(create, graph, options)
    const start = Object.fromEntries(namedWeights(graph).map(({ name, weight }) => [name, weight.data]))
    const isFrozen = (name: string) =>
      frozen.some((pattern) => name.startsWith(pattern.endsWith('*') ? pattern.slice(0, -1) : `${pattern}.`))
    for (const [name, data] of Object.entries(start)) {
      if (isFrozen(name)) {
        expect(state.values[name], name).toEqual(data)
        expect(state.values[`ema/${name}`], name).toEqual(data)
      } else if (!/conv.*bias/.test(name)) expect(state.values[name], name).not.toEqual(data)
      const hasSlots = !isFrozen(name) && !/\.(mean|variance)$/.test(name)
      expect(Object.hasOwn(state.values, `m/${name}`), name).toBe(hasSlots)
    }
    expect(Object.keys(start).some(isFrozen)).toBe(true)
  })

  test('a state goes on with frozen layers', async () => {
    const options = { frozen: ['conv'] }
    const first = await create(withDropout, { rng: createRng(1), ...options })
    const second = await create(withDropout, { rng: createRng(1), ...options })
    const batches = draw(withDropout, 3)
    await first.step(batches[0]!)
    await second.restore(await first.state())
    for (const batch of batches.slice(1)) expect(await second.step(batch)).toEqual(await first.step(batch))
    expect(await second.state()).toEqual(await first.state())
    expect(await first.findNonFinite(batches[2]!)).toBeNull()
    await Promise.all([first.release(), second.release()])
  })

  test.each<[Partial<EngineOptions>, RegExp]>([
    [{ ema: 1 }, /^ema=1 must be a number in \(0, 1\), or null$/],
    [{ ema: Number.NaN }, /^ema=NaN/],
    [{ frozen: ['nothing'] }, /^frozen has 'nothing', .* conv, norm/],
    [{ frozen: ['*'] }, /^frozen leaves no layer/],
  ])('refuses %o', async (options, message) => {
    await expect((async () => create(withDropout, { rng: createRng(1), ...options }))()).rejects.toThrow(
      throwsCode('INVALID_OPTION', message),
    )
  })
})

test.each([
  ['separable', separable, separable.nodes.slice(0, 12).map(({ name }) => name)],
  ['melCnn', melCnn({ ...size, bins: 16, frames: 16 }), ['norm*']],
  ['with dropout', withDropout, ['conv', 'norm']],
] as const)('engines agree with frozen layers: %s', async (_name, graph, frozen) => {
  const options = { ema: 0.9, frozen, optimizer: { epsilon: 1e-3 } }
  const [ours, plain, theirs] = await Promise.all(
    engines.map(([, create]) => trained(create, graph, options)),
  )
  for (const [name, values] of Object.entries(ours!.values)) {
    // The gradient of a bias before a BatchNorm is 0. In tfjs, rounding leaves a small number.
    if (/^[mv]\/.*bias$/.test(name)) continue
    expect(worst(plain!.values[name]!, values), name).toBeLessThan(3e-5)
    expect(worst(theirs!.values[name]!, values), name).toBeLessThan(3e-5)
  }
  expect(Object.keys(theirs!.values).sort()).toEqual(Object.keys(ours!.values).sort())
})

test('averages are those of PyTorch', () => {
  const { decay, weights, averages } = reference
  const weight = { shape: [weights[0]!.length], data: new Float32Array(weights[0]!.length) }
  const moving = createAverages([{ name: 'w', weight, trainable: true, change: 'gradient' }], decay)
  for (const [i, values] of weights.entries()) {
    moving.add({ w: { type: 'float32', dims: weight.shape, data: Float32Array.from(values) } }, i + 1)
    expect(worst(moving.values.w!.data, averages[i]!), `step ${i + 1}`).toBeLessThan(3e-7)
  }
})

/** Layers between others that learn. */
function middleOf(graph: NetworkGraph): string[] {
  return graph.nodes.slice(3, 9).map(({ name }) => name)
}

async function trained(
  create: CreateEngine,
  graph: NetworkGraph,
  options: Omit<EngineOptions, 'rng'>,
): Promise<EngineState> {
  const engine = await create(graph, { ...options, rng: createRng(3) })
  for (const batch of draw(graph, 3)) await engine.step(batch)
  const state = await engine.state()
  await engine.release()
  return state
}

function draw(graph: NetworkGraph, count: number): StepBatch[] {
  const rng = createRng(5)
  const clips = 4
  return Array.from({ length: count }, () => {
    const target = Float32Array.from({ length: clips * size.classes }, (_, i) =>
      i % 4 === 0 || i === 9 ? 1 : 0,
    )
    return {
      input: random(rng, [clips, ...graph.input.shape]),
      target: { type: 'float32', dims: [clips, size.classes], data: target },
      learningRate: 1e-2,
    }
  })
}

function random(rng: Rng, dims: readonly number[]) {
  const length = dims.reduce((a, b) => a * b, 1)
  return { type: 'float32' as const, dims, data: Float32Array.from({ length }, () => rng.normal()) }
}

/** The largest difference. */
function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length)
  return Array.from(actual).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0)
}
