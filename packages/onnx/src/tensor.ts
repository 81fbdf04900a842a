/** Tensors as plain data, and ONNX's numbering of element types. */
import { EscError } from '@esc/core'

/** Element types that these libraries read and write. `bool` holds 0 or 1 in bytes. */
export type ElementType = 'float32' | 'float64' | 'int8' | 'uint8' | 'int32' | 'int64' | 'bool'

/** The typed array that holds each element type. */
export interface TensorData {
  float32: Float32Array
  float64: Float64Array
  int8: Int8Array
  uint8: Uint8Array
  int32: Int32Array
  int64: BigInt64Array
  bool: Uint8Array
}

/** A tensor: row-major values and their shape; a scalar has `dims: []`. */
export type Tensor = {
  [T in ElementType]: { type: T; dims: readonly number[]; data: TensorData[T] }
}[ElementType]

/** TensorProto.DataType of each element type (onnx.proto). */
export const elementCode: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
}

/** @throws EscError UNSUPPORTED_FORMAT if the code is of a type that these libraries do not hold. */
export function elementTypeOf(code: number, where: string): ElementType {
  const entry = Object.entries(elementCode).find(([, value]) => value === code)
  if (!entry) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `${where} has element type ${code}; read are ${Object.keys(elementCode).join(', ')}`,
    )
  }
  return entry[0] as ElementType
}

/** Number of values in a shape. @example sizeOf([2, 3]) // 6 */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1)
}

/** A float32 tensor; without `dims` a scalar or a vector. @example floatTensor([0.5]) */
export function floatTensor(
  data: Float32Array | readonly number[],
  dims: readonly number[] = [data.length],
): Tensor {
  return { type: 'float32', dims, data: data instanceof Float32Array ? data : Float32Array.from(data) }
}

/** A float32 scalar. @example scalar(1e-3) */
export function scalar(value: number): Tensor {
  return { type: 'float32', dims: [], data: Float32Array.of(value) }
}

/** An int64 vector, as shape and axis inputs want it. @example int64Vector([0, -1]) */
export function int64Vector(values: readonly number[]): Tensor {
  return { type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) }
}

/**
 * The values of a float32 tensor.
 *
 * @throws EscError INCOMPATIBLE_MODEL if there is no such tensor, or it is of another type.
 * @example const logits = floatData(await session.run({ input }), 'logits')
 */
export function floatData(tensors: Readonly<Record<string, Tensor>>, name: string): Float32Array {
  const tensor = tensors[name]
  if (tensor?.type !== 'float32') {
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      `model output '${name}' is ${tensor?.type ?? 'missing'}, expected float32`,
    )
  }
  return tensor.data
}
