/** Decodes one frame of a FLAC file: its header, its checksums, its channels. */
import { EscError, isEscError } from '@esc/core'
import { type FlacFrameHeader, readFlacFrameHeader } from './header.js'
import { type FlacSamples, MAX_ORDER } from './predict.js'
import { type BitReader, type FlacPrediction, readSubframe, restoreSubframe } from './subframe.js'

/** The fields of STREAMINFO that every frame must agree with. */
export interface FlacFormat {
  /** Hz. */
  sampleRate: number
  channels: number
  /** 4 to 32. */
  bitDepth: number
  /** Samples per channel of the largest block. */
  maxBlockSize: number
  /** Bytes of the largest frame; 0 if the encoder did not know. */
  maxFrameSize: number
}

/** A decoded frame. */
export interface FlacFrame extends Omit<FlacFrameHeader, 'channels'> {
  /** Offset of the byte after the frame. */
  end: number
  /** `blockSize` samples each, of `n` bits divided by `2 ** (n - 1)`; the next frame overwrites them. */
  channels: readonly Float32Array[]
}

/** Memory and tables for decoding the frames of one file. */
export interface FlacFrameDecoder {
  format: FlacFormat
  /** Bytes that are enough for any frame of the file. */
  windowSize: number
  bytes: Uint8Array
  bits: BitReader
  /** Whole-number samples of each channel, with zeros before the first sample. */
  samples: FlacSamples[]
  /** The same samples scaled to [-1, 1). */
  channels: Float32Array[]
  crcTable: Uint16Array
  /** Cost of the last frame, whole or damaged, in steps of a few nanoseconds. */
  work: number
}

// The bit reader reads whole words, also past the last bit.
const padding = 8
// Reading one sample takes as long as copying this many bytes.
const bytesPerStep = 32

/**
 * Creates the decoder for the frames of one file.
 *
 * @param size - Bytes of all its frames together.
 * @example const decoder = createFlacFrameDecoder(format, bytes.length)
 */
export function createFlacFrameDecoder(format: FlacFormat, size: number): FlacFrameDecoder {
  const windowSize = Math.min(size, largestFrame(format))
  const bytes = new Uint8Array(windowSize + padding)
  const length = MAX_ORDER + format.maxBlockSize
  return {
    format,
    windowSize,
    bytes,
    bits: { view: new DataView(bytes.buffer), position: 0, end: 0 },
    samples: Array.from({ length: format.channels }, () =>
      format.bitDepth === 32 ? new Float64Array(length) : new Int32Array(length),
    ),
    channels: Array.from({ length: format.channels }, () => new Float32Array(format.maxBlockSize)),
    crcTable: createCrcTable(),
    work: 0,
  }
}

/**
 * An encoder should store a block as it is if coding would make it longer. A bad one may use 33 bits for each sample,
 * and a few more.
 */
function largestFrame({ channels, maxBlockSize, maxFrameSize }: FlacFormat): number {
  const largest = channels * (maxBlockSize + 32) * 5
  // A header may state any size. The window is copied for every frame, so its size is limited.
  return Math.max(largest, Math.min(maxFrameSize, 4 * largest))
}

/**
 * Bytes of the shortest possible frame, in which every channel is one value.
 *
 * @example smallestFlacFrame(flacFormat)
 */
export function smallestFlacFrame({ channels, bitDepth }: FlacFormat): number {
  return 8 + Math.ceil((channels * (8 + bitDepth)) / 8)
}

/**
 * Decodes one frame.
 *
 * @param bytes - The frame and what follows it, or at least `windowSize` bytes from its start.
 * @param offset - Where the frame begins in `bytes`.
 * @throws EscError CORRUPT_DATA if there is no frame, if it contradicts itself or `decoder.format`, if a checksum is
 *   wrong, or if a sample has more bits than STREAMINFO states.
 * @see RFC 9639 (FLAC), section 9.
 * @example const { channels, end } = decodeFlacFrame(decoder, bytes, offset)
 */
export function decodeFlacFrame(decoder: FlacFrameDecoder, bytes: Uint8Array, offset: number): FlacFrame {
  const { format, bits, crcTable } = decoder
  decoder.work = 1
  const header = readFlacFrameHeader(bytes, offset)
  if (!header) throw new EscError('CORRUPT_DATA', 'its header is damaged, or there is none')
  assertFormat(header, format)
  const { blockSize, channelCode } = header
  const window = bytes.subarray(offset, offset + decoder.windowSize)
  decoder.bytes.set(window)
  decoder.bytes.fill(0, window.length, window.length + padding)
  bits.position = header.size * 8
  bits.end = window.length * 8
  decoder.work += window.length / bytesPerStep
  const predictions = readSubframes(decoder, header)
  const size = Math.ceil(bits.position / 8) + 2
  // Over the frame and its stored checksum together, the checksum is 0.
  if (size > window.length) throw new EscError('CORRUPT_DATA', 'the data ends inside it')
  if (crc16(window, size, crcTable) !== 0) throw new EscError('CORRUPT_DATA', 'its checksum is wrong')
  for (const [channel, samples] of decoder.samples.entries()) {
    decoder.work += blockSize * predictions[channel]!.order
    restoreSubframe(samples, blockSize, predictions[channel]!)
  }
  const channels = decoder.channels.map((samples) => samples.subarray(0, blockSize))
  const top = 2 ** (format.bitDepth - 1)
  if (channelCode >= 8) joinPair(decoder.samples[0]!, decoder.samples[1]!, channelCode, blockSize)
  for (let i = 0; i < channels.length; i++) writeChannel(decoder.samples[i]!, channels[i]!, top)
  return { ...header, end: offset + size, channels }
}

