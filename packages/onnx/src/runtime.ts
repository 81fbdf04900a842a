/** What these libraries need from ONNX Runtime. Portable code is given the runtime of Node or of the browser in this form. */
import { assertBytes, assertInteger, assertKnown, EscError, hasField, typeOf, wrongValue } from '@esc/core'
import { assertTensor, type Tensor } from './tensor.js'

/** Options of a session. */
export interface SessionOptions {
  /** Number of threads inside one operator. @defaultValue ONNX Runtime's own choice */
  threads?: number
  /**
   * The model is a training step, with weights as inputs: leaves out optimisations that cost such a model time or memory.
   *
   * @defaultValue `false`
   */
  training?: boolean
}

/** @throws EscError INVALID_INPUT if the model is not a Uint8Array; INVALID_OPTION naming an option that is unknown or out of range. */
export function assertSessionArguments(model: Uint8Array, options: SessionOptions): void {
  assertBytes('model', model)
  assertKnown('createSession', options, { threads: true, training: true })
  if (options.threads !== undefined) assertInteger('threads', options.threads, 1)
}

/** A loaded model. */
export interface Session {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /**
   * Runs the model.
   *
   * @param feeds - Tensors by input name.
   * @param outputs - Tensors by output name. Results are written into them, so that a loop can use the same arrays in every round.
   *   Outputs that are not named here get new tensors.
   * @returns Results by output name.
   * @throws EscError INCOMPATIBLE_MODEL if an input is missing, or a tensor has another type or shape than the model needs;
   *   INVALID_INPUT naming an input that is not a tensor; INVALID_STATE after `release`.
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    outputs?: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>>
  /** Frees native memory. The session cannot be used afterwards. A second call does nothing. */
  release(): Promise<void>
}

/**
 * A session that checks its inputs, may be released twice, and throws a clear error if it is used after that. ONNX Runtime would throw
 * errors of its own.
 */
export function guardSession(session: Session): Session {
  let releasing: Promise<void> | null = null
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, outputs) {
      if (releasing) throw new EscError('INVALID_STATE', 'the session was released; create it again')
      if (typeOf(feeds) !== 'object') throw wrongValue('feeds', feeds, 'tensors by name')
      for (const name of Object.keys(feeds)) assertTensor(name, feeds[name])
      return session.run(feeds, outputs)
    },
    release() {
      releasing ??= session.release()
      return releasing
    },
  }
}

/** @throws EscError INVALID_INPUT unless `session` was returned by `createSession` of an {@link OnnxRuntime}. @example assertSession(session) */
export function assertSession(session: unknown): asserts session is Session {
  const isSession =
    hasField(session, 'run') && typeof session.run === 'function' && hasField(session, 'inputNames')
  if (isSession && Array.isArray(session.inputNames)) return
  throw wrongValue('session', session, 'what createSession of an OnnxRuntime returned', {
    advice: { numbers: 'pass await ortRuntime.createSession(bytes)' },
  })
}

/**
 * Checks the option `runtime`.
 *
 * @param owner - Name of the function that needs a runtime, for the message.
 * @param entries - The entries whose functions bring a runtime, for the message.
 * @throws EscError INVALID_OPTION unless `runtime` is an {@link OnnxRuntime}.
 * @example assertRuntime('calibrate', '@esc/edge/node or /browser', runtime)
 */
export function assertRuntime(
  owner: string,
  entries: string,
  runtime: unknown,
): asserts runtime is OnnxRuntime {
  if (hasField(runtime, 'createSession') && typeof runtime.createSession === 'function') return
  const must = `an OnnxRuntime; use ${owner} of ${entries}, which brings its own`
  throw wrongValue('runtime', runtime, must, { code: 'INVALID_OPTION' })
}

/** Access to ONNX Runtime. `@esc/onnx/node` and `@esc/onnx/browser` each export one. */
export interface OnnxRuntime {
  /** Package and version, for reports, such as `onnxruntime-node 1.30.0`. */
  readonly name: string
  /**
   * Loads a model from its bytes.
   *
   * @throws EscError INVALID_INPUT if `model` is not a Uint8Array; INCOMPATIBLE_MODEL if ONNX Runtime refuses it; INVALID_OPTION naming
   *   an option that is unknown or out of range.
   */
  createSession(model: Uint8Array, options?: SessionOptions): Promise<Session>
  /**
   * Tells how many channels of an image a block has in the blocked layout of this processor (NCHWc): 8 or 16. 1 means that there is no such layout.
   * `blocking` of `buildTrainingModel` takes it.
   */
  channelBlock?(): Promise<number>
}
