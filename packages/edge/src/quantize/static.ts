/** Static 8-bit quantisation in the QDQ form. */
import { assertKnown, EscError, wrongValue } from '@esc/core'
import { assertOnnxModel, type OnnxModel, type OnnxNode, type Tensor } from '@esc/onnx'
import type { Range } from './calibrate.js'
import {
  quantizeActivation,
  quantizeBias,
  quantizeWeight,
  scalesForBias,
  type WeightScale,
} from './scheme.js'

/** Options of {@link quantizeStatic}. */
export interface QuantizeOptions {
  /** One scale per filter or unit instead of one per weight tensor (default true). */
  perChannel?: boolean
  /**
   * Weights in 7 bits (default true): x86 processors without VNNI add pairs of 8-bit products in 16 bits, which
   * overflows with full-range weights. Set it to false for devices whose kernels add in 32 bits (ARM).
   */
  reduceRange?: boolean
}

/** Operators that move or choose values: their output has their input's scale. */
const passThrough = new Set(['MaxPool', 'Flatten'])
const weighted = new Set(['Conv', 'Gemm'])
const quantizedOps = new Set([...weighted, ...passThrough, 'GlobalAveragePool', 'Relu'])

/** Values whose range {@link quantizeStatic} asks for: what goes into and comes out of the operators it quantises. */
export function quantizedValues({ graph }: OnnxModel): Set<string> {
  const nodes = graph.nodes.filter(({ opType }) => quantizedOps.has(opType))
  return new Set(nodes.flatMap(({ inputs, outputs }) => [inputs[0]!, outputs[0]!]))
}

/**
 * The model with 8-bit weights and activations: `QuantizeLinear` and `DequantizeLinear` pairs around the operators, which
 * runtimes fuse into integer kernels.
 *
 * Activations are uint8 with a zero point, weights int8 and symmetric, biases int32. Quantised are Conv, Gemm, Relu,
 * MaxPool, GlobalAveragePool and Flatten; a normaliser in front and the logits stay float.
 *
 * Differs from ONNX Runtime's `quantize_static`: scales are per channel and weights 7 bits wide unless asked otherwise,
 * activations are uint8, and the graph's outputs are not rounded. These are what its documentation advises for x86
 * without VNNI, the place where its own defaults lose accuracy in silence.
 *
 * @param model - A float32 model in which every Conv and Gemm has a constant weight, and a constant bias if any.
 * @param ranges - What {@link calibrate} measured on the same model.
 * @throws EscError UNSUPPORTED_LAYER if a weight or bias is no constant, not finite or of another shape, or a Gemm is not
 *   `x · Wᵀ + b`; INVALID_INPUT if a value was not calibrated.
 * @see ONNX Runtime `quantize_static(quant_format=QDQ)`; Jacob et al. 2018.
 * @example const int8 = quantizeStatic(model, await calibrate(model, batches, { runtime: ortRuntime }))
 */
export function quantizeStatic(
  model: OnnxModel,
  ranges: ReadonlyMap<string, Range>,
  options: QuantizeOptions = {},
): OnnxModel {
  assertKnown('quantizeStatic', options, { perChannel: true, reduceRange: true })
  const { perChannel = true, reduceRange = true } = options
  assertOnnxModel('model', model)
  if (!(ranges instanceof Map)) throw wrongValue('ranges', ranges, 'a Map, as calibrate returns it')
  const { graph } = model
  const writer = new QdqWriter(model, ranges)
  const reluInputs = new Set(graph.nodes.flatMap(({ opType, inputs }) => (opType === 'Relu' ? inputs : [])))
  for (const node of graph.nodes) {
    if (weighted.has(node.opType)) writer.addWeighted(node, { perChannel, reduceRange })
    else if (passThrough.has(node.opType) || node.opType === 'GlobalAveragePool') writer.addQuantized(node)
    else writer.nodes.push(node)
    // Where a Relu follows, the value is rounded once, after it. The graph's outputs stay as they are.
    const output = node.outputs[0]!
    const isOutput = graph.outputs.some(({ name }) => name === output)
    if (!quantizedOps.has(node.opType) || reluInputs.has(output) || isOutput) continue
    writer.roundTrip(output, passThrough.has(node.opType) ? node.inputs[0]! : null)
  }
  return {
    ...model,
    metadata: { ...model.metadata, quantization: JSON.stringify({ format: 'QDQ', perChannel, reduceRange }) },
    graph: { ...graph, nodes: writer.nodes, initializers: writer.usedInitializers() },
  }
}

class QdqWriter {
  readonly nodes: OnnxNode[] = []
  readonly #initializers: Map<string, Tensor>
  readonly #names: Set<string>
  readonly #ranges: ReadonlyMap<string, Range>
  /** Float value → the value after its rounding to 8 bits. */
  readonly #rounded = new Map<string, string>()
  /** Rounded float value → names of its scale and zero point. */
  readonly #scales = new Map<string, { scale: string; zeroPoint: string; value: number }>()

  constructor({ graph }: OnnxModel, ranges: ReadonlyMap<string, Range>) {
    this.#initializers = new Map(graph.initializers)
    this.#names = new Set([...graph.initializers.keys(), ...graph.inputs.map(({ name }) => name)])
    for (const { outputs } of graph.nodes) for (const name of outputs) this.#names.add(name)
    this.#ranges = ranges
  }

