/**
 * Static 8-bit quantisation in QDQ form: each rounded value is written as a pair of operators, `QuantizeLinear` and
 * `DequantizeLinear`.
 */
import { assertKnown, EscError, wrongValue } from '@esc/core'
import { assertOnnxModel, type OnnxModel, type OnnxNode, type Tensor } from '@esc/onnx'
import { weightsOf } from './float-weights.js'
import { quantizeActivation, type Range } from './int8-activations.js'
import { quantizeBias, quantizeWeight, scalesForBias, type WeightScale } from './int8-weights.js'
import { passThrough, prepare, weighted } from './prepare.js'

/** Options of {@link quantizeStatic}. */
export interface QuantizeOptions {
  /** One scale for each filter or unit, instead of one for each weight tensor. @defaultValue `true` */
  perChannel?: boolean
  /**
   * Uses 7 bits for weights instead of 8: x86 processors without VNNI instructions add pairs of 8-bit products in 16 bits, which
   * overflows with weights of the full range. Set it to false for devices whose kernels add in 32 bits (ARM).
   *
   * @defaultValue `true`
   */
  reduceRange?: boolean
}

/**
 * The model with 8-bit weights and activations. A pair of `QuantizeLinear` and `DequantizeLinear` (QDQ) stands around each
 * operator. Runtimes fuse these pairs and the operator into one integer kernel.
 *
 * Activations are uint8 with a zero point, weights are int8 and symmetric, biases are int32. Conv, Gemm, Relu, MaxPool,
 * GlobalAveragePool and Flatten are quantised. A normaliser at the front and the logits stay float.
 *
 * Differs from ONNX Runtime's `quantize_static`: by default, scales are per channel and weights have 7 bits; activations are
 * uint8; the graph's outputs are not rounded. ONNX Runtime's documentation advises this for x86 without VNNI, where its own
 * defaults lose accuracy without a warning.
 *
 * The model may come from any exporter. Its constants may be initializers (also listed as graph inputs or not), `Constant`
 * nodes, or either behind an `Identity`. In the result, all constants are initializers and none is an input, so no weight can be
 * replaced any more. A Gemm may be `x · W`, or have factors. Operators of other domains or other element types, and MatMul, stay
 * as they are.
 *
 * @param given - A float32 model. Every Conv and Gemm must have a constant weight, and its bias, if any, must be a constant.
 * @param ranges - What {@link calibrate} measured on the same model.
 * @throws EscError UNSUPPORTED_LAYER if a weight or bias is not a float32 constant, is not finite or has another shape, if a
 *   Gemm transposes its data, or if no operator can be quantised; INCOMPATIBLE_MODEL if the model is quantised already;
 *   CORRUPT_DATA if it contradicts itself; INVALID_INPUT if a value was not calibrated.
 * @see ONNX Runtime `quantize_static(quant_format=QDQ)`; Jacob et al. 2018.
 * @example const int8 = quantizeStatic(given, await calibrate(given, batches, { runtime: ortRuntime }))
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
    // If a Relu follows, the value is rounded once, after the Relu. Outputs of the graph are not rounded.
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

/** Collects the operators and constants of the quantised graph. */
class QdqWriter {
  readonly nodes: OnnxNode[] = []
  readonly #initializers: Map<string, Tensor>
  readonly #names: Set<string>
  readonly #ranges: ReadonlyMap<string, Range>
  /** Name of a float value → name of the same value after it was rounded to 8 bits. */
  readonly #rounded = new Map<string, string>()
  /** Name of a float value that was rounded → names of its scale and zero point. */
  readonly #scales = new Map<string, { scale: string; zeroPoint: string; value: number }>()

  constructor({ graph }: OnnxModel, ranges: ReadonlyMap<string, Range>) {
    this.#initializers = new Map(graph.initializers)
    this.#names = new Set([...graph.initializers.keys(), ...graph.inputs.map(({ name }) => name)])
    for (const { outputs } of graph.nodes) for (const name of outputs) this.#names.add(name)
    this.#ranges = ranges
  }

  /** The constants that an operator reads, or that are results. Float weights that were replaced are left out. */
  usedInitializers(results: ReadonlySet<string>): Map<string, Tensor> {
    const read = new Set([...results, ...this.nodes.flatMap(({ inputs }) => inputs)])
    return new Map([...this.#initializers].filter(([name]) => read.has(name)))
  }

  /**
   * Puts QuantizeLinear and DequantizeLinear behind a value, if they are not there yet.
   *
   * @param scaleOf - Name of a value whose scale is taken over; `null` uses the calibrated range.
   * @returns Name of the rounded value.
   */
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

  /** Adds an operator without weights. It reads rounded values. */
  addQuantized(node: OnnxNode): void {
    this.nodes.push({ ...node, inputs: node.inputs.map((input) => this.roundTrip(input, null)) })
  }

  /** Adds a Conv or Gemm. It reads a rounded value and quantised weights. */
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
      throw new EscError(
        'INVALID_INPUT',
        `ranges has no range of the value '${value}'; call calibrate with the same model`,
      )
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

  /** The name `wish`, with a number behind it if that name is taken: two operators may share a weight. */
  #freshName(wish: string): string {
    let name = wish
    for (let index = 1; this.#names.has(name); index++) name = `${wish}_${index}`
    this.#names.add(name)
    return name
  }
}
