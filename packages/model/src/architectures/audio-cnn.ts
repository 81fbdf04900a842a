/** `audioCnn`: a small network for MFCCs. */
import { asOptions, assertInRange, assertInteger, assertKnown, type NetworkGraph } from '@esc/core'
import { conv2d, dense, dropout, flatten, maxPool, relu } from '../network/layers.js'
import { type NetworkInput, sequential } from '../network/network.js'
import { checkFilters, checkKernel, checkSizes, inputNames } from './checks.js'

/** Options of {@link audioCnn}. Training fills in `bins`, `frames`, `classes` and `seed`. */
export interface AudioCnnOptions extends Omit<NetworkInput, 'seed'> {
  /** Seed of the initial weights. @defaultValue `42` */
  seed?: number | undefined
  /** Filters of the two convolutions. @defaultValue `[16, 32]` */
  filters?: readonly [number, number] | undefined
  /** Rows and columns of their kernels; an odd number. @defaultValue `3` */
  kernel?: number | undefined
  /** Share of values that dropout sets to 0, in [0, 1). @defaultValue `0.3` */
  dropout?: number | undefined
  /** Units of the hidden dense layer. @defaultValue `64` */
  hidden?: number | undefined
}

/**
 * Builds a small CNN of two blocks, made for MFCCs.
 *
 * | layer | output |
 * |---|---|
 * | input | 1 × bins × frames |
 * | Conv 3×3 same 16, ReLU, MaxPool 2 | 16 × ⌊bins/2⌋ × ⌊frames/2⌋ |
 * | Conv 3×3 same 32, ReLU, MaxPool 2 | 32 × ⌊bins/4⌋ × ⌊frames/4⌋ |
 * | Dropout 0.3, Flatten | 32 · ⌊bins/4⌋ · ⌊frames/4⌋ |
 * | Dense 64, ReLU | 64 |
 * | Dense classes | classes (logits) |
 *
 * The usual description of this network shows no activation between the two dense layers. Without one, the two layers
 * would be a single linear map, so there is a ReLU between them here. Initial weights are drawn as in PyTorch.
 *
 * @throws EscError INVALID_OPTION if `bins` or `frames` is < 4, `classes` < 2, or another option is out of range or unknown.
 * @example const graph = audioCnn({ bins: 13, frames: 431, classes: 10 }) // 662,922 parameters
 */
export function audioCnn(options: AudioCnnOptions): NetworkGraph {
  assertKnown('audioCnn', options, {
    ...inputNames,
    filters: true,
    kernel: true,
    dropout: true,
    hidden: true,
  })
  const {
    bins,
    frames,
    classes,
    seed = 42,
    filters = [16, 32],
    kernel = 3,
    dropout: dropoutRate = 0.3,
    hidden = 64,
  } = asOptions('audioCnn', options)
  checkSizes({ bins, frames, classes }, 4)
  checkFilters(filters, 2)
  checkKernel(kernel)
  assertInRange('dropout', dropoutRate, 0, 1 - Number.EPSILON)
  assertInteger('hidden', hidden, 1)
  const [first, second] = filters
  return sequential(
    [
      ...[conv2d({ filters: first, kernel }), relu(), maxPool()],
      ...[conv2d({ filters: second, kernel }), relu(), maxPool()],
      ...[dropout({ rate: dropoutRate }), flatten()],
      ...[dense({ units: hidden }), relu(), dense({ units: classes })],
    ],
    { name: 'audio-cnn', bins, frames, classes, seed },
  )
}
