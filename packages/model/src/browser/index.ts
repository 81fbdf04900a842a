/** Training bound to onnxruntime-web. */
import type { NetworkGraph } from '@esc/core'
import { ortRuntime } from '@esc/onnx/browser'
import { ortEngine } from '../ort/engine.js'
import { fit as portableFit, train as portableTrain } from '../train.js'
import type { TrainEvent, TrainExamples, TrainOptions, TrainResult } from '../train-options.js'

/** Those of `train` of `@esc/model`; the engine is ONNX Runtime's. */
export interface BrowserTrainOptions extends Omit<TrainOptions, 'engine'> {
  /** Threads of ONNX Runtime; see `ortRuntime` of `@esc/onnx/browser` for what more than one need. */
  threads?: number | undefined
}

/**
 * `train` of `@esc/model` on onnxruntime-web. A step blocks its thread: a page that is to stay responsive trains in a worker.
 *
 * @throws EscError as `train` of `@esc/model`.
 * @example for await (const event of train(graph, { train: examples }, { epochs: 5 })) console.log(event)
 */
export function train(
  graph: NetworkGraph,
  examples: TrainExamples,
  options: BrowserTrainOptions = {},
): AsyncGenerator<TrainEvent, TrainResult> {
  return portableTrain(graph, examples, withEngine(options))
}

/**
 * `fit` of `@esc/model` on onnxruntime-web; see {@link train}.
 *
 * @throws EscError as {@link train}.
 * @example const { graph: trained } = await fit(audioCnn({ bins: 13, frames: 431, classes: 10 }), { train: examples })
 */
export function fit(
  graph: NetworkGraph,
  examples: TrainExamples,
  options: BrowserTrainOptions & { onEvent?: ((event: TrainEvent) => void) | undefined } = {},
): Promise<TrainResult> {
  return portableFit(graph, examples, withEngine(options))
}

function withEngine<T extends BrowserTrainOptions>({ threads, ...options }: T) {
  const engine = ortEngine({ runtime: ortRuntime, ...(threads === undefined ? {} : { threads }) })
  return { ...options, engine }
}
