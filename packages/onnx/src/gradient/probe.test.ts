import type { NetworkGraph } from '@esc/core'
import { expect, test } from 'vitest'
import { ortRuntime } from '../node/index.js'
import { floatData, type Tensor } from '../tensor.js'
import { writeModel } from '../write.js'
import { buildProbeModel } from './probe.js'
import { buildGradientModel } from './step.js'

const none = { attributes: {}, weights: {} }
const graph: NetworkGraph = {
  name: 'tiny',
  input: { name: 'input', shape: [1, 2, 2] },
  nodes: [
    { op: 'ReLU', name: 'relu', inputs: ['input'], ...none },
    { op: 'MaxPool', name: 'pool', inputs: ['relu'], attributes: { size: [1, 2] }, weights: {} },
    { op: 'Flatten', name: 'flatten', inputs: ['pool'], ...none },
    {
      op: 'Dense',
      name: 'dense',
      inputs: ['flatten'],
      attributes: {},
      weights: {
        kernel: { shape: [2, 2], data: Float32Array.of(1, 2, -1, 0.5) },
        bias: { shape: [2], data: Float32Array.of(0.25, 0) },
      },
    },
  ],
  output: 'dense',
}

test('shows every layer, also layers that training fuses, and has the loss of the gradient model', async () => {
  const float = (dims: readonly number[], ...values: number[]): Tensor => {
    return { type: 'float32', dims, data: Float32Array.from(values) }
  }
  const feeds = {
    input: float([1, 1, 2, 2], -1, 2, -3, -4),
    target: float([1, 2], 1, 0),
    'dense.kernel': float([2, 2], 1, 2, -1, 0.5),
    'dense.bias': float([2], 0.25, 0),
  }
  const loss = { labelSmoothing: 0.1 }
  const [probe, gradient] = await Promise.all(
    [buildProbeModel(graph, { loss }), buildGradientModel(graph, { loss })].map(async (model) => {
      const session = await ortRuntime.createSession(writeModel(model), { threads: 1 })
      const outputs = await session.run(feeds)
      await session.release()
      return outputs
    }),
  )
  expect(probe).toEqual({
    'layer/relu': float([1, 1, 2, 2], 0, 2, 0, 0),
    'layer/pool': float([1, 1, 2, 1], 2, 0),
    'layer/flatten': float([1, 2], 2, 0),
    'layer/dense': float([1, 2], 2.25, -2),
    loss: gradient!.loss,
  })
  expect(floatData(probe!, 'loss')[0]).toBeGreaterThan(0)
})
