import { createRng, inferShapes, type NetworkGraph, type NetworkNode, parameterCount } from '@esc/core'
import { expect, test } from 'vitest'
import { networks, withTrainedNorms } from './networks.js'

const graph = networks.separable({ bins: 64, frames: 216, classes: 10, seed: 1 })

test('separable has the sizes that the suites say', () => {
  const shapes = inferShapes(graph)
  expect(
    ['conv1', 'add1', 'pool1', 'add2', 'pool2', 'add3', 'pool3'].map((name) => shapes.get(name)),
  ).toEqual([
    [24, 32, 108],
    [48, 32, 108],
    [48, 16, 54],
    [96, 16, 54],
    [96, 8, 27],
    [160, 8, 27],
    [160, 4, 27],
  ])
  expect(shapes.get(graph.output)).toEqual([10])
  // PyTorch counts the same number in `torch_networks.py`.
  expect(parameterCount(graph)).toBe(101_162)
  expect(multiplyAdds(graph) / 1e6).toBeCloseTo(40.8, 1)
})

test('withTrainedNorms changes every weight of BatchNorm alone, and keeps variances positive', () => {
  const changed = withTrainedNorms(graph, createRng(1))
  for (const [i, node] of changed.nodes.entries()) {
    const before = graph.nodes[i]!
    if (node.op !== 'BatchNorm') expect(node).toBe(before)
    else {
      expect({ ...node, weights: {} }).toEqual({ ...before, weights: {} })
      expect(node.weights.variance.data.every((value) => value >= 0.5 && value < 1.5)).toBe(true)
      expect(node.weights).not.toEqual(before.weights)
    }
  }
})

/** Each value of a kernel is used once for every row and column of the output. */
function multiplyAdds({ nodes, ...graph }: NetworkGraph): number {
  const shapes = inferShapes({ nodes, ...graph })
  const ofNode = (node: NetworkNode) => {
    if (!('kernel' in node.weights)) return 0
    const [, rows = 1, columns = 1] = shapes.get(node.name)!
    return node.weights.kernel.data.length * rows * columns
  }
  return nodes.reduce((sum, node) => sum + ofNode(node), 0)
}
