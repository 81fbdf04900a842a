import { inferShapes, type NetworkGraph, namedWeights } from '@esc/core'
import { describe, expect, test } from 'vitest'
import {
  type Blocking,
  buildGradientModel,
  floatData,
  floatTensor,
  type Tensor,
  writeModel,
} from '../index.js'
import { checkModel } from '../inspect/index.js'
import { ortRuntime } from '../node/index.js'
import { blockedNetworks } from './fixtures/blocked-cases.js'
import { allCases, layerCases } from './fixtures/cases.js'
import { fusedCases } from './fixtures/fused-cases.js'
import { caseNetwork, clips } from './fixtures/network.js'
import { norm, type ReferenceFeeds, referenceLoss, relativeError, weightFeeds } from './fixtures/reference.js'
import { fuseNodes } from './fuse.js'
import { layerRules } from './rules.js'

const channels = (await ortRuntime.channelBlock?.()) ?? 1
/** Cases in the blocked layout, where the processor has it. Other tests compare many more of them with the plain layout. */
const inBlocks =
  channels > 1
    ? blockedNetworks.filter(({ title }) => /residual|strides|convolution, ReLU and pool/.test(title))
    : []

describe('loss and gradients equal those of float64 and central differences', () => {
  test.each([
    ...allCases().map((each) => [...each, null] as const),
    ...inBlocks.map((each, i) => [`blocked: ${each.title}`, each, i + 1, { channels, clips }] as const),
  ])('%s', async (_name, each, seed, blocking) => {
    const { graph, feeds } = caseNetwork(each, seed)
    const reference = { ...feeds, ...weightFeeds(graph) }
    const actual = await runStep(graph, feeds, blocking)
    const expected = referenceLoss(graph, reference)
    expect(relativeError(floatData(actual, 'loss'), [expected.loss])).toBeLessThan(1e-5)
    expect(relativeError(floatData(actual, 'logits'), expected.logits)).toBeLessThan(1e-5)
    for (const [name, average] of Object.entries(expected.updates)) {
      expect(relativeError(floatData(actual, `next/${name}`), average), name).toBeLessThan(1e-5)
    }
    const gradients = centralDifferences(graph, reference)
    // Some gradients are 0 (a bias before a normalisation) and have no relative error of their own.
    const floor = 0.01 * Math.max(...[...gradients.values()].map(norm))
    for (const [name, gradient] of gradients) {
      const error = relativeError(floatData(actual, `gradient/${name}`), gradient, floor)
      expect(error, name).toBeLessThan(1e-4)
    }
  })
})

test('every layer has a rule, and every rule has test cases', () => {
  for (const [op, list] of Object.entries(layerCases)) {
    expect(Object.keys(layerRules), op).toContain(op)
    expect(list.length, op).toBeGreaterThan(0)
    for (const each of list) expect(caseNetwork(each, 1).graph.nodes.map((node) => node.op)).toContain(op)
  }
  for (const [op, list] of Object.entries(fusedCases)) {
    for (const each of list)
      expect(fuseNodes(caseNetwork(each, 1).graph).map((node) => node.op)).toContain(op)
  }
  const covered = [...Object.keys(layerCases), ...Object.keys(fusedCases)]
  expect(Object.keys(layerRules).sort()).toEqual(covered.sort())
})

async function runStep(
  graph: NetworkGraph,
  feeds: ReferenceFeeds,
  blocking: Blocking | null,
): Promise<Record<string, Tensor>> {
  const model = buildGradientModel(graph, { blocking })
  checkModel(model)
  const session = await ortRuntime.createSession(writeModel(model), { threads: 1 })
  const tensors: Record<string, Tensor> = {}
  const shapes = inferShapes(graph)
  const shapeOf = (name: string) => shapes.get(name.replace(/\.mask$/, '').replace('target', graph.output))!
  for (const [name, data] of Object.entries(feeds)) {
    tensors[name] = floatTensor(data as Float32Array, [clips, ...shapeOf(name)])
  }
  for (const { name, weight } of namedWeights(graph)) tensors[name] = floatTensor(weight.data, weight.shape)
  const outputs = await session.run(tensors)
  await session.release()
  return outputs
}

/** The gradient of every trainable weight by central differences. */
function centralDifferences(graph: NetworkGraph, feeds: ReferenceFeeds): Map<string, Float64Array> {
  const step = 1e-5
  const { values } = referenceLoss(graph, feeds)
  const gradients = new Map<string, Float64Array>()
  graph.nodes.forEach((node, index) => {
    const known = new Map(graph.nodes.slice(0, index).map(({ name }) => [name, values.get(name)!]))
    for (const { name, trainable } of namedWeights({ ...graph, nodes: [node] })) {
      if (!trainable) continue
      const weight = Float64Array.from(feeds[name]!)
      const lossAt = (i: number, value: number) => {
        const moved = weight.slice()
        moved[i] = value
        return referenceLoss(graph, { ...feeds, [name]: moved }, known).loss
      }
      gradients.set(
        name,
        weight.map((value, i) => (lossAt(i, value + step) - lossAt(i, value - step)) / (2 * step)),
      )
    }
  })
  return gradients
}
