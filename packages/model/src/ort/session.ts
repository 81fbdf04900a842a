/** Sessions of training graphs, and what goes in and comes out. */
import type { NetworkGraph } from '@esc/core'
import { floatData, type OnnxModel, type OnnxRuntime, type Session, type Tensor, writeModel } from '@esc/onnx'
import type { MaskedBatch } from '../engine/dropout.js'
import type { EngineOptions, StepResult } from '../engine/engine.js'

/** What the arithmetic is told; plain data but for the runtime. */
export interface OrtCoreOptions extends Omit<EngineOptions, 'rng'> {
  runtime: OnnxRuntime
  /** Threads inside one operator; the default is ONNX Runtime's own choice. */
  threads?: number
}

/** Opens a model with the options' threads; by default one that has its weights as inputs. */
export function openSession(
  { runtime, threads }: OrtCoreOptions,
  model: OnnxModel,
  training = true,
): Promise<Session> {
  return runtime.createSession(writeModel(model), { training, ...(threads === undefined ? {} : { threads }) })
}

/** A batch as inputs of the training graph. */
export function batchFeeds(graph: NetworkGraph, batch: MaskedBatch): Record<string, Tensor> {
  const { input, target, teacherLogits, masks } = batch
  return { ...masks, ...(teacherLogits ? { teacherLogits } : {}), [graph.input.name]: input, target }
}

/** Loss and logits among a run's results. */
export function stepResult(outputs: Readonly<Record<string, Tensor>>): StepResult {
  return { loss: floatData(outputs, 'loss')[0]!, logits: floatData(outputs, 'logits') }
}
