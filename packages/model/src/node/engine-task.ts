/** The work of a worker thread of `nodeEngine`: it holds an engine, or computes gradients of a slice, and answers calls. */
import { EscError, type EscErrorCode, isEscError, type NetworkGraph } from '@esc/core'
import type { LossOptions, OptimizerOptions, Tensor } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import type { MaskedBatch } from '../engine/dropout.js'
import type { EngineState, StepResult } from '../engine/engine.js'
import { createOrtCore } from '../ort/core.js'
import { createFollower, createLeader, type SharedMemory, type SliceBatch } from './slices.js'

/** What a thread gets when it starts. It is plain data. */
export interface EngineSetup {
  graph: NetworkGraph
  loss?: LossOptions
  optimizer?: OptimizerOptions
  ema?: number | null
  frozen?: readonly string[]
  threads?: number
  /** Number of the thread, from 0. Thread 0 has the weights and the optimiser. */
  index: number
  /** For each thread, the number of its calls that are not finished, including its start. All threads share this memory. */
  busy: Int32Array
  /** `null` if there is only one thread. */
  shared: SharedMemory | null
}

/** Calls to a thread: argument and result of each. */
export interface EngineCalls {
  step(batch: SliceBatch): Promise<StepResult>
  predict(input: Tensor): Promise<Float32Array>
  state(): Promise<EngineState>
  restore(state: EngineState): Promise<void>
  findNonFinite(batch: MaskedBatch): Promise<string | null>
  release(): Promise<void>
}

/** Buffers that move to a thread with a call and come back with the answer. */
export type Loans = Readonly<Record<string, ArrayBuffer>>

/** A call. The answer to the thread's start has id 0. */
export interface Call {
  id: number
  method: keyof EngineCalls
  argument: unknown
  loans: Loans
}

/** An error as plain data, because an error's class is lost between threads. */
export interface CallFailure {
  /** `null` if it was not an `EscError`. */
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
 * @throws EscError UNSUPPORTED_LAYER, INVALID_OPTION as `ortEngine`.
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

/** Runs a call and makes the answer: its result, or its failure. */
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

/** Turns a failure back into an error. */
export function revive({ code, message }: CallFailure): Error {
  return code === null ? new Error(message) : new EscError(code, message)
}
