/** The networks of the suite `train`. `torch_networks.py` has the same ones as PyTorch modules. */
import type { NetworkGraph } from '@esc/core'
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
