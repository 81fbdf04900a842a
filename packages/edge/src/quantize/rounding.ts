/** Decides where values are rounded to 8 bits, and with which scales. */
import { EscError } from '@esc/core'
import type { OnnxModel, OnnxNode, Tensor } from '@esc/onnx'
import { type ActivationScale, quantizeActivation, type Range, rangeOf } from './int8-activations.js'
import { dataOf, limitsOf, roleOf } from './operators.js'
import type { Prepared } from './prepare.js'

/** The smallest and the largest number that a uint8 of this scale stands for. */
function endsOf({ scale, zeroPoint }: ActivationScale): Range {
  return { min: -zeroPoint * scale, max: (255 - zeroPoint) * scale }
}

/** Where and how the values of a graph are rounded. */
export class Rounding {
  readonly #model: OnnxModel
  readonly #ranges: ReadonlyMap<string, Range>
  readonly #results: ReadonlySet<string>
  /** Number of times that each value is read. */
  readonly #reads = new Map<string, number>()
  /** Name of a value → name of the value whose scale it has. */
  readonly #sources = new Map<string, string>()
  /** Values that are not rounded, because the operator that cuts them off is all that reads them. */
  readonly #open = new Set<string>()
  /** Relu and Clip that rounding makes superfluous. */
  readonly #superfluous = new Set<OnnxNode>()

  /** @throws EscError INVALID_INPUT if `ranges` lacks a value. */
  constructor({ model, quantized }: Prepared, ranges: ReadonlyMap<string, Range>) {
    this.#model = model
    this.#ranges = ranges
    this.#results = new Set(model.graph.outputs.map(({ name }) => name))
    for (const { inputs } of model.graph.nodes) {
      for (const name of inputs) this.#reads.set(name, (this.#reads.get(name) ?? 0) + 1)
    }
    const makers = new Map([...quantized].map((node) => [node.outputs[0]!, node]))
    for (const node of quantized) {
      if (roleOf(node) === 'moves') this.#sources.set(node.outputs[0]!, node.inputs[0]!)
    }
    // From the last one: if Concat follows Concat, both have the scale of the second one.
    const backwards = [...quantized].reverse()
    for (const node of backwards) if (node.opType === 'Concat') this.#share(node, makers)
    for (const node of backwards) if (roleOf(node) === 'limits') this.#decideLimits(node, makers)
  }

  /** Whether the value is rounded where it is made. The graph's outputs are not. */
  isRounded(value: string): boolean {
    return !this.#open.has(value) && !this.#results.has(value)
  }

  /** Whether the rounding behind this Relu or Clip does all of its work. */
  isSuperfluous(node: OnnxNode): boolean {
    return this.#superfluous.has(node)
  }

  /** Name of the value whose range gives the scale of this one. */
  sourceOf(value: string): string {
    const source = this.#sources.get(value)
    return source === undefined ? value : this.sourceOf(source)
  }

  /**
   * The scale of a value.
   *
   * @throws EscError INVALID_INPUT if its range was not measured.
   */
  scaleOf(value: string): ActivationScale {
    const source = this.sourceOf(value)
    const constant = this.#model.graph.initializers.get(source)
    const range = constant ? rangeOf(constant.data as Float32Array) : this.#ranges.get(source)
    if (range) return quantizeActivation(range)
    throw new EscError(
      'INVALID_INPUT',
      `ranges has no range of the value '${source}'; call calibrate with the same model`,
    )
  }

  /**
   * What only a Concat reads is rounded with the scale of its output. Then the Concat copies bytes, and values are rounded once
   * instead of twice.
   */
  #share(concat: OnnxNode, makers: ReadonlyMap<string, OnnxNode>): void {
    const output = this.#roundedAs(concat.outputs[0]!, makers)
    if (output === null) return
    for (const value of dataOf(concat)) {
      const maker = makers.get(value)
      const isConstant = this.#model.graph.initializers.has(value)
      if (isConstant || !this.#isPrivate(value)) continue
      if (maker && roleOf(maker) === 'moves') continue
      // A Relu in front of a Concat with negative values would not be superfluous any more.
      if (maker && roleOf(maker) === 'limits' && !this.#cutsOff(maker, output)) continue
      this.#sources.set(value, output)
    }
  }

  /** The value that is rounded in place of this one: itself, or what the only Relu or Clip behind it makes. Null if none is. */
  #roundedAs(value: string, makers: ReadonlyMap<string, OnnxNode>): string | null {
    if (this.#results.has(value)) return null
    if (this.#reads.get(value) !== 1) return value
    for (const reader of makers.values()) {
      if (roleOf(reader) !== 'limits' || reader.inputs[0] !== value) continue
      const output = reader.outputs[0]!
      if (this.#results.has(output)) return null
      return this.#cutsOff(reader, output) ? output : value
    }
    return value
  }

  #decideLimits(node: OnnxNode, makers: ReadonlyMap<string, OnnxNode>): void {
    const [input, output] = [node.inputs[0]!, node.outputs[0]!]
    const isResult = this.#results.has(output)
    const superfluous = !isResult && this.#cutsOff(node, output)
    if (superfluous) this.#superfluous.add(node)
    const maker = makers.get(input)
    // Behind another Relu or Clip, the value is rounded twice.
    if (!maker || roleOf(maker) === 'limits' || !this.#isPrivate(input)) return
    if (!superfluous && !isResult) return
    if (roleOf(maker) !== 'moves') this.#open.add(input)
    else if (superfluous) this.#cutOffEarlier(maker, output, makers)
  }

  /**
   * If a Relu or Clip stands behind operators that only move values (Conv, MaxPool, Relu), the value in front of them is rounded
   * with the scale of the Relu, so that it is cut off there. The results are the same, and are rounded once.
   */
  #cutOffEarlier(mover: OnnxNode, output: string, makers: ReadonlyMap<string, OnnxNode>): void {
    const value = mover.inputs[0]!
    const maker = makers.get(value)
    if (!maker || !this.#isPrivate(value)) return
    if (roleOf(maker) === 'moves') this.#cutOffEarlier(maker, output, makers)
    else if (roleOf(maker) !== 'limits') this.#sources.set(value, output)
  }

  /** Whether exactly one operator reads the value, and nothing else does. */
  #isPrivate(value: string): boolean {
    return this.#reads.get(value) === 1 && !this.#results.has(value)
  }

  /** Whether rounding with the scale of a value cuts off as a Relu or Clip does. The results are the same bytes. */
  #cutsOff(node: OnnxNode, value: string): boolean {
    const limits = limitsOf(node, this.#model.graph.initializers as ReadonlyMap<string, Tensor>)
    if (limits === null) return false
    const scale = this.scaleOf(value)
    const ends = endsOf(scale)
    // A number beyond a limit is rounded to the same byte as the limit if the byte's end is less than half a step away.
    return limits.min <= ends.min + scale.scale / 2 && limits.max >= ends.max - scale.scale / 2
  }
}
