/** What a layer must say so that networks with it can be trained. */
import type { NetworkNode } from '@esc/core'
import type { GraphBuilder } from '../builder.js'

/** What a rule may use while it writes its part of the step. */
export interface RuleContext {
  g: GraphBuilder
  /** Shape of the layer's input, without the batch axis. */
  inputShape: readonly number[]
  /** Shape of the layer's output, without the batch axis. */
  outputShape: readonly number[]
  /** False for layers that read the network's input: nobody needs its gradient. */
  needsInputGradient: boolean
}

/** Names of the values that a backward pass has made. */
export interface BackwardResult {
  /** Gradient with respect to the layer's input; `null` when it was not needed. */
  input: string | null
  /** Gradient of each trainable weight, by the weight's key. */
  weights: Readonly<Record<string, string>>
}

export interface ForwardResult {
  output: string
  /** New values of weights that change without a gradient (running averages), by the weight's key. */
  updates?: Readonly<Record<string, string>>
  /** Writes the backward pass, given the gradient with respect to the output. */
  backward(outputGradient: string): BackwardResult
}

/** Writes a layer's forward pass in training mode, and returns how to write its backward pass. */
export type LayerRule<N extends NetworkNode = NetworkNode> = (
  context: RuleContext,
  node: N,
  input: string,
) => ForwardResult
