import { ortRuntime } from '@esc/onnx/node'
import { expect, test } from 'vitest'
import { plain, x } from '../fixtures/foreign-models.js'
import { calibrate } from './calibrate.js'

test('progress counts batches: of how many, if they are an array', async () => {
  const seen: unknown[] = []
  const onProgress = (event: unknown) => void seen.push(event)
  const first = await calibrate(plain, [x, x], { runtime: ortRuntime, onProgress })
  const second = await calibrate(plain, [x, x].values(), { runtime: ortRuntime, onProgress })
  expect(second).toEqual(first)
  expect(seen).toEqual([
    { stage: 'calibrate', done: 1, total: 2 },
    { stage: 'calibrate', done: 2, total: 2 },
    { stage: 'calibrate', done: 1, total: 1 },
    { stage: 'calibrate', done: 2, total: 2 },
  ])
})
