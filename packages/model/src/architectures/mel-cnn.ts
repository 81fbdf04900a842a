import { asOptions, assertKnown, createRng, type NetworkGraph, type NetworkNode } from '@esc/core'
import type { NetworkInput } from '../train-options.js'
import { checkFilters, checkKernel, checkSizes, inputNames } from './audio-cnn.js'
import { convSame, dense } from './init.js'

/** Options of {@link melCnn}; training fills in those of the features. */
export interface MelCnnOptions extends Omit<NetworkInput, 'seed'> {
  /** Seed of the initial weights. @defaultValue 42 */
  seed?: number | undefined
  /** Filters of the three convolutions. @defaultValue `[32, 64, 128]` */
  filters?: readonly [number, number, number] | undefined
  /** Rows and columns of their kernels, odd. @defaultValue 3 */
  kernel?: number | undefined
}

/**
 * The three-block CNN for log-mel spectrograms.
 *
 * | layer | output |
 * |---|---|
 * | input | 1 × bins × frames |
 * | Conv 3×3 same 32, BatchNorm, ReLU, MaxPool 2 | 32 × ⌊bins/2⌋ × ⌊frames/2⌋ |
 * | Conv 3×3 same 64, BatchNorm, ReLU, MaxPool 2 | 64 × ⌊bins/4⌋ × ⌊frames/4⌋ |
 * | Conv 3×3 same 128, BatchNorm, ReLU, MaxPool 2 | 128 × ⌊bins/8⌋ × ⌊frames/8⌋ |
 * | global average pool | 128 |
 * | Dense classes | classes (logits) |
 *
 * BatchNorm has PyTorch's epsilon 1e-5 and momentum 0.1; weights start as PyTorch's do.
 *
 * @throws EscError INVALID_OPTION if `bins` or `frames` is < 8, `classes` < 2, or another option is out of range or unknown.
 * @example const graph = melCnn({ bins: 128, frames: 216, classes: 10 }) // 94,410 parameters
 */
export function melCnn(options: MelCnnOptions): NetworkGraph {
  assertKnown('melCnn', options, { ...inputNames, filters: true, kernel: true })
  const {
    bins,
    frames,
    classes,
    seed = 42,
    filters = [32, 64, 128],
    kernel = 3,
  } = asOptions('melCnn', options)
  checkSizes({ bins, frames, classes }, 8)
  checkFilters(filters, 3)
  checkKernel(kernel)
  const rng = createRng(seed).fork('mel-cnn')
  const blocks = filters.flatMap((count, i): NetworkNode[] => {
    const n = i + 1
    const constant = (value: number) => ({ shape: [count], data: new Float32Array(count).fill(value) })
    const input = i === 0 ? 'input' : `pool${i}`
    return [
      convSame(`conv${n}`, input, { channels: filters[i - 1] ?? 1, filters: count, kernel }, rng),
      {
        op: 'BatchNorm',
        name: `norm${n}`,
        inputs: [`conv${n}`],
        attributes: { epsilon: 1e-5, momentum: 0.1 },
        weights: { gamma: constant(1), beta: constant(0), mean: constant(0), variance: constant(1) },
      },
      { op: 'ReLU', name: `relu${n}`, inputs: [`norm${n}`], attributes: {}, weights: {} },
      { op: 'MaxPool', name: `pool${n}`, inputs: [`relu${n}`], attributes: { size: [2, 2] }, weights: {} },
    ]
  })
  return {
    name: 'mel-cnn',
    input: { name: 'input', shape: [1, bins, frames] },
    nodes: [
      ...blocks,
      { op: 'GlobalAveragePool', name: 'average', inputs: ['pool3'], attributes: {}, weights: {} },
      dense('dense', 'average', filters[2], classes, rng),
    ],
    output: 'dense',
  }
}
