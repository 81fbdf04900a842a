import type { NetworkGraph, NetworkNode } from '@esc/core'
import { createRng } from '@esc/core'
import { describe, expect, test } from 'vitest'
import { buildGradientModel, floatData, floatTensor, writeModel } from '../index.js'
import { ortRuntime } from '../node/index.js'
import { batchNorm, conv, dense, pooled, simple } from './fixtures/network.js'
import { same } from './fixtures/window-cases.js'
import { fuseNodes } from './fuse.js'

const rng = createRng(4)
const first = conv(rng, 'conv', 'input', [3, 1, 3, 3], same)
const norm = batchNorm(rng, 'conv', 3)
const pool = (from: string, attributes = {}) => pooled('MaxPool', { size: [2, 2], ...attributes }, from)
const graphOf = (...nodes: NetworkNode[]): NetworkGraph => ({
  name: 'fusing',
  input: { name: 'input', shape: [1, 4, 6] },
  nodes,
  output: nodes.at(-1)!.name,
})
const opsOf = (graph: NetworkGraph) => fuseNodes(graph).map(({ op }) => op)

describe('fuseNodes fuses', () => {
  test.each<[string, NetworkNode[], string[]]>([
    [
      'both pairs of a block',
      [first, norm, simple('ReLU', 'norm'), pool('ReLU')],
      ['Conv2D + BatchNorm', 'ReLU + MaxPool'],
    ],
    ['all three', [first, simple('ReLU', 'conv'), pool('ReLU')], ['Conv2D + ReLU + MaxPool']],
    [
      'not a ReLU without a pool',
      [first, simple('ReLU', 'conv'), simple('GlobalAveragePool', 'ReLU')],
      ['Conv2D', 'ReLU', 'GlobalAveragePool'],
    ],
    [
      'not what another layer reads, too',
      [
        first,
        simple('ReLU', 'conv'),
        pool('ReLU'),
        simple('GlobalMaxPool', 'ReLU'),
        simple('GlobalAveragePool', 'pool'),
        {
          op: 'Add',
          name: 'sum',
          inputs: ['GlobalMaxPool', 'GlobalAveragePool'],
          attributes: {},
          weights: {},
        },
      ],
      ['Conv2D', 'ReLU', 'MaxPool', 'GlobalMaxPool', 'GlobalAveragePool', 'Add'],
    ],
    [
      'not windows that overlap, are padded or large',
      [
        first,
        simple('ReLU', 'conv'),
        { ...pool('ReLU', { strides: [1, 1] }), name: 'a' },
        simple('ReLU', 'a', 'b'),
        { ...pool('b', { padding: 'same' }), name: 'c' },
        simple('ReLU', 'c', 'd'),
        pool('d', { size: [1, 5] }),
      ],
      ['Conv2D', 'ReLU', 'MaxPool', 'ReLU', 'MaxPool', 'ReLU', 'MaxPool'],
    ],
  ])('%s', (_name, nodes, ops) => {
    expect(opsOf(graphOf(...nodes))).toEqual(ops)
  })

  test('no node with the node that is the output before it', () => {
    expect(opsOf({ ...graphOf(first, norm), output: 'conv' })).toEqual(['Conv2D', 'BatchNorm'])
  })

  test('into a node with the name of the last part and the inputs of the first part', () => {
    const [node] = fuseNodes(graphOf(first, simple('ReLU', 'conv'), pool('ReLU')))
    expect(node).toMatchObject({ name: 'pool', inputs: ['input'] })
  })
})

test('only the first of equal positive values in a window gets the gradient', async () => {
  const copy = conv(rng, 'copy', 'input', [1, 1, 1, 1], same)
  const ones = { shape: [1, 1, 1, 1], data: Float32Array.of(1) }
  const zero = { shape: [1], data: Float32Array.of(0) }
  const nodes = [
    { ...copy, weights: { kernel: ones, bias: zero } } as NetworkNode,
    simple('ReLU', 'copy'),
    pool('ReLU'),
    simple('Flatten', 'pool'),
    dense(rng, 'dense', 'Flatten', 2, 6),
  ]
  const graph = graphOf(...nodes)
  const { kernel, bias } = graph.nodes.at(-1)!.weights as unknown as Record<string, { data: Float32Array }>
  // The windows: all values equal; equal values below and right; all negative; all zero; the largest value last; values 2 ulp apart.
  const image = [
    [3, 3, 1, 2, -1, -2],
    [3, 3, 2, 2, -3, -1],
    [0, 0, 1, 2, 5, 5 + 2 ** -20],
    [0, 0, 3, 4, 1, 1],
  ]
  const winners = [0, 3, null, null, 21, 17]
  const session = await ortRuntime.createSession(writeModel(buildGradientModel(graph)), { threads: 1 })
  const dims = [1, 1, 4, 6]
  const outputs = await session.run({
    input: floatTensor(image.flat(), dims),
    target: floatTensor([1, 0], [1, 2]),
    'copy.kernel': floatTensor(ones.data, ones.shape),
    'copy.bias': floatTensor(zero.data, zero.shape),
    'dense.kernel': floatTensor(kernel!.data, [2, 6]),
    'dense.bias': floatTensor(bias!.data, [2]),
  })
  await session.release()
  const [a, b] = floatData(outputs, 'logits')
  const p = 1 / (1 + Math.exp(a! - b!))
  const dPooled = winners.map((_, i) => p * (kernel!.data[6 + i]! - kernel!.data[i]!))
  const sum = (weigh: (winner: number) => number) =>
    winners.reduce<number>((all, winner, i) => all + (winner === null ? 0 : dPooled[i]! * weigh(winner)), 0)
  expect(floatData(outputs, 'gradient/copy.bias')[0]).toBeCloseTo(
    sum(() => 1),
    5,
  )
  expect(floatData(outputs, 'gradient/copy.kernel')[0]).toBeCloseTo(
    sum((winner) => image.flat()[winner]!),
    5,
  )
})
