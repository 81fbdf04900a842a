/** Reads AIFF and AIFF-C files: finds the format and the samples, and decodes them. */
import { EscError } from '@esc/core'
import { type AudioInfo, type DecodedAudio, type DecodeLimits, maxChannels } from '../audio.js'
import { type Reading, readBytes } from '../reading.js'
import { readTagsBefore } from '../tags.js'
import { isUnknownSize } from './chunk-size.js'
import { findChunks } from './chunks.js'
import { fourCc } from './four-cc.js'
import type { SampleFormat } from './pcm.js'
import { blockOf, decodePcmFile, type PcmFile, pcmInfo } from './pcm-file.js'

/** The fields of the "COMM" chunk. */
interface Common {
  format: SampleFormat
  /** Hz. */
  sampleRate: number
  frames: number
}

/** AIFF-C compression types. A type without `bits` has the width that COMM states. */
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
 * @returns One array per channel. The sample rate is rounded to a whole number of Hz, as in ffmpeg.
 * @throws EscError CORRUPT_DATA if the file is cut short, contradicts itself, or holds NaN or infinite samples.
 * @throws EscError UNSUPPORTED_FORMAT if it is no AIFF file, or naming its compression type if that is not supported.
 * @throws EscError INVALID_INPUT, INVALID_OPTION if the limits do not fit the file.
 * @see Apple, "Audio Interchange File Format" 1.3 (1989) and "AIFF-C" (1991 draft); ffmpeg 5.1
 *   `libavformat/aiffdec.c`.
 * @example const { channels, sampleRate } = decodeAiff(bytes)
 */
export function decodeAiff(bytes: Uint8Array, limits: DecodeLimits = {}): DecodedAudio {
  return decodePcmFile('decodeAiff', bytes, readAiff, limits)
}

/**
 * What an AIFF file's header says about its sound; no sample is decoded.
 *
 * @param bytes - The whole file.
 * @throws EscError CORRUPT_DATA and UNSUPPORTED_FORMAT as {@link decodeAiff}; samples are not checked.
 * @example probeAiff(bytes).durationSec
 */
export function probeAiff(bytes: Uint8Array): AudioInfo {
  return pcmInfo(readBytes(bytes, readAiff(bytes.length)))
}

/**
 * Reads the header of an AIFF or AIFF-C file and locates its samples.
 *
 * It is strict where samples could be missing: the chunks must be whole, and SSND must hold as many samples as COMM
 * states. It is lenient where nothing is lost: it skips ID3v2 tags before the container and unknown chunks, it
 * ignores the container's size except to see where the container ends, and anything may follow the samples.
 *
 * It corrects, with a warning, the values that unfinished recordings have: a wrong size of SSND ({@link trueSize}
 * says which) is computed from the file; a count in COMM that is 0, "unknown", or less than SSND holds is computed
 * from SSND, as in ffmpeg and libsndfile.
 *
 * @param fileSize - Bytes of the whole file.
 * @param tolerant - `true` reads the rest of a file that was cut short or states a wrong count of samples.
 * @throws EscError CORRUPT_DATA and UNSUPPORTED_FORMAT as {@link decodeAiff}; samples are not checked.
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
  const common = readCommon(COMM, form === 'AIFC')
  if (SSND.length < 8) throw corrupt(`chunk "SSND" has ${SSND.length} bytes, expected at least 8`)
  const head8 = yield { offset: SSND.offset, length: 8 }
  const start = 8 + head8.getUint32(0)
  const found = countFrames(common, {
    start,
    held: SSND.length - start,
    blockSize: head8.getUint32(4),
    isComputed,
    tolerant,
  })
  if (found.warning !== null) warnings.push(found.warning)
  const { format, sampleRate } = common
  const dataOffset = SSND.offset + start
  return { container: 'aiff', format, sampleRate, dataOffset, warnings, frames: found.frames }
}

/** The samples of "SSND", and how they are stored. */
interface Stored {
  /** Bytes of the chunk's body before the first sample. */
  start: number
  /** Bytes from the first sample to the end of the chunk. */
  held: number
  /** Bytes to whose multiple the samples may be padded. */
  blockSize: number
  /** Whether the chunk's size was computed from the file. */
  isComputed: boolean
  tolerant: boolean
}

/** Compares the count of samples in "COMM" with the bytes of "SSND". */
function countFrames(
  { format, frames }: Common,
  { start, held, blockSize, isComputed, tolerant }: Stored,
): { frames: number; warning: string | null } {
  const frameBytes = blockOf(format).bytes
  const surplus = held - frames * frameBytes
  const whole = Math.floor(held / frameBytes)
  if (whole <= 0 && isUnknownSize(frames)) throw corrupt('the file holds no samples')
  // Samples may be padded to a whole block, and some writers count the pad byte of an odd chunk. If the size of SSND
  // was computed, it may include chunks after the samples. But a count of less than half of SSND is an old value.
  const isPadding =
    frames > 0 && surplus >= 0 && (isComputed ? 2 * surplus < held : surplus <= Math.max(blockSize, 1))
  if (isPadding) return { frames, warning: null }
  if (isUnknownSize(frames) || surplus > 0) {
    const warning = `numSampleFrames=${frames} is wrong: by its size, chunk "SSND" holds ${whole} samples`
    return { frames: whole, warning }
  }
  const message = `numSampleFrames=${frames} need ${frames * frameBytes} bytes, chunk "SSND" holds ${held} from offset ${start - 8}`
  if (!tolerant || !(whole > 0)) throw corrupt(message)
  const read = Math.min(whole, frames)
  return { frames: read, warning: `${message}: ${read} samples were read` }
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
  if (!(channels >= 1 && channels <= maxChannels)) {
    throw corrupt(`channels=${channels} must lie in [1, ${maxChannels}]`)
  }
  // A type of fixed width may state the sample size of the original recording.
  if (compression.bits === undefined && !(sampleSize >= 1 && sampleSize <= 32)) {
    throw corrupt(`sampleSize=${sampleSize} must lie in [1, 32]`)
  }
  const validBits = compression.bits ?? sampleSize
  const containerBits = Math.ceil(validBits / 8) * 8
  const { encoding, littleEndian = false } = compression
  return { format: { encoding, channels, containerBits, validBits, littleEndian }, sampleRate, frames }
}

/** Reads an 80-bit float: a sign, 15 bits of exponent, and 64 bits of mantissa without a hidden bit. */
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
