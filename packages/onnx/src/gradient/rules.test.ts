import { type ActivationNode, inferShapes, type NetworkNode, type PoolNode } from '@esc/core'
import { expect, test } from 'vitest'
import { floatData, floatTensor, writeModel } from '../index.js'
import { ortRuntime } from '../node/index.js'
import type { TrainingNode } from './fuse.js'
import { plainLayout } from './layouts/plain.js'
import { ruleOf } from './rules.js'
import { createStepBuilder } from './step-builder.js'

const layer = (op: NetworkNode['op'], attributes: object = {}) =>
  ({ op, name: 'layer', inputs: ['x'], attributes, weights: {} }) as unknown as NetworkNode
const fusedPool: TrainingNode = {
  op: 'ReLU + MaxPool',
  name: 'layer',
  inputs: ['x'],
  parts: [layer('ReLU') as ActivationNode, layer('MaxPool', { size: [2, 2] }) as PoolNode],
}
const row = (size: number, stride: number) => ({ size: [1, size], strides: [1, stride] })

test.each<[string, TrainingNode, number[], number[], number[], number[]]>([
  ['the first of equals', layer('MaxPool', row(2, 2)), [1, 1, 4], [3, 3, 1, 2], [1, 2], [1, 0, 0, 2]],
  ['the first in row order', layer('MaxPool', { size: [2, 2] }), [1, 2, 2], [7, 7, 7, 7], [5], [5, 0, 0, 0]],
  [
    'the first, with ReLU before it',
    fusedPool,
    [1, 2, 4],
    [7, 7, 0, 0, 7, 7, 0, 0],
    [5, 6],
    [5, 0, 0, 0, 0, 0, 0, 0],
  ],
  [
    'positive, not merely the largest',
    fusedPool,
    [1, 2, 4],
    [-1, -2, 3, 4, -3, -4, 4, 3],
    [5, 6],
    [0, 0, 0, 6, 0, 0, 0, 0],
  ],
  ['the first, overlapping', layer('MaxPool', row(2, 1)), [1, 1, 4], [5, 5, 1, 1], [1, 2, 4], [1, 2, 4, 0]],
  ['of several windows', layer('MaxPool', row(2, 1)), [1, 1, 3], [0, 9, 0], [1, 2], [0, 3, 0]],
  [
    'no zero of the padding',
    layer('MaxPool', { ...row(3, 2), padding: 'same' }),
    [1, 1, 4],
    [-5, -4, -3, -2],
    [1, 2],
    [0, 0, 1, 2],
  ],
  [
    'the first of an image',
    layer('GlobalMaxPool'),
    [2, 2, 2],
    [1, 8, 8, 8, 2, 2, 2, 2],
    [3, 4],
    [0, 3, 0, 0, 4, 0, 0, 0],
  ],
])('a maximum that is %s gets the gradient', async (_name, node, shape, x, dOutput, expected) => {
  expect((await differentiate(node, shape, x, dOutput)).dInput).toEqual(expected)
})

test.each<[string, NetworkNode, number[]]>([
  ['ReLU', layer('ReLU'), [0, 0, 0, 1, 1]],
  ['ReLU6', layer('ReLU6'), [0, 0, 0, 0, 0]],
  ['LeakyReLU', layer('LeakyReLU', { alpha: 0.25 }), [0.25, 0.25, 0.25, 1, 1]],
])('the slopes of %s at its bends are those of PyTorch', async (_name, node, slopes) => {
  expect((await differentiate(node, [5], [-6, -1, 0, 6, 7], [1, 1, 1, 1, 1])).dInput).toEqual(slopes)
})

test.each<[NetworkNode['op'], number[], number[]]>([
  ['Sigmoid', [0, 0, 1, 1], [0, 0, 0, 0]],
  ['Tanh', [-1, -1, 1, 1], [0, 0, 0, 0]],
  ['HardSigmoid', [0, 0, 1, 1], [0, 0, 0, 0]],
  ['HardSwish', [0, 0, 40, 1000], [0, 0, 1, 1]],
  ['Swish', [0, 0, 40, 1000], [0, 0, 1, 1]],
])('far from 0, %s is finite and its slope is constant', async (op, values, slopes) => {
  const { output, dInput } = await differentiate(layer(op), [4], [-1000, -40, 40, 1000], [1, 1, 1, 1])
  expectClose(output, values)
  expectClose(dInput, slopes)
})

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-4)
}

/** A layer's output for one clip, and the gradient of its input. */
async function differentiate(
  node: TrainingNode,
  shape: readonly number[],
  x: number[],
  dOutput: number[],
  isDeadAtZero = false,
) {
  const reshape: NetworkNode = {
    op: 'Reshape',
    name: 'x',
    inputs: ['input'],
    attributes: { shape },
    weights: {},
  }
  const input = { name: 'input', shape: [1, 1, x.length] as const }
  const last = 'parts' in node ? node.parts[1] : node
  const shapes = inferShapes({ name: 'one layer', input, nodes: [reshape, last], output: last.name })
  const outputShape = shapes.get(node.name)!
  const g = createStepBuilder('one layer')
  const inputs = [g.input({ name: 'x', type: 'float32', dims: [1, ...shape] })]
  const context = {
    g,
    layout: plainLayout(g),
    batch: { clips: () => g.filled(1), shares: () => g.filled(1, [1, 1]) },
    inputs,
    inputShapes: [shape],
    outputShape,
    isDeadAtZero,
    needsGradient: [true],
    isFrozen: false,
  }
  const rule = ruleOf(node)(context, node)
  const gradient = g.input({ name: 'dOutput', type: 'float32', dims: [1, ...outputShape] })
  g.nodeWithOutputs('Identity', [rule.output], ['output'])
  g.nodeWithOutputs('Identity', [rule.backward(gradient).inputs[0]!], ['dInput'])
  g.output({ name: 'output', type: 'float32', dims: [1, ...outputShape] })
  g.output({ name: 'dInput', type: 'float32', dims: [1, ...shape] })
  const session = await ortRuntime.createSession(writeModel(g.build()), { threads: 1 })
  const feeds = { x: floatTensor(x, [1, ...shape]), dOutput: floatTensor(dOutput, [1, ...outputShape]) }
  const results = await session.run(feeds)
  await session.release()
  return { output: [...floatData(results, 'output')], dInput: [...floatData(results, 'dInput')] }
}
