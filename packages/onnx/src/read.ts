/** Reads ONNX files. */
import { assertBytes, EscError } from '@esc/core'
import { checkModel } from './check.js'
import type { Attribute, OnnxModel, OnnxNode, ValueInfo } from './model.js'
import {
  type AttributeMessage,
  decodeModel,
  type GraphMessage,
  type Int64,
  type ModelMessage,
  type NodeMessage,
  type TensorMessage,
  type ValueInfoMessage,
} from './proto.js'
import { arrayOf, assertElementType, type ElementType, sizeOf, type Tensor } from './tensor.js'
import { attributeCode, maxModelBytes } from './write.js'

/** The newest version of the file format that `onnx.proto` of ONNX 1.23 describes. */
const newestIrVersion = 14

/**
 * Parses an ONNX file and checks it with {@link checkModel}.
 *
 * Read are models of the standard operator sets 13 to 21 (and of other domains, as they are) whose tensors are stored in
 * the file. What only describes is passed over, and writing the model again leaves it out: documentation, producer's
 * and model's versions, `metadata_props` of anything but the model, shapes of inner values ({@link inferTypes} finds them
 * again), quantisation annotations. What means something and is not read is refused.
 *
 * @throws EscError CORRUPT_DATA if the bytes are not an ONNX model or contradict themselves, UNSUPPORTED_FORMAT if they
 *   use something that is not read: external data, subgraphs (`If`, `Loop`), functions, sparse tensors, training
 *   information, device configurations, other element types or operator sets, 2 GiB or more, fields newer than ONNX 1.23.
 * @example
 * import { readFile } from 'node:fs/promises'
 * console.log(printGraph(readModel(await readFile('model.onnx'))))
 */
export function readModel(bytes: Uint8Array): OnnxModel {
  assertBytes('bytes', bytes)
  if (bytes.length > maxModelBytes) {
    throw unsupported(`file has ${bytes.length} bytes; an ONNX file ends at ${maxModelBytes} (2 GiB)`)
  }
  let message: ModelMessage
  try {
    message = decodeModel(bytes)
  } catch (cause) {
    throw corrupt(`not an ONNX model: ${cause instanceof Error ? cause.message : cause}`, cause)
  }
  const { graph } = message
  if (!graph) throw corrupt(`not an ONNX model: ${bytes.length} bytes without a graph`)
  assertReadable(message, graph)
  const imports = distinct(
    (message.opset_import ?? []).map(({ domain = '', version = 0 }) => [
      plainDomain(domain),
      toNumber(version),
    ]),
    'import of operator set',
  )
  const opset = imports.get('')
  if (opset === undefined || opset < 13 || opset > 21) {
    throw unsupported(
      `model has operator set ${opset ?? 'none'}; read are 13 to 21: convert or export it again`,
    )
  }
  imports.delete('')
  const metadata = (message.metadata_props ?? []).map(({ key = '', value = '' }) => [key, value] as const)
  const model: OnnxModel = {
    irVersion: toNumber(message.ir_version ?? 0),
    opset,
    domains: Object.fromEntries(imports),
    producer: message.producer_name ?? '',
    metadata: Object.fromEntries(distinct(metadata, 'metadata entry')),
    graph: {
      name: graph.name ?? '',
      nodes: (graph.node ?? []).map(readNode),
      inputs: (graph.input ?? []).map(readValueInfo),
      outputs: (graph.output ?? []).map(readValueInfo),
      initializers: distinct(
        (graph.initializer ?? []).map((tensor) => {
          const name = tensor.name ?? ''
          return [name, readTensor(tensor, `tensor '${name}'`)]
        }),
        'constant',
      ),
    },
  }
  checkModel(model)
  return model
}

function assertReadable(model: ModelMessage, graph: GraphMessage): void {
  const version = toNumber(model.ir_version ?? 0)
  if (version > newestIrVersion) {
    throw unsupported(`model has IR version ${version}; read are versions up to ${newestIrVersion}`)
  }
  if (model.functions?.length) throw unsupported('model has local functions; inline them first')
  if (model.training_info?.length)
    throw unsupported('model has training information; export it for inference')
  if (model.configuration?.length)
    throw unsupported('model has device configurations; export it for one device')
  if (graph.sparse_initializer?.length) throw unsupported('model has sparse weights; make them dense')
  assertKnown(model, 'model')
  assertKnown(graph, `graph '${graph.name ?? ''}'`)
}

