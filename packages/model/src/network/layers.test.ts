/** Layers, `sequential` and `functional`. */
import { createHash } from 'node:crypto'
import { inferShapes, type NetworkOp, namedWeights, parameterCount } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { buildTrainingModel, lowerNetwork, writeModel } from '@esc/onnx'
import { expect, test } from 'vitest'
import {
  audioCnn,
  functional,
  type Layer,
  layers,
  melCnn,
  type NetworkInput,
  sequential,
  type Value,
} from '../index.js'

const {
  add,
  attentionPool,
  averagePool,
  batchNorm,
  concatenate,
  conv2d,
  dense,
  depthwiseConv2d,
  dropout,
  flatten,
  globalAveragePool,
  globalMaxPool,
  hardSigmoid,
  hardSwish,
  layerNorm,
  leakyRelu,
  maxPool,
  multiply,
  relu,
  relu6,
  reshape,
  separableConv2d,
  sigmoid,
  statsPool,
  swish,
  tanh,
} = layers
const size = { bins: 8, frames: 12 }

/** For each kind of layer: a layer on an image [4, 8, 12], or on a value that it needs, and the shape of its output. */
const cases: Record<NetworkOp, [make: (image: Value) => Value, shape: number[]]> = {
  Conv2D: [conv2d({ filters: 6, kernel: [3, 5], strides: 2, groups: 2, padding: 'valid' }), [6, 3, 4]],
  DepthwiseConv2D: [depthwiseConv2d({ multiplier: 2, dilations: [1, 2] }), [8, 8, 12]],
  SeparableConv2D: [separableConv2d({ filters: 5, kernel: 5, strides: [2, 1] }), [5, 4, 12]],
  BatchNorm: [batchNorm({ epsilon: 1e-3, momentum: 0.01 }), [4, 8, 12]],
  LayerNorm: [layerNorm({ axes: 3 }), [4, 8, 12]],
  ReLU: [relu(), [4, 8, 12]],
  ReLU6: [relu6(), [4, 8, 12]],
  LeakyReLU: [leakyRelu({ alpha: 0.2 }), [4, 8, 12]],
  Sigmoid: [sigmoid(), [4, 8, 12]],
  Tanh: [tanh(), [4, 8, 12]],
  HardSigmoid: [hardSigmoid(), [4, 8, 12]],
  HardSwish: [hardSwish(), [4, 8, 12]],
  Swish: [swish(), [4, 8, 12]],
  MaxPool: [maxPool({ size: [2, 4] }), [4, 4, 3]],
  AveragePool: [averagePool({ size: 3, strides: 2, padding: 'same' }), [4, 4, 6]],
  GlobalAveragePool: [globalAveragePool(), [4]],
  GlobalMaxPool: [globalMaxPool(), [4]],
  AttentionPool: [attentionPool(), [4]],
  StatsPool: [statsPool(), [64]],
  Flatten: [flatten(), [384]],
  Reshape: [reshape({ shape: [2, 16, 12] }), [2, 16, 12]],
  Dropout: [dropout({ rate: 0.2 }), [4, 8, 12]],
  Dense: [(image) => dense({ units: 7 })(globalMaxPool()(image)), [7]],
  Add: [(image) => add()(image, globalMaxPool()(image)), [4, 8, 12]],
  Multiply: [(image) => multiply()(image, sigmoid()(image)), [4, 8, 12]],
  Concatenate: [(image) => concatenate()(image, relu()(image), image), [12, 8, 12]],
}

test.each(Object.entries(cases))(
  '%s has a layer, whose shape is inferred and which can be trained and exported',
  (op, [make, shape]) => {
    let found: readonly number[] = []
    const graph = functional((input) => {
      const value = make(conv2d({ filters: 4 })(input))
      found = value.shape
      return dense({ units: 3 })(value.shape.length === 1 ? value : flatten()(value))
    }, size)
    expect(found).toEqual(shape)
    expect(graph.nodes.map((node) => node.op)).toContain(op)
    expect([...inferShapes(graph).values()].map(String)).toContain(String(shape))
    expect(writeModel(lowerNetwork(graph)).length).toBeGreaterThan(0)
    expect(writeModel(buildTrainingModel(graph)).length).toBeGreaterThan(0)
  },
)

