/** ONNX models as plain data. */
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
