// Written by hand beside the generated code: pbjs's own declarations use `import x = require()`, which ESM has not.
import type { Reader } from 'protobufjs/minimal.js'
import type { ModelMessage } from './proto.js'

export const onnx: {
  ModelProto: {
    encode(message: ModelMessage): { finish(): Uint8Array }
    decode(reader: Reader): ModelMessage
  }
}
