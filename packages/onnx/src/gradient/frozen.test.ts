/** Frozen layers: what is left of the step, and that it computes the same. */
import { type BatchNormNode, type NetworkGraph, type NetworkNode, namedWeights } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import {
  type Blocking,
  buildGradientModel,
  buildProbeModel,
  buildTrainingModel,
  buildUpdateModel,
  floatData,
  floatTensor,
  frozenLayers,
  type OnnxModel,
  type Tensor,
  trainedWeights,
  writeModel,
} from '../index.js'
import { ortRuntime } from '../node/index.js'
import { blockedNetworks } from './fixtures/blocked-cases.js'
import { layerCases } from './fixtures/cases.js'
import { fusedCases } from './fixtures/fused-cases.js'
import { type Case, caseNetwork, clips } from './fixtures/network.js'

const channels = (await ortRuntime.channelBlock?.()) ?? 1
const layouts: [string, Blocking | null][] = [
  ['plain', null],
  ...(channels > 1
    ? ([
        ['blocked', { channels, clips }],
        ['blocked, any batch', { channels }],
      ] as const)
    : []),
] as never
const small = [...Object.values(layerCases), ...Object.values(fusedCases)].flatMap((list) => list.slice(0, 2))
const cases = [...blockedNetworks, ...small].filter(
  ({ title }, i, all) => all.findIndex((each) => each.title === title) === i,
)
/** Names of the layers of a case that have weights, without what stands around the case. */
const ownLayers = ({ nodes }: NetworkGraph) =>
  nodes.flatMap(({ name, weights }) =>
    ['stem', 'head'].includes(name) || Object.keys(weights).length === 0 ? [] : [name],
  )
const withLayers = (given: readonly Case[]) =>
  given.filter((each) => ownLayers(caseNetwork(each, 1).graph).length > 0)

describe.each(layouts)('%s', (_layout, blocking) => {
  test.each(withLayers(cases).map((each) => [each.title, each] as const))(
    'the other gradients are as they were: %s',
    async (_title, each) => {
      const { graph, feeds } = caseNetwork(each, 5)
      for (const frozen of [ownLayers(graph), ...ownLayers(graph).map((name) => [name])]) {
        const ours = await runStep(graph, feeds, { blocking, frozen })
        const kept = new Set(frozen)
        // A frozen BatchNorm is a factor and a summand for each channel, which a convolution is, too.
        const plain = await runStep(withoutNorms(graph, kept), feeds, { blocking: null })
        const learning = trainedWeights(graph, frozen).filter(({ change }) => change !== 'none')
        const names = learning.map(
          ({ name, change }) => `${change === 'gradient' ? 'gradient' : 'next'}/${name}`,
        )
        expect(Object.keys(ours).sort()).toEqual(['logits', 'loss', ...names].sort())
        const floor = 0.01 * Math.max(...names.map((name) => norm(floatData(plain, name))))
        for (const name of Object.keys(ours)) {
          const expected = floatData(plain, name)
          const error = norm(floatData(ours, name).map((value, i) => value - expected[i]!))
          expect(error / Math.max(norm(expected), floor), name).toBeLessThan(3e-5)
        }
      }
    },
  )

  test('the more layers from below are frozen, the fewer nodes has the step', () => {
    const { graph } = caseNetwork(blockedNetworks.find(({ title }) => /residual/.test(title))!, 1)
    const layers = graph.nodes
      .filter(({ weights }) => Object.keys(weights).length > 0)
      .map(({ name }) => name)
    expect(layers).toEqual(['stem', 'dw', 'n1', 'pw', 'n2', 'head'])
    const counts = layers.map((_, i) => {
      const model = buildTrainingModel(graph, { blocking, frozen: layers.slice(0, i) })
      return model.graph.nodes.length
    })
    for (const [i, count] of counts.slice(1).entries())
      expect(count, `without ${layers[i]}`).toBeLessThan(counts[i]!)
    // With the head alone, the step has no gradient of an image: forward pass and loss, and two weights.
    const head = buildTrainingModel(graph, { blocking, frozen: ['stem', 'dw', 'n1', 'pw', 'n2'] })
    expect(head.graph.nodes.filter(({ opType }) => opType === 'Gemm').length).toBe(3)
    expect(
      head.graph.nodes.filter(({ opType }) => /^(MaxUnpool|HardSigmoid|ConvTranspose)$/.test(opType)),
    ).toEqual([])
  })

  test.each(cases.map((each) => [each.title, each] as const))(
    'every node of the step is read: %s',
    (_title, each) => {
      const { graph } = caseNetwork(each, 2)
      for (const frozen of [['stem'], ownLayers(graph), ['stem', ...ownLayers(graph)]]) {
        if (each.direct && frozen.includes('stem')) continue
        expect(unread(buildGradientModel(graph, { blocking, frozen })), `frozen: ${frozen}`).toEqual([])
      }
    },
  )
})

