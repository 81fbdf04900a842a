/** The interface between the training loop and the engine, which computes the steps. */
import type { NetworkGraph, Rng } from '@esc/core'
import type { LossOptions, OptimizerOptions, Tensor } from '@esc/onnx'

/** Input of one optimiser step. */
export interface StepBatch {
  /** [N, channels, bins, frames]. */
  input: Tensor
  /** [N, classes]. Each row holds probabilities that sum to 1; with a sigmoid loss, each value is a probability of its own. */
  target: Tensor
  /** [N, classes], logits of a larger network. Only if the loss has `distillation`. @defaultValue none */
  teacherLogits?: Tensor
  learningRate: number
}

/** Result of a step. Both values belong to the weights before the step. */
export interface StepResult {
  /** Mean loss of the batch. */
  loss: number
  /** [N, classes]. */
  logits: Float32Array
}

/**
 * Everything that an engine keeps from one step to the next: weights as `node.weight`, the optimiser's arrays (slots) as
 * `slot/node.weight`, with `ema` the weights' averages as `ema/node.weight`, and the number of steps so far.
 */
export interface EngineState {
  steps: number
  values: Readonly<Record<string, Float32Array>>
}

/** Holds a network's weights and the optimiser's state, and computes steps. Only one call may run at a time. */
export interface TrainingEngine {
  /** Name and version of the package that computes, for reports. */
  readonly name: string
  /** Updates the weights once. */
  step(batch: StepBatch): Promise<StepResult>
  /** Logits [N, classes] with the present weights, or with `ema` their averages, in inference mode. */
  predict(input: Tensor): Promise<Float32Array>
  /** Returns a copy of the present state. */
  state(): Promise<EngineState>
  /**
   * Goes on from a saved state.
   *
   * @throws EscError INVALID_INPUT if its names or lengths are not those of this network and optimiser.
   */
  restore(state: EngineState): Promise<void>
  /**
   * Finds where the last step went wrong. It runs the batch again with the weights from before the step, and returns the first
   * weight, input or layer that is not finite; `null` if all are finite.
   */
  findNonFinite(batch: StepBatch): Promise<string | null>
  /** Frees all memory. The engine cannot be used afterwards. */
  release(): Promise<void>
}

/** Options of every engine. */
export interface EngineOptions {
  /** Generator of the dropout masks. */
  rng: Rng
  /** @defaultValue `{ kind: 'softmax' }` */
  loss?: LossOptions
  /** @defaultValue `{ kind: 'adam' }` */
  optimizer?: OptimizerOptions
  /** Decay of the weights' exponential moving averages, in (0, 1). @defaultValue `null`: none are computed */
  ema?: number | null
  /** Layers that stay as they are: see `StepOptions` of `@esc/onnx`. @defaultValue none */
  frozen?: readonly string[]
}

/** Creates an engine for a network. `ortEngine(…)` and `tfjsEngine()` return such a function. */
export type CreateEngine = (graph: NetworkGraph, options: EngineOptions) => Promise<TrainingEngine>
