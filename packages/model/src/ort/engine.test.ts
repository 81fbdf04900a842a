/** The training engine against PyTorch: five Adam steps from the same weights on the same batches. */
import { createRng, type NetworkGraph, namedWeights, withWeights } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { buildGradientModel, floatData, type Tensor, writeModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import reference from '../../fixtures/torch-steps.json' with { type: 'json' }
import { audioCnn } from '../architectures/audio-cnn.js'
import { melCnn } from '../architectures/mel-cnn.js'
import { separableCnn } from '../fixtures/separable.js'
import { ortEngine } from './engine.js'

const [batch, classes] = [4, 5]

const networks = [
  ['audio-cnn', audioCnn],
  ['mel-cnn', melCnn],
  ['separable', separableCnn],
] as const

describe.each(networks)('%s', (name, create) => {
  test('losses, logits and running averages follow PyTorch over five Adam steps', async () => {
    // The epsilon for melCnn is larger than Adam's default; fixtures/make.py says why.
    const { bins, frames, epsilon, losses, logits, buffers } = reference[name]
    const start = withoutDropout(withWaveWeights(create({ bins, frames, classes })))
    const options = { rng: createRng(0), optimizer: { epsilon } }
    const engine = await ortEngine({ runtime: ortRuntime, threads: 1 })(start, options)
    for (const [step, expected] of losses.entries()) {
      const { loss } = await engine.step({
        input: waveInput(step, bins, frames),
        target: targets(),
        learningRate: 1e-3,
      })
      expect(Math.abs(loss / expected - 1), `loss of step ${step}`).toBeLessThan(2e-5)
    }
    const predicted = await engine.predict(waveInput(losses.length - 1, bins, frames))
    const { steps, values } = await engine.state()
    await engine.release()
    expect(steps).toBe(losses.length)
    expect(maxError(predicted, logits)).toBeLessThan(2e-5)

    const running = namedWeights(start).filter(({ trainable }) => !trainable)
    const expectedRunning = Object.values(buffers as Record<string, number[]>)
    expect(running.length).toBe(expectedRunning.length)
    running.forEach(({ name: weight }, i) => {
      expect(maxError(values[weight]!, expectedRunning[i]!), weight).toBeLessThan(2e-5)
    })
  })
})

const channels = (await ortRuntime.channelBlock?.()) ?? 1

test.each([
  ['plain', null],
  ['blocked', channels > 1 ? { channels, clips: batch } : null],
  ['blocked, any batch', channels > 1 ? { channels } : null],
])(
  'all gradients of a depthwise-separable network are PyTorch’s in float64: %s',
  async (_layout, blocking) => {
    const { bins, frames, gradients } = reference.separable
    const graph = withWaveWeights(separableCnn({ bins, frames, classes }))
    const model = buildGradientModel(graph, { blocking })
    const session = await ortRuntime.createSession(writeModel(model), { threads: 1, training: true })
    const weights = namedWeights(graph).map(
      ({ name, weight: { shape, data } }) => [name, { type: 'float32', dims: shape, data }] as const,
    )
    const feeds = { ...Object.fromEntries(weights), input: waveInput(0, bins, frames), target: targets() }
    const outputs = await session.run(feeds)
    await session.release()
    const trainable = namedWeights(graph).filter((each) => each.trainable)
    expect(trainable.length).toBe(gradients.length)
    // A bias before a normalisation has gradient 0, and no relative error of its own.
    const floor = 0.01 * Math.max(...gradients.map(norm))
    trainable.forEach(({ name }, i) => {
      const expected = gradients[i]!
      const actual = floatData(outputs, `gradient/${name}`)
      expect(actual.length).toBe(expected.length)
      const error = norm(expected.map((value, j) => value - actual[j]!))
      expect(error / Math.max(norm(expected), floor), name).toBeLessThan(1e-5)
    })
  },
)

function norm(values: readonly number[]): number {
  return Math.hypot(...values)
}

test.each([0, 1.5, Number.NaN])('threads=%d is refused', (threads) => {
  expect(() => ortEngine({ runtime: ortRuntime, threads })).toThrow(
    throwsCode('INVALID_OPTION', new RegExp(`^threads=${threads} must be an integer >= 1$`)),
  )
})

/** The same numbers as `wave` in fixtures/make.py. */
function wave(count: number, phase: number, scale: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 0.7391 + phase * 1.618) * scale)
}

function withWaveWeights(graph: NetworkGraph): NetworkGraph {
  const data = namedWeights(graph)
    .filter(({ trainable }) => trainable)
    .map(({ name, weight: { shape, data: old } }, index) => {
      const fan = shape.length > 1 ? old.length / shape[0]! : 16
      const values = wave(old.length, index, fan ** -0.5)
      return [name, name.endsWith('gamma') ? values.map((value) => value + 1) : values] as const
    })
  return withWeights(graph, Object.fromEntries(data))
}

function withoutDropout(graph: NetworkGraph): NetworkGraph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => (node.op === 'Dropout' ? { ...node, attributes: { rate: 0 } } : node)),
  }
}

function waveInput(step: number, bins: number, frames: number): Tensor {
  return {
    type: 'float32',
    dims: [batch, 1, bins, frames],
    data: wave(batch * bins * frames, 100 + step, 1.5),
  }
}

function targets(): Tensor {
  const data = new Float32Array(batch * classes)
  for (let row = 0; row < batch; row++) data[row * classes + (row % classes)] = 1
  return { type: 'float32', dims: [batch, classes], data }
}

function maxError(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length)
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - actual[i]!)), 0)
}
