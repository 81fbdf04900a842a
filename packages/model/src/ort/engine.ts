/** The training engine on ONNX Runtime: each step is one run of the network's training graph. */
import { inferShapes, type NetworkGraph, namedWeights, type Rng, withWeights } from '@esc/core'
import {
  type AdamOptions,
  buildTrainingModel,
  floatData,
  type OnnxRuntime,
  scalar,
  sizeOf,
  type Tensor,
  writeModel,
} from '@esc/onnx'
import type { StepBatch, StepResult, TrainingEngine } from '../engine.js'

/** Options of {@link createOrtEngine}. */
export interface OrtEngineOptions {
  runtime: OnnxRuntime
  /** Source of the dropout masks. */
  rng: Rng
  adam?: AdamOptions
  /** Threads inside one operator; the default is ONNX Runtime's own choice. */
  threads?: number
}

/**
 * Prepares a network for training on ONNX Runtime, with Adam. Weights and moments go from each step's outputs to the
 * next one's inputs as the tensors they are.
 *
 * @throws EscError UNSUPPORTED_LAYER naming a layer that has no gradient rule.
 * @example
 * const engine = await createOrtEngine(audioCnn({ bins: 13, frames: 431, classes: 10 }), { runtime: ortRuntime, rng: createRng(1) })
 * const { loss } = await engine.step({ input, target, learningRate: 1e-3 })
 */
export async function createOrtEngine(
  graph: NetworkGraph,
  options: OrtEngineOptions,
): Promise<TrainingEngine> {
  const { runtime, rng, adam = {}, threads } = options
  const { beta1 = 0.9, beta2 = 0.999 } = adam
  const model = writeModel(buildTrainingModel(graph, adam))
  const session = await runtime.createSession(model, threads === undefined ? {} : { threads })
  const stateNames = session.outputNames
    .filter((name) => name.startsWith('next/'))
    .map((name) => name.slice(5))
  const state = new Map<string, Tensor>()
  for (const { name, weight, trainable } of namedWeights(graph)) {
    state.set(name, { type: 'float32', dims: weight.shape, data: weight.data })
    for (const moment of trainable ? [`m/${name}`, `v/${name}`] : []) {
      state.set(moment, { type: 'float32', dims: weight.shape, data: new Float32Array(weight.data.length) })
    }
  }
  const shapes = inferShapes(graph)
  let steps = 0

  return {
    async step({ input, target, learningRate }: StepBatch): Promise<StepResult> {
      steps++
      const feeds: Record<string, Tensor> = {
        ...Object.fromEntries(state),
        [graph.input.name]: input,
        target,
        learningRate: scalar(learningRate),
        biasCorrection1: scalar(1 - beta1 ** steps),
        biasCorrection2: scalar(1 - beta2 ** steps),
      }
      for (const node of graph.nodes) {
        if (node.op !== 'Dropout') continue
        const dims = [input.dims[0]!, ...shapes.get(node.name)!]
        feeds[`${node.name}.mask`] = drawMask(dims, node.attributes.rate, rng)
      }
      const outputs = await session.run(feeds)
      for (const name of stateNames) state.set(name, outputs[`next/${name}`]!)
      return { loss: floatData(outputs, 'loss')[0]!, logits: floatData(outputs, 'logits') }
    },
    graph() {
      const weights = namedWeights(graph).map(({ name }) => [
        name,
        Float32Array.from(state.get(name)!.data as Float32Array),
      ])
      return withWeights(graph, Object.fromEntries(weights))
    },
    release: () => session.release(),
  }
}

/** 0 with probability `rate`, else 1 / (1 - rate): inverted dropout. */
function drawMask(dims: readonly number[], rate: number, rng: Rng): Tensor {
  const data = new Float32Array(sizeOf(dims))
  const kept = 1 / (1 - rate)
  for (let i = 0; i < data.length; i++) data[i] = rng.uniform() < rate ? 0 : kept
  return { type: 'float32', dims, data }
}
