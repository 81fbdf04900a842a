/** Writes models as ONNX files. */
import { EscError } from '@esc/core'
import { type Attribute, assertOnnxModel, type OnnxModel, type ValueInfo } from './model.js'
import { type AttributeMessage, encodeModel, type TensorMessage, type ValueInfoMessage } from './proto.js'
import { elementCode, sizeOf, type Tensor } from './tensor.js'

/** Largest size of a protobuf message, 2 GiB. Larger models need external data, which this library neither reads nor writes. */
export const maxModelBytes = 2 ** 31 - 1

/**
 * Serialises a model. The same model gives the same bytes.
 *
 * @throws EscError INVALID_INPUT if a tensor's values do not fill its shape, if a number is not an integer where ONNX needs
 *   one, or if the file would be larger than 2 GiB (this is checked before memory is allocated).
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
  // Now with names and attributes, which the check above did not count.
  assertFits(graph.name, bytes.length)
  return bytes
}

function assertFits(name: string, bytes: number): void {
  if (bytes > maxModelBytes) {
    throw new EscError(
      'INVALID_INPUT',
      `model '${name}' has ${bytes} bytes, but an ONNX file has at most ${maxModelBytes} (2 GiB); use fewer weights or smaller element types`,
    )
  }
}

/** Numbers of the kinds of attributes: AttributeProto.AttributeType of onnx.proto. */
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
  // raw_data is little-endian, and so is every platform for which JavaScript engines exist.
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
