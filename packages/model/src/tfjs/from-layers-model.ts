/** tfjs LayersModels → networks, so that a model made with tfjs can be trained here and exported to ONNX. */
import { EscError, inferShapes, type NetworkGraph, type NetworkNode, type Weight } from '@esc/core'
import type * as tf from '@tensorflow/tfjs'

/**
 * Turns a tfjs LayersModel into a network with the same outputs.
 *
 * Understood are chains of Conv2D (stride 1, no dilation), BatchNormalization, ReLU (as a layer or as an activation),
 * MaxPooling2D (non-overlapping, `valid`), GlobalAveragePooling2D, Dropout, Flatten and Dense, and a Softmax at the
 * end, which is dropped: a network ends in logits. Where the model flattens channel-last, the columns of the Dense layer
 * after it are put in channel-first order; the outputs stay the same.
 *
 * @param model - Input [N, bins, frames, channels], channels last.
 * @throws EscError UNSUPPORTED_LAYER naming the first layer that cannot be carried over, and why; INVALID_INPUT if a layer's
 *   shapes are none that a network has (an even kernel with padding `same`, BatchNormalization of a vector).
 * @example await writeFile('model.onnx', writeModel(lowerNetwork(await fromLayersModel(model))))
 */
export async function fromLayersModel(model: tf.LayersModel): Promise<NetworkGraph> {
  const [, bins, frames, channels] = model.inputs[0]!.shape
  if (model.inputs.length !== 1 || model.outputs.length !== 1 || !bins || !frames || !channels) {
    throw new EscError(
      'UNSUPPORTED_LAYER',
      `model '${model.name}' needs one input [N, bins, frames, channels] and one output`,
    )
  }
  const chain = new ChainReader(model.name, [channels, bins, frames])
  for (const layer of model.layers) {
    const feeds = layer.inboundNodes
    if (feeds.length !== 1 || feeds[0]!.inboundLayers.length > 1 || layer.outboundNodes.length > 1) {
      throw unsupported(layer, 'branches or is used twice; only chains of layers are converted')
    }
    await chain.add(layer)
  }
  const graph = chain.finish()
  inferShapes(graph)
  return graph
}

class ChainReader {
  readonly #nodes: NetworkNode[] = []
  readonly #input: NetworkGraph['input']
  readonly #name: string
  #last = 'input'
  /** Set between a Permute(3, 1, 2) and the Flatten that must follow it. */
  #permuted = false
  /** [height, width, channels] that a channel-last Flatten has run together, until the next Dense. */
  #flattened: readonly [number, number, number] | null = null
  #softmax: string | null = null

  constructor(name: string, shape: readonly [number, number, number]) {
    this.#name = name
    this.#input = { name: 'input', shape }
  }

  async add(layer: tf.layers.Layer): Promise<void> {
    const config = layer.getConfig()
    const kind = layer.getClassName()
    if (this.#softmax)
      throw unsupported(layer, `follows the softmax of '${this.#softmax}', which must be last`)
    if (this.#permuted && kind !== 'Flatten') throw unsupported(layer, 'follows a Permute; only Flatten may')
    if (config.dataFormat === 'channelsFirst')
      throw unsupported(layer, 'has channels first; use channelsLast')
    switch (kind) {
      case 'InputLayer':
        this.#input.name = this.#last = layer.name
        return
      case 'Conv2D':
        return this.#addConv(layer, config)
      case 'BatchNormalization':
        return this.#addBatchNorm(layer, config)
      case 'MaxPooling2D':
        return this.#addMaxPool(layer, config)
      case 'GlobalAveragePooling2D':
        return this.#push({ op: 'GlobalAveragePool', ...this.#plain(layer.name) })
      case 'Dropout':
        return this.#push({
          op: 'Dropout',
          ...this.#plain(layer.name),
          attributes: { rate: config.rate as number },
        })
      case 'ReLU':
        if (config.maxValue != null) throw unsupported(layer, `has maxValue=${config.maxValue}`)
        return this.#push({ op: 'ReLU', ...this.#plain(layer.name) })
      case 'Activation':
        return this.#addActivation(layer, config.activation as string, layer.name)
      case 'Softmax':
        this.#softmax = layer.name
        return
      case 'Permute':
        if (String(config.dims) !== '3,1,2')
          throw unsupported(layer, `permutes by [${config.dims}]; only [3, 1, 2] is known`)
        this.#permuted = true
        return
      case 'Flatten':
        return this.#addFlatten(layer)
      case 'Dense':
        return this.#addDense(layer, config)
      default:
        throw unsupported(layer, 'is of a kind that networks here do not have')
    }
  }

