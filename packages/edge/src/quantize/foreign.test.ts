/** One model as several exporters write it: each form must give the same int8 model as the plain form. */
import { floatData, type OnnxRuntime, readModel, writeModel } from '@esc/onnx'
import { checkModel, printGraph } from '@esc/onnx/inspect'
import { beforeAll, describe, expect, test } from 'vitest'
import { plain, variants, x } from '../fixtures/foreign-models.js'
import { logits, maxError, quantized } from '../fixtures/run-models.js'
import { calibrate } from './calibrate.js'
import { quantizeStatic } from './static.js'

let reference: { float: Float32Array; int8: Float32Array }
beforeAll(async () => {
  const feeds = { input: x }
  reference = {
    float: floatData(await logits(plain, feeds), 'logits'),
    int8: floatData(await logits(await quantized(plain), feeds), 'logits'),
  }
})

describe('the int8 model equals the one of the plain form', () => {
  test.each(Object.entries(variants))('%s', async (_name, variant) => {
    const model = readModel(writeModel(variant))
    expect(printGraph(model)).toMatch(/^graph "plain".*Gemm\(.*\n {2}output /s)
    const constants = model.graph.initializers
    const data = model.graph.inputs.filter(({ name }) => !constants.has(name))
    const output = model.graph.outputs.find(({ name }) => name.includes('logits'))!.name
    const feeds = Object.fromEntries(data.map(({ name }) => [name, x]))
    const float = await logits(model, feeds)
    expect(maxError(floatData(float, output), reference.float)).toBeLessThan(1e-6)
    const int8 = await quantized(model)
    checkModel(int8)
    expect(readModel(writeModel(int8))).toEqual(int8)
    expect(int8.graph.inputs).toEqual(data)
    expect(int8.graph.outputs).toEqual(model.graph.outputs)
    const results = await logits(int8, feeds)
    expect(Object.keys(results).sort()).toEqual(Object.keys(float).sort())
    expect([...floatData(results, output)]).toEqual([...reference.int8])
    // No large float constant is left, unless the graph returns it.
    const kept = [...int8.graph.initializers].filter(
      ([, { type, data }]) => type === 'float32' && data.length > 3,
    )
    const outputs = model.graph.outputs.map(({ name }) => name)
    expect(kept.map(([name]) => name).filter((name) => !outputs.includes(name))).toEqual([])
  })

  test('the int8 model is close to the float model', () => {
    const error = maxError(reference.float, reference.int8)
    expect(error).toBeGreaterThan(0)
    expect(error).toBeLessThan(0.02)
  })

  test('the int8 model runs in pages', async () => {
    // The type checker must not see this entry: it uses the types of a page, and this file uses Node's.
    const place: string = '@esc/onnx/browser'
    const { ortRuntime: wasm } = (await import(place)) as { ortRuntime: OnnxRuntime }
    // Only a page can have more than one thread.
    const web: OnnxRuntime = { ...wasm, createSession: (bytes) => wasm.createSession(bytes, { threads: 1 }) }
    const model = readModel(writeModel(variants['weights as inputs, in front']!))
    const ranges = await calibrate(model, [x], { runtime: web })
    const found = floatData(await logits(quantizeStatic(model, ranges), { input: x }, web), 'logits')
    expect(maxError(found, reference.float)).toBeLessThan(0.02)
  })
})
