/** The engine where steps are in ONNX Runtime's blocked layout: numbers that are not finite, and a session for each size of a batch. */
import { createRng, type NetworkGraph, namedWeights, withWeights } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { buildTrainingModel, type OnnxRuntime } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import type { StepBatch } from '../engine/engine.js'
import { separableCnn } from '../fixtures/separable.js'
import { ortEngine } from './engine.js'

const channels = (await ortRuntime.channelBlock?.()) ?? 1
const plainRuntime: OnnxRuntime = { ...ortRuntime, channelBlock: async () => 1 }
const [batch, bins, frames, classes] = [4, 13, 19, 5]
const separable = separableCnn({ bins, frames, classes })

describe.skipIf(channels === 1)('numbers that are not finite', () => {
  test('the step of this network is in the blocked layout', () => {
    const { domains } = buildTrainingModel(separable, { blocking: { clips: batch, channels } })
    expect(Object.keys(domains)).toContain('com.microsoft.nchwc')
  })

  const cases: [what: string, graph: NetworkGraph, broken: StepBatch, where: string | null][] = [
    ['nothing', separable, batchOf(0), null],
    ['NaN in the input', separable, withValue(batchOf(0), Number.NaN), 'input'],
    ['infinity in the input', separable, withValue(batchOf(0), Number.NEGATIVE_INFINITY), 'input'],
    [
      'NaN in a depthwise kernel',
      withLast('depthwise2.kernel', Number.NaN),
      batchOf(0),
      "weight 'depthwise2.kernel'",
    ],
    [
      'infinity in a kernel of 1 × 1',
      withLast('conv3.kernel', Number.POSITIVE_INFINITY),
      batchOf(0),
      "weight 'conv3.kernel'",
    ],
    ['NaN in BatchNorm', withLast('norm4.gamma', Number.NaN), batchOf(0), "weight 'norm4.gamma'"],
    ['a depthwise layer that overflows', withAll('depthwise2.kernel'), batchOf(0), "layer 'depthwise2'"],
    ['a layer of 1 × 1 that overflows', withAll('conv3.kernel'), batchOf(0), "layer 'conv3'"],
    ['the first layer, which overflows', withAll('conv1.kernel'), batchOf(0), "layer 'conv1'"],
  ]
  test.each(cases)('%s: named as in the plain layout', async (_, graph, broken, where) => {
    for (const runtime of [ortRuntime, plainRuntime]) {
      const engine = await ortEngine({ runtime, threads: 1 })(graph, { rng: createRng(1) })
      expect(await engine.findNonFinite(broken)).toBe(where)
      const { loss } = await engine.step(broken)
      // The loss is what training looks at: a layout must not hide the number.
      expect(Number.isFinite(loss)).toBe(where === null)
      expect(await engine.findNonFinite(broken)).toBe(where)
      await engine.release()
    }
  })
})

test('after release, the engine takes no step and predicts nothing', async () => {
  for (const runtime of [ortRuntime, plainRuntime]) {
    const engine = await ortEngine({ runtime, threads: 1 })(separable, { rng: createRng(1) })
    await engine.step(batchOf(0))
    await engine.release()
    const refused = throwsCode('INVALID_STATE', /^the engine was released$/)
    await expect(engine.step(batchOf(0))).rejects.toThrow(refused)
    await expect(engine.predict(batchOf(0).input)).rejects.toThrow(refused)
  }
})

describe.skipIf(channels === 1)('batches of several sizes', () => {
  const turns: [string, number[], opened: number][] = [
    ['two sizes take turns', [4, 3, 4, 3, 4, 3], 2],
    ['the oldest of three sizes is released and opened again', [4, 3, 2, 4, 4, 2, 3], 5],
  ]
  test.each(turns)('%s: the same seed gives the same bytes', async (_, sizes, opened) => {
    const [first, second, plain] = [await run(ortRuntime), await run(ortRuntime), await run(plainRuntime)]
    expect(second).toEqual(first)
    expect(first.sessions).toEqual({ opened, mostOpen: 2, open: 0 })
    expect(plain.sessions).toEqual({ opened: 1, mostOpen: 1, open: 0 })
    for (const [step, { loss }] of first.results.entries()) {
      expect(Math.abs(loss / plain.results[step]!.loss - 1), `step ${step}`).toBeLessThan(2e-5)
    }

    async function run(runtime: OnnxRuntime) {
      const { counted, sessions } = countSessions(runtime)
      const engine = await ortEngine({ runtime: counted, threads: 1 })(separable, { rng: createRng(7) })
      const results = []
      for (const [step, clips] of sizes.entries()) results.push(await engine.step(batchOf(step, clips)))
      const state = await engine.state()
      await engine.release()
      return { results, state, sessions }
    }
  })
})

test('refuses at once what it cannot build', async () => {
  const layer = separable.nodes.find(({ op }) => op === 'GlobalAveragePool')!
  const nodes = separable.nodes.map((node) => (node === layer ? { ...node, op: 'Spline' } : node))
  const broken = { ...separable, nodes } as NetworkGraph
  await expect(
    (async () => ortEngine({ runtime: ortRuntime })(broken, { rng: createRng(1) }))(),
  ).rejects.toThrow(throwsCode('UNSUPPORTED_LAYER', layer.name))
})

function batchOf(seed: number, clips: number = batch): StepBatch {
  const rng = createRng(seed)
  const data = Float32Array.from({ length: clips * bins * frames }, () => rng.normal())
  const target = Float32Array.from({ length: clips * classes }, (_, i) => (i % (classes + 1) === 0 ? 1 : 0))
  return {
    input: { type: 'float32', dims: [clips, 1, bins, frames], data },
    target: { type: 'float32', dims: [clips, classes], data: target },
    learningRate: 1e-3,
  }
}

/** The batch with one other value in the last clip. */
function withValue(given: StepBatch, value: number): StepBatch {
  const data = Float32Array.from(given.input.data as Float32Array)
  data[data.length - 40] = value
  return { ...given, input: { type: 'float32', dims: given.input.dims, data } }
}

function withData(name: string, change: (data: Float32Array) => Float32Array): NetworkGraph {
  const { weight } = namedWeights(separable).find((each) => each.name === name)!
  return withWeights(separable, { [name]: change(weight.data) })
}

function withLast(name: string, value: number): NetworkGraph {
  return withData(name, (data) => data.map((old, i) => (i === data.length - 1 ? value : old)))
}

/** Weights that are finite, but so large that the layer's output is not. */
function withAll(name: string): NetworkGraph {
  return withData(name, (data) => data.map(() => 3e38))
}

/** A runtime that counts its sessions. */
function countSessions(runtime: OnnxRuntime) {
  const sessions = { opened: 0, mostOpen: 0, open: 0 }
  const counted: OnnxRuntime = {
    ...runtime,
    async createSession(model, options) {
      const session = await runtime.createSession(model, options)
      sessions.opened++
      sessions.open++
      sessions.mostOpen = Math.max(sessions.mostOpen, sessions.open)
      return {
        ...session,
        async release() {
          sessions.open--
          await session.release()
        },
      }
    },
  }
  return { counted, sessions }
}
