/** Whole networks that fit a device: the 8-bit model against the float model in ONNX Runtime. */
import { createRng } from '@esc/core'
import { floatData, lowerNetwork, type OnnxRuntime, readModel, type Tensor, writeModel } from '@esc/onnx'
import { checkModel } from '@esc/onnx/inspect'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import { compareLogits } from '../compare-logits.js'
import { deviceNetworks, size } from '../fixtures/device-networks.js'
import { logits } from '../fixtures/run-models.js'
import { fusedOps } from '../node/fixtures/fused-ops.js'
import { calibrate } from './calibrate.js'
import { quantizeStatic } from './static.js'

const rng = createRng(5)
/** Features as of sounds: each clip has its own level. */
function batch(clips: number): Tensor {
  const { bins, frames } = size
  const levels = Array.from({ length: clips }, () => 0.5 + 2 * rng.uniform())
  const data = Float32Array.from({ length: clips * bins * frames }, (_, i) => {
    return levels[Math.floor(i / bins / frames)]! * rng.normal()
  })
  return { type: 'float32', dims: [clips, 1, bins, frames], data }
}
const [training, input] = [[batch(64), batch(64)], batch(64)]

/** What is left in float, in ONNX Runtime: attention, Tanh, and the global maximum. */
const floatOps: Readonly<Record<string, readonly string[]>> = {
  residual: [],
  'squeeze-and-excite': [],
  attention: ['MatMul', 'Mul', 'ReduceMean', 'ReduceSum', 'Softmax', 'Squeeze'],
  'global-max': ['GlobalMaxPool', 'Tanh'],
  concatenated: ['GlobalMaxPool'],
}
const integerOps = /^QLinear|^QGemm$|^(Quant|Dequant)izeLinear$|^(MaxPool|Flatten|Unsqueeze)$/

describe.each(deviceNetworks.map((network) => [network.name, network] as const))('%s', (name, network) => {
  test.each([13, 17, 21])('operator set %i: is close to the float model', async (opset) => {
    const float = lowerNetwork(network, { opset })
    const ranges = await calibrate(float, training, { runtime: ortRuntime })
    const int8 = quantizeStatic(float, ranges)
    checkModel(int8)
    expect(readModel(writeModel(int8))).toEqual(int8)
    const [a, b] = await Promise.all(
      [float, int8].map(async (model) => floatData(await logits(model, { input }), 'logits')),
    )
    const spread = Math.sqrt(a!.reduce((sum, value) => sum + value ** 2, 0) / a!.length)
    const { agreement, meanLogitError, maxLogitError } = compareLogits(a!, b!, size.classes)
    expect(meanLogitError / spread).toBeLessThan(0.05)
    expect(maxLogitError / spread).toBeLessThan(0.3)
    expect(agreement).toBeGreaterThan(0.9)
  })

  test('runs in pages', async () => {
    // The type checker must not see this entry: it uses the types of a page, and this file uses Node's.
    const place: string = '@esc/onnx/browser'
    const { ortRuntime: wasm } = (await import(place)) as { ortRuntime: OnnxRuntime }
    // Only a page can have more than one thread.
    const web: OnnxRuntime = { ...wasm, createSession: (bytes) => wasm.createSession(bytes, { threads: 1 }) }
    const float = lowerNetwork(network)
    const ranges = await calibrate(float, training, { runtime: ortRuntime })
    const int8 = quantizeStatic(float, ranges)
    const [a, b] = await Promise.all(
      [ortRuntime, web].map(async (runtime) => floatData(await logits(int8, { input }, runtime), 'logits')),
    )
    const spread = Math.sqrt(a!.reduce((sum, value) => sum + value ** 2, 0) / a!.length)
    expect(compareLogits(a!, b!, size.classes).maxLogitError / spread).toBeLessThan(0.05)
  })

  test('runs in integer kernels', async () => {
    const float = lowerNetwork(network)
    const ranges = await calibrate(float, training, { runtime: ortRuntime })
    const ops = await fusedOps(quantizeStatic(float, ranges))
    expect([...new Set(ops.filter((op) => !integerOps.test(op)))].sort()).toEqual(floatOps[name])
  })
})
