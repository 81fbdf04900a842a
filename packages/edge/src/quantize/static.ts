/** Static 8-bit quantisation in the QDQ form. */
import { EscError } from '@esc/core'
import type { OnnxModel, OnnxNode, Tensor } from '@esc/onnx'
import type { Range } from './calibrate.js'
import { quantizeActivation, quantizeBias, quantizeWeight, type WeightScale } from './scheme.js'

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

/**
 * The model with 8-bit weights and activations: `QuantizeLinear` and `DequantizeLinear` pairs around the operators, which
 * runtimes fuse into integer kernels.
 *
 * Activations are uint8 with a zero point, weights int8 and symmetric, biases int32. Quantised are Conv, Gemm, Relu,
 * MaxPool, GlobalAveragePool and Flatten; a normaliser in front and the logits stay float.
 *
 * @param model - A float32 model in which every Conv and Gemm has a constant weight and bias.
 * @param ranges - What {@link calibrate} measured.
 * @throws EscError UNSUPPORTED_LAYER if a weight is not a constant or a Gemm has other attributes than `transB`,
 *   INVALID_INPUT if a value was not calibrated.
 * @see ONNX Runtime `quantize_static(quant_format=QDQ)`; Jacob et al. 2018.
 * @example const int8 = quantizeStatic(model, await calibrate(model, batches, { runtime: ortRuntime }))
 */
export function quantizeStatic(
  model: OnnxModel,
  ranges: ReadonlyMap<string, Range>,
  options: QuantizeOptions = {},
): OnnxModel {
  const { perChannel = true, reduceRange = true } = options
  const writer = new QdqWriter(model, ranges)
  const outputNames = new Set(model.graph.outputs.map(({ name }) => name))
  for (const node of model.graph.nodes) {
    if (weighted.has(node.opType)) writer.addWeighted(node, perChannel, reduceRange)
    else if (passThrough.has(node.opType)) writer.addQuantized(node, node.inputs[0]!)
    else if (node.opType === 'GlobalAveragePool') writer.addQuantized(node, null)
    else writer.nodes.push(node)
    // Where a Relu follows, the value is rounded once, after it.
    const [output] = node.outputs
    const reluFollows = model.graph.nodes.some(
      ({ opType, inputs }) => opType === 'Relu' && inputs[0] === output,
    )
    const quantized = weighted.has(node.opType) || node.opType === 'Relu'
    if (quantized && !reluFollows && !outputNames.has(output!)) writer.roundTrip(output!, null)
  }
  return {
    ...model,
    metadata: { ...model.metadata, quantization: JSON.stringify({ format: 'QDQ', perChannel, reduceRange }) },
    graph: { ...model.graph, nodes: writer.nodes, initializers: writer.initializers },
  }
}

class QdqWriter {
  readonly nodes: OnnxNode[] = []
  readonly initializers: Map<string, Tensor>
  readonly #ranges: ReadonlyMap<string, Range>
  /** Float value → the value after its rounding to 8 bits. */
  readonly #rounded = new Map<string, string>()
  /** Rounded float value → names of its scale and zero point. */
  readonly #scales = new Map<string, { scale: string; zeroPoint: string; value: number }>()

  constructor({ graph }: OnnxModel, ranges: ReadonlyMap<string, Range>) {
    this.initializers = new Map(graph.initializers)
    this.#ranges = ranges
  }

  /** Puts QuantizeLinear and DequantizeLinear behind a value, once. `scaleOf`: takes over that value's scale. */
  roundTrip(value: string, scaleOf: string | null): string {
    const known = this.#rounded.get(value)
    if (known !== undefined) return known
    const parameters =
      (scaleOf === null ? undefined : this.#scales.get(scaleOf)) ?? this.#activationScale(value)
    const { scale, zeroPoint } = parameters
    this.#append('QuantizeLinear', [value, scale, zeroPoint], `${value}_quantized`, {})
    const rounded = this.#append(
      'DequantizeLinear',
      [`${value}_quantized`, scale, zeroPoint],
      `${value}_rounded`,
      {},
    )
    this.#rounded.set(value, rounded)
    this.#scales.set(value, parameters)
    return rounded
  }

  /** An operator without weights between rounded values; with `sameScaleAs`, its output keeps that input's scale. */
  addQuantized(node: OnnxNode, sameScaleAs: string | null): void {
    this.nodes.push({ ...node, inputs: node.inputs.map((input) => this.roundTrip(input, null)) })
    this.roundTrip(node.outputs[0]!, sameScaleAs)
  }

  addWeighted(node: OnnxNode, perChannel: boolean, reduceRange: boolean): void {
    const [input, weightName, biasName] = node.inputs as [string, string, string | undefined]
    const weight = this.#constant(node, weightName)
    const otherGemm = node.opType === 'Gemm' && JSON.stringify(node.attributes) !== '{"transB":{"int":1}}'
    if (otherGemm)
      throw new EscError(
        'UNSUPPORTED_LAYER',
        `node '${node.name}' (Gemm) must have transB=1 and nothing else`,
      )
    const rounded = this.roundTrip(input, null)
    const inputScale = this.#scales.get(input)!.value
    const quantized = quantizeWeight(weight, { perChannel, reduceRange })
    const inputs = [rounded, this.#dequantizedConstant(weightName, quantized)]
    if (biasName !== undefined) {
      const bias = quantizeBias(this.#constant(node, biasName), inputScale, quantized.scales)
      inputs.push(this.#dequantizedConstant(biasName, bias))
    }
    this.nodes.push({ ...node, inputs })
  }

  #constant(node: OnnxNode, name: string): Tensor & { type: 'float32' } {
    const tensor = this.initializers.get(name)
    if (tensor?.type !== 'float32') {
      throw new EscError(
        'UNSUPPORTED_LAYER',
        `node '${node.name}' (${node.opType}): '${name}' is not a float32 constant`,
      )
    }
    return tensor
  }

  #dequantizedConstant(name: string, { values, scales, zeroPoints, axis }: WeightScale): string {
    this.initializers.delete(name)
    this.initializers.set(`${name}_quantized`, values)
    this.initializers.set(`${name}_scale`, scales)
    this.initializers.set(`${name}_zero_point`, zeroPoints)
    const inputs = [`${name}_quantized`, `${name}_scale`, `${name}_zero_point`]
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
    const names = { scale: `${value}_scale`, zeroPoint: `${value}_zero_point` }
    this.initializers.set(names.scale, { type: 'float32', dims: [], data: Float32Array.of(scale) })
    this.initializers.set(names.zeroPoint, { type: 'uint8', dims: [], data: Uint8Array.of(zeroPoint) })
    return { ...names, value: scale }
  }

  #append(opType: string, inputs: string[], output: string, attributes: OnnxNode['attributes']): string {
    this.nodes.push({ name: output, opType, domain: '', inputs, outputs: [output], attributes })
    return output
  }
}
