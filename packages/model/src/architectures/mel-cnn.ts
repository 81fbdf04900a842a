/** `melCnn`: a small network for log-mel spectrograms. */
import { asOptions, assertKnown, type NetworkGraph } from '@esc/core'
import { batchNorm, conv2d, dense, globalAveragePool, maxPool, relu } from '../network/layers.js'
import { type NetworkInput, sequential } from '../network/network.js'
import { checkFilters, checkKernel, checkSizes, inputNames } from './checks.js'

/** Options of {@link melCnn}. Training fills in `bins`, `frames`, `classes` and `seed`. */
export interface MelCnnOptions extends Omit<NetworkInput, 'seed'> {
  /** Seed of the initial weights. @defaultValue `42` */
  seed?: number | undefined
  /** Filters of the three convolutions. @defaultValue `[32, 64, 128]` */
  filters?: readonly [number, number, number] | undefined
  /** Rows and columns of their kernels; an odd number. @defaultValue `3` */
  kernel?: number | undefined
}

/**
 * Builds a small CNN of three blocks, made for log-mel spectrograms.
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
 * BatchNorm has PyTorch's epsilon 1e-5 and momentum 0.1. Initial weights are drawn as in PyTorch.
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
  const blocks = filters.flatMap((count) => [
    conv2d({ filters: count, kernel }),
    batchNorm(),
    relu(),
    maxPool(),
  ])
  return sequential([...blocks, globalAveragePool(), dense({ units: classes })], {
    name: 'mel-cnn',
    bins,
    frames,
    classes,
    seed,
  })
}
