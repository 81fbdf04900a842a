/** What a worker thread of `nodeEngine` does: it holds an engine, or a slice's gradients, and answers calls. */
import { EscError, type EscErrorCode, isEscError, type NetworkGraph } from '@esc/core'
import type { LossOptions, OptimizerOptions, Tensor } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import type { MaskedBatch } from '../engine/dropout.js'
import type { EngineState, StepResult } from '../engine/engine.js'
import { createOrtCore } from '../ort/core.js'
import { createFollower, createLeader, type SharedMemory, type SliceBatch } from './slices.js'

/** What a thread is told when it starts: plain data. */
export interface EngineSetup {
  graph: NetworkGraph
  loss?: LossOptions
  optimizer?: OptimizerOptions
  threads?: number
  /** From 0; the first one has weights and optimiser. */
  index: number
  /** For each thread how many calls it has not finished, its start among them; shared. */
  busy: Int32Array
  /** `null` if there is one thread alone. */
  shared: SharedMemory | null
}

/** What a thread can be asked: argument and result of each call. */
export interface EngineCalls {
  step(batch: SliceBatch): Promise<StepResult>
  predict(input: Tensor): Promise<Float32Array>
  state(): Promise<EngineState>
  restore(state: EngineState): Promise<void>
  findNonFinite(batch: MaskedBatch): Promise<string | null>
  release(): Promise<void>
}

/** Memory that goes to a thread with a call and comes back with the answer. */
export type Loans = Readonly<Record<string, ArrayBuffer>>

/** A call; the thread's start is answered as one with id 0. */
export interface Call {
  id: number
  method: keyof EngineCalls
  argument: unknown
  loans: Loans
}

/** An error's class does not survive the way between threads. */
export interface CallFailure {
  /** `null` where it was none of ours. */
  code: EscErrorCode | null
  message: string
}

/** The answer to a call. */
export interface Answer {
  id: number
  loans: Loans
  outcome: { result: unknown } | { failure: CallFailure }
}

/**
 * Opens the sessions of a thread.
 *
 * @throws EscError UNSUPPORTED_LAYER, INVALID_OPTION as `ortEngine` does.
 */
export function openEngine({
  index,
  shared,
  busy: _,
  graph,
  ...options
}: EngineSetup): Promise<Partial<EngineCalls>> {
  const ortOptions = { ...options, runtime: ortRuntime }
  if (!shared) return createOrtCore(graph, ortOptions)
  if (index > 0) return createFollower(graph, ortOptions, shared, index)
  return createOrtCore<SliceBatch>(graph, ortOptions, () => createLeader(graph, ortOptions, shared))
}

/** Runs a call and packs up what came of it. */
export async function answer(
  { id, loans }: Pick<Call, 'id' | 'loans'>,
  run: () => Promise<unknown>,
): Promise<Answer> {
  try {
    return { id, loans, outcome: { result: await run() } }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { id, loans, outcome: { failure: { code: isEscError(error) ? error.code : null, message } } }
  }
}

/** The error that a failure was made of. */
export function revive({ code, message }: CallFailure): Error {
  return code === null ? new Error(message) : new EscError(code, message)
}
