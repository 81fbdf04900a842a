/** ONNX models as plain data. */
import { hasField, mistakeOf, wrongOption, wrongValue } from '@esc/core'
import type { ElementType, Tensor } from './tensor.js'

/** An attribute's value with its kind, because ONNX distinguishes 1 from 1.0. */
export type Attribute =
  | { int: number }
  | { ints: readonly number[] }
  | { float: number }
  | { floats: readonly number[] }
  | { string: string }
  | { strings: readonly string[] }
  | { tensor: Tensor }

/** The kind of an attribute: the key of its {@link Attribute}. */
export type AttributeKind = 'int' | 'ints' | 'float' | 'floats' | 'string' | 'strings' | 'tensor'

/** One call of an operator. An empty input name means that this optional input is left out. */
export interface OnnxNode {
  name: string
  opType: string
  /** Name of the operator set that defines the operator; `''` is the standard one. */
  domain: string
  inputs: readonly string[]
  outputs: readonly string[]
  attributes: Readonly<Record<string, Attribute>>
}

/**
 * A graph input or output. A dimension is a number, a symbol such as `N`, or `null` if it is unknown. `dims: null` means that nothing is
 * known about the shape.
 */
export interface ValueInfo {
  name: string
  type: ElementType
  dims: readonly (number | string | null)[] | null
}

/** An ONNX model. */
export interface OnnxModel {
  /** Version of the file format. */
  irVersion: number
  /** Version of the standard operator set. */
  opset: number
  /** Versions of other operator sets, by domain. */
  domains: Readonly<Record<string, number>>
  /** The program that wrote the model. */
  producer: string
  /** Texts by name, stored in the file (`metadata_props`). */
  metadata: Readonly<Record<string, string>>
  graph: {
    name: string
    /** The operators, in an order in which every value is made before it is read. */
    nodes: readonly OnnxNode[]
    inputs: readonly ValueInfo[]
    outputs: readonly ValueInfo[]
    /** Constants by name, such as weights. */
    initializers: ReadonlyMap<string, Tensor>
  }
}

/**
 * Checks the outer parts of a model. `checkModel` of `@esc/onnx/inspect` checks its operators.
 *
 * @throws EscError INVALID_INPUT unless it has an operator set and a graph with nodes, inputs, outputs and initializers.
 * @example assertOnnxModel('model', model)
 */
export function assertOnnxModel(name: string, model: unknown): asserts model is OnnxModel {
  if (!hasField(model, 'graph') || mistakeOf(model) === 'a trained model') {
    throw wrongValue(name, model, 'an OnnxModel, as readModel returns', {
      advice: {
        numbers: `pass readModel(${name})`,
        buffer: `pass readModel(new Uint8Array(${name}))`,
        'a network': `pass lowerNetwork(${name})`,
        'a trained model': 'pass exportModel(model) of @esc/edge',
      },
    })
  }
  const { graph, opset } = model as unknown as OnnxModel
  if (!Number.isInteger(opset)) throw wrongOption(`${name}.opset`, opset, 'an integer')
  if (!hasField(graph, 'nodes'))
    throw wrongValue(`${name}.graph`, graph, '{ nodes, inputs, outputs, initializers }')
  const { nodes, inputs, outputs, initializers } = graph
  for (const [field, list] of Object.entries({ nodes, inputs, outputs })) {
    if (!Array.isArray(list)) throw wrongValue(`${name}.graph.${field}`, list, 'a list')
  }
  if (!(initializers instanceof Map)) throw wrongValue(`${name}.graph.initializers`, initializers, 'a Map')
}
