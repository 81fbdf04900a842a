/** Reads a chain of tfjs layers into the nodes of a network. */
import {
  type ActivationNode,
  EscError,
  type NetworkGraph,
  type NetworkNode,
  type Padding,
  type Size2,
  type Weight,
} from '@esc/core'
import type * as tf from '@tensorflow/tfjs'
import type { LayerClass } from './layer-sources.js'
import { convKernel, denseKernel, depthwiseKernel, readWeights, zeros } from './layer-weights.js'

/** Adds the nodes of a tfjs layer to the network. */
type LayerReader = (layer: tf.layers.Layer, config: tf.serialization.ConfigDict) => void | Promise<void>

/** Collects the nodes of a network while it reads a chain of tfjs layers. */
export class ChainReader {
  readonly #nodes: NetworkNode[] = []
  readonly #input: NetworkGraph['input']
  readonly #name: string
  #last = 'input'
  /** True between a Permute(3, 1, 2) and the Flatten that must follow it. */
  #permuted = false
  /** Between a channel-last Flatten and the next Dense: [height, width, channels] of the flattened image. */
  #flattened: readonly [number, number, number] | null = null
  /** Name of the softmax layer, which must be the last one. */
  #softmax: string | null = null

  constructor(name: string, shape: readonly [number, number, number]) {
    this.#name = name
    this.#input = { name: 'input', shape }
  }

