/** Sessions of training graphs, their inputs and their outputs. */
import type { NetworkGraph } from '@esc/core'
import { floatData, type OnnxModel, type OnnxRuntime, type Session, type Tensor, writeModel } from '@esc/onnx'
import type { MaskedBatch } from '../engine/dropout.js'
import type { EngineOptions, StepResult } from '../engine/engine.js'

/** Options of training on ONNX Runtime. All but the runtime is plain data. */
export interface OrtCoreOptions extends Omit<EngineOptions, 'rng'> {
  runtime: OnnxRuntime
  /** Threads inside one operator. @defaultValue none: ONNX Runtime chooses */
  threads?: number
}

/**
 * Opens a model with the options' threads.
 *
 * @param training - Whether the model's weights are inputs, as in a training graph.
 */
export function openSession(
  { runtime, threads }: OrtCoreOptions,
  model: OnnxModel,
  training = true,
): Promise<Session> {
  return runtime.createSession(writeModel(model), { training, ...(threads === undefined ? {} : { threads }) })
}

/** The inputs of the training graph for a batch. */
export function batchFeeds(graph: NetworkGraph, batch: MaskedBatch): Record<string, Tensor> {
  const { input, target, teacherLogits, masks } = batch
  return { ...masks, ...(teacherLogits ? { teacherLogits } : {}), [graph.input.name]: input, target }
}

/** Takes loss and logits from the outputs of a run. */
export function stepResult(outputs: Readonly<Record<string, Tensor>>): StepResult {
  return { loss: floatData(outputs, 'loss')[0]!, logits: floatData(outputs, 'logits') }
}