  finish(): NetworkGraph {
    if (this.#flattened) {
      throw new EscError(
        'UNSUPPORTED_LAYER',
        `layer '${this.#last}' flattens channels last and no Dense follows; a network's outputs would be in another order`,
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

  #addActivation(layer: tf.layers.Layer, activation: string, name: string): void {
    if (activation === 'linear') return
    if (activation === 'softmax') this.#softmax = layer.name
    else if (activation === 'relu') this.#push({ op: 'ReLU', ...this.#plain(name) })
    else
      throw unsupported(layer, `has activation '${activation}'; known are relu, linear and a final softmax`)
  }

  async #addConv(layer: tf.layers.Layer, config: tf.serialization.ConfigDict): Promise<void> {
    if (!isOnes(config.strides) || !isOnes(config.dilationRate)) {
      throw unsupported(
        layer,
        `has strides [${config.strides}] and dilation [${config.dilationRate}]; both must be 1`,
      )
    }
    const [kernel, bias] = await readWeights(layer)
    const [kh, kw, channels, filters] = kernel!.shape as [number, number, number, number]
    const data = new Float32Array(kernel!.data.length)
    for (let o = 0; o < filters; o++) {
      for (let i = 0; i < channels; i++) {
        for (let tap = 0; tap < kh * kw; tap++) {
          data[(o * channels + i) * kh * kw + tap] = kernel!.data[(tap * channels + i) * filters + o]!
        }
      }
    }
    this.#push({
      op: 'Conv2D',
      name: layer.name,
      inputs: [this.#last],
      attributes: { padding: config.padding as 'same' | 'valid' },
      weights: { kernel: { shape: [filters, channels, kh, kw], data }, bias: bias ?? zeros(filters) },
    })
    this.#addActivation(layer, config.activation as string, `${layer.name}_relu`)
  }

  async #addBatchNorm(layer: tf.layers.Layer, config: tf.serialization.ConfigDict): Promise<void> {
    if (config.axis !== undefined && config.axis !== -1 && config.axis !== 3) {
      throw unsupported(layer, `normalises axis ${config.axis}; only channels, the last axis, are`)
    }
    if (config.scale === false || config.center === false)
      throw unsupported(layer, 'has no scale or no centre')
    const [gamma, beta, mean, variance] = (await readWeights(layer)) as [Weight, Weight, Weight, Weight]
    this.#push({
      op: 'BatchNorm',
      name: layer.name,
      inputs: [this.#last],
      attributes: { epsilon: config.epsilon as number, momentum: 1 - (config.momentum as number) },
      weights: { gamma, beta, mean, variance },
    })
  }

  #addMaxPool(layer: tf.layers.Layer, config: tf.serialization.ConfigDict): void {
    const [rows, columns] = config.poolSize as [number, number]
    const strides = config.strides as [number, number]
    if (config.padding !== 'valid' || strides[0] !== rows || strides[1] !== columns) {
      throw unsupported(
        layer,
        `pools ${rows}×${columns} by strides [${strides}], '${config.padding}'; windows must not overlap, and be 'valid'`,
      )
    }
    this.#push({ op: 'MaxPool', ...this.#plain(layer.name), attributes: { size: [rows, columns] } })
  }

  #addFlatten(layer: tf.layers.Layer): void {
    const shape = (layer.input as tf.SymbolicTensor).shape.slice(1)
    if (!this.#permuted && shape.length === 3) this.#flattened = shape as [number, number, number]
    this.#permuted = false
    this.#push({ op: 'Flatten', ...this.#plain(layer.name) })
  }

  async #addDense(layer: tf.layers.Layer, config: tf.serialization.ConfigDict): Promise<void> {
    const [kernel, bias] = await readWeights(layer)
    const [inputs, units] = kernel!.shape as [number, number]
    const [height, width, channels] = this.#flattened ?? [1, 1, inputs]
    const data = new Float32Array(inputs * units)
    for (let pixel = 0; pixel < height * width; pixel++) {
      for (let channel = 0; channel < channels; channel++) {
        const column = channel * height * width + pixel
        const row = pixel * channels + channel
        for (let unit = 0; unit < units; unit++)
          data[unit * inputs + column] = kernel!.data[row * units + unit]!
      }
    }
    this.#flattened = null
    this.#push({
      op: 'Dense',
      name: layer.name,
      inputs: [this.#last],
      attributes: {},
      weights: { kernel: { shape: [units, inputs], data }, bias: bias ?? zeros(units) },
    })
    this.#addActivation(layer, config.activation as string, `${layer.name}_relu`)
  }
}

async function readWeights(layer: tf.layers.Layer): Promise<Weight[]> {
  return Promise.all(
    layer
      .getWeights()
      .map(async (tensor) => ({ shape: tensor.shape, data: new Float32Array(await tensor.data()) })),
  )
}

function zeros(size: number): Weight {
  return { shape: [size], data: new Float32Array(size) }
}

function isOnes(values: unknown): boolean {
  return [values].flat().every((value) => value === 1)
}

function unsupported(layer: tf.layers.Layer, why: string): EscError {
  return new EscError('UNSUPPORTED_LAYER', `layer '${layer.name}' (${layer.getClassName()}) ${why}`, {
    detail: { layer: layer.name },
  })
}
