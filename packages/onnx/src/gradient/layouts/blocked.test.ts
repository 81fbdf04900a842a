/** The blocked layout against the plain one, which other tests compare with central differences, tfjs and PyTorch. */
import { inferShapes, type NetworkGraph, type NetworkNode, namedWeights } from '@esc/core'
import { expect, test } from 'vitest'
import {
  type Blocking,
  buildGradientModel,
  buildTrainingModel,
  floatData,
  floatTensor,
  type Tensor,
  writeModel,
} from '../../index.js'
import { checkModel } from '../../inspect/index.js'
import { ortRuntime } from '../../node/index.js'
import {
  batchNorm,
  type Case,
  caseNetwork,
  clips,
  conv,
  dense,
  merged,
  normal,
  pooled,
  simple,
} from '../fixtures/network.js'
import { convolutions, depthwise, same, valid } from '../fixtures/window-cases.js'

const found = await ortRuntime.channelBlock!()
/** Where this processor has no blocked layout, there is nothing to compare. */
const blockedTest = test.skipIf(found === 1)

const relu = (from: string, name: string) => simple('ReLU', from, name)
const norm = (rng: Parameters<Case['nodes']>[0], from: string, name: string, channels: number) =>
  ({ ...batchNorm(rng, from, channels), name }) as NetworkNode
const perChannel = (
  rng: Parameters<Case['nodes']>[0],
  name: string,
  from: string,
  channels: number,
  attributes = {},
) =>
  ({
    op: 'DepthwiseConv2D',
    name,
    inputs: [from],
    attributes: { ...same, ...attributes },
    weights: { kernel: normal(rng, [channels, 1, 3, 3], 1 / 3), bias: normal(rng, [channels]) },
  }) as NetworkNode

/** The windows of the other tests, with enough channels for a block, of which the last one may be filled in part. */
const windows: Case[] = [
  ...convolutions
    .filter(([, , { groups = 1 }]) => groups === 1)
    .map(
      ([title, [filters, , kh, kw], attributes, [, ...image]]): Case => ({
        title: `convolution: ${title}`,
        shape: [20, ...image],
        nodes: (rng) => [conv(rng, 'conv', 'x', [filters! * 4, 20, kh!, kw!], attributes)],
      }),
    ),
  ...depthwise
    .filter(([, [filters], , [channels]]) => filters === channels)
    .map(
      ([title, [, , kh, kw], attributes, [, ...image]]): Case => ({
        title: `depthwise convolution: ${title}`,
        shape: [24, ...image],
        nodes: (rng) => [
          { ...conv(rng, 'conv', 'x', [24, 1, kh!, kw!], attributes), op: 'DepthwiseConv2D' } as NetworkNode,
        ],
      }),
    ),
  ...[
    { ...same, strides: [2, 2] },
    { ...valid, strides: [2, 3] },
    { ...same, dilations: [2, 1] },
    { ...valid, dilations: [1, 2] },
  ].map(
    (attributes): Case => ({
      title: `depthwise convolution: ${JSON.stringify(attributes)}`,
      shape: [12, 7, 9],
      nodes: (rng) => [perChannel(rng, 'conv', 'x', 12, attributes)],
    }),
  ),
]

