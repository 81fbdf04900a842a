/** Reads ONNX files; what this library cannot read is refused by name. */
import { assertBytes } from '@esc/core'
import { checkModel } from './inspect/check.js'
import type { Attribute, OnnxModel, OnnxNode, ValueInfo } from './model.js'
import {
  type AttributeMessage,
  decodeModel,
  type GraphMessage,
  type ModelMessage,
  type NodeMessage,
  type ValueInfoMessage,
} from './proto.js'
import { assertKnown, corrupt, readTensor, toNumber, unsupported } from './read-tensor.js'
import { assertElementType } from './tensor.js'
import { attributeCode, maxModelBytes } from './write.js'

/** Number of the type string in TensorProto.DataType. */
const stringCode = 8

/** The newest version of the file format (IR version) that `onnx.proto` of ONNX 1.23 describes. */
const newestIrVersion = 14

/**
 * Parses an ONNX file and checks it as `checkModel` of `@esc/onnx/inspect` does.
 *
 * The function reads models of the standard operator sets 13 to 21 whose tensors are stored in the file. Operators of other
 * domains are kept as they are. Parts that only describe the model are skipped, so they are lost when the model is written
 * again: documentation, versions of the producer and the model, `metadata_props` of parts of the model, shapes of inner values
 * (`inferTypes` finds them again), and quantisation annotations. A part that has a meaning and cannot be read is refused.
 *
 * @throws EscError CORRUPT_DATA if the bytes are not an ONNX model or contradict themselves; UNSUPPORTED_FORMAT if the file has
 *   something that is not read: external data, subgraphs (`If`, `Loop`), functions, sparse tensors, training information,
 *   device configurations, other element types or operator sets, 2 GiB or more, or fields newer than ONNX 1.23.
 * @example
 * import { readFile } from 'node:fs/promises'
 * console.log(printGraph(readModel(await readFile('model.onnx'))))
 */
export function readModel(bytes: Uint8Array): OnnxModel {
  assertBytes('bytes', bytes)
  if (bytes.length > maxModelBytes) {
    throw unsupported(`file has ${bytes.length} bytes, but an ONNX file has at most ${maxModelBytes} (2 GiB)`)
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
  const imports = readImports(message)
  const opset = imports.get('')
  if (opset === undefined || opset < 13 || opset > 21) {
    throw unsupported(
      `model has operator set ${opset ?? 'none'}, but only 13 to 21 can be read; export it again, or convert it ` +
        '(Python: onnx.version_converter.convert_version(onnx.load(path), 17))',
    )
  }
  imports.delete('')
  const metadata = (message.metadata_props ?? []).map(({ key = '', value = '' }) => [key, value] as const)
  const initializers = distinct(
    (graph.initializer ?? []).map((tensor) => {
      const name = tensor.name ?? ''
      return [name, readTensor(tensor, `tensor '${name}'`)]
    }),
    'constant',
  )
  const model: OnnxModel = {
    irVersion: toNumber(message.ir_version ?? 0),
    opset,
    domains: Object.fromEntries(imports),
    producer: message.producer_name ?? '',
    metadata: Object.fromEntries(distinct(metadata, 'metadata entry')),
    graph: {
      name: graph.name ?? '',
      nodes: (graph.node ?? []).map(readNode),
      inputs: (graph.input ?? []).map((value) => {
        return initializers.has(value.name ?? '') ? readValueInfo(value) : withoutZeros(readValueInfo(value))
      }),
      outputs: (graph.output ?? []).map((value) => withoutZeros(readValueInfo(value))),
      initializers,
    },
  }
  checkModel(model)
  return model
}

function assertReadable(model: ModelMessage, graph: GraphMessage): void {
  const version = toNumber(model.ir_version ?? 0)
  if (version > newestIrVersion) {
    throw unsupported(
      `model has IR version ${version}, but only versions up to ${newestIrVersion} can be read`,
    )
  }
  if (model.functions?.length) {
    throw unsupported(
      'model has local functions; inline them first (Python: onnx.inliner.inline_local_functions(onnx.load(path)))',
    )
  }
  if (model.training_info?.length)
    throw unsupported('model has training information; export it for inference')
  if (model.configuration?.length)
    throw unsupported('model has device configurations; export it for one device')
  if (graph.sparse_initializer?.length) throw unsupported('model has sparse weights; make them dense')
  assertKnown(model, 'model')
  assertKnown(graph, `graph '${graph.name ?? ''}'`)
}

/** Versions of the operator sets by domain. Some tools list the standard set twice, as `''` and as `ai.onnx`. */
function readImports(message: ModelMessage): Map<string, number> {
  const imports = new Map<string, number>()
  for (const { domain = '', version = 0 } of message.opset_import ?? []) {
    const [plain, number] = [plainDomain(domain), toNumber(version)]
    const other = imports.get(plain)
    if (other !== undefined && other !== number) {
      throw corrupt(`model imports operator set '${domain}' in versions ${other} and ${number}; keep one`)
    }
    imports.set(plain, number)
  }
  return imports
}

/** @throws EscError CORRUPT_DATA if two entries have the same name. */
function distinct<T>(entries: readonly (readonly [string, T])[], what: string): Map<string, T> {
  const map = new Map(entries)
  if (map.size === entries.length) return map
  const seen = new Set<string>()
  const [twice] = entries.find(([name]) => seen.size === seen.add(name).size)!
  throw corrupt(`${what} '${twice}' exists twice`)
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
      throw unsupported(`${where}: ${name} is a subgraph, which cannot be read; export without control flow`)
  }
  throw unsupported(`${where}: ${name} has type ${message.type}, which cannot be read`)
}

function readValueInfo(message: ValueInfoMessage): ValueInfo {
  const { name = '', type } = message
  const tensor = type?.tensor_type
  if (!type) throw unsupported(`value '${name}' has no type; run onnx.shape_inference in Python first`)
  if (!tensor) {
    throw unsupported(
      `value '${name}' is not a tensor; leave it out (sklearn-onnx: export with options={'zipmap': False})`,
    )
  }
  assertKnown(message, `value '${name}'`)
  assertKnown(tensor, `value '${name}'`)
  const dims = tensor.shape?.dim?.map((dim) => {
    assertKnown(dim, `a dimension of value '${name}'`)
    if (Object.hasOwn(dim, 'dim_param') && dim.dim_param) return dim.dim_param
    const size = Object.hasOwn(dim, 'dim_value') ? toNumber(dim.dim_value ?? 0) : -1
    // Some exporters write -1 for a size that they do not know.
    return size >= 0 ? size : null
  })
  if (tensor.elem_type === stringCode) {
    throw unsupported(`value '${name}' has element type string; leave it out, or export labels as numbers`)
  }
  return { name, type: assertElementType(tensor.elem_type ?? 0, `value '${name}'`), dims: dims ?? null }
}

/**
 * Treats a size of 0 of an input or output as unknown. Exporters write 0 for sizes that they do not know. Nobody feeds an empty batch,
 * and ONNX Runtime would refuse every other one.
 */
function withoutZeros(value: ValueInfo): ValueInfo {
  return { ...value, dims: value.dims?.map((size) => (size === 0 ? null : size)) ?? null }
}
