/**
 * Reads and writes Hugging Face's safetensors files, which hold weights. Python reads them with
 * `safetensors.numpy.load_file`.
 */
import * as z from 'zod/mini'
import { assertFloat32 } from './check/float32.js'
import { assertBytes } from './check/options.js'
import { hasField, typeOf, wrongValue } from './check/wrong-value.js'
import { EscError } from './error.js'
import type { Weight } from './network/graph.js'

/** The content of a safetensors file. */
export interface Safetensors {
  /** Arrays of float32 by name. */
  tensors: ReadonlyMap<string, Weight>
  /** Texts by name. */
  metadata: Readonly<Record<string, string>>
}

/** Large enough for a checkpoint with the history of some 30,000 epochs. Small enough to parse a header that may be hostile. */
const maxHeaderBytes = 16 * 2 ** 20
const metadataKey = '__metadata__'

const size = z.int().check(z.nonnegative())
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
})
const metadataSchema = z.record(z.string(), z.string())

/**
 * Writes float32 arrays and texts as a safetensors file.
 *
 * @returns The bytes of the file.
 * @throws EscError INVALID_INPUT if an array does not fill its shape or has the name `__metadata__`, if a value of `metadata` is
 *   not a text, or if the header would be larger than 16 MiB.
 * @see https://github.com/huggingface/safetensors#format, version 0.8.
 * @example
 * const weights = namedWeights(graph).map(({ name, weight }) => [name, weight] as const)
 * await writeFile('weights.safetensors', writeSafetensors({ tensors: new Map(weights), metadata: {} }))
 */
export function writeSafetensors(content: Safetensors): Uint8Array {
  if (!hasField(content, 'tensors')) throw wrongValue('content', content, '{ tensors, metadata }')
  const { tensors, metadata } = content
  if (!(tensors instanceof Map)) throw wrongValue('tensors', tensors, 'a Map of { shape, data } by name')
  if (typeOf(metadata) !== 'object') throw wrongValue('metadata', metadata, 'an object of texts')
  for (const [name, text] of Object.entries<unknown>(metadata)) {
    if (typeof text === 'string') continue
    throw new EscError('INVALID_INPUT', `metadata '${name}' is of type ${typeof text}; it must be a text`)
  }
  const header: [string, unknown][] = [[metadataKey, metadata]]
  let end = 0
  for (const [name, tensor] of tensors as ReadonlyMap<string, Weight>) {
    const { shape, data } = tensor ?? {}
    if (!Array.isArray(shape)) throw wrongValue(`shape of tensor '${name}'`, shape, 'a list of sizes')
    assertFloat32(`data of tensor '${name}'`, data)
    const isShape = shape.every((length) => Number.isSafeInteger(length) && length >= 0)
    const holds = shape.reduce((all, length) => all * length, 1)
    if (name === metadataKey || !isShape || data.length !== holds) {
      throw new EscError(
        'INVALID_INPUT',
        `tensor '${name}' of shape [${shape}] has ${data.length} values; the shape must be integers >= 0 whose product is the number of values, and the name must not be ${metadataKey}`,
      )
    }
    header.push([name, { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] }])
    end += data.byteLength
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const headerBytes = Math.ceil(json.length / 8) * 8
  if (headerBytes > maxHeaderBytes) {
    throw new EscError(
      'INVALID_INPUT',
      `the header has ${headerBytes} bytes; it must have at most ${maxHeaderBytes}, so use fewer or shorter texts`,
    )
  }
  const bytes = new Uint8Array(8 + headerBytes + end)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true)
  // Spaces fill the header up to a multiple of 8 bytes, so that the data are aligned.
  bytes.fill(0x20, 8, 8 + headerBytes).set(json, 8)
  let offset = 8 + headerBytes
  for (const { data } of tensors.values()) {
    new Float32Array(bytes.buffer, offset, data.length).set(data)
    offset += data.byteLength
  }
  return bytes
}

/**
 * Reads a safetensors file. The bytes may be hostile: all sizes are compared with the size of the file before memory is allocated,
 * and the arrays must cover the data exactly once.
 *
 * @returns Arrays in new storage.
 * @throws EscError INVALID_INPUT if `bytes` is not a Uint8Array; CORRUPT_DATA if header and data do not fit together, or the header
 *   is larger than 16 MiB; UNSUPPORTED_FORMAT naming an array that is not float32.
 * @see {@link writeSafetensors}
 * @example const { tensors } = readSafetensors(await readFile('weights.safetensors'))
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  assertBytes('bytes', bytes)
  const { header, dataStart } = readHeader(bytes)
  const dataBytes = bytes.length - dataStart
  const tensors = new Map<string, Weight>()
  const spans: [begin: number, end: number][] = []
  let metadata: Readonly<Record<string, string>> = {}
  for (const [name, content] of Object.entries(header)) {
    if (name === metadataKey) {
      const parsed = metadataSchema.safeParse(content)
      if (!parsed.success) throw corrupt(`${metadataKey} is not an object of texts`)
      metadata = parsed.data
      continue
    }
    const parsed = entrySchema.safeParse(content)
    if (!parsed.success) throw corrupt(`tensor ${quoted(name)} has no dtype, shape and data_offsets`)
    const { dtype, shape, data_offsets: span } = parsed.data
    if (dtype !== 'F32') {
      throw new EscError(
        'UNSUPPORTED_FORMAT',
        `tensor ${quoted(name)} is of ${quoted(dtype)}; only F32 is read`,
      )
    }
    const wanted = 4 * shape.reduce((all, length) => all * length, 1)
    if (span[1] > dataBytes || span[1] - span[0] !== wanted) {
      throw corrupt(
        `tensor ${quoted(name)} of shape [${shape.slice(0, 8)}] lies at [${span}] of ${dataBytes} bytes`,
      )
    }
    // The data need not be aligned in the caller's buffer, so they are copied. `slice` of a Node Buffer would not copy.
    const body = Uint8Array.prototype.slice.call(bytes, dataStart + span[0], dataStart + span[1])
    tensors.set(name, { shape, data: new Float32Array(body.buffer) })
    spans.push(span)
  }
  assertCovered(spans, dataBytes)
  return { tensors, metadata }
}

function readHeader(bytes: Uint8Array): { header: object; dataStart: number } {
  const length =
    bytes.length < 8 ? -1 : Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  if (!(length >= 2 && length <= maxHeaderBytes && 8 + length <= bytes.length)) {
    throw corrupt(`a header of ${length} bytes in a file of ${bytes.length}`)
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length))
    const header: unknown = JSON.parse(text)
    if (!text.startsWith('{') || typeof header !== 'object' || header === null) throw new Error('no object')
    return { header, dataStart: 8 + length }
  } catch (cause) {
    throw corrupt('the header is not a JSON object', cause)
  }
}

/**
 * Checks that the arrays lie side by side. Otherwise many arrays could share a few bytes, and bytes between them could hide
 * anything.
 */
function assertCovered(spans: [begin: number, end: number][], dataBytes: number): void {
  let end = 0
  for (const span of spans.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (span[0] !== end) throw corrupt(`tensors overlap or leave a hole at byte ${Math.min(span[0], end)}`)
    end = span[1]
  }
  if (end !== dataBytes) throw corrupt(`tensors end at byte ${end} of ${dataBytes}`)
}

/** Makes a name from outside safe for a message. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name)
}

function corrupt(what: string, cause?: unknown): EscError {
  return new EscError('CORRUPT_DATA', `no safetensors file, or a damaged one: ${what}`, { cause })
}
