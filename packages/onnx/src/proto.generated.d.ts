// Written by hand beside the generated code: pbjs's own declarations use `import x = require()`, which ESM has not.
import type { Reader } from 'protobufjs/minimal.js'

/** Messages are plain objects; `proto.ts` says what they hold. */
export const onnx: {
  ModelProto: {
    encode(message: object): { finish(): Uint8Array }
    decode(reader: Reader): object
  }
}
