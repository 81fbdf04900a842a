/** `@esc/onnx/browser`: ONNX Runtime for pages. */
import { EscError } from '@esc/core'
import { env, InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web/wasm'
import { guarded } from '../guarded.js'
import {
  assertSessionArguments,
  guardSession,
  type OnnxRuntime,
  type Session,
  type SessionOptions,
} from '../runtime.js'
import type { Tensor } from '../tensor.js'

/**
 * ONNX Runtime's CPU kernels as WebAssembly through `onnxruntime-web`, a peer dependency. They run in a page, a worker, or Node.
 *
 * ONNX Runtime fetches `ort-wasm-simd-threaded.wasm` from the folder of the script that it is bundled into. Vite puts the file
 * there. If your bundler does not, copy the file from onnxruntime-web's `dist`, or set its address with `env` (second example).
 *
 * A run blocks its thread, so a page that must stay responsive runs long models in a worker. All sessions share the threads that
 * the first session asked for. More than one thread needs a cross-origin isolated page and `mjs` in `env`: without it, ONNX
 * Runtime's workers would load the page's own script.
 *
 * @see https://onnxruntime.ai/docs/tutorials/web/env-flags-and-session-options.html
 * @example
 * const session = await ortRuntime.createSession(bytes, { threads: 1 })
 * const { logits } = await session.run({ input: { type: 'float32', dims: [1, 1, 13, 431], data } })
 * @example
 * import { env } from 'onnxruntime-web/wasm'
 * env.wasm.wasmPaths = { mjs: '/ort-wasm-simd-threaded.mjs', wasm: '/ort-wasm-simd-threaded.wasm' } // before the first session
 */
export const ortRuntime: OnnxRuntime = {
  get name() {
    return `onnxruntime-web ${env.versions.web}`
  },
  createSession,
}

async function createSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  assertSessionArguments(model, options)
  const { threads } = options
  // ONNX Runtime reads this once, when WebAssembly starts.
  if (threads !== undefined) env.wasm.numThreads ??= threads
  const session = await guarded('refused the model', () =>
    InferenceSession.create(model, {
      executionProviders: ['wasm'],
      // Without this level, warnings such as «constant folding failed» would appear on the console.
      logSeverityLevel: 3,
    }),
  )
  return guardSession({
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, outputs = {}) {
      const unknown = Object.keys(outputs).find((name) => !session.outputNames.includes(name))
      if (unknown !== undefined) {
        throw new EscError('INCOMPATIBLE_MODEL', `the model has no output '${unknown}'`)
      }
      const values = await guarded('could not run the model', () => {
        const inputs = Object.entries(feeds).map(([name, { type, data, dims }]) => {
          return [name, new OrtTensor(type as 'float32', data as Float32Array, dims)] as const
        })
        return session.run(Object.fromEntries(inputs))
      })
      const results = Object.entries(values).map(([name, { type, dims, data }]) => {
        const result = { type, dims, data } as Tensor
        const given = outputs[name]
        return [name, given ? copyInto(given, result, name) : result]
      })
      return Object.fromEntries(results) as Record<string, Tensor>
    },
    release: () => session.release(),
  })
}

/** onnxruntime-web 1.30 accepts tensors for its outputs but does not write into them: it computes in its own memory. */
function copyInto(given: Tensor, { type, dims, data }: Tensor, name: string): Tensor {
  if (given.type !== type || String(given.dims) !== String(dims) || given.data.length !== data.length) {
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      `tensor for output '${name}' is ${given.type} [${given.dims}] with ${given.data.length} values, but the model's output is ${type} [${dims}]`,
    )
  }
  ;(given.data as Float32Array).set(data as Float32Array)
  return given
}
