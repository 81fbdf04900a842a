/** Static 8-bit quantisation in the QDQ form. */
import { assertKnown, EscError, wrongValue } from '@esc/core'
import { assertOnnxModel, type OnnxModel, type OnnxNode, type Tensor } from '@esc/onnx'
import { weightsOf } from './float-weights.js'
import { quantizeActivation, type Range } from './int8-activations.js'
import { quantizeBias, quantizeWeight, scalesForBias, type WeightScale } from './int8-weights.js'
import { passThrough, prepare, weighted } from './prepare.js'

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
 * The model may come from any exporter. Constants may be initializers, listed as graph inputs or not, or `Constant` nodes,
 * and may have passed an `Identity`. In the result all are initializers and no inputs: a weight cannot be replaced any more.
 * A Gemm may be `x · W`, or have factors. Operators of other domains, of other element types, and MatMul stay as they are.
 *
 * @param given - A float32 model in which every Conv and Gemm has a constant weight, and a constant bias if any.
 * @param ranges - What {@link calibrate} measured on the same model.
 * @throws EscError UNSUPPORTED_LAYER if a weight or bias is no float32 constant, not finite or of another shape, a Gemm
 *   transposes its data, or there is nothing to quantise; INCOMPATIBLE_MODEL if the model is quantised already; CORRUPT_DATA
 *   if it contradicts itself; INVALID_INPUT if a value was not calibrated.
 * @see ONNX Runtime `quantize_static(quant_format=QDQ)`; Jacob et al. 2018.
 * @example const int8 = quantizeStatic(model, await calibrate(model, batches, { runtime: ortRuntime }))
 */
export function quantizeStatic(
  given: OnnxModel,
  ranges: ReadonlyMap<string, Range>,
  options: QuantizeOptions = {},
): OnnxModel {
  assertKnown('quantizeStatic', options, { perChannel: true, reduceRange: true })
  const { perChannel = true, reduceRange = true } = options
  assertOnnxModel('model', given)
  if (!(ranges instanceof Map)) throw wrongValue('ranges', ranges, 'a Map, as calibrate returns it')
  const { model, quantized } = prepare(given)
  const { graph } = model
  const writer = new QdqWriter(model, ranges)
  const reluInputs = new Set(graph.nodes.flatMap(({ opType, inputs }) => (opType === 'Relu' ? inputs : [])))
  const results = new Set(graph.outputs.map(({ name }) => name))
  for (const node of graph.nodes) {
    if (!quantized.has(node)) {
      writer.nodes.push(node)
      continue
    }
    if (weighted.has(node.opType)) writer.addWeighted(node, { perChannel, reduceRange })
    else if (node.opType === 'Relu') writer.nodes.push(node)
    else writer.addQuantized(node)
    // Where a Relu follows, the value is rounded once, after it. The graph's outputs stay as they are.
    const output = node.outputs[0]!
    if (reluInputs.has(output) || results.has(output)) continue
    writer.roundTrip(output, passThrough.has(node.opType) ? node.inputs[0]! : null)
  }
  return {
    ...model,
    metadata: { ...model.metadata, quantization: JSON.stringify({ format: 'QDQ', perChannel, reduceRange }) },
    graph: { ...graph, nodes: writer.nodes, initializers: writer.usedInitializers(results) },
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

  /** Constants that some operator reads, or that are results: the float weights that were replaced are gone. */
  usedInitializers(results: ReadonlySet<string>): Map<string, Tensor> {
    const read = new Set([...results, ...this.nodes.flatMap(({ inputs }) => inputs)])
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

  addWeighted(given: OnnxNode, { perChannel, reduceRange }: Required<QuantizeOptions>): void {
    const [input, weightName, biasName] = given.inputs as [string, string, string]
    const { node, weight, bias } = weightsOf(given, this.#initializers)
    const rounded = this.roundTrip(input, null)
    const inputScale = this.#scales.get(input)!.value
    const smallestScales = bias
      ? scalesForBias(bias.data, inputScale, perChannel)
      : new Array<number>(perChannel ? weight.dims[0]! : 1).fill(0)
    const quantized = quantizeWeight(weight, { perChannel, reduceRange, smallestScales })
    const inputs = [rounded, this.#dequantizedConstant(weightName, quantized)]
    if (bias)
      inputs.push(this.#dequantizedConstant(biasName, quantizeBias(bias, inputScale, quantized.scales)))
    this.nodes.push({ ...node, inputs })
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
