import type { PoolNode } from '@esc/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createGraphBuilder, floatData, floatTensor, writeModel } from './index.js'
import { ortRuntime } from './node/index.js'
import { poolWindow } from './window-attributes.js'

test("`same` pads as ONNX Runtime's SAME_UPPER does", async () => {
  const size = fc.integer({ min: 1, max: 9 })
  await fc.assert(
    fc.asyncProperty(size, size, size, size, async (rows, columns, window, stride) => {
      // If windows have gaps between them, ONNX Runtime computes negative pads for itself, and then refuses them.
      fc.pre(stride <= window)
      const attributes = { size: [window, 3], strides: [stride, 3], padding: 'same' } as const
      const node: PoolNode = { op: 'AveragePool', name: 'pool', inputs: ['x'], attributes, weights: {} }
      const g = createGraphBuilder({ name: 'two pools' })
      const dims = [1, 1, rows, columns]
      const x = g.input({ name: 'x', type: 'float32', dims })
      const { pads, ...rest } = poolWindow(node, [1, rows, columns])
      g.node('AveragePool', [x], { ...rest, pads }, 'ours')
      g.node('AveragePool', [x], { ...rest, auto_pad: { string: 'SAME_UPPER' } }, 'theirs')
      g.output({ name: 'ours', type: 'float32', dims: null })
      g.output({ name: 'theirs', type: 'float32', dims: null })
      const session = await ortRuntime.createSession(writeModel(g.build()), { threads: 1 })
      const values = Array.from({ length: rows * columns }, (_, i) => i)
      const outputs = await session.run({ x: floatTensor(values, dims) })
      await session.release()
      expect(outputs.ours!.dims).toEqual(outputs.theirs!.dims)
      expect(floatData(outputs, 'ours')).toEqual(floatData(outputs, 'theirs'))
    }),
  )
})
