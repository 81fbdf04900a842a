/** The training engine on ONNX Runtime. */
import { asOptions, assertGraph, assertInteger, assertKnown } from '@esc/core'
import { assertRuntime, type OnnxRuntime } from '@esc/onnx'
import { withDropout } from '../engine/dropout.js'
import type { CreateEngine } from '../engine/engine.js'
import { createOrtCore } from './core.js'

/** Options of {@link ortEngine}. */
export interface OrtEngineOptions {
  /** `ortRuntime` of `@esc/onnx/node` or `/browser`. */
  runtime: OnnxRuntime
  /** Threads inside one operator. @defaultValue none: ONNX Runtime chooses */
  threads?: number
}

/**
 * Trains on ONNX Runtime. Each step is one run of the network's training graph. There are two sets of arrays for the weights and
 * the optimiser's state: a step reads one set and writes the other.
 *
 * @throws EscError INVALID_OPTION if `threads` is not an integer >= 1. The returned function throws UNSUPPORTED_LAYER naming a layer
 *   that has no gradient rule, or INVALID_OPTION naming a number of the loss or the optimiser that is out of range.
 * @example
 * const engine = await ortEngine({ runtime: ortRuntime })(audioCnn({ bins: 13, frames: 431, classes: 10 }), { rng: createRng(1) })
 * const { loss } = await engine.step({ input, target, learningRate: 1e-3 })
 */
export function ortEngine(options: OrtEngineOptions): CreateEngine {
  assertKnown('ortEngine', asOptions('ortEngine', options), { runtime: true, threads: true })
  assertRuntime('train', '@esc/model/node or /browser', options.runtime)
  if (options.threads !== undefined) assertInteger('threads', options.threads, 1)
  return async (graph, { rng, ...engineOptions }) => {
    assertGraph('graph', graph)
    const core = await createOrtCore(graph, { ...options, ...engineOptions })
    return withDropout(graph, rng, options.runtime.name, core)
  }
}
