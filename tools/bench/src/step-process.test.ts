import { expect, test } from 'vitest'
import { formatNetworkRows, lookAtMachine, summarize } from './network-rows.js'
import { startSteps } from './step-process.js'

const size = { network: 'audio-cnn', bins: 4, frames: 4, clips: 1 } as const

// There is no compiled program beside the source. So the process starts, prints nothing and ends.
test('a process that ends, or does not answer in time, is reported as "cannot"', async () => {
  const ended = startSteps({ maker: 'ort', threads: 1 }, size)
  await expect(ended.ask('step')).rejects.toThrow(/^cannot: .*node.* does not start or has ended$/)
  const late = startSteps({ maker: 'ort', threads: 1 }, size, 1)
  await expect(late.ask('step')).rejects.toThrow(/^cannot: no answer within 0.001 s$/)
})

test('the table shows the load of the machine', () => {
  const machine = { processors: 2, load: 3.14 }
  const peer = { name: 'peer', cannot: 'cannot: no answer within 300 s' }
  const row = { case: 'a case', unit: 'ms', machine, ours: summarize([1, 2]), peer } as const
  const [head, line, below] = formatNetworkRows([row]).split('\n')
  expect(head).toMatch(/goal +load$/)
  expect(line).toMatch(/^a case .*cannot: no answer within 300 s \(peer\) .*3\.1$/)
  expect(below).toMatch(/^2 processors; load/)
  expect(lookAtMachine()).toEqual({ processors: expect.any(Number), load: expect.any(Number) })
})
