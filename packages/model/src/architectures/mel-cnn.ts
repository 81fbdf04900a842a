import { createRng, type NetworkGraph, type NetworkNode } from '@esc/core'
import { type ArchitectureOptions, checkSizes } from './audio-cnn.js'
import { conv3x3, dense } from './init.js'

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
 * @throws EscError INVALID_OPTION if `bins` or `frames` is < 8, or `classes` < 2.
 * @example const graph = melCnn({ bins: 128, frames: 216, classes: 10 }) // 94,410 parameters
 */
export function melCnn({ bins, frames, classes, seed = 42 }: ArchitectureOptions): NetworkGraph {
  checkSizes({ bins, frames, classes }, 8)
  const rng = createRng(seed).fork('mel-cnn')
  const filters = [32, 64, 128]
  const blocks = filters.flatMap((count, i): NetworkNode[] => {
    const n = i + 1
    const constant = (value: number) => ({ shape: [count], data: new Float32Array(count).fill(value) })
    return [
      conv3x3(`conv${n}`, i === 0 ? 'input' : `pool${i}`, filters[i - 1] ?? 1, count, rng),
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
      dense('dense', 'average', 128, classes, rng),
    ],
    output: 'dense',
  }
}
