/** Exponential moving averages of a network's weights. */
import { wrongOption } from '@esc/core'
import type { TrainedWeight } from '@esc/onnx'
import type { FloatTensor, Values } from './values.js'

/** The averages, by `node.weight`. */
export interface Averages {
  readonly values: Values
  /** Takes the weights after a step. @param steps - Its number, from 1. */
  add(weights: Values, steps: number): void
}

/** The name of a weight's average in an engine's state. */
export function averageName(weight: string): string {
  return `ema/${weight}`
}

/**
 * Starts with the weights of the network. The first step replaces them, so that the initial weights do not count. Each later step moves an
 * average `a` to `decay · a + (1 - decay) · w`. Running averages of BatchNorm are averaged like all weights. Weights of frozen layers
 * stay as they are: rounding would change them.
 *
 * @throws EscError INVALID_OPTION if the decay is not in (0, 1).
 * @see torch.optim.swa_utils.AveragedModel of PyTorch 1.13, with `avg_fn` and `use_buffers=True`
 */
export function createAverages(weights: readonly TrainedWeight[], decay: number): Averages {
  assertDecay(decay)
  const entries = weights.map(({ name, weight: { shape, data } }): [string, FloatTensor] => [
    name,
    { type: 'float32', dims: shape, data: Float32Array.from(data) },
  ])
  const moving = entries.filter((_, i) => weights[i]!.change !== 'none')
  return {
    values: Object.fromEntries(entries),
    add(present, steps) {
      for (const [name, { data }] of moving) {
        if (steps === 1) data.set(present[name]!.data)
        else moveTowards(data, present[name]!.data, decay)
      }
    },
  }
}

/** @throws EscError INVALID_OPTION if the decay is not in (0, 1). */
export function assertDecay(decay: number): void {
  if (!(typeof decay === 'number' && decay > 0 && decay < 1))
    throw wrongOption('ema', decay, 'a number in (0, 1), or null')
}

function moveTowards(average: Float32Array, weight: Float32Array, decay: number): void {
  const share = 1 - decay
  for (let i = 0; i < average.length; i++) average[i] = decay * average[i]! + share * weight[i]!
}
