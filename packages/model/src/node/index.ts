/** Training bound to onnxruntime-node. */
import type { NetworkGraph } from '@esc/core'
import { fit as portableFit, train as portableTrain } from '../train.js'
import type { TrainEvent, TrainExamples, TrainOptions, TrainResult } from '../train-options.js'
import { type NodeEngineOptions, nodeEngine } from './node-engine.js'

export { checkpointFile } from './checkpoint-file.js'
export { type NodeEngineOptions, nodeEngine } from './node-engine.js'

/** Options of `train` on onnxruntime-node. */
export type NodeTrainOptions = Omit<TrainOptions, 'engine'> & NodeEngineOptions

/**
 * `train` of `@esc/model` on onnxruntime-node, by default in a worker thread; see {@link nodeEngine}.
 *
 * @throws EscError INVALID_OPTION, IO as {@link nodeEngine}, and what `train` throws.
 * @example for await (const event of train(graph, { train: examples }, { epochs: 5 })) console.log(event)
 */
export function train(
  graph: NetworkGraph,
  examples: TrainExamples,
  { workers, threads, ...options }: NodeTrainOptions = {},
): AsyncGenerator<TrainEvent, TrainResult> {
  return portableTrain(graph, examples, { ...options, engine: nodeEngine({ workers, threads }) })
}

/**
 * `fit` of `@esc/model` on onnxruntime-node, by default in a worker thread; see {@link nodeEngine}.
 *
 * @throws EscError as {@link train}.
 * @example const { graph: trained } = await fit(audioCnn({ bins: 13, frames: 431, classes: 10 }), { train: examples })
 */
export async function fit(
  graph: NetworkGraph,
  examples: TrainExamples,
  options: NodeTrainOptions & { onEvent?: ((event: TrainEvent) => void) | undefined } = {},
): Promise<TrainResult> {
  const { workers, threads, ...others } = options
  return portableFit(graph, examples, { ...others, engine: nodeEngine({ workers, threads }) })
}