test('a chain of layers is a network, and takes the input that training passes', () => {
  const tiny = (input: NetworkInput) =>
    sequential(
      [
        conv2d({ filters: 16 }),
        batchNorm(),
        relu(),
        maxPool(),
        globalAveragePool(),
        dense({ units: input.classes }),
      ],
      input,
    )
  const graph = tiny({ bins: 64, frames: 216, classes: 10, seed: 1 })
  expect(graph.nodes.map(({ name }) => name)).toEqual(['conv', 'norm', 'relu', 'pool', 'average', 'dense'])
  expect(parameterCount(graph)).toBe(16 * 9 + 16 + 2 * 16 + 16 * 10 + 10)
})

test('a network may have branches, and blocks that are functions of values', () => {
  const block =
    (filters: number): Layer =>
    (x) => {
      const y = conv2d({ filters })(relu()(batchNorm()(conv2d({ filters })(x!))))
      return relu()(add()(conv2d({ filters, kernel: 1, name: `skip${filters}` })(x!), y))
    }
  const graph = sequential([block(4), block(8), globalAveragePool(), dense({ units: 5 })], size)
  expect(graph.nodes.filter(({ op }) => op === 'Add').map(({ name, inputs }) => [name, inputs])).toEqual([
    ['add1', ['skip4', 'conv2']],
    ['add2', ['skip8', 'conv4']],
  ])
  expect(graph.nodes.map(({ name }) => name)).toContain('norm2')
})

test('automatic names leave out the names that are taken', () => {
  const conv = (name?: string) => conv2d({ filters: 1, name })
  const namesOf = (...list: Layer[]) =>
    sequential([...list, globalMaxPool()], size).nodes.map(({ name }) => name)
  expect(namesOf(conv('conv1'), conv(), conv())).toEqual(['conv1', 'conv2', 'conv3', 'maximum'])
  expect(namesOf(conv(), conv('conv'))).toEqual(['conv1', 'conv', 'maximum'])
  expect(namesOf(conv(), conv('conv1'))).toEqual(['conv', 'conv1', 'maximum'])
  expect(namesOf(relu({ name: 'conv2' }), conv(), conv())).toEqual(['conv2', 'conv1', 'conv3', 'maximum'])
})

test('nodes hold no attribute that equals its default, so that graphs are as in version 0.1.0', () => {
  const [conv, pool] = sequential([conv2d({ filters: 2 }), maxPool(), globalMaxPool()], size).nodes
  expect(conv!.attributes).toEqual({ padding: 'same' })
  expect(pool!.attributes).toEqual({ size: [2, 2] })
})

