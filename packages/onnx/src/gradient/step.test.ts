import type { NetworkGraph, NetworkNode } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { buildGradientModel, buildTrainingModel, floatData, type Tensor, writeModel } from '../index.js'
import { checkModel } from '../inspect/index.js'
import { ortRuntime } from '../node/index.js'

const plain = { attributes: {}, weights: {} }

/** Input 1 × 2 × 4 → copy → max pool 2 × 2 → flatten. The gradients of the copy show where the pooling sends its gradient. */
function poolGraph(): NetworkGraph {
  return {
    name: 'pool',
    input: { name: 'input', shape: [1, 2, 4] },
    nodes: [
      {
        op: 'Conv2D',
        name: 'copy',
        inputs: ['input'],
        attributes: { padding: 'same' },
        weights: {
          kernel: { shape: [1, 1, 1, 1], data: Float32Array.of(1) },
          bias: { shape: [1], data: Float32Array.of(0) },
        },
      },
      { op: 'MaxPool', name: 'pool', inputs: ['copy'], attributes: { size: [2, 2] }, weights: {} },
      { op: 'Flatten', name: 'flat', inputs: ['pool'], ...plain },
    ],
    output: 'flat',
  }
}

describe('max pooling', () => {
  test('sends the gradient to the first of equal values only, as PyTorch does', async () => {
    const session = await ortRuntime.createSession(writeModel(buildGradientModel(poolGraph())))
    const feeds: Record<string, Tensor> = {
      input: { type: 'float32', dims: [1, 1, 2, 4], data: Float32Array.of(3, 3, 1, 2, 3, 3, 2, 2) },
      target: { type: 'float32', dims: [1, 2], data: Float32Array.of(1, 0) },
      'copy.kernel': { type: 'float32', dims: [1, 1, 1, 1], data: Float32Array.of(1) },
      'copy.bias': { type: 'float32', dims: [1], data: Float32Array.of(0) },
    }
    const outputs = await session.run(feeds)
    await session.release()
    // The logits are 3 and 2, so d = softmax - target = (σ - 1, 1 - σ). The kernel's gradient is Σ d · input at the chosen
    // places. If all four equal values counted, the first window would give 4 · 3 · (σ - 1).
    const sigma = 1 / (1 + Math.exp(-1))
    expect(floatData(outputs, 'gradient/copy.kernel')[0]).toBeCloseTo(3 * (sigma - 1) + 2 * (1 - sigma), 5)
    expect(floatData(outputs, 'gradient/copy.bias')[0]).toBeCloseTo(0, 6)
  })
})

describe('the training model', () => {
  test('passes checkModel, and each output next/… has an input of the same name', () => {
    const model = buildTrainingModel(poolGraph())
    checkModel(model)
    const inputs = new Set(model.graph.inputs.map(({ name }) => name))
    const next = model.graph.outputs.map(({ name }) => name).filter((name) => name.startsWith('next/'))
    expect(next.length).toBe(6)
    for (const name of next) expect(inputs.has(name.slice(5)), name).toBe(true)
  })

  test('uses only the standard operator set', () => {
    const model = buildTrainingModel(poolGraph())
    expect(model.domains).toEqual({})
    expect(model.graph.nodes.every(({ domain }) => domain === '')).toBe(true)
  })
})

describe('refusals', () => {
  test('a layer without a rule is UNSUPPORTED_LAYER, and the error names it', () => {
    const graph = poolGraph()
    const nodes = [...graph.nodes.slice(0, 2), { ...graph.nodes[2]!, op: 'Spline' } as unknown as NetworkNode]
    const blocking = { channels: 16 }
    for (const options of [{}, { blocking }]) {
      expect(() => buildGradientModel({ ...graph, nodes }, options)).toThrow(
        throwsCode('UNSUPPORTED_LAYER', "'flat'"),
      )
    }
  })
  test('a node that does not lead to the output is INVALID_INPUT, and the error names it', () => {
    const graph = poolGraph()
    const nodes: NetworkNode[] = [...graph.nodes, { op: 'ReLU', name: 'stray', inputs: ['pool'], ...plain }]
    expect(() => buildGradientModel({ ...graph, nodes })).toThrow(throwsCode('INVALID_INPUT', "'stray'"))
  })
})
