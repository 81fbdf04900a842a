/**
 * Turns ONNX messages (plain objects) into protobuf bytes and back. Only this file uses the generated protobuf code.
 *
 * `proto.generated.js` is generated from `proto/onnx.proto` (ONNX 1.23.1, IR version 14) by
 * `npx -p protobufjs-cli@2.7.1 pbjs -t static-module -w esm --dependency protobufjs/minimal.js -r esc-onnx --filter proto/filter.json
 * --no-create --no-verify --no-convert --no-delimited --no-typeurl --no-comments --keep-case -o src/proto.generated.js proto/onnx.proto`.
 */
import protobuf from 'protobufjs/minimal.js'
import { onnx } from './proto.generated.js'

/** A 64-bit integer as protobufjs reads it. For writing, plain numbers are accepted, too. */
export type Int64 = number | { toNumber(): number; toString(): string }

/** Fields that `onnx.proto` does not have. protobufjs keeps them in every message. */
interface Message {
  $unknowns?: readonly Uint8Array[]
}

export interface DimensionMessage extends Message {
  dim_value?: Int64
  dim_param?: string
}

export interface TensorTypeMessage extends Message {
  elem_type?: number
  shape?: { dim?: DimensionMessage[] } | null
}

export interface ValueInfoMessage extends Message {
  name?: string
  type?: { tensor_type?: TensorTypeMessage | null } | null
}

export interface TensorMessage extends Message {
  name?: string
  dims?: Int64[]
  data_type?: number
  raw_data?: Uint8Array
  float_data?: number[]
  double_data?: number[]
  int32_data?: number[]
  int64_data?: Int64[]
  uint64_data?: Int64[]
  string_data?: Uint8Array[]
  external_data?: { key?: string; value?: string }[]
  data_location?: number
  segment?: unknown
}

export interface AttributeMessage extends Message {
  name?: string
  type?: number
  i?: Int64
  f?: number
  s?: Uint8Array
  t?: TensorMessage | null
  ints?: Int64[]
  floats?: number[]
  strings?: Uint8Array[]
  ref_attr_name?: string
}

export interface NodeMessage extends Message {
  name?: string
  op_type?: string
  domain?: string
  input?: string[]
  output?: string[]
  attribute?: AttributeMessage[]
  overload?: string
  device_configurations?: unknown[]
}

export interface GraphMessage extends Message {
  name?: string
  doc_string?: string
  node?: NodeMessage[]
  initializer?: TensorMessage[]
  sparse_initializer?: unknown[]
  input?: ValueInfoMessage[]
  output?: ValueInfoMessage[]
  value_info?: ValueInfoMessage[]
}

export interface ModelMessage extends Message {
  ir_version?: Int64
  producer_name?: string
  producer_version?: string
  doc_string?: string
  graph?: GraphMessage | null
  opset_import?: { domain?: string; version?: Int64 }[]
  metadata_props?: { key?: string; value?: string }[]
  training_info?: unknown[]
  functions?: unknown[]
  configuration?: unknown[]
}

/** Serialises a ModelProto. */
export function encodeModel(message: ModelMessage): Uint8Array {
  return onnx.ModelProto.encode(message).finish()
}

/** Parses a ModelProto. Unknown fields are kept as `$unknowns`. @throws Error (of protobufjs) if the bytes are not a ModelProto. */
export function decodeModel(bytes: Uint8Array): ModelMessage {
  const reader = protobuf.Reader.create(bytes)
  reader.discardUnknown = false
  return onnx.ModelProto.decode(reader) as ModelMessage
}
