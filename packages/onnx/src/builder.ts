/** Builds ONNX graphs node by node. */
import { asOptions, assertInteger, assertKnown, assertText, EscError, hasField, wrongValue } from '@esc/core'
import type { Attribute, OnnxModel, OnnxNode, ValueInfo } from './model.js'
import { assertTensor, type Tensor } from './tensor.js'

/** Options of {@link createGraphBuilder}. */
export interface GraphBuilderOptions {
  /** Name of the graph. */
  name: string
  /**
   * Version of ONNX's standard operator set (opset), 13 to 21. It decides what operators take: `ReduceMean` has `axes` as an
   * attribute up to version 17 and as an input from 18 on (see `operatorSignature` of `@esc/onnx/inspect`). The file's IR version (version
   * of the file format) follows from it.
   *
   * @defaultValue `17`
   */
  opset?: number
  /** Names that only {@link GraphBuilder.nodeWithOutputs} may use, such as those of the graph's outputs. @defaultValue `[]` */
  reserved?: readonly string[]
}

/**
 * A graph under construction. A value is given by its name. An attribute says which kind it is, because ONNX distinguishes 1
 * from 1.0: `{ axis: { int: 1 }, alpha: { float: 1 }, pads: { ints: [1, 1, 1, 1] } }`.
 */
export interface GraphBuilder {
  /** Declares a graph input and returns its name. */
  input(value: ValueInfo): string
  /** Adds a constant and returns its name. */
  constant(name: string, tensor: Tensor): string
  /**
   * Adds an operator with one output, and returns the name of that output.
   *
   * @param opType - Name of the operator. An operator of another set than the standard one is written `domain.Operator`, such as
   *   `com.microsoft.FusedMatMul`, and the model then imports version 1 of that domain.
   * @param name - Wanted name of the output. It gets a number behind it if it is taken or reserved. @defaultValue the operator's name
   */
  node(
    opType: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
    name?: string,
  ): string
  /** Adds an operator whose outputs get exactly the given names. */
  nodeWithOutputs(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): void
  /** Declares an existing value as an output of the graph. */
  output(value: ValueInfo): void
  /** The finished model. */
  build(metadata?: Readonly<Record<string, string>>): OnnxModel
}

/**
 * Starts an empty graph of the standard operator set.
 *
 * The builder checks that every value exists before an operator reads it, and that it is made only once ({@link EscError}
 * INVALID_INPUT). `checkModel` of `@esc/onnx/inspect` checks operators, attributes and shapes.
 *
 * @throws EscError INVALID_OPTION if `opset` is outside 13 to 21, or an option is unknown.
 * @example
 * const g = createGraphBuilder({ name: 'double' })
 * const x = g.input({ name: 'x', type: 'float32', dims: ['N'] })
 * g.node('Add', [x, x], {}, 'y')
 * g.output({ name: 'y', type: 'float32', dims: ['N'] })
 * const bytes = writeModel(g.build())
 */
export function createGraphBuilder(options: GraphBuilderOptions): GraphBuilder {
  const known = { name: true, opset: true, reserved: true } as const
  assertKnown('createGraphBuilder', asOptions('createGraphBuilder', options), known)
  const { name, opset = 17, reserved = [] } = options
  assertText('name', name)
  assertInteger('opset', opset, 13, 21)
  const nodes: OnnxNode[] = []
  const inputs: ValueInfo[] = []
  const outputs: ValueInfo[] = []
  const initializers = new Map<string, Tensor>()
  const values = new Set<string>()

  const declare = (value: string): string => {
    if (value === '' || values.has(value)) {
      throw new EscError(
        'INVALID_INPUT',
        `graph '${name}': value '${value}' is ${value === '' ? 'unnamed' : 'made twice'}`,
      )
    }
    values.add(value)
    return value
  }
  const kept = new Set(reserved)
  const freshName = (wish: string): string => {
    if (!values.has(wish) && !kept.has(wish)) return wish
    let index = nodes.length
    while (values.has(`${wish}_${index}`) || kept.has(`${wish}_${index}`)) index++
    return `${wish}_${index}`
  }
  const append = (
    opType: string,
    from: readonly string[],
    to: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
  ): void => {
    for (const value of from) {
      if (value !== '' && !values.has(value)) {
        throw new EscError(
          'INVALID_INPUT',
          `graph '${name}': ${opType} reads '${value}', which nothing makes`,
        )
      }
    }
    for (const value of to) declare(value)
    const dot = opType.lastIndexOf('.')
    const domain = opType.slice(0, Math.max(dot, 0))
    nodes.push({
      name: `${to[0]}`,
      opType: opType.slice(dot + 1),
      domain,
      inputs: from,
      outputs: to,
      attributes,
    })
  }

  return {
    input(value) {
      assertValueInfo(value)
      const declared = declare(value.name)
      inputs.push(value)
      return declared
    },
    constant(constantName, tensor) {
      assertTensor('tensor', tensor)
      initializers.set(declare(constantName), tensor)
      return constantName
    },
    node(opType, from, attributes = {}, wish = opType.slice(opType.lastIndexOf('.') + 1)) {
      const output = freshName(wish)
      append(opType, from, [output], attributes)
      return output
    },
    nodeWithOutputs(opType, from, to, attributes = {}) {
      append(opType, from, to, attributes)
    },
    output(value) {
      assertValueInfo(value)
      if (!values.has(value.name)) {
        throw new EscError(
          'INVALID_INPUT',
          `graph '${name}': output '${value.name}' is a value that nothing makes`,
        )
      }
      outputs.push(value)
    },
    build(metadata = {}) {
      return {
        irVersion: irVersionOf(opset),
        opset,
        domains: Object.fromEntries(nodes.flatMap(({ domain }) => (domain === '' ? [] : [[domain, 1]]))),
        producer: '@esc/onnx',
        metadata,
        graph: {
          name,
          nodes: [...nodes],
          inputs: [...inputs],
          outputs: [...outputs],
          initializers: new Map(initializers),
        },
      }
    },
  }
}

/**
 * The IR version of the ONNX release that introduced the operator set. It is the oldest possible one, so that the oldest
 * runtimes can read the file.
 *
 * @see ONNX docs/Versioning.md, «Released Versions».
 */
function irVersionOf(opset: number): number {
  if (opset <= 14) return 7
  if (opset <= 18) return 8
  if (opset <= 20) return 9
  return 10
}

function assertValueInfo(value: ValueInfo): void {
  if (!hasField(value, 'name')) throw wrongValue('value', value, '{ name, type, dims }')
  assertText('value.name', value.name)
  if (typeof value.type !== 'string')
    throw wrongValue('value.type', value.type, "an element type such as 'float32'")
}
