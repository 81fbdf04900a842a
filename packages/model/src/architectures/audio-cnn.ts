import { assertInteger, createRng, EscError, type NetworkGraph } from '@esc/core'
import { conv3x3, dense } from './init.js'

/** What a network must know of its input and output. */
export interface ArchitectureOptions {
  /** Rows of the feature: MFCCs or mel bands. */
  bins: number
  /** Columns of the feature. */
  frames: number
  classes: number
  /** Seed of the initial weights (default 42). */
  seed?: number
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
 * @throws EscError INVALID_OPTION if `bins` or `frames` is < 4, or `classes` < 2.
 * @example const graph = audioCnn({ bins: 13, frames: 431, classes: 10 }) // 662,922 parameters
 */
export function audioCnn({ bins, frames, classes, seed = 42 }: ArchitectureOptions): NetworkGraph {
  checkSizes({ bins, frames, classes }, 4)
  const rng = createRng(seed).fork('audio-cnn')
  const flat = 32 * Math.floor(bins / 4) * Math.floor(frames / 4)
  const none = { attributes: {}, weights: {} }
  const pool = { op: 'MaxPool', attributes: { size: [2, 2] }, weights: {} } as const
  return {
    name: 'audio-cnn',
    input: { name: 'input', shape: [1, bins, frames] },
    nodes: [
      conv3x3('conv1', 'input', 1, 16, rng),
      { op: 'ReLU', name: 'relu1', inputs: ['conv1'], ...none },
      { ...pool, name: 'pool1', inputs: ['relu1'] },
      conv3x3('conv2', 'pool1', 16, 32, rng),
      { op: 'ReLU', name: 'relu2', inputs: ['conv2'], ...none },
      { ...pool, name: 'pool2', inputs: ['relu2'] },
      { op: 'Dropout', name: 'dropout', inputs: ['pool2'], attributes: { rate: 0.3 }, weights: {} },
      { op: 'Flatten', name: 'flatten', inputs: ['dropout'], ...none },
      dense('dense1', 'flatten', flat, 64, rng),
      { op: 'ReLU', name: 'relu3', inputs: ['dense1'], ...none },
      dense('dense2', 'relu3', 64, classes, rng),
    ],
    output: 'dense2',
  }
}

/** @throws EscError INVALID_OPTION if an input is too small for the network's pools, or there is nothing to choose from. */
export function checkSizes({ bins, frames, classes }: ArchitectureOptions, smallest: number): void {
  for (const [name, size] of Object.entries({ bins, frames })) {
    if (!(Number.isSafeInteger(size) && size >= smallest)) {
      throw new EscError(
        'INVALID_OPTION',
        `${name}=${size} must be an integer >= ${smallest}, or nothing is left after pooling`,
      )
    }
  }
  assertInteger('classes', classes, 2)
}
