/** Dropout masks, the same for every engine. */
import { inferShapes, type NetworkGraph, type Rng } from '@esc/core'
import { sizeOf, type Tensor } from '@esc/onnx'

/**
 * A mask for each Dropout of the network, as `node.mask`: 0 with probability `rate`, else `1 / (1 - rate)`, in the order of
 * nodes, clips and values. The same generator gives every engine the same masks. They are good until the next call, which
 * reuses their memory.
 *
 * @param clips - Clips in the batch.
 * @example const masks = createDropoutMasks(graph); const feeds = { input, ...masks(32, rng) }
 */
export function createDropoutMasks(
  graph: NetworkGraph,
): (clips: number, rng: Rng) => Record<string, Tensor & { type: 'float32' }> {
  const shapes = inferShapes(graph)
  const layers = graph.nodes.flatMap((node) =>
    node.op === 'Dropout'
      ? [
          {
            name: `${node.name}.mask`,
            rate: node.attributes.rate,
            shape: shapes.get(node.name)!,
            memory: new Float32Array(),
          },
        ]
      : [],
  )
  return (clips, rng) =>
    Object.fromEntries(
      layers.map((layer) => {
        const { name, rate } = layer
        const dims = [clips, ...layer.shape]
        const size = sizeOf(dims)
        if (layer.memory.length < size) layer.memory = new Float32Array(size)
        const data = layer.memory.subarray(0, size)
        const kept = 1 / (1 - rate)
        for (let i = 0; i < data.length; i++) data[i] = rng.uniform() < rate ? 0 : kept
        return [name, { type: 'float32', dims, data }]
      }),
    )
}