function readSubframes(
  decoder: FlacFrameDecoder,
  { channelCode, blockSize }: FlacFrameHeader,
): FlacPrediction[] {
  const { bits, format } = decoder
  return decoder.samples.map((samples, channel) => {
    decoder.work += blockSize
    const isSide = channelCode === 9 ? channel === 0 : channelCode >= 8 && channel === 1
    return readSubframe(bits, samples, blockSize, format.bitDepth + (isSide ? 1 : 0))
  })
}

/**
 * {@link decodeFlacFrame}, with `undefined` for a damaged frame.
 *
 * @example tryFlacFrame(decoder, bytes, 0)?.blockSize
 */
export function tryFlacFrame(
  decoder: FlacFrameDecoder,
  bytes: Uint8Array,
  offset: number,
): FlacFrame | undefined {
  try {
    return decodeFlacFrame(decoder, bytes, offset)
  } catch (error) {
    if (isEscError(error, 'CORRUPT_DATA')) return undefined
    throw error
  }
}

/**
 * Turns a pair of left, right, mid or side channels into left and right, in place. Float64 holds these numbers
 * exactly.
 */
function joinPair(first: FlacSamples, second: FlacSamples, channelCode: number, blockSize: number): void {
  const end = MAX_ORDER + blockSize
  if (channelCode === 8) {
    for (let i = MAX_ORDER; i < end; i++) second[i] = first[i]! - second[i]!
  } else if (channelCode === 9) {
    for (let i = MAX_ORDER; i < end; i++) first[i] = first[i]! + second[i]!
  } else {
    for (let i = MAX_ORDER; i < end; i++) {
      const side = second[i]!
      // Mid is half of left plus right without its lowest bit. That bit equals the lowest bit of left minus right.
      const left = first[i]! + (side + (side & 1)) / 2
      first[i] = left
      second[i] = left - side
    }
  }
}

/**
 * Scales samples to [-1, 1).
 *
 * @throws EscError CORRUPT_DATA if a sample has more bits than STREAMINFO states, or is NaN: an unstable predictor
 *   overflows.
 */
function writeChannel(samples: FlacSamples, out: Float32Array, top: number): void {
  const scale = 1 / top
  let lowest = 0
  let highest = 0
  for (let i = 0; i < out.length; i++) {
    const value = samples[MAX_ORDER + i]!
    lowest = Math.min(lowest, value)
    highest = Math.max(highest, value)
    out[i] = value * scale
  }
  if (!(lowest >= -top && highest < top)) {
    throw new EscError(
      'CORRUPT_DATA',
      `its samples go from ${lowest} to ${highest}, which needs more bits than STREAMINFO states`,
    )
  }
}

function assertFormat(header: FlacFrameHeader, format: FlacFormat): void {
  const { channels, blockSize } = header
  const sampleRate = header.sampleRate === 0 ? format.sampleRate : header.sampleRate
  const bitDepth = header.bitDepth === 0 ? format.bitDepth : header.bitDepth
  if (sampleRate !== format.sampleRate || bitDepth !== format.bitDepth || channels !== format.channels) {
    throw new EscError(
      'CORRUPT_DATA',
      `it has ${channels} channels of ${bitDepth} bits at ${sampleRate} Hz, STREAMINFO states ${format.channels} channels of ` +
        `${format.bitDepth} bits at ${format.sampleRate} Hz`,
    )
  }
  if (blockSize > format.maxBlockSize) {
    throw new EscError(
      'CORRUPT_DATA',
      `it has ${blockSize} samples, STREAMINFO allows at most ${format.maxBlockSize}`,
    )
  }
}

/**
 * CRC-16 of four bytes at a time. Each of the four has its own table, which includes the effect of the bytes after
 * it.
 */
function crc16(bytes: Uint8Array, count: number, table: Uint16Array): number {
  let crc = 0
  let i = 0
  for (; i + 4 <= count; i += 4) {
    crc =
      table[768 + ((crc >> 8) ^ bytes[i]!)]! ^
      table[512 + ((crc & 255) ^ bytes[i + 1]!)]! ^
      table[256 + bytes[i + 2]!]! ^
      table[bytes[i + 3]!]!
  }
  for (; i < count; i++) crc = ((crc << 8) & 0xffff) ^ table[(crc >> 8) ^ bytes[i]!]!
  return crc
}

/**
 * Tables of the CRC-16 of one byte, followed by 0 to 3 zero bytes. Polynomial 0x8005, highest bit first, initial
 * value 0.
 */
function createCrcTable(): Uint16Array {
  const table = new Uint16Array(1024)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte << 8
    for (let bit = 0; bit < 32; bit++) {
      crc = crc & 0x8000 ? (crc << 1) ^ 0x8005 : crc << 1
      if (bit % 8 === 7) table[(bit >> 3) * 256 + byte] = crc
    }
  }
  return table
}
