/** Writes the operators and constants of a graph in QDQ form. */
import type { OnnxModel, OnnxNode, Tensor } from '@esc/onnx'
import { weightsOf } from './float-weights.js'
import { quantizeValues } from './int8-activations.js'
import { quantizeBias, quantizeWeight, scalesForBias, type WeightScale } from './int8-weights.js'
import { dataOf } from './operators.js'
import { unsupported } from './prepare.js'
import type { Rounding } from './rounding.js'

/** How weights are written. */
export interface WeightForm {
  perChannel: boolean
  reduceRange: boolean
}

/** Collects the operators and constants of the quantised graph. */
export class QdqWriter {
  readonly nodes: OnnxNode[] = []
  readonly #model: OnnxModel
  readonly #rounding: Rounding
  readonly #initializers: Map<string, Tensor>
  readonly #names: Set<string>
  /** Name of a float value → name of the same value after it was rounded to 8 bits. */
  readonly #rounded = new Map<string, string>()
  /** Values that float operators read in rounded form, too: a second reader of the float value would prevent an integer kernel. */
  readonly #settled = new Set<string>()
  /** Output of a Relu or Clip that is left out → the value that is rounded in its place. */
  readonly #replaced = new Map<string, string>()
  /** Name of a value whose range was measured → names of its scale and zero point. */
  readonly #scales = new Map<string, [scale: string, zeroPoint: string]>()

  constructor(model: OnnxModel, rounding: Rounding) {
    const { graph } = model
    this.#model = model
    this.#rounding = rounding
    this.#initializers = new Map(graph.initializers)
    this.#names = new Set([...graph.initializers.keys(), ...graph.inputs.map(({ name }) => name)])
    for (const { outputs } of graph.nodes) for (const name of outputs) this.#names.add(name)
  }

  /** The constants that an operator reads, or that are results. Float weights that were replaced are left out. */
  usedInitializers(): Map<string, Tensor> {
    const results = this.#model.graph.outputs.map(({ name }) => name)
    const read = new Set([...results, ...this.nodes.flatMap(({ inputs }) => inputs)])
    return new Map([...this.#initializers].filter(([name]) => read.has(name)))
  }

  /** Rounds a value where it is made. */
  settle(value: string): void {
    this.#roundTrip(value)
    this.#settled.add(value)
  }

  /** Adds an operator that stays float. */
  addFloat(node: OnnxNode): void {
    this.nodes.push({ ...node, inputs: node.inputs.map((input) => this.#current(input)) })
  }

  /** Adds a Relu or Clip, unless rounding does its work. */
  addLimits(node: OnnxNode): void {
    const [input, output] = [node.inputs[0]!, node.outputs[0]!]
    if (!this.#rounding.isSuperfluous(node)) {
      this.addFloat(node)
      return
    }
    this.#replaced.set(output, this.#current(input))
    const isSame = this.#rounding.sourceOf(input) === this.#rounding.sourceOf(output)
    // The value was cut off before.
    if (isSame && this.#settled.has(input)) this.#rounded.set(output, this.#rounded.get(input)!)
  }

  /** Adds an operator without weights. It reads rounded values. */
  addQuantized(node: OnnxNode): void {
    const data = dataOf(node)
    const inputs = node.inputs.map((input, i) => {
      if (i >= data.length) return input
      const constant = this.#model.graph.initializers.get(input)
      return constant ? this.#roundedConstant(node, input, constant) : this.#roundTrip(input)
    })
    this.nodes.push({ ...node, inputs })
  }

  /** Adds a Conv or Gemm. It reads a rounded value and quantised weights. */
  addWeighted(given: OnnxNode, { perChannel, reduceRange }: WeightForm): void {
    const [input, weightName, biasName] = given.inputs as [string, string, string]
    const { node, weight, bias } = weightsOf(given, this.#model.graph.initializers)
    const rounded = this.#roundTrip(input)
    const inputScale = this.#rounding.scaleOf(input).scale
    const smallestScales = bias
      ? scalesForBias(bias.data, inputScale, perChannel)
      : new Array<number>(perChannel ? weight.dims[0]! : 1).fill(0)
    const quantized = quantizeWeight(weight, { perChannel, reduceRange, smallestScales })
    const inputs = [rounded, this.#dequantizedConstant(weightName, quantized)]
    if (bias)
      inputs.push(this.#dequantizedConstant(biasName, quantizeBias(bias, inputScale, quantized.scales)))
    this.nodes.push({ ...node, inputs })
  }

  /** The name under which a value can be read: the rounded one if the value was rounded where it is made. */
  #current(value: string): string {
    return this.#settled.has(value) ? this.#rounded.get(value)! : value
  }

  /**
   * Puts QuantizeLinear and DequantizeLinear behind a value, if they are not there yet.
   *
   * @returns Name of the rounded value.
   */
  #roundTrip(value: string): string {
    const known = this.#rounded.get(value)
    if (known !== undefined) return known
    const parameters = this.#scaleOf(value)
    const source = this.#replaced.get(value) ?? value
    const quantized = this.#append('QuantizeLinear', [source, ...parameters], `${value}_quantized`)
    const rounded = this.#append('DequantizeLinear', [quantized, ...parameters], `${value}_rounded`)
    this.#rounded.set(value, rounded)
    return rounded
  }

  /** A constant that an operator without weights reads, as uint8. */
  #roundedConstant(node: OnnxNode, name: string, { dims, data }: Tensor): string {
    const known = this.#rounded.get(name)
    if (known !== undefined) return known
    const values = data as Float32Array
    if (!values.every(Number.isFinite)) throw unsupported(node, `'${name}' holds values that are not finite`)
    const bytes = quantizeValues(values, this.#rounding.scaleOf(name))
    const quantized = this.#addConstant(`${name}_quantized`, { type: 'uint8', dims, data: bytes })
    const inputs = [quantized, ...this.#scaleOf(name)]
    const rounded = this.#append('DequantizeLinear', inputs, `${name}_rounded`)
    this.#rounded.set(name, rounded)
    return rounded
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

  /** Names of a value's scale and zero point. */
  #scaleOf(value: string): [scale: string, zeroPoint: string] {
    const source = this.#rounding.sourceOf(value)
    const known = this.#scales.get(source)
    if (known) return known
    const { scale, zeroPoint } = this.#rounding.scaleOf(source)
    const names: [string, string] = [
      this.#addConstant(`${source}_scale`, { type: 'float32', dims: [], data: Float32Array.of(scale) }),
      this.#addConstant(`${source}_zero_point`, {
        type: 'uint8',
        dims: [],
        data: Uint8Array.of(zeroPoint),
      }),
    ]
    this.#scales.set(source, names)
    return names
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
