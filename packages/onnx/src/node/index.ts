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
  let session: InferenceSession
  try {
    session = await InferenceSession.create(model, {
      executionProviders: ['cpu'],
      // Warnings such as «constant folding failed» would otherwise land on the user's terminal.
      logSeverityLevel: 3,
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new EscError('INCOMPATIBLE_MODEL', `ONNX Runtime refused the model: ${message}`, { cause })
  }
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds) {
      const inputs: Record<string, OrtTensor> = {}
      for (const [name, tensor] of Object.entries(feeds)) {
        inputs[name] = new OrtTensor(tensor.type as 'float32', tensor.data as Float32Array, tensor.dims)
      }
      const outputs = await session.run(inputs)
      const results: Record<string, Tensor> = {}
      for (const name of Object.keys(outputs)) {
        const { type, dims, data } = outputs[name]!
        results[name] = { type, dims, data } as Tensor
      }
      return results
    },
    release: () => session.release(),
  }
}