test('weights follow from the seed and the name alone', () => {
  const make = (seed: number, name = 'a') =>
    sequential([flatten(), dense({ units: 3 })], { ...size, seed, name })
  expect(namedWeights(make(1))).toEqual(namedWeights(make(1)))
  expect(namedWeights(make(2))).not.toEqual(namedWeights(make(1)))
  expect(namedWeights(make(1, 'b'))).not.toEqual(namedWeights(make(1)))
  const { data } = namedWeights(make(1))[0]!.weight
  expect(Math.max(...data.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(96))
})

test('a layer that is called twice makes two nodes, each with its own weights', () => {
  const conv = conv2d({ filters: 1 })
  const [first, second] = namedWeights(sequential([conv, conv, globalMaxPool()], size))
  expect([first!.name, second!.name]).toEqual(['conv1.kernel', 'conv1.bias'])
  expect(namedWeights(sequential([conv, conv, globalMaxPool()], size))[2]!.weight).not.toEqual(first!.weight)
})

test.each<[string, ReturnType<typeof audioCnn>, string]>([
  ['audioCnn', audioCnn({ bins: 13, frames: 431, classes: 10 }), '7c1073c29a43b792'],
  ['melCnn', melCnn({ bins: 128, frames: 216, classes: 10, seed: 7 }), 'd02bb0e99ca1d998'],
])('the first weights of %s are those of version 0.1.0, bit by bit', (_, graph, expected) => {
  const hash = createHash('sha256')
  for (const { name, weight } of namedWeights(graph)) {
    hash.update(name).update(new Uint8Array(weight.data.buffer))
  }
  expect(hash.digest('hex').slice(0, 16)).toBe(expected)
})

const input = (build: (x: Value) => Value) => () => functional(build, size)
let foreign: Value
functional((x) => {
  foreign = relu()(x)
  return globalMaxPool()(foreign)
}, size)

test.each<[string, () => unknown, 'INVALID_INPUT' | 'INVALID_OPTION', string]>([
  [
    'a dense layer on an image',
    input(dense({ units: 3 })),
    'INVALID_INPUT',
    'dense has an input of shape [1,8,12] and takes vectors',
  ],
  [
    'an input too small',
    input((x) => maxPool({ size: 9 })(x)),
    'INVALID_INPUT',
    "'pool1' would make an empty value",
  ],
  [
    'groups that do not divide',
    input(conv2d({ filters: 3, groups: 2 })),
    'INVALID_INPUT',
    'groups=2 of conv2d must divide 1 channels and 3 filters',
  ],
  ['an output that is an image', input(relu()), 'INVALID_INPUT', 'must be [classes]'],
  ['the input as output', input((x) => x), 'INVALID_INPUT', "the output is the network's input"],
  ['a foreign output', input(() => foreign), 'INVALID_INPUT', 'the output is a value of another network'],
  ['an async build', input((async (x: Value) => flatten()(x)) as never), 'INVALID_INPUT', 'await it'],
  ['no output', input(() => undefined as never), 'INVALID_INPUT', 'the output'],
  ['a layer for a value', input((x) => add()(x, relu() as never)), 'INVALID_INPUT', 'input 2 of Add'],
  ['no value', input(() => relu()()), 'INVALID_INPUT', 'ReLU needs an input value'],
  ['one value to add', input((x) => add()(x)), 'INVALID_INPUT', 'must read two values and reads 1'],
  [
    'a value of another network',
    input((x) => add()(x, foreign)),
    'INVALID_INPUT',
    'Add has inputs from two networks',
  ],
  [
    'a layer that leads nowhere',
    input((x) => {
      conv2d({ filters: 2 })(x)
      return globalMaxPool()(x)
    }),
    'INVALID_INPUT',
    "node 'conv1' does not lead to the output",
  ],
  [
    'one name twice',
    () => sequential([relu({ name: 'a' }), relu({ name: 'a' }), globalMaxPool()], size),
    'INVALID_INPUT',
    'names must be unique',
  ],
  [
    'other classes',
    () => sequential([flatten(), dense({ units: 3 })], { ...size, classes: 4 }),
    'INVALID_INPUT',
    'has 3 outputs and must have classes=4',
  ],
  ['no list', () => sequential(relu() as never, size), 'INVALID_INPUT', 'layers'],
  ['an empty list', () => sequential([], size), 'INVALID_INPUT', "the output is the network's input"],
  ['a gap', () => sequential([undefined as never], size), 'INVALID_INPUT', 'layers[0]'],
  [
    'an option that layers do not have',
    () => conv2d({ filters: 2, size: 3 } as never),
    'INVALID_OPTION',
    "'size'",
  ],
  [
    'a layer that was not called',
    () => sequential([relu as never], size),
    'INVALID_OPTION',
    'or relu() in a list',
  ],
  ['no filters', () => conv2d({} as never), 'INVALID_OPTION', 'filters'],
  ['half a kernel', () => conv2d({ filters: 2, kernel: 1.5 }), 'INVALID_OPTION', 'kernel'],
  [
    'a kernel without columns',
    () => conv2d({ filters: 2, kernel: [3, undefined] as never }),
    'INVALID_OPTION',
    'kernel',
  ],
  [
    'a dense layer that no memory holds',
    () => sequential([flatten(), dense({ units: 65_536 })], { bins: 4096, frames: 4096 }),
    'INVALID_INPUT',
    'a weight of shape [65536,16777216] would have more than 268435456 values',
  ],
  [
    'a convolution that no memory holds',
    input(conv2d({ filters: 65_536, kernel: 65_536 })),
    'INVALID_INPUT',
    'a weight of shape [65536,1,65536,65536]',
  ],
  [
    'a normalisation that no memory holds',
    () => sequential([layerNorm({ axes: 3 }), globalMaxPool()], { bins: 2 ** 20, frames: 2 ** 20 }),
    'INVALID_INPUT',
    'a weight of shape [1,1048576,1048576]',
  ],
  [
    'a normalisation over more axes than there are',
    () => sequential([flatten(), layerNorm({ axes: 2 })], size),
    'INVALID_INPUT',
    'axes=2 of layerNorm must be at most 1 for [96]',
  ],
  ['three sizes', () => maxPool({ size: [1, 2, 3] as never }), 'INVALID_OPTION', 'size'],
  ['all values dropped', () => dropout({ rate: 1 }), 'INVALID_OPTION', 'rate'],
  ['a seed of -1', () => sequential([globalMaxPool()], { ...size, seed: -1 }), 'INVALID_OPTION', 'seed'],
  ['no bins', () => sequential([globalMaxPool()], { frames: 3 } as never), 'INVALID_OPTION', 'bins'],
])('%s is refused', (_, run, code, message) => {
  expect(run).toThrow(throwsCode(code, message))
})
