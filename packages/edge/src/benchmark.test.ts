import { throwsCode } from '@esc/expect'
import { writeModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { expect, test } from 'vitest'
import { frames, model } from './fixtures/tiny-model.js'
import { exportModel, measureLatency } from './index.js'

const bytes = writeModel(exportModel(model))

test('measureLatency times every run, and the median is at most the 95th percentile', async () => {
  const session = await ortRuntime.createSession(bytes, { threads: 1 })
  let runs = 0
  const counted: typeof session = {
    ...session,
    run(feeds) {
      runs++
      return session.run(feeds)
    },
  }
  const input = { type: 'float32' as const, dims: [1, 1, 16, frames], data: new Float32Array(16 * frames) }
  const latency = await measureLatency(counted, [input], { runs: 30, warmup: 5 })
  expect(runs).toBe(35)
  expect(latency.runs).toBe(30)
  expect(latency.p50Ms).toBeGreaterThan(0)
  expect(latency.p95Ms).toBeGreaterThanOrEqual(latency.p50Ms)
  const two = { ...session, inputNames: ['a', 'b'] }
  await expect(measureLatency(two, [input])).rejects.toThrow(
    throwsCode('INCOMPATIBLE_MODEL', /the model takes 2 inputs, 'a' and 'b'; it must take one input/),
  )
  await expect(measureLatency(session, [])).rejects.toThrow(throwsCode('INVALID_OPTION'))
  for (const warmup of [0.5, -5, Number.NaN]) {
    await expect(measureLatency(session, [input], { warmup })).rejects.toThrow(throwsCode('INVALID_OPTION'))
  }
  await session.release()
})
