import {
  asOptions,
  assertInRange,
  assertInteger,
  assertKnown,
  EscError,
  type NetworkGraph,
  wrongOption,
} from '@esc/core'
import { conv2d, dense, dropout, flatten, maxPool, relu } from '../layers.js'
import { sequential } from '../network.js'
import type { NetworkInput } from '../train-options.js'

/** Options of {@link audioCnn}; training fills in those of the features. */
export interface AudioCnnOptions extends Omit<NetworkInput, 'seed'> {
  /** Seed of the initial weights. @defaultValue 42 */
  seed?: number | undefined
  /** Filters of the two convolutions. @defaultValue `[16, 32]` */
  filters?: readonly [number, number] | undefined
  /** Rows and columns of their kernels, odd. @defaultValue 3 */
  kernel?: number | undefined
  /** Share of values that dropout takes out, in [0, 1). @defaultValue 0.3 */
  dropout?: number | undefined
  /** Units of the hidden dense layer. @defaultValue 64 */
  hidden?: number | undefined
}

/**
 * The lightweight two-block CNN for MFCCs.
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
 * The description this network is known by draws no activation between its two dense layers; without one they would
 * be a single linear map, so here a ReLU stands there. Weights start as PyTorch's do.
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

/** What every architecture takes. */
export const inputNames = { bins: true, frames: true, classes: true, seed: true } as const

/** @throws EscError INVALID_OPTION if an input is too small for the network's pools, or there is nothing to choose from. */
export function checkSizes({ bins, frames, classes }: Omit<NetworkInput, 'seed'>, smallest: number): void {
  for (const [name, size] of Object.entries({ bins, frames })) {
    if (Number.isSafeInteger(size) && size >= smallest) continue
    throw wrongOption(name, size, `an integer >= ${smallest}, or nothing is left after pooling`)
  }
  assertInteger('classes', classes, 2)
}

/** @throws EscError INVALID_OPTION unless there are so many counts of filters. */
export function checkFilters(filters: readonly number[], count: number): void {
  if (!Array.isArray(filters) || filters.length !== count) {
    throw new EscError('INVALID_OPTION', `filters=${JSON.stringify(filters)} must be ${count} numbers`)
  }
  for (const [i, value] of filters.entries()) assertInteger(`filters[${i}]`, value, 1, 65_536)
}

/** @throws EscError INVALID_OPTION unless the kernel has a middle, so that its output is as large as its input. */
export function checkKernel(kernel: number): void {
  assertInteger('kernel', kernel, 1, 31)
  if (kernel % 2 === 0) throw new EscError('INVALID_OPTION', `kernel=${kernel} must be odd`)
}