describe('the models of a step', () => {
  const { graph } = caseNetwork(blockedNetworks[0]!, 1)
  const frozen = ['conv', 'norm']
  const inputsOf = (model: OnnxModel) => model.graph.inputs.map(({ name }) => name)

  test('frozen weights are read, and have neither an output nor an array of the optimiser', () => {
    const model = buildTrainingModel(graph, { frozen })
    const outputs = model.graph.outputs.map(({ name }) => name)
    expect(outputs).toEqual(
      [
        ...['logits', 'loss'].filter((name) => outputs.includes(name)),
        ...outputs.filter((name) => /^next\/((m|v)\/)?head\./.test(name)),
      ].sort((a, b) => outputs.indexOf(a) - outputs.indexOf(b)),
    )
    expect(inputsOf(model)).toContain('conv.kernel')
    expect(inputsOf(model)).toContain('norm.mean')
    expect(
      inputsOf(model)
        .filter((name) => /^[mv]\//.test(name))
        .sort(),
    ).toEqual(['m/head.bias', 'm/head.kernel', 'v/head.bias', 'v/head.kernel'])
  })

  test('the update has the weights that learn alone', () => {
    const names = inputsOf(buildUpdateModel(graph, { frozen })).filter((name) => name.startsWith('gradient/'))
    expect(names.sort()).toEqual(['gradient/head.bias', 'gradient/head.kernel'])
  })

  test('the probe normalises with the running averages', () => {
    const opsOf = (model: OnnxModel) => model.graph.nodes.map(({ opType }) => opType)
    expect(opsOf(buildProbeModel(graph))).not.toEqual(opsOf(buildProbeModel(graph, { frozen })))
  })
})

describe('frozenLayers', () => {
  const { graph } = caseNetwork(blockedNetworks.find(({ title }) => /residual/.test(title))!, 1)

  test('takes names, and beginnings of names', () => {
    expect([...frozenLayers(graph, ['pw', 'n*', 'n1'])]).toEqual(['pw', 'n1', 'n2'])
    expect([...frozenLayers(graph)]).toEqual([])
  })

  test.each<[unknown, RegExp]>([
    [['dw', 'no'], /^frozen has 'no', which is no layer of '.*'; its layers are .*stem, .*dw, n1, /],
    [['x*', 'no*'], /^frozen has 'no\*'/],
    [['*'], /^frozen leaves no layer with weights to train$/],
    ['dw', /frozen='dw' must be a list of names of layers/],
    [[7], /must be a list of names/],
    [null, /must be a list of names/],
  ])('refuses %o', (frozen, message) => {
    const refused = throwsCode('INVALID_OPTION', message)
    for (const build of [buildGradientModel, buildTrainingModel, buildUpdateModel, buildProbeModel])
      expect(() => build(graph, { frozen: frozen as string[] })).toThrow(refused)
  })
})

/** The graph in which frozen batch normalisations are convolutions of each channel with 1 × 1 pixel. */
function withoutNorms(graph: NetworkGraph, frozen: ReadonlySet<string>): NetworkGraph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) =>
      node.op === 'BatchNorm' && frozen.has(node.name) ? asConvolution(node) : node,
    ),
  }
}

function asConvolution({ name, inputs, attributes, weights }: BatchNormNode): NetworkNode {
  const { gamma, beta, mean, variance } = weights
  const scale = gamma.data.map((value, i) => value / Math.sqrt(variance.data[i]! + attributes.epsilon))
  const shift = beta.data.map((value, i) => value - mean.data[i]! * scale[i]!)
  return {
    op: 'DepthwiseConv2D',
    name,
    inputs,
    attributes: { padding: 'valid' },
    weights: {
      kernel: { shape: [scale.length, 1, 1, 1], data: scale },
      bias: { shape: beta.shape, data: shift },
    },
  }
}

async function runStep(
  graph: NetworkGraph,
  feeds: Readonly<Record<string, Float32Array>>,
  options: { blocking: Blocking | null; frozen?: readonly string[] },
): Promise<Readonly<Record<string, Tensor>>> {
  const model = buildGradientModel(graph, options)
  const session = await ortRuntime.createSession(writeModel(model), { threads: 1, training: true })
  const weights = Object.fromEntries(namedWeights(graph).map(({ name, weight }) => [name, weight.data]))
  const all: Record<string, Float32Array> = { ...weights, ...feeds }
  const tensors = model.graph.inputs.map(({ name, dims }) => {
    const fixed = dims!.map((size) => (typeof size === 'number' ? size : clips))
    return [name, floatTensor(all[name]!, fixed)] as const
  })
  const outputs = await session.run(Object.fromEntries(tensors))
  await session.release()
  return outputs
}

/** Nodes whose outputs neither another node nor the user reads. */
function unread({ graph }: OnnxModel): string[] {
  const read = new Set([
    ...graph.outputs.map(({ name }) => name),
    ...graph.nodes.flatMap(({ inputs }) => inputs),
  ])
  return graph.nodes.flatMap(({ opType, outputs }) =>
    outputs.some((name) => read.has(name)) ? [] : [`${opType} ${outputs}`],
  )
}

function norm(values: ArrayLike<number>): number {
  return Math.hypot(...Array.from(values))
}
