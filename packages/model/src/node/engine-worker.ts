/** The program of a worker thread of `nodeEngine`. */
import { parentPort, workerData } from 'node:worker_threads'
import { answer, type Call, type EngineSetup, openEngine } from './engine-task.js'

const port = parentPort!
const setup = workerData as EngineSetup
const { busy, index } = setup

async function reply(call: Pick<Call, 'id' | 'loans'>, run: () => Promise<unknown>): Promise<void> {
  Atomics.store(busy, index, 1)
  try {
    port.postMessage(await answer(call, run), Object.values(call.loans))
  } finally {
    Atomics.store(busy, index, 0)
    Atomics.notify(busy, index)
  }
}

const engine = openEngine(setup)
// A run gives way to the event loop before it blocks: calls that came meanwhile wait for it.
let last = reply({ id: 0, loans: {} }, () => engine.then(() => {}))
port.on('message', (call: Call) => {
  last = last.then(async () => {
    await reply(call, async () => (await engine)[call.method]!(call.argument as never))
    if (call.method === 'release') port.close()
  })
})
