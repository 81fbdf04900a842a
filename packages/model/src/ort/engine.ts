/** The training engine on ONNX Runtime. */
import { createRng, type NetworkGraph, type Rng } from '@esc/core'
import type { OnnxRuntime } from '@esc/onnx'
import { createDropoutMasks } from '../dropout.js'
import type { CreateEngine, TrainingEngine } from '../engine.js'
import { createOrtCore, type MaskedEngine } from './core.js'

/** Options of {@link ortEngine}. */
export interface OrtEngineOptions {
  runtime: OnnxRuntime
  /** Threads inside one operator; the default is ONNX Runtime's own choice. */
  threads?: number
}

/**
 * Trains on ONNX Runtime: each step is one run of the network's training graph. Weights and the optimiser's state lie in two
 * sets of arrays; a step reads one set and writes the other.
 *
 * @throws EscError UNSUPPORTED_LAYER naming a layer that has no gradient rule.
 * @example
 * const engine = await ortEngine({ runtime: ortRuntime })(audioCnn({ bins: 13, frames: 431, classes: 10 }), { rng: createRng(1) })
 * const { loss } = await engine.step({ input, target, learningRate: 1e-3 })
 */
export function ortEngine(options: OrtEngineOptions): CreateEngine {
  return async (graph, { rng, ...engineOptions }) => {
    const core = await createOrtCore(graph, { ...options, ...engineOptions })
    return withDropout(graph, rng, options.runtime.name, core)
  }
}

/** Draws the masks of an engine that is handed them. */
export function withDropout(
  graph: NetworkGraph,
  rng: Rng,
  name: string,
  engine: MaskedEngine,
): TrainingEngine {
  const draw = createDropoutMasks(graph)
  let last: { clips: number; masks: ReturnType<typeof draw> } | null = null
  return {
    ...engine,
    name,
    step(batch) {
      const clips = batch.input.dims[0]!
      last = { clips, masks: draw(clips, rng) }
      return engine.step({ ...batch, masks: last.masks })
    },
    findNonFinite(batch) {
      const clips = batch.input.dims[0]!
      // Looking must not change what is drawn next.
      const masks = last?.clips === clips ? last.masks : draw(clips, createRng(rng.state()))
      return engine.findNonFinite({ ...batch, masks })
    },
  }
}
