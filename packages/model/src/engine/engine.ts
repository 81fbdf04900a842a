/** What the training loop asks of whatever does the arithmetic. */
import type { NetworkGraph, Rng } from '@esc/core'
import type { LossOptions, OptimizerOptions, Tensor } from '@esc/onnx'

/** One optimiser step's input. */
export interface StepBatch {
  /** [N, channels, bins, frames]. */
  input: Tensor
  /** [N, classes], rows of probabilities; with a sigmoid loss each value for itself. */
  target: Tensor
  /** [N, classes], logits of a larger network; only where the loss distils. */
  teacherLogits?: Tensor
  learningRate: number
}

/** What a step reports; both are of the weights before it. */
export interface StepResult {
  /** Mean loss of the batch. */
  loss: number
  /** [N, classes]. */
  logits: Float32Array
}

/**
 * All that an engine carries from one step to the next: weights as `node.weight`, the optimiser's slots as
 * `slot/node.weight`, and how many steps were made.
 */
export interface EngineState {
  steps: number
  values: Readonly<Record<string, Float32Array>>
}

/** Holds a network's weights and the optimiser's state, and makes steps. One call at a time. */
export interface TrainingEngine {
  /** Package and version that does the arithmetic, for reports. */
  readonly name: string
  step(batch: StepBatch): Promise<StepResult>
  /** Logits [N, classes] with the present weights, in inference mode. */
  predict(input: Tensor): Promise<Float32Array>
  /** A copy of the present state. */
  state(): Promise<EngineState>
  /**
   * Goes on from a saved state.
   *
   * @throws EscError INVALID_INPUT if its names or lengths are not this network's and optimiser's.
   */
  restore(state: EngineState): Promise<void>
  /**
   * Where the last step went wrong: the first weight, input or layer that is not finite when the batch is run again with the
   * weights that the step began with; `null` if all are finite.
   */
  findNonFinite(batch: StepBatch): Promise<string | null>
  /** Frees memory; the engine is unusable afterwards. */
  release(): Promise<void>
}

/** What every engine is told. */
export interface EngineOptions {
  /** Source of the dropout masks. */
  rng: Rng
  loss?: LossOptions
  optimizer?: OptimizerOptions
}

/** Makes an engine for a network; `ortEngine(…)` and `tfjsEngine()` return one. */
export type CreateEngine = (graph: NetworkGraph, options: EngineOptions) => Promise<TrainingEngine>
