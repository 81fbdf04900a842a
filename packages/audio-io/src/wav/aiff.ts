/** AIFF and AIFF-C files to samples. */
import { assertBytes, assertKnown, EscError } from '@esc/core'
import {
  type AudioInfo,
  type DecodedAudio,
  type DecodeLimits,
  decodeLimitNames,
  MAX_CHANNELS,
  resolveSpan,
} from '../audio.js'
import { type Reading, readBytes } from '../reading.js'
import { readTagsBefore } from '../tags.js'
import { isUnknownSize } from './chunk-size.js'
import { findChunks } from './chunks.js'
import { fourCc } from './four-cc.js'
import type { SampleFormat } from './pcm.js'
import { blockOf, decodePcm, type PcmFile, pcmInfo, pcmRange } from './pcm-file.js'

/** What the "COMM" chunk says. */
interface Common {
  format: SampleFormat
  /** Hz. */
  sampleRate: number
  frames: number
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
 * @throws EscError INVALID_INPUT, INVALID_OPTION if the limits do not fit the file.
 * @see Apple, "Audio Interchange File Format" 1.3 (1989) and "AIFF-C" (1991 draft); ffmpeg 5.1 `libavformat/aiffdec.c`.
 * @example const { channels, sampleRate } = decodeAiff(bytes)
 */
export function decodeAiff(bytes: Uint8Array, limits: DecodeLimits = {}): DecodedAudio {
  assertKnown('decodeAiff', limits, decodeLimitNames)
  assertBytes('bytes', bytes)
  const { tolerant = false } = limits
  const file = readBytes(bytes, readAiff(bytes.length, tolerant))
  const span = resolveSpan(file.frames, file.sampleRate, limits)
  const { offset, length } = pcmRange(file, span)
  return decodePcm(file, bytes.subarray(offset, offset + length), span, tolerant)
}

/**
 * What an AIFF file's header says of its sound; no sample is decoded.
 *
 * @param bytes - The whole file.
 * @throws EscError CORRUPT_DATA and UNSUPPORTED_FORMAT as {@link decodeAiff}, but for bad samples.
 * @example probeAiff(bytes).durationSec
 */
export function probeAiff(bytes: Uint8Array): AudioInfo {
  return pcmInfo(readBytes(bytes, readAiff(bytes.length)))
}

/**
 * Reads the header of an AIFF or AIFF-C file and locates its samples.
 *
 * Strict where samples are missing: the chunks must be whole, and SSND hold what COMM counts. Lenient where nothing is lost: ID3v2 tags before the
 * container and unknown chunks are skipped, the container's size says only what does not belong to it, and what follows
 * the samples may be cut or garbage. With a warning, what recorders leave behind is computed: a size of SSND that cannot
 * be true ({@link trueSize} says which) from the count in COMM, or from the file; a count of 0, "unknown", or less than
 * SSND holds from SSND, as in ffmpeg and libsndfile.
 *
 * @param fileSize - Bytes of the whole file.
 * @param tolerant - `true` reads what there is of a file that was cut short or miscounts its samples.
 * @throws EscError CORRUPT_DATA and UNSUPPORTED_FORMAT as {@link decodeAiff}, but for bad samples.
 * @example readBytes(bytes, readAiff(bytes.length)).sampleRate
 */
export function* readAiff(fileSize: number, tolerant = false): Reading<PcmFile> {
  const base = yield* readTagsBefore()
  const head = yield { offset: base, length: 12 }
  const form = head.byteLength >= 12 && fourCc(head, 0) === 'FORM' ? fourCc(head, 8) : ''
  if (form !== 'AIFF' && form !== 'AIFC') {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      'not an AIFF file: it must start with "FORM", a size, and "AIFF" or "AIFC"',
    )
  }
  const chunks = yield* findChunks({
    start: base,
    end: base + 8 + head.getUint32(4),
    fileSize,
    littleEndian: false,
    tolerant,
    format: 'COMM',
    samples: 'SSND',
    corrupt,
  })
  const { samples: SSND, isComputed, warnings } = chunks
  const { offset, length } = chunks.format
  const COMM = yield { offset, length: Math.min(length, 22) }
  const { format, sampleRate, frames } = readCommon(COMM, form === 'AIFC')
  if (SSND.length < 8) throw corrupt(`chunk "SSND" has ${SSND.length} bytes, expected at least 8`)
  const sound = yield { offset: SSND.offset, length: 8 }
  const start = 8 + sound.getUint32(0)
  const blockSize = sound.getUint32(4)
  const frameBytes = blockOf(format).bytes
  const held = SSND.length - start
  const surplus = held - frames * frameBytes
  const whole = Math.floor(held / frameBytes)
  const file = { container: 'aiff' as const, format, sampleRate, dataOffset: SSND.offset + start, warnings }
  if (whole <= 0 && isUnknownSize(frames)) throw corrupt('the file holds no samples')
  // Samples may be padded to a whole block; and some writers count the pad byte of an odd chunk. Where the size of SSND was
  // computed, what follows the samples may be in it; a count of less than half is stale.
  const isPadding =
    frames > 0 && surplus >= 0 && (isComputed ? 2 * surplus < held : surplus <= Math.max(blockSize, 1))
  if (isPadding) return { ...file, frames }
  if (isUnknownSize(frames) || surplus > 0) {
    warnings.push(`numSampleFrames=${frames} cannot be true: ${whole} were computed from chunk "SSND"`)
    return { ...file, frames: whole }
  }
  const message = `numSampleFrames=${frames} need ${frames * frameBytes} bytes, chunk "SSND" holds ${held} from offset ${start - 8}`
  if (!tolerant || !(whole > 0)) throw corrupt(message)
  warnings.push(`${message}: ${Math.min(whole, frames)} samples are read`)
  return { ...file, frames: Math.min(whole, frames) }
}

function readCommon(chunk: DataView, compressed: boolean): Common {
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
