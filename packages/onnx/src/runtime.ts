/** What these libraries need of ONNX Runtime, so that portable code can be given Node's or the browser's. */
import { assertKnown, EscError } from '@esc/core'
import type { Tensor } from './tensor.js'

/** Options of a session. */
export interface SessionOptions {
  /** Threads inside one operator; the default is ONNX Runtime's own choice. */
  threads?: number
  /** The model is a training step, with weights as inputs: leaves out optimisations that cost such a model time or memory. */
  training?: boolean
}

/** @throws EscError INVALID_OPTION naming an option that is unknown. @example assertSessionOptions({ threads: 1 }) */
export function assertSessionOptions(options: SessionOptions): void {
  assertKnown('createSession', options, { threads: true, training: true })
}

/** A loaded model. */
export interface Session {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /**
   * Runs the model; `feeds` by input name, results by output name.
   *
   * @param outputs - Tensors that results are written into, by output name, so that a loop has the same arrays in every round.
   *   Outputs that are not named get tensors of their own.
   * @throws EscError INCOMPATIBLE_MODEL if an input is missing, or a tensor is of another type or shape than the model's.
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    outputs?: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>>
  /** Frees native memory; the session is unusable afterwards. */
  release(): Promise<void>
}

/** A door to ONNX Runtime. `@esc/onnx/node` exports one. */
export interface OnnxRuntime {
  /** Package and version, for reports: `onnxruntime-node 1.30.0`. */
  readonly name: string
  /**
   * Loads a model from its bytes.
   *
   * @throws EscError INCOMPATIBLE_MODEL if ONNX Runtime refuses it; INVALID_OPTION naming an option that is unknown.
   */
  createSession(model: Uint8Array, options?: SessionOptions): Promise<Session>
}

/**
 * Refuses what is no door to ONNX Runtime. For functions that take a `runtime` from code that no type checker has seen.
 *
 * @param bound - Which functions bring their own, for the message.
 * @throws EscError INVALID_OPTION unless `runtime` has a `createSession`.
 * @example assertRuntime(runtime, 'calibrate of @esc/edge')
 */
export function assertRuntime(runtime: unknown, bound: string): asserts runtime is OnnxRuntime {
  if (typeof (runtime as OnnxRuntime | null | undefined)?.createSession === 'function') return
  throw new EscError(
    'INVALID_OPTION',
    `runtime must be an OnnxRuntime; use ${bound}/node or /browser, which bring their own`,
  )
}
