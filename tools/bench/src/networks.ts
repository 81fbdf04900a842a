/** The networks of the suites `train` and `infer`. `torch_networks.py` has the same ones as PyTorch modules. */
import type { NetworkGraph, Rng } from '@esc/core'
import { audioCnn, functional, type Layer, layers, melCnn, type NetworkInput, type Value } from '@esc/model'

/** Every network, by the name that `npm run bench` takes. */
export const networks = {
  'audio-cnn': audioCnn,
  'mel-cnn': melCnn,
  separable,
} as const satisfies Record<string, (input: NetworkInput) => NetworkGraph>

/** Name of a network. */
export type NetworkName = keyof typeof networks

const { add, batchNorm, conv2d, dense, depthwiseConv2d, globalAveragePool, maxPool, relu } = layers

/**
 * A depthwise-separable network that fits a device, with residual blocks: about 100,000 parameters, and 41 million
 * multiply-adds for a clip of 64 × 216.
 */
function separable({ classes, ...input }: NetworkInput): NetworkGraph {
  return functional(
    chain([
      ...[conv2d({ filters: 24, strides: 2 }), batchNorm(), relu()],
      ...[block(48), residual(block(48)), maxPool()],
      ...[block(96), residual(block(96)), maxPool()],
      ...[block(160), residual(block(160)), maxPool({ size: [2, 1] })],
      ...[block(192), globalAveragePool(), dense({ units: classes })],
    ]),
    { ...input, classes, name: 'separable' },
  )
}

/** A depthwise convolution of 3 × 3, then one of 1 × 1. */
function block(filters: number): Layer {
  return chain([
    ...[depthwiseConv2d(), batchNorm(), relu()],
    ...[conv2d({ filters, kernel: 1 }), batchNorm(), relu()],
  ])
}

function residual(inner: Layer): Layer {
  return (x) => add()(x!, inner(x!))
}

function chain(steps: readonly Layer[]): (input?: Value) => Value {
  return (input) => steps.reduce((value, step) => step(value), input!)
}

/** Replaces what BatchNorm starts with by other numbers, as after training. Folding it then changes the weights. */
export function withTrainedNorms(graph: NetworkGraph, rng: Rng): NetworkGraph {
  const between =
    (min: number, max: number) => (values: { data: Float32Array; shape: readonly number[] }) => ({
      ...values,
      data: values.data.map(() => min + (max - min) * rng.uniform()),
    })
  const [around0, around1] = [between(-0.5, 0.5), between(0.5, 1.5)]
  const nodes = graph.nodes.map((node) => {
    if (node.op !== 'BatchNorm') return node
    const { gamma, beta, mean, variance } = node.weights
    return {
      ...node,
      weights: {
        gamma: around1(gamma),
        beta: around0(beta),
        mean: around0(mean),
        variance: around1(variance),
      },
    }
  })
  return { ...graph, nodes }
}
