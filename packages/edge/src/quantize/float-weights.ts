/** Reads the float weights of a Conv or Gemm in the one form that quantisation works on. */
import type { OnnxNode, Tensor } from '@esc/onnx'
import { unsupported } from './prepare.js'

/** A tensor of float32. */
export type FloatTensor = Tensor & { type: 'float32' }

/** An operator with its weights: `weight` is [filters or units, …], and `bias` has one value for each filter or unit. */
export interface Weighted {
  node: OnnxNode
  weight: FloatTensor
  bias: FloatTensor | null
}

/**
 * Reads the constants of a Conv or Gemm (ONNX's name of a dense layer). A Gemm is rewritten as `x · Wᵀ + b`: exporters also
 * write `x · W`, factors, and biases of shape [1, units] or of one value.
 *
 * @throws EscError UNSUPPORTED_LAYER if a weight or bias is not a float32 constant, is not finite or has another shape, or if a
 *   Gemm transposes its data.
 */
export function weightsOf(node: OnnxNode, constants: ReadonlyMap<string, Tensor>): Weighted {
  const [, weightName, biasName = ''] = node.inputs as [string, string, string?]
  const read = (name: string) => constantOf(node, name, constants)
  const [weight, bias] = [read(weightName), biasName === '' ? null : read(biasName)]
  if (weight.data.length === 0) throw unsupported(node, `weight '${weightName}' is empty, [${weight.dims}]`)
  const plain = node.opType === 'Gemm' ? plainGemm(node, weight) : { node, weight, biasFactor: 1 }
  const units = plain.weight.dims[0]!
  if (bias === null) return { ...plain, bias }
  const isOne = bias.data.length === 1
  const isRow = bias.dims.at(-1) === units && bias.data.length === units
  if (!isRow && !(isOne && node.opType === 'Gemm')) {
    throw unsupported(
      node,
      `bias '${biasName}' has ${bias.data.length} values for ${units} channels; it must have one value for each channel`,
    )
  }
  const data = Float32Array.from({ length: units }, (_, i) => bias.data[isOne ? 0 : i]! * plain.biasFactor)
  return { ...plain, bias: { type: 'float32', dims: [units], data } }
}

function constantOf(node: OnnxNode, name: string, constants: ReadonlyMap<string, Tensor>): FloatTensor {
  const tensor = constants.get(name)
  if (!tensor) {
    throw unsupported(
      node,
      `'${name}' is an input or computed, but must be a constant; fold constants first (Python: onnxsim)`,
    )
  }
  if (tensor.type !== 'float32')
    throw unsupported(node, `'${name}' is ${tensor.type}, not a float32 constant`)
  if (!tensor.data.every(Number.isFinite))
    throw unsupported(node, `'${name}' holds values that are not finite`)
  return tensor
}

function plainGemm(
  node: OnnxNode,
  weight: FloatTensor,
): { node: OnnxNode; weight: FloatTensor; biasFactor: number } {
  const { attributes } = node
  const numberOf = (name: string, fallback: number): number => {
    const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined
    if (value === undefined) return fallback
    return 'int' in value ? value.int : 'float' in value ? value.float : fallback
  }
  if (numberOf('transA', 0) !== 0) {
    throw unsupported(
      node,
      'has transA=1; it must be x · Wᵀ + b or x · W + b: transpose x in an operator of its own',
    )
  }
  const oriented = numberOf('transB', 0) === 0 ? transposed(weight) : weight
  const alpha = numberOf('alpha', 1)
  const scaled = alpha === 1 ? oriented : { ...oriented, data: oriented.data.map((value) => value * alpha) }
  if (!scaled.data.every(Number.isFinite))
    throw unsupported(node, `alpha=${alpha} makes weights that are not finite`)
  return {
    node: { ...node, attributes: { transB: { int: 1 } } },
    weight: scaled,
    biasFactor: numberOf('beta', 1),
  }
}

function transposed({ dims, data }: FloatTensor): FloatTensor {
  const [rows, columns] = dims as [number, number]
  const out = new Float32Array(data.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = data[row * columns + column]!
  }
  return { type: 'float32', dims: [columns, rows], data: out }
}
