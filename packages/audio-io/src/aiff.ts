/** AIFF and AIFF-C files to samples. */
import { EscError } from '@esc/core'
import {
  type AudioInfo,
  assertDuration,
  assertFiniteSamples,
  DEFAULT_MAX_DURATION_SEC,
  type DecodedAudio,
  MAX_CHANNELS,
} from './audio.js'
import { fourCc } from './four-cc.js'
import { codecName, decodeSamples, type SampleFormat } from './pcm.js'

export interface DecodeAiffOptions {
  /** Longest file to decode, in seconds; longer ones are refused before they are decoded. Default 3600. */
  maxDurationSec?: number
}

interface AiffFile {
  format: SampleFormat
  /** Hz. */
  sampleRate: number
  frames: number
  data: Uint8Array
}

/** AIFF-C compression types; those of no fixed width have the width that COMM states. */
const COMPRESSIONS: Readonly<
  Record<string, { encoding: SampleFormat['encoding']; bits?: number; littleEndian?: boolean }>
> = {
  NONE: { encoding: 'int' },
  twos: { encoding: 'int' },
  sowt: { encoding: 'int', littleEndian: true },
  in24: { encoding: 'int', bits: 24 },
  in32: { encoding: 'int', bits: 32 },
  fl32: { encoding: 'float', bits: 32 },
  FL32: { encoding: 'float', bits: 32 },
  fl64: { encoding: 'float', bits: 64 },
  FL64: { encoding: 'float', bits: 64 },
  alaw: { encoding: 'alaw', bits: 8 },
  ALAW: { encoding: 'alaw', bits: 8 },
  ulaw: { encoding: 'mulaw', bits: 8 },
  ULAW: { encoding: 'mulaw', bits: 8 },
}

/**
 * Decodes an AIFF or AIFF-C file: PCM of 1 to 32 bits (`NONE`, `twos`, `sowt`, `in24`, `in32`), float of 32 or 64,
 * A-law and µ-law.
 *
 * @param bytes - The whole file.
 * @returns One array per channel; the sample rate is rounded to a whole number of Hz, as in ffmpeg.
 * @throws EscError CORRUPT_DATA if the file is cut short, contradicts itself, or holds NaN or infinite samples.
 * @throws EscError UNSUPPORTED_FORMAT if it is no AIFF file, or naming its compression type if that is another.
 * @throws EscError INVALID_INPUT if it is longer than `maxDurationSec`; INVALID_OPTION if that is not > 0.
 * @see Apple, "Audio Interchange File Format" 1.3 (1989) and "AIFF-C" (1991 draft); ffmpeg 5.1 `libavformat/aiffdec.c`.
 * @example const { channels, sampleRate } = decodeAiff(bytes)
 */
export function decodeAiff(bytes: Uint8Array, options: DecodeAiffOptions = {}): DecodedAudio {
  const { maxDurationSec = DEFAULT_MAX_DURATION_SEC } = options
  const { format, sampleRate, frames, data } = readAiff(bytes)
  assertDuration(frames, sampleRate, maxDurationSec)
  const channels = decodeSamples(data, format)
  if (format.encoding === 'float') assertFiniteSamples(channels)
  return { channels, sampleRate }
}

/**
 * What an AIFF file's header says of its sound; no sample is decoded.
 *
 * @param bytes - The whole file.
 * @throws EscError CORRUPT_DATA and UNSUPPORTED_FORMAT as {@link decodeAiff}, but for bad samples.
 * @example probeAiff(bytes).durationSec
 */
export function probeAiff(bytes: Uint8Array): AudioInfo {
  const { format, sampleRate, frames } = readAiff(bytes)
  return {
    container: 'aiff',
    codec: codecName(format),
    sampleRate,
    channels: format.channels,
    durationSec: frames / sampleRate,
    frames,
    bitDepth: format.validBits,
  }
}

