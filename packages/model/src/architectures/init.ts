/** Layers with freshly drawn weights. */
import type { Conv2DNode, DenseNode, Rng, Weight } from '@esc/core'

/**
 * A weight and a bias drawn from U(-1/√fanIn, 1/√fanIn): PyTorch's default for convolutions and dense layers, which is
 * Kaiming-uniform with a = √5.
 *
 * @see torch.nn.Linear.reset_parameters; He et al. 2015.
 */
function drawWeights(shape: readonly number[], rng: Rng): { kernel: Weight; bias: Weight } {
  const [units, ...fan] = shape
  const bound = 1 / Math.sqrt(fan.reduce((product, size) => product * size, 1))
  const draw = (size: number) => Float32Array.from({ length: size }, () => (2 * rng.uniform() - 1) * bound)
  const size = shape.reduce((product, length) => product * length, 1)
  return { kernel: { shape, data: draw(size) }, bias: { shape: [units!], data: draw(units!) } }
}

/** A convolution with a square kernel that keeps height and width. */
export function convSame(
  name: string,
  input: string,
  { channels, filters, kernel }: { channels: number; filters: number; kernel: number },
  rng: Rng,
): Conv2DNode {
  return {
    op: 'Conv2D',
    name,
    inputs: [input],
    attributes: { padding: 'same' },
    weights: drawWeights([filters, channels, kernel, kernel], rng),
  }
}

/** A fully connected layer. */
export function dense(name: string, input: string, inputs: number, units: number, rng: Rng): DenseNode {
  return { op: 'Dense', name, inputs: [input], attributes: {}, weights: drawWeights([units, inputs], rng) }
}