  /** Constants that some operator reads: the float weights that were replaced are gone. */
  usedInitializers(): Map<string, Tensor> {
    const read = new Set(this.nodes.flatMap(({ inputs }) => inputs))
    return new Map([...this.#initializers].filter(([name]) => read.has(name)))
  }

  /** Puts QuantizeLinear and DequantizeLinear behind a value, once. `scaleOf`: takes over that value's scale. */
  roundTrip(value: string, scaleOf: string | null): string {
    const known = this.#rounded.get(value)
    if (known !== undefined) return known
    const parameters =
      (scaleOf === null ? undefined : this.#scales.get(scaleOf)) ?? this.#activationScale(value)
    const { scale, zeroPoint } = parameters
    const quantized = this.#append('QuantizeLinear', [value, scale, zeroPoint], `${value}_quantized`)
    const rounded = this.#append('DequantizeLinear', [quantized, scale, zeroPoint], `${value}_rounded`)
    this.#rounded.set(value, rounded)
    this.#scales.set(value, parameters)
    return rounded
  }

  /** An operator without weights, between rounded values. */
  addQuantized(node: OnnxNode): void {
    this.nodes.push({ ...node, inputs: node.inputs.map((input) => this.roundTrip(input, null)) })
  }

  addWeighted(node: OnnxNode, { perChannel, reduceRange }: Required<QuantizeOptions>): void {
    const [input, weightName, biasName = ''] = node.inputs as [string, string, string | undefined]
    if (node.opType === 'Gemm') assertPlainGemm(node)
    const weight = this.#constant(node, weightName)
    const rounded = this.roundTrip(input, null)
    const inputScale = this.#scales.get(input)!.value
    const bias = biasName === '' ? null : this.#constant(node, biasName)
    if (bias && bias.data.length !== weight.dims[0]) {
      throw unsupported(
        node,
        `bias '${biasName}' has ${bias.data.length} values for ${weight.dims[0]} channels`,
      )
    }
    const smallestScales = bias
      ? scalesForBias(bias.data, inputScale, perChannel)
      : new Array<number>(perChannel ? weight.dims[0]! : 1).fill(0)
    const quantized = quantizeWeight(weight, { perChannel, reduceRange, smallestScales })
    const inputs = [rounded, this.#dequantizedConstant(weightName, quantized)]
    if (bias)
      inputs.push(this.#dequantizedConstant(biasName, quantizeBias(bias, inputScale, quantized.scales)))
    this.nodes.push({ ...node, inputs })
  }

  #constant(node: OnnxNode, name: string): Tensor & { type: 'float32' } {
    const tensor = this.#initializers.get(name)
    if (tensor?.type !== 'float32') throw unsupported(node, `'${name}' is not a float32 constant`)
    if (!tensor.data.every(Number.isFinite))
      throw unsupported(node, `'${name}' holds values that are not finite`)
    return tensor
  }

  #dequantizedConstant(name: string, { values, scales, zeroPoints, axis }: WeightScale): string {
    const inputs = [
      this.#addConstant(`${name}_quantized`, values),
      this.#addConstant(`${name}_scale`, scales),
      this.#addConstant(`${name}_zero_point`, zeroPoints),
    ]
    return this.#append(
      'DequantizeLinear',
      inputs,
      `${name}_rounded`,
      axis === null ? {} : { axis: { int: axis } },
    )
  }

  #activationScale(value: string): { scale: string; zeroPoint: string; value: number } {
    const range = this.#ranges.get(value)
    if (!range)
      throw new EscError('INVALID_INPUT', `value '${value}' was not calibrated; calibrate the same model`)
    const { scale, zeroPoint } = quantizeActivation(range)
    return {
      scale: this.#addConstant(`${value}_scale`, { type: 'float32', dims: [], data: Float32Array.of(scale) }),
      zeroPoint: this.#addConstant(`${value}_zero_point`, {
        type: 'uint8',
        dims: [],
        data: Uint8Array.of(zeroPoint),
      }),
      value: scale,
    }
  }

  #addConstant(wish: string, tensor: Tensor): string {
    const name = this.#freshName(wish)
    this.#initializers.set(name, tensor)
    return name
  }

  #append(opType: string, inputs: string[], wish: string, attributes: OnnxNode['attributes'] = {}): string {
    const output = this.#freshName(wish)
    this.nodes.push({ name: output, opType, domain: '', inputs, outputs: [output], attributes })
    return output
  }

  /** The name wished for, or with a number behind it where it is taken: two operators may share a weight. */
  #freshName(wish: string): string {
    let name = wish
    for (let index = 1; this.#names.has(name); index++) name = `${wish}_${index}`
    this.#names.add(name)
    return name
  }
}

function assertPlainGemm(node: OnnxNode): void {
  const expected = { alpha: { float: 1 }, beta: { float: 1 }, transA: { int: 0 }, transB: { int: 1 } }
  const actual = {
    alpha: { float: 1 },
    beta: { float: 1 },
    transA: { int: 0 },
    transB: { int: 0 },
    ...node.attributes,
  }
  if (JSON.stringify(sorted(actual)) !== JSON.stringify(sorted(expected))) {
    throw unsupported(
      node,
      `has ${JSON.stringify(node.attributes)}; it must be x · Wᵀ + b: transB=1, alpha=beta=1, transA=0`,
    )
  }
}

function sorted(attributes: object): [string, unknown][] {
  return Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))
}

function unsupported(node: OnnxNode, what: string): EscError {
  return new EscError('UNSUPPORTED_LAYER', `node '${node.name}' (${node.opType}): ${what}`, {
    detail: { node: node.name },
  })
}