  /** Adds the nodes of the next layer. */
  async add(layer: tf.layers.Layer): Promise<void> {
    const config = layer.getConfig()
    const kind = layer.getClassName()
    if (this.#softmax)
      throw unsupported(layer, `follows the softmax of '${this.#softmax}', which must be the last layer`)
    if (this.#permuted && kind !== 'Flatten') throw unsupported(layer, 'follows a Permute; only Flatten may')
    if (config.dataFormat === 'channelsFirst')
      throw unsupported(layer, 'has channels first; use channelsLast')
    if (!Object.hasOwn(this.#readers, kind)) {
      const known = Object.keys(this.#readers).join(', ')
      throw unsupported(layer, `is of a kind that cannot be converted; known kinds are ${known}`)
    }
    return this.#readers[kind as LayerClass](layer, config)
  }

  /** Reads each kind of tfjs layer. */
  readonly #readers: Readonly<Record<LayerClass, LayerReader>> = {
    InputLayer: (layer) => {
      this.#input.name = this.#last = layer.name
    },
    Conv2D: (layer, config) => this.#addConv('Conv2D', layer, config),
    DepthwiseConv2D: (layer, config) => this.#addConv('DepthwiseConv2D', layer, config),
    SeparableConv2D: (layer, config) => this.#addConv('SeparableConv2D', layer, config),
    BatchNormalization: (layer, config) => this.#addBatchNorm(layer, config),
    LayerNormalization: (layer, config) => this.#addLayerNorm(layer, config),
    MaxPooling2D: (layer, config) => this.#addPool('MaxPool', layer, config),
    AveragePooling2D: (layer, config) => this.#addPool('AveragePool', layer, config),
    GlobalAveragePooling2D: ({ name }) => this.#push({ op: 'GlobalAveragePool', ...this.#plain(name) }),
    GlobalMaxPooling2D: ({ name }) => this.#push({ op: 'GlobalMaxPool', ...this.#plain(name) }),
    Dropout: ({ name }, { rate }) =>
      this.#push({ op: 'Dropout', ...this.#plain(name), attributes: { rate: rate as number } }),
    ReLU: (layer, { maxValue }) => {
      if (maxValue != null && maxValue !== 6)
        throw unsupported(layer, `has maxValue=${maxValue}; it must be 6 or null`)
      this.#push({ op: maxValue === 6 ? 'ReLU6' : 'ReLU', ...this.#plain(layer.name) })
    },
    LeakyReLU: ({ name }, { alpha }) =>
      this.#push({ op: 'LeakyReLU', ...this.#plain(name), attributes: { alpha: alpha as number } }),
    Activation: (layer, { activation }) => this.#addActivation(layer, activation as string, layer.name),
    Softmax: ({ name }) => {
      this.#softmax = name
    },
    Permute: (layer, { dims }) => {
      if (String(dims) !== '3,1,2')
        throw unsupported(layer, `permutes by [${dims}]; only [3, 1, 2] can be converted`)
      this.#permuted = true
    },
    Flatten: (layer) => this.#addFlatten(layer),
    Dense: (layer, config) => this.#addDense(layer, config),
  }

  /** The network of all layers so far. */
  finish(): NetworkGraph {
    if (this.#flattened) {
      throw new EscError(
        'UNSUPPORTED_LAYER',
        `layer '${this.#last}' flattens channels last, and no Dense follows; the network's outputs would have another order`,
        { detail: { layer: this.#last } },
      )
    }
    return { name: this.#name, input: this.#input, nodes: this.#nodes, output: this.#last }
  }

  #plain(name: string) {
    return { name, inputs: [this.#last], attributes: {}, weights: {} }
  }

  #push(node: NetworkNode): void {
    this.#nodes.push(node)
    this.#last = node.name
  }

  #addActivation(layer: tf.layers.Layer, activation: string, name = `${layer.name}_${activation}`): void {
    if (activation === 'linear') return
    const op = activations.get(activation)
    if (activation === 'softmax') this.#softmax = layer.name
    else if (op) this.#push({ op, ...this.#plain(name) })
    else {
      const known = [...activations.keys()].join(', ')
      throw unsupported(
        layer,
        `has activation '${activation}'; known activations are ${known}, linear and a final softmax`,
      )
    }
  }

  async #addConv(
    op: 'Conv2D' | 'DepthwiseConv2D' | 'SeparableConv2D',
    layer: tf.layers.Layer,
    config: tf.serialization.ConfigDict,
  ): Promise<void> {
    const dilations = size2(config.dilationRate ?? 1)
    if (op === 'DepthwiseConv2D' && Math.max(...dilations) > 1)
      throw unsupported(layer, `has dilation [${dilations}], which tfjs ignores`)
    const attributes = { padding: config.padding as Padding, strides: size2(config.strides), dilations }
    const [kernel, ...others] = (await readWeights(layer)) as [Weight, ...Weight[]]
    const common = { name: layer.name, inputs: [this.#last], attributes }
    if (op === 'SeparableConv2D') {
      const pointwise = convKernel(others[0]!)
      const bias = others[1] ?? zeros(pointwise.shape[0]!)
      this.#push({ op, ...common, weights: { depthwise: depthwiseKernel(kernel), pointwise, bias } })
    } else {
      const ours = op === 'Conv2D' ? convKernel(kernel) : depthwiseKernel(kernel)
      this.#push({ op, ...common, weights: { kernel: ours, bias: others[0] ?? zeros(ours.shape[0]!) } })
    }
    this.#addActivation(layer, config.activation as string)
  }

  /** A normalisation must be over the last axis, with scale and centre, and its values must have the network's order. */
  #checkNorm(layer: tf.layers.Layer, { axis = -1, scale, center }: tf.serialization.ConfigDict): void {
    const last = (layer.input as tf.SymbolicTensor).shape.length - 1
    if (![-1, last].includes(Number(axis)))
      throw unsupported(layer, `normalises axis ${axis}; only the last axis, the channels, can be converted`)
    if (scale === false || center === false) throw unsupported(layer, 'has no scale or no centre')
    if (this.#flattened) throw unsupported(layer, 'stands between a channel-last Flatten and its Dense')
  }

  async #addLayerNorm(layer: tf.layers.Layer, config: tf.serialization.ConfigDict): Promise<void> {
    this.#checkNorm(layer, config)
    if ((layer.input as tf.SymbolicTensor).shape.length !== 2)
      throw unsupported(
        layer,
        'normalises the channels of each pixel; only normalisation of vectors can be converted',
      )
    const [gamma, beta] = (await readWeights(layer)) as [Weight, Weight]
    const attributes = { epsilon: config.epsilon as number }
    this.#push({ ...this.#plain(layer.name), op: 'LayerNorm', attributes, weights: { gamma, beta } })
  }

  async #addBatchNorm(layer: tf.layers.Layer, config: tf.serialization.ConfigDict): Promise<void> {
    this.#checkNorm(layer, config)
    const [gamma, beta, mean, variance] = (await readWeights(layer)) as [Weight, Weight, Weight, Weight]
    this.#push({
      op: 'BatchNorm',
      name: layer.name,
      inputs: [this.#last],
      attributes: { epsilon: config.epsilon as number, momentum: 1 - (config.momentum as number) },
      weights: { gamma, beta, mean, variance },
    })
  }

  #addPool(op: 'MaxPool' | 'AveragePool', layer: tf.layers.Layer, config: tf.serialization.ConfigDict): void {
    const [size, strides] = [size2(config.poolSize), size2(config.strides)]
    const attributes = { size, strides, padding: config.padding as Padding }
    this.#push({ op, ...this.#plain(layer.name), attributes })
  }

  #addFlatten(layer: tf.layers.Layer): void {
    const shape = (layer.input as tf.SymbolicTensor).shape.slice(1)
    if (!this.#permuted && shape.length === 3) this.#flattened = shape as [number, number, number]
    this.#permuted = false
    this.#push({ op: 'Flatten', ...this.#plain(layer.name) })
  }

  async #addDense(layer: tf.layers.Layer, config: tf.serialization.ConfigDict): Promise<void> {
    const [theirs, bias] = (await readWeights(layer)) as [Weight, Weight | undefined]
    const kernel = denseKernel(theirs, this.#flattened)
    this.#flattened = null
    const weights = { kernel, bias: bias ?? zeros(kernel.shape[0]!) }
    this.#push({ op: 'Dense', name: layer.name, inputs: [this.#last], attributes: {}, weights })
    this.#addActivation(layer, config.activation as string)
  }
}

/** Activations by their names in tfjs. */
const activations: ReadonlyMap<string, ActivationNode['op']> = new Map([
  ['relu', 'ReLU'],
  ['relu6', 'ReLU6'],
  ['sigmoid', 'Sigmoid'],
  ['tanh', 'Tanh'],
  ['swish', 'Swish'],
])

/** Rows and columns. One number stands for both. */
function size2(value: unknown): Size2 {
  const [rows, columns = rows] = [value].flat() as number[]
  return [rows!, columns!]
}

/** The error for a tfjs layer that cannot be converted. */
export function unsupported(layer: tf.layers.Layer, why: string): EscError {
  return new EscError('UNSUPPORTED_LAYER', `layer '${layer.name}' (${layer.getClassName()}) ${why}`, {
    detail: { layer: layer.name },
  })
}
