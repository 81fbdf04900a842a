/** Training on ONNX Runtime, without the drawing of dropout masks. */
import { EscError, type NetworkGraph, namedWeights, withWeights } from '@esc/core'
import {
  buildTrainingModel,
  floatData,
  lowerNetwork,
  optimizerScalars,
  type Session,
  scalar,
  type Tensor,
} from '@esc/onnx'
import type { MaskedBatch, MaskedEngine } from '../engine/dropout.js'
import type { StepResult } from '../engine/engine.js'
import { createParameters } from '../engine/parameters.js'
import type { Values } from '../engine/values.js'
import { findNonFinite } from './find-non-finite.js'
import { batchFeeds, type OrtCoreOptions, openSession, stepResult } from './session.js'
import { createStepSessions } from './step-sessions.js'

/** One way to compute a step. */
export interface Stepper<B extends MaskedBatch> {
  /** Reads the present values and the optimiser's numbers, and writes the `next/…` values. */
  step(
    batch: B,
    present: Values,
    scalars: Readonly<Record<string, Tensor>>,
    next: Values,
  ): Promise<StepResult>
  release(): Promise<void>
}

/** Creates an engine that computes steps with a {@link Stepper}. Without one, a step is one run of the whole training graph. */
export async function createOrtCore<B extends MaskedBatch>(
  graph: NetworkGraph,
  options: OrtCoreOptions,
  createStepper: (graph: NetworkGraph, options: OrtCoreOptions) => Promise<Stepper<B>> = createWholeStepper,
): Promise<MaskedEngine<B>> {
  const parameters = createParameters(graph, options)
  const stepper = await createStepper(graph, options)
  const inference = createInference(graph, options)
  let isReleased = false
  function assertOpen(): void {
    if (isReleased) throw new EscError('INVALID_STATE', 'the engine was released')
  }
  return {
    async step(batch) {
      assertOpen()
      const { learningRate } = batch
      const known = { learningRate, ...optimizerScalars(options.optimizer ?? {}, parameters.steps + 1) }
      const scalars = Object.fromEntries(Object.entries(known).map(([name, value]) => [name, scalar(value)]))
      const result = await stepper.step(batch, parameters.present, scalars, parameters.next)
      parameters.advance()
      return result
    },
    async predict(input) {
      assertOpen()
      return inference.predict(input, parameters.predicting, parameters.version)
    },
    state: async () => parameters.state(),
    restore: async (state) => parameters.restore(state),
    findNonFinite: (batch) => findNonFinite(graph, options, parameters.previous, batch),
    async release() {
      isReleased = true
      await inference.release()
      await stepper.release()
    },
  }
}

async function createWholeStepper(
  graph: NetworkGraph,
  options: OrtCoreOptions,
): Promise<Stepper<MaskedBatch>> {
  const { loss, optimizer, frozen } = options
  const sessions = await createStepSessions(graph, options, (blocking) =>
    buildTrainingModel(graph, { loss, optimizer, frozen, blocking }),
  )
  return {
    async step(batch, present, scalars, next) {
      const session = await sessions.forClips(batch.input.dims[0]!)
      return stepResult(await session.run({ ...present, ...scalars, ...batchFeeds(graph, batch) }, next))
    },
    release: () => sessions.release(),
  }
}

/** Predicts. It keeps its session until the weights change. */
function createInference(graph: NetworkGraph, options: OrtCoreOptions) {
  let kept: { session: Session; version: number } | null = null
  async function release() {
    const { session } = kept ?? {}
    kept = null
    await session?.release()
  }
  return {
    async predict(input: Tensor, present: Values, version: number): Promise<Float32Array> {
      if (kept?.version !== version) {
        await release()
        const weights = namedWeights(graph).map(({ name }) => [name, present[name]!.data])
        const trained = withWeights(graph, Object.fromEntries(weights))
        kept = { session: await openSession(options, lowerNetwork(trained), false), version }
      }
      return floatData(await kept!.session.run({ [graph.input.name]: input }), 'logits')
    },
    release,
  }
}
