/** The blocked layout against the plain one, which other tests compare with central differences, tfjs and PyTorch. */
import { inferShapes, type NetworkGraph, namedWeights } from '@esc/core'
import { throwsCode } from '@esc/expect'
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
import { blockedNetworks, blockedWindows } from '../fixtures/blocked-cases.js'
import { type Case, caseNetwork, clips, conv, simple } from '../fixtures/network.js'
import { referenceLogits, relativeError } from '../fixtures/reference.js'
import { same } from '../fixtures/window-cases.js'

const found = await ortRuntime.channelBlock!()
/** Where this processor has no blocked layout, there is nothing to compare. */
const blockedTest = test.skipIf(found === 1)

blockedTest.each([...blockedWindows, ...blockedNetworks].map((each) => [each.title, each] as const))(
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
  const { graph, feeds } = caseNetwork(blockedNetworks[2]!, 5)
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

test('a block of one channel is the plain layout, and other blocks than 8 and 16 are refused', () => {
  const { graph } = caseNetwork(blockedNetworks[2]!, 5)
  const plain = writeModel(buildTrainingModel(graph))
  expect(writeModel(buildTrainingModel(graph, { blocking: { channels: 1 } }))).toEqual(plain)
  expect(writeModel(buildTrainingModel(graph, { blocking: { channels: 8 } }))).not.toEqual(plain)
  for (const channels of [0, 2, 3, 4, 12, 32, 64, -8, 8.5, Number.NaN, '16' as unknown as number]) {
    expect(() => buildTrainingModel(graph, { blocking: { channels } })).toThrow(
      throwsCode('INVALID_OPTION', /^blocking\.channels=.* must be 8 or 16, or 1 for the plain layout/),
    )
  }
})

blockedTest('a mean over many pixels keeps its digits', async () => {
  const pixels: Case = {
    title: 'a long mean',
    shape: [16, 64, 216],
    nodes: (rng) => [
      conv(rng, 'conv', 'x', [16, 16, 1, 1], same),
      simple('GlobalAveragePool', 'conv', 'mean'),
    ],
  }
  const { graph, feeds } = caseNetwork(pixels, 1)
  // Equal pixels are the worst case for sums of float32: each addition rounds to the same side.
  const silence = { ...feeds, [graph.input.name]: feeds[graph.input.name]!.map(() => 0.1) }
  const expected = referenceLogits(graph, silence[graph.input.name]!)
  const logits = floatData((await runStep(graph, silence, { channels: found })).outputs, 'logits')
  // With one sum over all pixels the error is 4e-6.
  expect(relativeError(logits, expected)).toBeLessThan(1e-6)
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
