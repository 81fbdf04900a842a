/** Reads ONNX files. */
import { EscError } from '@esc/core'
import { checkModel } from './check.js'
import type { Attribute, OnnxModel, OnnxNode, ValueInfo } from './model.js'
import {
  type AttributeMessage,
  decodeModel,
  type Int64,
  type ModelMessage,
  type NodeMessage,
  type TensorMessage,
  type ValueInfoMessage,
} from './proto.js'
import { type ElementType, elementTypeOf, sizeOf, type Tensor } from './tensor.js'
import { attributeCode } from './write.js'

/**
 * Parses and checks an ONNX file.
 *
 * Read are models of the standard operator sets 13 to 21 (and of other domains, as they are) whose tensors are stored in
 * the file. Element types are float32, float64, int8, uint8, int32, int64 and bool. Descriptions, model version, shapes of
 * inner values and quantisation annotations are passed over: writing the model again leaves them out.
 *
 * @throws EscError CORRUPT_DATA if the bytes are not an ONNX model or contradict themselves, UNSUPPORTED_FORMAT if they
 *   use something that is not read (external data, subgraphs, functions, other element types or operator sets).
 * @example const model = readModel(await readFile('model.onnx')); console.log(printGraph(model))
 */
export function readModel(bytes: Uint8Array): OnnxModel {
  let message: ModelMessage
  try {
    message = decodeModel(bytes)
  } catch (cause) {
    throw new EscError(
      'CORRUPT_DATA',
      `not an ONNX model: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    )
  }
  const { graph } = message
  if (!graph) throw new EscError('CORRUPT_DATA', `not an ONNX model: ${bytes.length} bytes without a graph`)
  if (message.functions?.length)
    throw new EscError('UNSUPPORTED_FORMAT', 'model has local functions; inline them first')
  if (graph.sparse_initializer?.length)
    throw new EscError('UNSUPPORTED_FORMAT', 'model has sparse weights; make them dense')

  const imports = (message.opset_import ?? []).map(
    ({ domain, version }) => [domain ?? '', toNumber(version ?? 0)] as const,
  )
  const opset = imports.find(([domain]) => domain === '' || domain === 'ai.onnx')?.[1]
  if (opset === undefined || opset < 13 || opset > 21) {
    throw new EscError('UNSUPPORTED_FORMAT', `model has operator set ${opset ?? 'none'}; read are 13 to 21`)
  }
  const model: OnnxModel = {
    irVersion: toNumber(message.ir_version ?? 0),
    opset,
    domains: Object.fromEntries(imports.filter(([domain]) => domain !== '' && domain !== 'ai.onnx')),
    producer: message.producer_name ?? '',
    metadata: Object.fromEntries(
      (message.metadata_props ?? []).map(({ key, value }) => [key ?? '', value ?? '']),
    ),
    graph: {
      name: graph.name ?? '',
      nodes: (graph.node ?? []).map(readNode),
      inputs: (graph.input ?? []).map(readValueInfo),
      outputs: (graph.output ?? []).map(readValueInfo),
      initializers: new Map(
        (graph.initializer ?? []).map((tensor) => [tensor.name ?? '', readTensor(tensor)]),
      ),
    },
  }
  checkModel(model)
  return model
}

function readNode({
  name = '',
  op_type = '',
  domain = '',
  input = [],
  output = [],
  attribute = [],
}: NodeMessage): OnnxNode {
  const attributes = attribute.map((message) => [
    message.name ?? '',
    readAttribute(message, `${op_type} '${name}'`),
  ])
  return {
    name,
    opType: op_type,
    domain: domain === 'ai.onnx' ? '' : domain,
    inputs: [...input],
    outputs: [...output],
    attributes: Object.fromEntries(attributes) as Record<string, Attribute>,
  }
}

function readAttribute(message: AttributeMessage, where: string): Attribute {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  switch (message.type) {
    case attributeCode.float:
      return { float: message.f ?? 0 }
    case attributeCode.int:
      return { int: toNumber(message.i ?? 0) }
    case attributeCode.string:
      return { string: text(message.s ?? new Uint8Array()) }
    case attributeCode.floats:
      return { floats: [...(message.floats ?? [])] }
    case attributeCode.ints:
      return { ints: (message.ints ?? []).map(toNumber) }
    case attributeCode.strings:
      return { strings: (message.strings ?? []).map(text) }
    case attributeCode.tensor:
      if (message.t) return { tensor: readTensor(message.t) }
  }
  throw new EscError(
    'UNSUPPORTED_FORMAT',
    `${where} has attribute '${message.name}' of type ${message.type}, which is not read`,
  )
}

function readTensor(message: TensorMessage): Tensor {
  const where = `tensor '${message.name ?? ''}'`
  if (message.data_location === 1) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `${where} is stored outside the file; save the model with its weights inside`,
    )
  }
  const type = elementTypeOf(message.data_type ?? 0, where)
  const dims = (message.dims ?? []).map(toNumber)
  const raw = message.raw_data
  const data = raw && raw.length > 0 ? rawValues(type, raw, where) : listedValues(type, message)
  if (!dims.every((size) => Number.isSafeInteger(size) && size >= 0) || data.length !== sizeOf(dims)) {
    throw new EscError('CORRUPT_DATA', `${where} has ${data.length} values for shape [${dims}]`)
  }
  return { type, dims, data } as Tensor
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const

function rawValues(type: ElementType, raw: Uint8Array, where: string): Tensor['data'] {
  const width = arrays[type].BYTES_PER_ELEMENT
  if (raw.length % width !== 0) {
    throw new EscError('CORRUPT_DATA', `${where} has ${raw.length} bytes, not a multiple of ${width}`)
  }
  // A copy of its own: aligned, and not a view that keeps the whole file in memory.
  return new arrays[type](new Uint8Array(raw).buffer)
}

function listedValues(type: ElementType, message: TensorMessage): Tensor['data'] {
  switch (type) {
    case 'float32':
      return Float32Array.from(message.float_data ?? [])
    case 'float64':
      return Float64Array.from(message.double_data ?? [])
    case 'int64':
      return BigInt64Array.from(message.int64_data ?? [], (value) => BigInt(value.toString()))
    default:
      return arrays[type].from(message.int32_data ?? [])
  }
}

function readValueInfo({ name = '', type }: ValueInfoMessage): ValueInfo {
  const tensor = type?.tensor_type
  if (!tensor) throw new EscError('UNSUPPORTED_FORMAT', `value '${name}' is not a tensor`)
  const dims = tensor.shape?.dim?.map((dim) => {
    if (Object.hasOwn(dim, 'dim_param') && dim.dim_param) return dim.dim_param
    return Object.hasOwn(dim, 'dim_value') ? toNumber(dim.dim_value ?? 0) : null
  })
  return { name, type: elementTypeOf(tensor.elem_type ?? 0, `value '${name}'`), dims: dims ?? null }
}

function toNumber(value: Int64): number {
  const number = typeof value === 'number' ? value : value.toNumber()
  if (!Number.isSafeInteger(number)) {
    throw new EscError('UNSUPPORTED_FORMAT', `integer ${value} is beyond 2^53, which is not read`)
  }
  return number
}
