/** Converts uncompressed and companded samples, interleaved as in WAV and AIFF files, to one array per channel. */
import { viewOf } from '../bytes.js'

/** How interleaved samples of a fixed width are stored. */
export interface SampleFormat {
  /** `uint` is PCM around 2^(bits - 1); WAV uses it only for 8 bits. */
  encoding: 'int' | 'uint' | 'float' | 'alaw' | 'mulaw'
  channels: number
  /** Bits that one stored sample takes: a multiple of 8. */
  containerBits: number
  /** Bits of a stored sample that carry signal, counted from the top; the rest is padding. */
  validBits: number
  littleEndian: boolean
}

/**
 * Converts stored samples to float: PCM of `n` bits is divided by `2 ** (n - 1)`, A-law and µ-law (G.711) by 32768.
 *
 * Differs from ffmpeg and libsndfile: padding bits below the valid bits, which should be zero, are set to zero.
 *
 * @param data - Whole frames of interleaved samples; may start at any byte of its buffer.
 * @returns One array per channel; float samples are not checked for NaN.
 * @see libsndfile 1.2 `pcm.c`, ffmpeg 5.1 `libswresample/audioconvert.c`.
 * @example decodeSamples(Uint8Array.of(0, 64), { encoding: 'int', channels: 1, containerBits: 16, validBits: 16, littleEndian: true })
 */
export function decodeSamples(data: Uint8Array, format: SampleFormat): Float32Array[] {
  const blockAlign = (format.channels * format.containerBits) / 8
  const decode = decoders[`${format.encoding}${format.containerBits}`]!
  const view = viewOf(data)
  return Array.from({ length: format.channels }, (_, channel) => {
    const out = new Float32Array(data.byteLength / blockAlign)
    decode(out, view, (channel * format.containerBits) / 8, blockAlign, format)
    return out
  })
}

/** ffmpeg's name of a format, such as `pcm_s24le`. @example codecName(sampleFormat) */
export function codecName({ encoding, containerBits, littleEndian }: SampleFormat): string {
  if (encoding === 'alaw' || encoding === 'mulaw') return `pcm_${encoding}`
  const letter = { int: 's', uint: 'u', float: 'f' }[encoding]
  const endian = containerBits === 8 ? '' : littleEndian ? 'le' : 'be'
  return `pcm_${letter}${containerBits}${endian}`
}

/** Fills `out` from every `step`-th byte of `view`, starting at `offset`. */
type Decoder = (out: Float32Array, view: DataView, offset: number, step: number, format: SampleFormat) => void

const decoders: Readonly<Record<string, Decoder>> = {
  uint8: (out, view, offset, step, format) => {
    const mask = maskOf(format)
    for (let i = 0, at = offset; i < out.length; i++, at += step) {
      out[i] = ((view.getUint8(at) - 128) & mask) / 128
    }
  },
  int8: (out, view, offset, step, format) => {
    const mask = maskOf(format)
    for (let i = 0, at = offset; i < out.length; i++, at += step) out[i] = (view.getInt8(at) & mask) / 128
  },
  int16: (out, view, offset, step, format) => {
    const mask = maskOf(format)
    const { littleEndian } = format
    if (littleEndian === hostIsLittleEndian() && view.byteOffset % 2 === 0) {
      const words = new Int16Array(view.buffer, view.byteOffset, view.byteLength / 2)
      decodeWords(out, words, offset / 2, step / 2, mask)
      return
    }
    for (let i = 0, at = offset; i < out.length; i++, at += step) {
      out[i] = (view.getInt16(at, littleEndian) & mask) / 32768
    }
  },
  int24: (out, view, offset, step, format) => {
    const mask = maskOf(format)
    const { littleEndian } = format
    // Offsets of the two high bytes together, and of the low byte.
    const high = littleEndian ? offset + 1 : offset
    const low = littleEndian ? -1 : 2
    for (let i = 0, at = high; i < out.length; i++, at += step) {
      out[i] = (((view.getInt16(at, littleEndian) << 8) | view.getUint8(at + low)) & mask) / 8388608
    }
  },
  int32: (out, view, offset, step, format) => {
    const mask = maskOf(format)
    const { littleEndian } = format
    for (let i = 0, at = offset; i < out.length; i++, at += step) {
      out[i] = (view.getInt32(at, littleEndian) & mask) / 2147483648
    }
  },
  float32: (out, view, offset, step, { littleEndian }) => {
    for (let i = 0, at = offset; i < out.length; i++, at += step) out[i] = view.getFloat32(at, littleEndian)
  },
  float64: (out, view, offset, step, { littleEndian }) => {
    for (let i = 0, at = offset; i < out.length; i++, at += step) out[i] = view.getFloat64(at, littleEndian)
  },
  alaw8: (out, view, offset, step) => {
    const levels = Float32Array.from({ length: 256 }, (_, code) => expandALaw(code) / 32768)
    for (let i = 0, at = offset; i < out.length; i++, at += step) out[i] = levels[view.getUint8(at)]!
  },
  mulaw8: (out, view, offset, step) => {
    const levels = Float32Array.from({ length: 256 }, (_, code) => expandMuLaw(code) / 32768)
    for (let i = 0, at = offset; i < out.length; i++, at += step) out[i] = levels[view.getUint8(at)]!
  },
}

/** Decodes 16 bits in the host's byte order. Without a DataView this takes little more than half the time. */
function decodeWords(out: Float32Array, words: Int16Array, first: number, step: number, mask: number): void {
  // No padding bits need to be set to zero.
  if (step === 1 && mask === -1) {
    decodeMonoWords(out, words)
    return
  }
  for (let i = 0, at = first; i < out.length; i++, at += step) out[i] = (words[at]! & mask) / 32768
}

/** Decodes mono samples of 16 bits, as most data sets have. Eight samples per turn of the loop halve the time. */
function decodeMonoWords(out: Float32Array, words: Int16Array): void {
  const whole = out.length - (out.length % 8)
  for (let i = 0; i < whole; i += 8) {
    out[i] = words[i]! / 32768
    out[i + 1] = words[i + 1]! / 32768
    out[i + 2] = words[i + 2]! / 32768
    out[i + 3] = words[i + 3]! / 32768
    out[i + 4] = words[i + 4]! / 32768
    out[i + 5] = words[i + 5]! / 32768
    out[i + 6] = words[i + 6]! / 32768
    out[i + 7] = words[i + 7]! / 32768
  }
  for (let i = whole; i < out.length; i++) out[i] = words[i]! / 32768
}

function hostIsLittleEndian(): boolean {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
}

function maskOf({ containerBits, validBits }: SampleFormat): number {
  return -1 << (containerBits - validBits)
}

/**
 * The 16-bit level of an A-law code: a sign bit, three bits of segment, four bits of step (ITU-T G.711, table 1a).
 */
function expandALaw(code: number): number {
  // Every second bit is stored inverted.
  const bits = code ^ 0x55
  const segment = (bits >> 4) & 7
  const step = ((bits & 15) << 4) + 8
  const magnitude = segment === 0 ? step : (step + 256) << (segment - 1)
  return bits & 0x80 ? magnitude : -magnitude
}

/** The 16-bit level of a µ-law code (ITU-T G.711, table 2a). */
function expandMuLaw(code: number): number {
  // All bits are stored inverted. With the bias of 132, each segment starts at a power of two.
  const bits = ~code
  const magnitude = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132
  return bits & 0x80 ? 0 - magnitude : magnitude
}
