/** Reads the header of a FLAC frame. */

/** The header of a frame. */
export interface FlacFrameHeader {
  /** Hz; 0 stands for the rate in STREAMINFO. */
  sampleRate: number
  channels: number
  /** 0 stands for the bit depth in STREAMINFO. */
  bitDepth: number
  /** Samples per channel. */
  blockSize: number
  /** Number of the frame; if `isVariable`, number of its first sample. */
  number: number
  /** Whether block sizes may vary. */
  isVariable: boolean
  /**
   * How the channels are stored: 0 to 7 are 1 to 8 separate channels, 8 is left and side, 9 side and right, 10 mid
   * and side.
   */
  channelCode: number
  /** Bytes of the header, its checksum included. */
  size: number
}

const RATES = [0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000]
const BIT_DEPTHS = [0, 8, 12, -1, 16, 20, 24, 32]

/**
 * Reads the frame header at `offset`.
 *
 * @returns `undefined` if there is none, or its CRC-8 is wrong.
 * @see RFC 9639 (FLAC), section 9.1.
 * @example readFlacFrameHeader(bytes, offset)?.blockSize
 */
export function readFlacFrameHeader(bytes: Uint8Array, offset: number): FlacFrameHeader | undefined {
  if (bytes[offset] !== 0xff || (bytes[offset + 1]! & 0xfe) !== 0xf8) return undefined
  const sizeCode = (bytes[offset + 2] ?? 0) >> 4
  const rateCode = (bytes[offset + 2] ?? 0) & 15
  const layout = bytes[offset + 3] ?? 0
  const channelCode = layout >> 4
  const bitDepth = BIT_DEPTHS[(layout >> 1) & 7]!
  const coded = readNumber(bytes, offset + 4)
  if (sizeCode === 0 || rateCode === 15 || channelCode > 10 || bitDepth < 0 || layout & 1 || !coded) {
    return undefined
  }
  let end = coded.end
  const take = (count: number) => {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 256 + (bytes[end++] ?? 0)
    return value
  }
  const blockSize = sizeCode === 6 || sizeCode === 7 ? take(sizeCode - 5) + 1 : blockSizeOf(sizeCode)
  const sampleRate =
    rateCode < 12 ? RATES[rateCode]! : rateCode === 12 ? take(1) * 1000 : take(2) * (rateCode === 13 ? 1 : 10)
  if (end >= bytes.length || crc8(bytes, offset, end) !== bytes[end]) return undefined
  return {
    sampleRate,
    channels: channelCode < 8 ? channelCode + 1 : 2,
    bitDepth,
    blockSize,
    number: coded.number,
    isVariable: (bytes[offset + 1]! & 1) !== 0,
    channelCode,
    size: end + 1 - offset,
  }
}

function blockSizeOf(code: number): number {
  return code === 1 ? 192 : code < 6 ? 576 << (code - 2) : 256 << (code - 8)
}

/** Reads a number of up to 36 bits, coded in the way that UTF-8 codes characters. */
function readNumber(bytes: Uint8Array, offset: number): { number: number; end: number } | undefined {
  const first = bytes[offset] ?? 0xff
  if (first < 0x80) return { number: first, end: offset + 1 }
  const length = Math.clz32(~(first << 24))
  if (length < 2 || length > 7) return undefined
  let number = first & (0x7f >> length)
  for (let i = 1; i < length; i++) {
    const byte = bytes[offset + i] ?? 0
    if ((byte & 0xc0) !== 0x80) return undefined
    number = number * 64 + (byte & 63)
  }
  return { number, end: offset + length }
}

/** CRC-8 with polynomial 0x07, initial value 0. */
function crc8(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0
  for (let i = start; i < end; i++) {
    crc ^= bytes[i]!
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : crc << 1
  }
  return crc
}
