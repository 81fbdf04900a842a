/** ONNX models as plain data. */
import { hasField, mistakeOf, wrongOption, wrongValue } from '@esc/core'
import type { ElementType, Tensor } from './tensor.js'

/** An attribute's value, tagged: ONNX tells 1 from 1.0. */
export type Attribute =
  | { int: number }
  | { ints: readonly number[] }
  | { float: number }
  | { floats: readonly number[] }
  | { string: string }
  | { strings: readonly string[] }
  | { tensor: Tensor }

/** What an attribute holds: the key of its {@link Attribute}. */
export type AttributeKind = 'int' | 'ints' | 'float' | 'floats' | 'string' | 'strings' | 'tensor'

/** One operator call. An empty input name is an optional input left out. */
export interface OnnxNode {
  name: string
  opType: string
  /** `''` is the standard operator set. */
  domain: string
  inputs: readonly string[]
  outputs: readonly string[]
  attributes: Readonly<Record<string, Attribute>>
}

/** A graph input or output. A dimension is a number, a symbol such as `N`, or `null` where unknown; `dims: null` says nothing of the shape. */
export interface ValueInfo {
  name: string
  type: ElementType
  dims: readonly (number | string | null)[] | null
}

export interface OnnxModel {
  irVersion: number
  /** Version of the standard operator set. */
  opset: number
  /** Other operator sets, by domain. */
  domains: Readonly<Record<string, number>>
  producer: string
  metadata: Readonly<Record<string, string>>
  graph: {
    name: string
    /** In an order in which every value is made before it is read. */
    nodes: readonly OnnxNode[]
    inputs: readonly ValueInfo[]
    outputs: readonly ValueInfo[]
    /** Constants by name. */
    initializers: ReadonlyMap<string, Tensor>
  }
}

/**
 * Checks the frame of a model; `checkModel` looks at what its operators do.
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
