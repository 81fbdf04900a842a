/** Writes models as ONNX files. */
import { EscError } from '@esc/core'
import { type Attribute, assertOnnxModel, type OnnxModel, type ValueInfo } from './model.js'
import { type AttributeMessage, encodeModel, type TensorMessage, type ValueInfoMessage } from './proto.js'
import { elementCode, sizeOf, type Tensor } from './tensor.js'

/** A protobuf message ends here, 2 GiB; larger models need external data, which is neither read nor written. */
export const maxModelBytes = 2 ** 31 - 1

/**
 * Serialises a model. The same model gives the same bytes.
 *
 * @throws EscError INVALID_INPUT if a tensor's values do not fill its shape, a number is no integer where ONNX wants one,
 *   or the file would pass 2 GiB (found before anything is allocated).
 * @see onnx.proto of ONNX 1.23; tensors are stored as little-endian `raw_data`.
 * @example
 * import { writeFile } from 'node:fs/promises'
 * await writeFile('model.onnx', writeModel(lowerNetwork(graph)))
 */
export function writeModel(model: OnnxModel): Uint8Array {
  assertOnnxModel('model', model)
  const { graph } = model
  const inAttributes = graph.nodes.flatMap(({ attributes }) =>
    Object.values(attributes).flatMap((value) => ('tensor' in value ? [value.tensor] : [])),
  )
  let tensorBytes = 0
  for (const { data } of [...graph.initializers.values(), ...inAttributes]) tensorBytes += data.byteLength
  assertFits(graph.name, tensorBytes)
  const bytes = encodeModel({
    ir_version: model.irVersion,
    producer_name: model.producer,
    opset_import: [
      { domain: '', version: model.opset },
      ...Object.entries(model.domains).map(([domain, version]) => ({ domain, version })),
    ],
    metadata_props: Object.entries(model.metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: graph.name,
      node: graph.nodes.map((node) => ({
        name: node.name,
        op_type: node.opType,
        domain: node.domain,
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: Object.entries(node.attributes).map(([name, value]) => attributeMessage(name, value)),
      })),
      initializer: [...graph.initializers].map(([name, tensor]) => tensorMessage(name, tensor)),
      input: graph.inputs.map(valueInfoMessage),
      output: graph.outputs.map(valueInfoMessage),
    },
  })
  // Names and attributes come on top of the tensors.
  assertFits(graph.name, bytes.length)
  return bytes
}

function assertFits(name: string, bytes: number): void {
  if (bytes > maxModelBytes) {
    throw new EscError(
      'INVALID_INPUT',
      `model '${name}' has ${bytes} bytes; an ONNX file holds ${maxModelBytes} (2 GiB): use smaller weights or element types`,
    )
  }
}

/** AttributeProto.AttributeType (onnx.proto). */
export const attributeCode = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  floats: 6,
  ints: 7,
  strings: 8,
} as const

function attributeMessage(name: string, value: Attribute): AttributeMessage {
  const kinds = Object.keys(value)
  if (kinds.length !== 1 || !Object.hasOwn(attributeCode, kinds[0]!)) {
    throw new EscError(
      'INVALID_INPUT',
      `attribute '${name}' is {${kinds}}; it must be one of ${Object.keys(attributeCode)}`,
    )
  }
  const text = new TextEncoder()
  const integer = (number: number) => {
    if (Number.isSafeInteger(number)) return number
    throw new EscError(
      'INVALID_INPUT',
      `attribute '${name}' holds ${number}, which is not an integer within 2^53`,
    )
  }
  if ('int' in value) return { name, type: attributeCode.int, i: integer(value.int) }
  if ('ints' in value) return { name, type: attributeCode.ints, ints: value.ints.map(integer) }
  if ('float' in value) return { name, type: attributeCode.float, f: value.float }
  if ('floats' in value) return { name, type: attributeCode.floats, floats: [...value.floats] }
  if ('string' in value) return { name, type: attributeCode.string, s: text.encode(value.string) }
  if ('strings' in value) {
    return { name, type: attributeCode.strings, strings: value.strings.map((item) => text.encode(item)) }
  }
  return { name, type: attributeCode.tensor, t: tensorMessage('', value.tensor) }
}

function tensorMessage(name: string, { type, dims, data }: Tensor): TensorMessage {
  if (data.length !== sizeOf(dims)) {
    throw new EscError('INVALID_INPUT', `tensor '${name}' has ${data.length} values for shape [${dims}]`)
  }
  // raw_data is little-endian; so is every platform that JavaScript engines are shipped for.
  const raw_data = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return { name, dims: [...dims], data_type: elementCode(type), raw_data }
}

function valueInfoMessage({ name, type, dims }: ValueInfo): ValueInfoMessage {
  const dim = dims?.map((size) => {
    if (size === null) return {}
    return typeof size === 'number' ? { dim_value: size } : { dim_param: size }
  })
  return { name, type: { tensor_type: { elem_type: elementCode(type), ...(dim ? { shape: { dim } } : {}) } } }
}
