/** The program of a worker thread of `nodeEngine`. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Call, EngineSetup } from './engine-task.js'

const port = parentPort!
const setup = workerData as EngineSetup
const { busy, index } = setup

// Counts the start as a call, before the import: a process that ends while the native library is being loaded would crash.
Atomics.add(busy, index, 1)
// A thread that dies answers no more calls, so nobody may wait for them.
process.on('exit', () => {
  Atomics.store(busy, index, 0)
  Atomics.notify(busy, index)
})
const { answer, openEngine } = await import('./engine-task.js')

async function reply(call: Pick<Call, 'id' | 'loans'>, run: () => Promise<unknown>): Promise<void> {
  try {
    port.postMessage(await answer(call, run), Object.values(call.loans))
  } finally {
    Atomics.sub(busy, index, 1)
    Atomics.notify(busy, index)
  }
}

const engine = openEngine(setup)
// A run returns to the event loop before it blocks. Calls that come in between wait for it.
let last = reply({ id: 0, loans: {} }, () => engine.then(() => {}))
port.on('message', (call: Call) => {
  last = last.then(async () => {
    await reply(call, async () => (await engine)[call.method]!(call.argument as never))
    if (call.method === 'release') port.close()
  })
})
