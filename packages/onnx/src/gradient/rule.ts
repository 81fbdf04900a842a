/** What a layer must say so that networks with it can be trained. */
import type { TrainingNode } from './fuse.js'
import type { Layout } from './layouts/layout.js'
import type { StepBuilder } from './step-builder.js'

/** The number of clips in a batch, as values of the graph. */
export interface BatchSize {
  /** Name of the number, a float32 scalar. */
  clips(): string
  /** Name of a row [1, N] whose values are 1 / N. Its product with a batch is the mean clip. */
  shares(): string
}

/** What a rule may use while it writes its part of the step. */
export interface RuleContext {
  g: StepBuilder
  /** The layout of the layer's images. */
  layout: Layout
  batch: BatchSize
  /** Values the layer reads, in order. */
  inputs: readonly string[]
  /** Their shapes, without the batch axis. */
  inputShapes: readonly (readonly number[])[]
  /** Shape of the layer's output, without the batch axis. */
  outputShape: readonly number[]
  /** Whether the first input is dead at zero: see `deadAtZero`. */
  isDeadAtZero: boolean
  /** For each input, whether its gradient is wanted: only where a layer that learns lies below. */
  needsGradient: readonly boolean[]
  /** Whether training leaves the layer's weights as they are. Then `backward` writes no gradients of weights. */
  isFrozen: boolean
}

/** Names of the values that a backward pass has made. */
export interface BackwardResult {
  /** Gradient with respect to each input; `null` where it is not wanted. */
  inputs: readonly (string | null)[]
  /** Gradient of each trainable weight, by the weight's key; of two layers written as one, by `node.key`; none of a frozen layer. */
  weights: Readonly<Record<string, string>>
}

export interface ForwardResult {
  output: string
  /** New values of weights that change without a gradient (running averages), named alike. */
  updates?: Readonly<Record<string, string>>
  /** Writes the backward pass, given the gradient with respect to the output. */
  backward(outputGradient: string): BackwardResult
}

/** Writes a layer's forward pass in training mode, and returns how to write its backward pass. */
export type LayerRule<N extends TrainingNode = TrainingNode> = (
  context: RuleContext,
  node: N,
) => ForwardResult