/** A field that this reader's `onnx.proto` does not have may change what the rest means. */
function assertKnown({ $unknowns }: { $unknowns?: readonly Uint8Array[] }, where: string): void {
  if ($unknowns !== undefined) {
    throw unsupported(`${where} has a field that onnx.proto of ONNX 1.23 does not have: newer, or damaged`)
  }
}

/** @throws EscError CORRUPT_DATA if two entries have the same name. */
function distinct<T>(entries: readonly (readonly [string, T])[], what: string): Map<string, T> {
  const map = new Map(entries)
  if (map.size === entries.length) return map
  const seen = new Set<string>()
  const [twice] = entries.find(([name]) => seen.size === seen.add(name).size)!
  throw corrupt(`${what} '${twice}' is there twice`)
}

function plainDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain
}

function readNode(message: NodeMessage, index: number): OnnxNode {
  const { name = '', op_type = '', domain = '', input = [], output = [], attribute = [] } = message
  const where = `node ${index} '${name}' (${op_type})`
  assertKnown(message, where)
  if (message.overload) throw unsupported(`${where} calls overload '${message.overload}' of a function`)
  if (message.device_configurations?.length) throw unsupported(`${where} is bound to devices`)
  const attributes = attribute.map((item) => [item.name ?? '', readAttribute(item, where)] as const)
  return {
    name,
    opType: op_type,
    domain: plainDomain(domain),
    inputs: [...input],
    outputs: [...output],
    attributes: Object.fromEntries(distinct(attributes, `${where}: attribute`)),
  }
}

function readAttribute(message: AttributeMessage, where: string): Attribute {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  const name = `attribute '${message.name ?? ''}'`
  assertKnown(message, `${where}: ${name}`)
  if (message.ref_attr_name) throw unsupported(`${where}: ${name} refers to a function's attribute`)
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
      if (message.t) return { tensor: readTensor(message.t, `${where}: ${name}`) }
      break
    case 5:
    case 10:
      throw unsupported(`${where}: ${name} is a subgraph, which is not read; export without control flow`)
  }
  throw unsupported(`${where}: ${name} is of type ${message.type}, which is not read`)
}

function readTensor(message: TensorMessage, where: string): Tensor {
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
  // The values decide, not the shape: a shape may claim anything.
  if (!dims.every((size) => size >= 0) || data.length !== sizeOf(dims)) {
    throw corrupt(`${where} has ${data.length} values for shape [${dims}]`)
  }
  return { type, dims, data } as Tensor
}

function rawValues(type: ElementType, raw: Uint8Array, where: string): Tensor['data'] {
  const width = arrayOf[type].BYTES_PER_ELEMENT
  if (raw.length % width !== 0) throw corrupt(`${where} has ${raw.length} bytes, not a multiple of ${width}`)
  // A copy of its own: aligned, and not a view that keeps the whole file in memory.
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

function readValueInfo(message: ValueInfoMessage): ValueInfo {
  const { name = '', type } = message
  const tensor = type?.tensor_type
  if (!tensor) throw unsupported(`value '${name}' is not a tensor`)
  assertKnown(message, `value '${name}'`)
  assertKnown(tensor, `value '${name}'`)
  const dims = tensor.shape?.dim?.map((dim) => {
    assertKnown(dim, `a dimension of value '${name}'`)
    if (Object.hasOwn(dim, 'dim_param') && dim.dim_param) return dim.dim_param
    const size = Object.hasOwn(dim, 'dim_value') ? toNumber(dim.dim_value ?? 0) : -1
    // Some exporters write -1 for a size they do not know.
    return size >= 0 ? size : null
  })
  return { name, type: assertElementType(tensor.elem_type ?? 0, `value '${name}'`), dims: dims ?? null }
}

function toNumber(value: Int64): number {
  const number = typeof value === 'number' ? value : value.toNumber()
  if (!Number.isSafeInteger(number)) throw unsupported(`integer ${value} is beyond 2^53, which is not read`)
  return number
}

function unsupported(what: string): EscError {
  return new EscError('UNSUPPORTED_FORMAT', what)
}

function corrupt(what: string, cause?: unknown): EscError {
  return new EscError('CORRUPT_DATA', what, { cause })
}
