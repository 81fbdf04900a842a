/** Models that other tools exported, calibrated and quantised here. */
import { dataInputs, floatData, readModel, type ValueInfo } from '@esc/onnx'
import { checkModel } from '@esc/onnx/inspect'
import { describe, expect, test } from 'vitest'
import { random } from '../../../packages/edge/src/fixtures/foreign-models.js'
import { logits, maxError, quantized } from '../../../packages/edge/src/fixtures/run-models.js'
import { modelNames, readFixture } from '../../../packages/onnx/fixtures/files.js'

describe('exports of PyTorch and tf2onnx are close to float', () => {
  test.each(modelNames.filter((name) => /^(torch|tf2onnx)/.test(name)))('%s', async (name) => {
    const model = readModel(readFixture(name))
    const [{ name: input, dims }] = dataInputs(model) as [ValueInfo]
    const shape = dims!.map((size) => (typeof size === 'number' ? size : 4))
    const feeds = { [input]: random(...shape) }
    const int8 = await quantized(model, [feeds])
    checkModel(int8)
    const [float, found] = [await logits(model, feeds), await logits(int8, feeds)]
    for (const output of Object.keys(float)) {
      const values = floatData(float, output)
      const peak = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      expect(maxError(values, floatData(found, output)) / peak).toBeLessThan(0.05)
    }
  })
})