const networks: Case[] = [
  {
    title: 'of the input itself, with strides',
    shape: [1, 7, 9],
    direct: true,
    nodes: (rng) => [
      conv(rng, 'conv', 'x', [24, 1, 3, 3], { ...same, strides: [2, 2] }),
      batchNorm(rng, 'conv', 24),
      relu('norm', 'relu'),
    ],
  },
  {
    title: 'a plain image with three channels in front',
    shape: [3, 5, 6],
    nodes: (rng) => [
      conv(rng, 'conv', 'x', [16, 3, 3, 3], same),
      conv(rng, 'next', 'conv', [8, 16, 1, 1], same),
    ],
  },
  {
    title: 'a residual block and a pool of its sum',
    shape: [16, 5, 6],
    nodes: (rng) => [
      relu('x', 'first'),
      perChannel(rng, 'dw', 'first', 16),
      norm(rng, 'dw', 'n1', 16),
      relu('n1', 'r1'),
      conv(rng, 'pw', 'r1', [16, 16, 1, 1], same),
      norm(rng, 'pw', 'n2', 16),
      relu('n2', 'r2'),
      { ...merged('Add', 'first', 'r2'), name: 'sum' },
      pooled('MaxPool', { size: [2, 2] }, 'sum'),
    ],
  },
  {
    title: 'a separable layer',
    shape: [12, 5, 4],
    nodes: (rng) => [
      {
        op: 'SeparableConv2D',
        name: 'separable',
        inputs: ['x'],
        attributes: same,
        weights: {
          depthwise: normal(rng, [12, 1, 3, 3], 1 / 3),
          pointwise: normal(rng, [20, 12, 1, 1], 0.3),
          bias: normal(rng, [20]),
        },
      } as NetworkNode,
    ],
  },
  {
    title: 'convolution, ReLU and pool, some left over',
    shape: [8, 5, 7],
    nodes: (rng) => [
      conv(rng, 'conv', 'x', [8, 8, 3, 3], valid),
      relu('conv', 'relu'),
      pooled('MaxPool', { size: [2, 2] }, 'relu'),
    ],
  },
  {
    title: 'batch normalisation, ReLU and pool, some left over',
    shape: [8, 5, 7],
    nodes: (rng) => [
      conv(rng, 'conv', 'x', [12, 8, 3, 3], same),
      batchNorm(rng, 'conv', 12),
      relu('norm', 'relu'),
      pooled('MaxPool', { size: [2, 1] }, 'relu'),
    ],
  },
  {
    title: 'a batch normalisation of its own, far from 0',
    shape: [8, 3, 4],
    nodes: (rng) => [
      conv(rng, 'conv', 'x', [8, 8, 1, 1], same),
      relu('conv', 'relu'),
      batchNorm(rng, 'relu', 8),
    ],
    offset: 10,
  },
  {
    title: 'squeeze and excitation, and dropout',
    shape: [8, 3, 5],
    nodes: (rng) => [
      conv(rng, 'conv', 'x', [8, 8, 3, 3], same),
      { op: 'Dropout', name: 'drop', inputs: ['conv'], attributes: { rate: 0.4 }, weights: {} },
      simple('GlobalAveragePool', 'drop'),
      dense(rng, 'excite', 'GlobalAveragePool', 8, 8),
      simple('Sigmoid', 'excite'),
      merged('Multiply', 'drop', 'Sigmoid'),
      simple('Swish', 'merged'),
      simple('GlobalAveragePool', 'Swish', 'pool'),
    ],
  },
  {
    title: 'branches that are joined, whole blocks',
    shape: [16, 3, 4],
    nodes: (rng) => [
      conv(rng, 'a', 'x', [16, 16, 3, 3], same),
      conv(rng, 'b', 'x', [32, 16, 1, 1], same),
      merged('Concatenate', 'a', 'b'),
      conv(rng, 'c', 'merged', [8, 48, 1, 1], same),
    ],
  },
  {
    title: 'layers that have no blocked form between those that have',
    shape: [8, 4, 6],
    nodes: (rng) => [
      conv(rng, 'a', 'x', [8, 8, 3, 3], same),
      pooled('AveragePool', { size: [2, 2] }, 'a'),
      conv(rng, 'b', 'pool', [8, 8, 3, 3], same),
      { ...merged('Concatenate', 'b', 'pool', 'b'), name: 'joined' },
      conv(rng, 'c', 'joined', [8, 24, 1, 1], same),
      simple('GlobalMaxPool', 'c'),
    ],
  },
  {
    title: 'large and overlapping pools of values that are dead at zero',
    shape: [8, 9, 9],
    nodes: (rng) => [
      conv(rng, 'conv', 'x', [8, 8, 3, 3], same),
      relu('conv', 'relu'),
      { ...pooled('MaxPool', { size: [3, 3], strides: [2, 2] }, 'relu'), name: 'first' },
      { ...merged('Add', 'first', 'first'), name: 'sum' },
      { ...pooled('MaxPool', { size: [2, 4] }, 'sum'), name: 'second' },
      conv(rng, 'next', 'second', [8, 8, 1, 1], same),
    ],
  },
  {
    title: 'long rows, whose sums are taken in parts',
    shape: [8, 6, 700],
    nodes: (rng) => [conv(rng, 'conv', 'x', [8, 8, 1, 1], same), batchNorm(rng, 'conv', 8)],
  },
]

blockedTest.each([...windows, ...networks].map((each) => [each.title, each] as const))(
  'the same loss, logits, averages and gradients: %s',
  async (_title, each) => {
    const { graph, feeds } = caseNetwork(each, 3)
    const plain = (await runStep(graph, feeds, null)).outputs
    const names = Object.keys(plain)
    // Some gradients are 0 (a bias before a normalisation) and have no relative error of their own.
    const floor = 0.01 * Math.max(...names.map((name) => norm2(floatData(plain, name))))
    for (const blocking of [{ channels: found, clips }, { channels: found }]) {
      const { operators, outputs } = await runStep(graph, feeds, blocking)
      expect(operators).toContain('Conv')
      expect(Object.keys(outputs)).toEqual(names)
      for (const name of names) {
        const expected = floatData(plain, name)
        const error = norm2(floatData(outputs, name).map((value, i) => value - expected[i]!))
        expect(error / Math.max(norm2(expected), floor), name).toBeLessThan(2e-5)
      }
    }
  },
)

blockedTest('the same bytes in every run, and with one and two threads', async () => {
  const { graph, feeds } = caseNetwork(networks[2]!, 5)
  const [first, again, two] = [
    await runStep(graph, feeds, { channels: found, clips }),
    await runStep(graph, feeds, { channels: found, clips }),
    await runStep(graph, feeds, { channels: found, clips }, 2),
  ]
  expect(again.outputs).toEqual(first.outputs)
  expect(two.outputs).toEqual(first.outputs)
})

test('a network without a layer that gains uses standard operators alone', () => {
  const { graph } = caseNetwork(
    { title: 'small', shape: [3, 4, 5], nodes: (rng) => [conv(rng, 'conv', 'x', [3, 3, 3, 3], same)] },
    1,
  )
  expect(buildTrainingModel(graph, { blocking: { clips: 4, channels: 16 } }).domains).toEqual({})
})

function norm2(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}

async function runStep(
  graph: NetworkGraph,
  feeds: Record<string, Float32Array>,
  blocking: Blocking | null,
  threads = 1,
) {
  const model = buildGradientModel(graph, { blocking })
  checkModel(model)
  const session = await ortRuntime.createSession(writeModel(model), { threads, training: true })
  const shapes = inferShapes(graph)
  const shapeOf = (name: string) => shapes.get(name.replace(/\.mask$/, '').replace('target', graph.output))!
  const tensors: Record<string, Tensor> = Object.fromEntries(
    Object.entries(feeds).map(([name, data]) => [name, floatTensor(data, [clips, ...shapeOf(name)])]),
  )
  for (const { name, weight } of namedWeights(graph)) tensors[name] = floatTensor(weight.data, weight.shape)
  const outputs = await session.run(tensors)
  await session.release()
  const operators = model.graph.nodes.filter(({ domain }) => domain !== '').map(({ opType }) => opType)
  return { outputs, operators }
}
