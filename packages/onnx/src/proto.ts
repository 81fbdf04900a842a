/**
 * The protobuf door: ONNX messages as plain objects, and bytes.
 *
 * `proto.generated.js` is made from `proto/onnx.proto` (ONNX 1.12, IR version 8) by
 * `npx -p protobufjs-cli@2.7.1 pbjs -t static-module -w esm --dependency protobufjs/minimal.js -r esc-onnx --filter proto/filter.json
 * --no-create --no-verify --no-convert --no-delimited --no-typeurl --no-comments --keep-case -o src/proto.generated.js proto/onnx.proto`.
 */
import { onnx } from './proto.generated.js'

/** A 64-bit integer as protobufjs reads it; plain numbers are accepted when writing. */
export type Int64 = number | { toNumber(): number; toString(): string }

export interface DimensionMessage {
  dim_value?: Int64
  dim_param?: string
}

export interface ValueInfoMessage {
  name?: string
  type?: { tensor_type?: { elem_type?: number; shape?: { dim?: DimensionMessage[] } | null } | null } | null
}

export interface TensorMessage {
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
}

export interface AttributeMessage {
  name?: string
  type?: number
  i?: Int64
  f?: number
  s?: Uint8Array
  t?: TensorMessage | null
  ints?: Int64[]
  floats?: number[]
  strings?: Uint8Array[]
}

export interface NodeMessage {
  name?: string
  op_type?: string
  domain?: string
  input?: string[]
  output?: string[]
  attribute?: AttributeMessage[]
}

export interface GraphMessage {
  name?: string
  doc_string?: string
  node?: NodeMessage[]
  initializer?: TensorMessage[]
  sparse_initializer?: unknown[]
  input?: ValueInfoMessage[]
  output?: ValueInfoMessage[]
  value_info?: ValueInfoMessage[]
}

export interface ModelMessage {
  ir_version?: Int64
  producer_name?: string
  producer_version?: string
  doc_string?: string
  graph?: GraphMessage | null
  opset_import?: { domain?: string; version?: Int64 }[]
  metadata_props?: { key?: string; value?: string }[]
  functions?: unknown[]
}

/** Serialises a ModelProto. */
export function encodeModel(message: ModelMessage): Uint8Array {
  return onnx.ModelProto.encode(message).finish()
}

/** Parses a ModelProto. @throws Error (protobufjs's) on bytes that are not one. */
export function decodeModel(bytes: Uint8Array): ModelMessage {
  return onnx.ModelProto.decode(bytes)
}
