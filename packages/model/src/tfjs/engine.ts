/** The training engine on tfjs, whose autograd computes the gradients. */
import { assertGraph, classCount, EscError, type NetworkGraph } from '@esc/core'
import { buildTrainingModel, type Tensor, trainedWeights } from '@esc/onnx'
import * as tf from '@tensorflow/tfjs'
import { averageName } from '../engine/averages.js'
import { type MaskedEngine, withDropout } from '../engine/dropout.js'
import type { CreateEngine, EngineOptions } from '../engine/engine.js'
import { createParameters } from '../engine/parameters.js'
import type { Values } from '../engine/values.js'
import { type MaskedTensors, trainingLoss, valuesAndLoss } from './differentiate.js'
import { forward, type Tensors } from './forward.js'
import { updateWeights } from './optimizer.js'

/**
 * Trains on tfjs with its current backend: WebGL or WebGPU in a page, plain JavaScript anywhere.
 *
 * It has the same losses, optimisers, dropout masks and errors as `ortEngine`. Plain JavaScript is slow: on a CPU, use `ortEngine`.
 *
 * @throws EscError The returned function throws INVALID_INPUT if the network is inconsistent, or a node does not lead to its output;
 *   INVALID_OPTION naming a number of the loss or the optimiser that is out of range.
 * @example
 * const engine = await tfjsEngine()(audioCnn({ bins: 13, frames: 431, classes: 10 }), { rng: createRng(1) })
 * const { loss } = await engine.step({ input, target, learningRate: 1e-3 })
 */
export function tfjsEngine(): CreateEngine {
  return async (graph, options) => {
    assertGraph('graph', graph)
    await tf.ready()
    // Building the training graph checks the network and all options. The graph itself is not used.
    const { loss, optimizer, frozen } = options
    buildTrainingModel(graph, { loss, optimizer, frozen })
    const name = `@tensorflow/tfjs ${tf.version.tfjs} (${tf.getBackend()})`
    return withDropout(graph, options.rng, name, createCore(graph, options))
  }
}

function createCore(graph: NetworkGraph, { loss, ...options }: EngineOptions): MaskedEngine {
  const { optimizer, ema = null, frozen = [] } = options
  const weightNames = trainedWeights(graph, frozen)
  const isWeight = new Set(weightNames.map(({ name }) => name))
  const isKept = new Set(weightNames.flatMap(({ name, change }) => (change === 'none' ? [name] : [])))
  const classes = classCount(graph)
  let state = toTensors(createParameters(graph, options).all())
  let steps = 0
  /** Weights before the last step. */
  let previous: Tensors | null = null

  /** Frees all tensors of the engine except `kept`. */
  function replaceState(next: Tensors, kept: Tensors | null): void {
    const stay = new Set(Object.values(kept ?? {}))
    tf.dispose(
      [...Object.values(state), ...Object.values(previous ?? {})].filter((tensor) => !stay.has(tensor)),
    )
    state = next
    previous = kept
  }
  const weights = () => pick(isWeight, (name) => state[name]!)
  /** The averages after a step, as `ema/node.weight`. */
  function averagesOf(next: Tensors): Tensors {
    if (ema === null) return {}
    const moved = (name: string) => {
      const average = state[averageName(name)]!
      if (isKept.has(name)) return average.clone()
      if (steps === 0) return next[name]!.clone()
      return average.mul(ema).add(next[name]!.mul(1 - ema))
    }
    return Object.fromEntries([...isWeight].map((name) => [averageName(name), moved(name)]))
  }
  const predicting = () => (ema === null ? state : pick(isWeight, (name) => state[averageName(name)]!))

  return {
    async step(batch) {
      checkShape('input', batch.input, [null, ...graph.input.shape])
      const clips = batch.input.dims[0]!
      checkShape('target', batch.target, [clips, classes])
      if (loss?.distillation) checkShape('teacherLogits', batch.teacherLogits, [clips, classes])
      const { learningRate } = batch
      const { value, logits, next } = tf.tidy(() => {
        const tensors = batchTensors(batch)
        const { gradients, updates, ...report } = trainingLoss(graph, state, tensors, { loss, frozen })
        const updated = updateWeights(state, gradients, { step: steps + 1, learningRate, optimizer })
        const kept = pick(isKept, (name) => state[name]!)
        const next = { ...kept, ...updates, ...updated }
        return { ...report, next: { ...next, ...averagesOf(next) } }
      })
      replaceState(next, weights())
      steps++
      const [[meanLoss], scores] = await Promise.all([value.data(), logits.data()])
      tf.dispose([value, logits])
      return { loss: meanLoss!, logits: Float32Array.from(scores) }
    },
    async predict(input) {
      checkShape('input', input, [null, ...graph.input.shape])
      const logits = tf.tidy(() => forward(graph, predicting(), toTensor(input) as tf.Tensor4D).logits)
      const scores = await logits.data()
      logits.dispose()
      return Float32Array.from(scores)
    },
    async state() {
      const values: Record<string, Float32Array> = {}
      for (const [name, tensor] of Object.entries(state))
        values[name] = Float32Array.from(await tensor.data())
      return { steps, values }
    },
    async restore(saved) {
      const parameters = createParameters(graph, options)
      parameters.restore(saved)
      replaceState(toTensors(parameters.all()), null)
      steps = saved.steps
    },
    async findNonFinite(batch) {
      const began = previous ?? weights()
      for (const [name, tensor] of Object.entries(began)) {
        if (!(await allFinite(tensor))) return `weight '${name}'`
      }
      const values = tf.tidy(() => valuesAndLoss(graph, began, batchTensors(batch), { loss, frozen }))
      try {
        for (const [name, tensor] of values) if (!(await allFinite(tensor))) return name
        return null
      } finally {
        tf.dispose(values.map(([, tensor]) => tensor))
      }
    },
    async release() {
      replaceState({}, null)
    },
  }
}

/** Tensors by these names. */
function pick(names: ReadonlySet<string>, tensorOf: (name: string) => tf.Tensor): Tensors {
  return Object.fromEntries([...names].map((name) => [name, tensorOf(name)]))
}

function batchTensors({
  input,
  target,
  teacherLogits,
  masks,
}: Parameters<MaskedEngine['step']>[0]): MaskedTensors {
  return {
    input: toTensor(input) as tf.Tensor4D,
    target: toTensor(target) as tf.Tensor2D,
    teacherLogits: teacherLogits ? (toTensor(teacherLogits) as tf.Tensor2D) : null,
    masks: toTensors(masks as Values),
  }
}

function toTensors(values: Values): Tensors {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTensor(value)]))
}

function toTensor({ data, dims }: Tensor): tf.Tensor {
  return tf.tensor(data as Float32Array, [...dims], 'float32')
}

async function allFinite(tensor: tf.Tensor): Promise<boolean> {
  return (await tensor.data()).every(Number.isFinite)
}

/** @throws EscError INVALID_INPUT if the tensor is missing, is not float32, or has another shape. `null` stands for any size. */
function checkShape(name: string, tensor: Tensor | undefined, shape: readonly (number | null)[]): void {
  const fits =
    tensor?.type === 'float32' &&
    tensor.dims.length === shape.length &&
    shape.every((size, axis) => size === null || size === tensor.dims[axis])
  if (fits) return
  const found = tensor ? `${tensor.type} [${tensor.dims}]` : 'missing'
  const wanted = shape.map((size) => size ?? 'N')
  throw new EscError('INVALID_INPUT', `${name} is ${found}; it must be float32 [${wanted}]`)
}
