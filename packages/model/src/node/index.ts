/** Training bound to onnxruntime-node. */
import type { Example, NetworkGraph } from '@esc/core'
import { ortRuntime } from '@esc/onnx/node'
import {
  fit as portableFit,
  train as portableTrain,
  type TrainEvent,
  type TrainOptions,
  type TrainResult,
} from '../train.js'

/** Training examples, and those whose loss decides which epoch is the best. */
export type Examples = { train: readonly Example[]; validation?: readonly Example[] }

/**
 * `train` of `@esc/model` on onnxruntime-node.
 *
 * @example for await (const event of train(graph, { train: examples }, { epochs: 5 })) console.log(event)
 */
export function train(
  graph: NetworkGraph,
  examples: Examples,
  options: Omit<TrainOptions, 'runtime'> = {},
): AsyncGenerator<TrainEvent, TrainResult> {
  return portableTrain(graph, examples, { ...options, runtime: ortRuntime })
}

/**
 * `fit` of `@esc/model` on onnxruntime-node.
 *
 * @example const { graph: trained } = await fit(audioCnn({ bins: 13, frames: 431, classes: 10 }), { train: examples })
 */
export function fit(
  graph: NetworkGraph,
  examples: Examples,
  options: Omit<TrainOptions, 'runtime'> & { onEvent?: (event: TrainEvent) => void } = {},
): Promise<TrainResult> {
  return portableFit(graph, examples, { ...options, runtime: ortRuntime })
}
