/** What the training loop asks of whatever does the arithmetic. */
import type { NetworkGraph } from '@esc/core'
import type { Tensor } from '@esc/onnx'

/** One optimiser step's input. */
export interface StepBatch {
  /** [N, channels, bins, frames]. */
  input: Tensor
  /** [N, classes], rows of probabilities. */
  target: Tensor
  learningRate: number
}

/** What a step reports; both are of the weights before it. */
export interface StepResult {
  /** Mean loss of the batch. */
  loss: number
  /** [N, classes]. */
  logits: Float32Array
}

/** Holds a network's weights and the optimiser's state, and makes steps. */
export interface TrainingEngine {
  step(batch: StepBatch): Promise<StepResult>
  /** The network with its present weights. */
  graph(): NetworkGraph
  /** Frees native memory. */
  release(): Promise<void>
}
