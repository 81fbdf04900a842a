/** Types of the values that an engine keeps. */
import type { Tensor } from '@esc/onnx'

/** A tensor of floats. */
export type FloatTensor = Extract<Tensor, { type: 'float32' }>

/** Tensors by name: `node.weight` and `slot/node.weight`. */
export type Values = Readonly<Record<string, FloatTensor>>