function readAiff(bytes: Uint8Array): AiffFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const form = view.byteLength >= 12 && fourCc(view, 0) === 'FORM' ? fourCc(view, 8) : ''
  if (form !== 'AIFF' && form !== 'AIFC') {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      'not an AIFF file: it must start with "FORM", a size, and "AIFF" or "AIFC"',
    )
  }
  const { COMM, SSND } = findChunks(view)
  const { format, sampleRate, frames } = readCommon(COMM, form === 'AIFC')
  if (SSND.byteLength < 8) throw corrupt(`chunk "SSND" has ${SSND.byteLength} bytes, expected at least 8`)
  const start = 8 + SSND.getUint32(0)
  const blockSize = SSND.getUint32(4)
  const size = (frames * format.channels * format.containerBits) / 8
  const surplus = SSND.byteLength - start - size
  if (frames === 0) throw corrupt('numSampleFrames=0: the file holds no samples')
  // Samples may be padded to a whole block; and some writers count the pad byte of an odd chunk.
  if (!(surplus >= 0 && surplus <= Math.max(blockSize, 1))) {
    throw corrupt(
      `numSampleFrames=${frames} need ${size} bytes, chunk "SSND" holds ${SSND.byteLength - start} from offset ${start - 8}`,
    )
  }
  const data = new Uint8Array(SSND.buffer, SSND.byteOffset + start, size)
  return { format, sampleRate, frames, data }
}

/** Views of the bodies of the two chunks that matter; they may come in either order. */
function findChunks(view: DataView): { COMM: DataView; SSND: DataView } {
  const chunks = new Map<string, DataView>()
  // A container may be cut, or hold garbage, behind its samples.
  const end = Math.min(8 + view.getUint32(4), view.byteLength)
  let offset = 12
  while (offset + 8 <= end) {
    const id = fourCc(view, offset)
    const size = view.getUint32(offset + 4)
    const rest = end - offset - 8
    if (size > rest) {
      if (chunks.has('COMM') && chunks.has('SSND')) break
      throw corrupt(`chunk "${id}" at byte ${offset} claims ${size} bytes, ${rest} follow`)
    }
    if (id === 'COMM' || id === 'SSND') {
      if (chunks.has(id)) throw corrupt(`a second chunk "${id}" at byte ${offset}, expected one`)
      chunks.set(id, new DataView(view.buffer, view.byteOffset + offset + 8, size))
    }
    // Chunks start at even offsets.
    offset += 8 + size + (size & 1)
  }
  const COMM = chunks.get('COMM')
  const SSND = chunks.get('SSND')
  if (!COMM || !SSND)
    throw corrupt(`no chunk "${COMM ? 'SSND' : 'COMM'}" in the ${end} bytes of the container`)
  return { COMM, SSND }
}

function readCommon(chunk: DataView, compressed: boolean): Omit<AiffFile, 'data'> {
  const expected = compressed ? 22 : 18
  if (chunk.byteLength < expected) {
    throw corrupt(`chunk "COMM" has ${chunk.byteLength} bytes, expected at least ${expected}`)
  }
  const channels = chunk.getInt16(0)
  const frames = chunk.getUint32(2)
  const sampleSize = chunk.getInt16(6)
  const sampleRate = readSampleRate(chunk, 8)
  const type = compressed ? fourCc(chunk, 18) : 'NONE'
  const compression = COMPRESSIONS[type]
  if (!compression) {
    throw new EscError('UNSUPPORTED_FORMAT', `AIFF-C compression "${type}" is not supported`, {
      detail: { compression: type },
    })
  }
  if (!(channels >= 1 && channels <= MAX_CHANNELS)) {
    throw corrupt(`channels=${channels} must lie in [1, ${MAX_CHANNELS}]`)
  }
  // The types of a fixed width may state the size of what they were made from.
  if (compression.bits === undefined && !(sampleSize >= 1 && sampleSize <= 32)) {
    throw corrupt(`sampleSize=${sampleSize} must lie in [1, 32]`)
  }
  const validBits = compression.bits ?? sampleSize
  const containerBits = Math.ceil(validBits / 8) * 8
  const { encoding, littleEndian = false } = compression
  return { format: { encoding, channels, containerBits, validBits, littleEndian }, sampleRate, frames }
}

/** An 80-bit float: a sign, 15 bits of exponent, and 64 of mantissa with no hidden bit. */
function readSampleRate(view: DataView, offset: number): number {
  const exponent = view.getUint16(offset) - 16383
  const mantissa = view.getUint32(offset + 2) * 2 ** 32 + view.getUint32(offset + 6)
  const rate = Math.round(mantissa * 2 ** (exponent - 63))
  if (!(rate >= 1 && rate <= 0xffffffff)) throw corrupt(`sampleRate=${rate} must lie in [1, 4294967295]`)
  return rate
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', `AIFF: ${message}`)
}
