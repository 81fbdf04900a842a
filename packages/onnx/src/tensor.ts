/** Tensors as plain data, and ONNX's numbering of element types. */
import { EscError, hasField, isNumberList, typeOf, wrongOption, wrongValue } from '@esc/core'

/**
 * Element types that these libraries read and write. `bool` is stored as bytes of 0 or 1. `float16` and `bfloat16` are stored as
 * their 16 bits, because not every JavaScript engine has arrays of them.
 */
export type ElementType = keyof TensorData

/** The typed array that holds each element type. */
export interface TensorData {
  float32: Float32Array
  float64: Float64Array
  float16: Uint16Array
  bfloat16: Uint16Array
  int8: Int8Array
  int16: Int16Array
  int32: Int32Array
  int64: BigInt64Array
  uint8: Uint8Array
  uint16: Uint16Array
  uint32: Uint32Array
  uint64: BigUint64Array
  bool: Uint8Array
}

/** A tensor: its shape, and its values in row-major order. A scalar has `dims: []`. */
export type Tensor = {
  [T in ElementType]: { type: T; dims: readonly number[]; data: TensorData[T] }
}[ElementType]

/** The names of TensorProto.DataType in the order of their numbers (onnx.proto of ONNX 1.23). Messages need those that are not read. */
const dataTypes =
  'undefined float32 uint8 int8 uint16 int16 int32 int64 string bool float16 float64 uint32 uint64 complex64 complex128 ' +
  'bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2 int2 float6e2m3 ' +
  'float6e3m2'

/** The constructor of the typed array that holds each element type. */
export const arrayOf = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies Record<ElementType, unknown>

/** The number that ONNX gives an element type; `Cast` and the file format use it. @example elementCode('float32') // 1 */
export function elementCode(type: ElementType): number {
  const code = dataTypes.split(' ').indexOf(type)
  if (code < 1) throw wrongOption('type', type, "an element type such as 'float32'")
  return code
}

/** The element type with this number, or null if these libraries do not support it. */
export function elementTypeOf(code: number): ElementType | null {
  const name = dataTypes.split(' ')[code]
  return name !== undefined && Object.hasOwn(arrayOf, name) ? (name as ElementType) : null
}

/** Whether ONNX has an element type with this number. */
export function isElementCode(code: number): boolean {
  return code >= 1 && code < dataTypes.split(' ').length
}

/** As {@link elementTypeOf}, but with an error in place of null. @throws EscError UNSUPPORTED_FORMAT naming `where` and the type. */
export function assertElementType(code: number, where: string): ElementType {
  const type = elementTypeOf(code)
  if (type === null) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `${where} has element type ${dataTypes.split(' ')[code] ?? code}, but only these can be read: ${Object.keys(arrayOf).join(', ')}`,
    )
  }
  return type
}

/** The number of values in a tensor of this shape. @example sizeOf([2, 3]) // 6 */
export function sizeOf(dims: readonly number[]): number {
  if (!isNumberList(dims)) throw wrongValue('dims', dims, 'a list of sizes')
  return dims.reduce((product, size) => product * size, 1)
}

/** A float32 tensor. @param dims - Its shape; without it, the tensor is a vector. @example floatTensor([0.5]) */
export function floatTensor(
  data: Float32Array | readonly number[],
  dims: readonly number[] = [data?.length],
): Tensor {
  if (!isNumberList(data)) throw wrongValue('data', data, 'a list of numbers')
  return { type: 'float32', dims, data: data instanceof Float32Array ? data : Float32Array.from(data) }
}

/** A float32 scalar. @example scalar(1e-3) */
export function scalar(value: number): Tensor {
  if (typeof value !== 'number') throw wrongValue('value', value, 'a number')
  return { type: 'float32', dims: [], data: Float32Array.of(value) }
}

/** An int64 vector, the form in which operators take shapes and axes. @example int64Vector([0, -1]) */
export function int64Vector(values: readonly number[]): Tensor {
  const isList = isNumberList(values) && Array.from(values).every(Number.isInteger)
  if (!isList) throw wrongValue('values', values, 'a list of integers')
  return { type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) }
}

/**
 * The values of a float32 tensor.
 *
 * @throws EscError INCOMPATIBLE_MODEL if there is no tensor of this name, or it has another type.
 * @example const logits = floatData(await session.run({ input }), 'logits')
 */
export function floatData(tensors: Readonly<Record<string, Tensor>>, name: string): Float32Array {
  if (typeOf(tensors) !== 'object')
    throw wrongValue('tensors', tensors, 'tensors by name, as run of a session returns them')
  const tensor = tensors[name]
  if (tensor?.type !== 'float32') {
    const others = tensor ? '' : `; the outputs are ${Object.keys(tensors).join(', ') || 'none'}`
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      `model output '${name}' is ${tensor?.type ?? 'missing'}, but must be float32${others}`,
    )
  }
  return tensor.data
}

/**
 * Checks the parts of a tensor, but not its values.
 *
 * @throws EscError INVALID_INPUT unless it has an element type, a list of sizes, and a typed array.
 * @example assertTensor('input', tensor)
 */
export function assertTensor(name: string, tensor: unknown): asserts tensor is Tensor {
  if (!hasField(tensor, 'dims') || !hasField(tensor, 'type')) {
    throw wrongValue(name, tensor, 'a tensor, { type, dims, data }', {
      advice: {
        numbers: "say what it is: { type: 'float32', dims, data }",
        'a matrix': 'pass { type, dims: [1, 1, bins, frames], data }',
      },
    })
  }
  const { type, dims, data } = tensor as unknown as Tensor
  if (typeof type !== 'string') throw wrongValue(`${name}.type`, type, "an element type such as 'float32'")
  if (!(Array.isArray(dims) && dims.every(Number.isInteger)))
    throw wrongValue(`${name}.dims`, dims, 'a list of sizes')
  if (!ArrayBuffer.isView(data)) throw wrongValue(`${name}.data`, data, 'a typed array')
}
