/** ONNX Runtime for Node. */
import { EscError } from '@esc/core'
import { env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import type { OnnxRuntime, Session, SessionOptions } from '../runtime.js'
import type { Tensor } from '../tensor.js'

/**
 * ONNX Runtime's CPU kernels through `onnxruntime-node`, a peer dependency.
 *
 * @example
 * const session = await ortRuntime.createSession(await readFile('model.onnx'))
 * const { logits } = await session.run({ input: { type: 'float32', dims: [1, 1, 13, 431], data } })
 */
export const ortRuntime: OnnxRuntime = {
  get name() {
    return `onnxruntime-node ${env.versions.node}`
  },
  createSession,
}

async function createSession(model: Uint8Array, { threads }: SessionOptions = {}): Promise<Session> {
  const session = await guarded('refused the model', () =>
    InferenceSession.create(model, {
      executionProviders: ['cpu'],
      // Warnings such as «constant folding failed» would otherwise land on the user's terminal.
      logSeverityLevel: 3,
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    }),
  )
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds) {
      const outputs = await guarded('could not run the model', () => {
        const inputs = Object.entries(feeds).map(([name, { type, data, dims }]) => {
          return [name, new OrtTensor(type as 'float32', data as Float32Array, dims)] as const
        })
        return session.run(Object.fromEntries(inputs))
      })
      const results = Object.entries(outputs).map(([name, { type, dims, data }]) => [
        name,
        { type, dims, data },
      ])
      return Object.fromEntries(results) as Record<string, Tensor>
    },
    release: () => session.release(),
  }
}

/** @throws EscError INCOMPATIBLE_MODEL in place of whatever ONNX Runtime throws. */
async function guarded<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new EscError('INCOMPATIBLE_MODEL', `ONNX Runtime ${what}: ${message}`, { cause })
  }
}
