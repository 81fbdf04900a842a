/** What these libraries need of ONNX Runtime, so that portable code can be given Node's or the browser's. */
import { assertBytes, assertInteger, assertKnown, EscError, hasField, typeOf, wrongValue } from '@esc/core'
import { assertTensor, type Tensor } from './tensor.js'

/** Options of a session. */
export interface SessionOptions {
  /** Threads inside one operator; the default is ONNX Runtime's own choice. */
  threads?: number
  /** The model is a training step, with weights as inputs: leaves out optimisations that cost such a model time or memory. */
  training?: boolean
}

/** @throws EscError INVALID_INPUT if the model is no Uint8Array; INVALID_OPTION naming an option that is unknown, or out of range. */
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
   * Runs the model; `feeds` by input name, results by output name.
   *
   * @param outputs - Tensors that results are written into, by output name, so that a loop has the same arrays in every round.
   *   Outputs that are not named get tensors of their own.
   * @throws EscError INCOMPATIBLE_MODEL if an input is missing, or a tensor is of another type or shape than the model's; INVALID_INPUT
   *   naming one that is no tensor; INVALID_STATE after `release`.
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    outputs?: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>>
  /** Frees native memory; the session is unusable afterwards. Called again, it does nothing. */
  release(): Promise<void>
}

/**
 * A session that checks what it is given, that may be released again, and says so when it is used afterwards: ONNX Runtime would
 * throw errors of its own.
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

/** @throws EscError INVALID_INPUT unless it is what `createSession` of an {@link OnnxRuntime} returned. @example assertSession(session) */
export function assertSession(session: unknown): asserts session is Session {
  const isSession =
    hasField(session, 'run') && typeof session.run === 'function' && hasField(session, 'inputNames')
  if (isSession && Array.isArray(session.inputNames)) return
  throw wrongValue('session', session, 'what createSession of an OnnxRuntime returned', {
    advice: { numbers: 'pass await ortRuntime.createSession(bytes)' },
  })
}

/**
 * @param owner - The function that needs a runtime, for the message.
 * @param entries - The entries that bring one.
 * @throws EscError INVALID_OPTION unless `runtime` is an {@link OnnxRuntime}.
 * @example assertRuntime('calibrate', '@esc/edge/node or /browser', runtime)
 */
export function assertRuntime(
  owner: string,
  entries: string,
  runtime: unknown,
): asserts runtime is OnnxRuntime {
  if (hasField(runtime, 'createSession') && typeof runtime.createSession === 'function') return
  const must = `an OnnxRuntime; use ${owner} of ${entries}, which bring their own`
  throw wrongValue('runtime', runtime, must, { code: 'INVALID_OPTION' })
}

/** A door to ONNX Runtime. `@esc/onnx/node` exports one. */
export interface OnnxRuntime {
  /** Package and version, for reports: `onnxruntime-node 1.30.0`. */
  readonly name: string
  /**
   * Loads a model from its bytes.
   *
   * @throws EscError INVALID_INPUT if they are no Uint8Array; INCOMPATIBLE_MODEL if ONNX Runtime refuses it; INVALID_OPTION naming an option that is unknown.
   */
  createSession(model: Uint8Array, options?: SessionOptions): Promise<Session>
}
