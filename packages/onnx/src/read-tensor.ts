/** Reads the tensors of ONNX files, and holds the helpers that all parts of the reader use. */
import { EscError } from '@esc/core'
import type { Int64, TensorMessage } from './proto.js'
import { arrayOf, assertElementType, type ElementType, sizeOf, type Tensor } from './tensor.js'

/** @throws EscError UNSUPPORTED_FORMAT if the tensor is stored in another file or has a type that is not supported; CORRUPT_DATA if its values do not fill its shape. */
export function readTensor(message: TensorMessage, where: string): Tensor {
  assertKnown(message, where)
  if (message.data_location === 1 || message.external_data?.length) {
    const file = message.external_data?.find(({ key }) => key === 'location')?.value ?? '?'
    throw unsupported(
      `${where} is stored outside the model, in file '${file}'; save the model with its weights inside ` +
        '(Python: onnx.save_model(onnx.load(path), path, save_as_external_data=False))',
    )
  }
  if (message.segment) throw unsupported(`${where} is a segment of a tensor; store it whole`)
  const type = assertElementType(message.data_type ?? 0, where)
  const dims = (message.dims ?? []).map(toNumber)
  const raw = message.raw_data
  const data = raw && raw.length > 0 ? rawValues(type, raw, where) : listedValues(type, message)
  // Memory is allocated for the values that are there, not for the shape: a damaged shape can claim any size.
  if (!dims.every((size) => size >= 0) || data.length !== sizeOf(dims)) {
    throw corrupt(`${where} has ${data.length} values for shape [${dims}]`)
  }
  return { type, dims, data } as Tensor
}

function rawValues(type: ElementType, raw: Uint8Array, where: string): Tensor['data'] {
  const width = arrayOf[type].BYTES_PER_ELEMENT
  if (raw.length % width !== 0) throw corrupt(`${where} has ${raw.length} bytes, not a multiple of ${width}`)
  // The copy is aligned, and it does not keep the whole file in memory as a view would.
  return new arrayOf[type](new Uint8Array(raw).buffer)
}

function listedValues(type: ElementType, message: TensorMessage): Tensor['data'] {
  const big = (value: Int64) => BigInt(value.toString())
  switch (type) {
    case 'float32':
      return Float32Array.from(message.float_data ?? [])
    case 'float64':
      return Float64Array.from(message.double_data ?? [])
    case 'int64':
      return BigInt64Array.from(message.int64_data ?? [], big)
    case 'uint64':
      return BigUint64Array.from(message.uint64_data ?? [], big)
    case 'uint32':
      return Uint32Array.from(message.uint64_data ?? [], Number)
    default:
      return arrayOf[type].from(message.int32_data ?? [])
  }
}

/** Refuses a message with a field that our `onnx.proto` does not have: such a field may change the meaning of the others. */
export function assertKnown({ $unknowns }: { $unknowns?: readonly Uint8Array[] }, where: string): void {
  if ($unknowns !== undefined) {
    throw unsupported(
      `${where} has a field that onnx.proto of ONNX 1.23 does not have; the file is newer, or damaged`,
    )
  }
}

/** @throws EscError UNSUPPORTED_FORMAT for an integer beyond 2^53. */
export function toNumber(value: Int64): number {
  const number = typeof value === 'number' ? value : value.toNumber()
  if (!Number.isSafeInteger(number)) throw unsupported(`integer ${value} is beyond 2^53 and cannot be read`)
  return number
}

export function unsupported(what: string): EscError {
  return new EscError('UNSUPPORTED_FORMAT', what)
}

export function corrupt(what: string, cause?: unknown): EscError {
  return new EscError('CORRUPT_DATA', what, { cause })
}
