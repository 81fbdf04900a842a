/** Writes models as ONNX files. */
import { EscError } from '@esc/core'
import type { Attribute, OnnxModel, ValueInfo } from './model.js'
import { type AttributeMessage, encodeModel, type TensorMessage, type ValueInfoMessage } from './proto.js'
import { elementCode, sizeOf, type Tensor } from './tensor.js'

/** A protobuf message ends at 2 GiB; larger models need external data, which is not written. */
const maxBytes = 2 ** 31 - 1

/**
 * Serialises a model. The same model gives the same bytes.
 *
 * @throws EscError INVALID_INPUT if a tensor's values do not fill its shape, or the constants pass 2 GiB.
 * @see onnx.proto of ONNX 1.12; tensors are stored as little-endian `raw_data`.
 * @example await writeFile('model.onnx', writeModel(model))
 */
export function writeModel(model: OnnxModel): Uint8Array {
  const { graph } = model
  const weightBytes = [...graph.initializers.values()].reduce((sum, { data }) => sum + data.byteLength, 0)
  if (weightBytes > maxBytes) {
    throw new EscError(
      'INVALID_INPUT',
      `model '${graph.name}' has ${weightBytes} bytes of weights; a file holds 2 GiB`,
    )
  }
  return encodeModel({
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
  const text = new TextEncoder()
  if ('int' in value) return { name, type: attributeCode.int, i: value.int }
  if ('ints' in value) return { name, type: attributeCode.ints, ints: [...value.ints] }
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
  return { name, dims: [...dims], data_type: elementCode[type], raw_data }
}

function valueInfoMessage({ name, type, dims }: ValueInfo): ValueInfoMessage {
  const dim = dims?.map((size) => {
    if (size === null) return {}
    return typeof size === 'number' ? { dim_value: size } : { dim_param: size }
  })
  return { name, type: { tensor_type: { elem_type: elementCode[type], ...(dim ? { shape: { dim } } : {}) } } }
}
