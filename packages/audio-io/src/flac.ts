/** Checks a FLAC file before it is decoded. */
import { EscError } from '@esc/core'
import type { CompressedFile } from './codecs.js'
import { withoutTags } from './mp3.js'

interface StreamInfo {
  sampleRate: number
  channels: number
  bitDepth: number
  /** Samples per channel; 0 if the encoder did not know. */
  frames: number
}

interface FrameHeader {
  blockSize: number
  /** `undefined` where it is STREAMINFO's. */
  sampleRate: number | undefined
  channels: number
  /** `undefined` where it is STREAMINFO's. */
  bitDepth: number | undefined
  /** Of the frame, or of its first sample where block sizes vary. */
  number: number
  isVariable: boolean
}

// What 32-bit float can hold.
const MAX_BIT_DEPTH = 24
const RATES = [undefined, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000]
const BIT_DEPTHS = [undefined, 8, 12, null, 16, 20, 24, 32]

/**
 * Checks a FLAC file: STREAMINFO, then every frame's header, number and CRC-16. The MD5 of the samples is not checked.
 *
 * @param bytes - The whole file; ID3 and APE tags around it are skipped.
 * @returns What it decodes to.
 * @throws EscError CORRUPT_DATA if a frame is damaged or missing, or there are fewer samples than STREAMINFO says.
 * @throws EscError UNSUPPORTED_FORMAT if it has more than 24 bits.
 * @see RFC 9639 (FLAC), sections 8 and 9.
 * @example readFlac(bytes).info.bitDepth
 */
export function readFlac(bytes: Uint8Array): CompressedFile {
  const payload = withoutTags(bytes)
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const { info, end } = readMetadata(view)
  const frames = walkFrames(payload, end, info).samples
  if (frames === 0 || (info.frames !== 0 && info.frames !== frames)) {
    throw corrupt(`${frames} samples, STREAMINFO promises ${info.frames || 'some'}: the file was cut short`, {
      expected: info.frames,
      found: frames,
    })
  }
  const durationSec = frames / info.sampleRate
  return {
    info: { container: 'flac', codec: 'flac', ...info, frames, durationSec },
    payload,
    decodedFrames: [frames],
    skip: 0,
    gain: 1,
  }
}

/**
 * The frames of a FLAC file, for decoders that take them one by one.
 *
 * @param bytes - A file that {@link readFlac} takes, without tags around it.
 * @returns Views of the same bytes.
 * @throws EscError CORRUPT_DATA as {@link readFlac}.
 * @example decoder.decodeFrames(splitFlac(bytes))
 */
export function splitFlac(bytes: Uint8Array): Uint8Array[] {
  const { info, end } = readMetadata(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  return walkFrames(bytes, end, info).frames
}

function readMetadata(view: DataView): { info: StreamInfo; end: number } {
  let info: StreamInfo | undefined
  for (let offset = 4; offset + 4 <= view.byteLength; ) {
    const kind = view.getUint8(offset)
    const length = view.getUint32(offset) & 0xffffff
    const end = offset + 4 + length
    if (end > view.byteLength) {
      throw corrupt(`${view.byteLength - offset - 4} bytes left, a metadata block has ${length}`)
    }
    if (!info) {
      if ((kind & 127) !== 0 || length !== 34) throw corrupt('the first metadata block is not STREAMINFO')
      info = readStreamInfo(view, offset + 4)
    }
    if (kind & 128) return { info, end }
    offset = end
  }
  throw corrupt('it ends before the last metadata block')
}

function readStreamInfo(view: DataView, offset: number): StreamInfo {
  const packed = view.getUint32(offset + 10)
  const sampleRate = packed >>> 12
  const channels = ((packed >>> 9) & 7) + 1
  const bitDepth = ((packed >>> 4) & 31) + 1
  const frames = (packed & 15) * 2 ** 32 + view.getUint32(offset + 14)
  if (sampleRate === 0) throw corrupt('the sample rate is 0 Hz')
  if (bitDepth < 4) throw corrupt(`bitDepth=${bitDepth}, expected at least 4`)
  if (bitDepth > MAX_BIT_DEPTH) {
    throw new EscError('UNSUPPORTED_FORMAT', `FLAC: bitDepth=${bitDepth}, expected at most ${MAX_BIT_DEPTH}`)
  }
  return { sampleRate, channels, bitDepth, frames }
}

/** Walks the frames. A frame does not say how long it is: it ends where its checksum comes out and another begins. */
function walkFrames(
  bytes: Uint8Array,
  start: number,
  info: StreamInfo,
): { frames: Uint8Array[]; samples: number } {
  const table = createCrcTable()
  const frames: Uint8Array[] = []
  let samples = 0
  for (let offset = start; offset < bytes.length; ) {
    const index = frames.length
    const header = readHeader(bytes, offset)
    if (!header) throw corrupt(`frame ${index}: no frame header at byte ${offset}`, { frame: index })
    checkHeader(header, index, samples, info)
    let crc = 0
    let end = offset
    // A checksum run over its own field comes out as 0.
    do {
      crc = ((crc << 8) & 0xffff) ^ table[(crc >> 8) ^ bytes[end++]!]!
    } while (end < bytes.length && !(crc === 0 && readHeader(bytes, end)))
    if (crc !== 0) {
      throw corrupt(`frame ${index}, from byte ${offset}, has no end with the right checksum`, {
        frame: index,
      })
    }
    frames.push(bytes.subarray(offset, end))
    samples += header.blockSize
    offset = end
  }
  return { frames, samples }
}

function checkHeader(header: FrameHeader, index: number, samples: number, info: StreamInfo): void {
  const expected = header.isVariable ? samples : index
  if (header.number !== expected) {
    throw corrupt(`frame ${index} is numbered ${header.number}, expected ${expected}`, { frame: index })
  }
  const { channels, sampleRate = info.sampleRate, bitDepth = info.bitDepth } = header
  if (sampleRate !== info.sampleRate || bitDepth !== info.bitDepth || channels !== info.channels) {
    throw corrupt(
      `frame ${index} has ${channels} channels of ${bitDepth} bits at ${sampleRate} Hz, STREAMINFO ` +
        `${info.channels} of ${info.bitDepth} at ${info.sampleRate}`,
      { frame: index },
    )
  }
}

/** The frame header at `offset`; `undefined` if there is none, or its CRC-8 is wrong. */
function readHeader(bytes: Uint8Array, offset: number): FrameHeader | undefined {
  if (bytes[offset] !== 0xff || (bytes[offset + 1]! & 0xfe) !== 0xf8) return undefined
  const sizes = bytes[offset + 2] ?? 0
  const layout = bytes[offset + 3] ?? 0
  const sizeCode = sizes >> 4
  const rateCode = sizes & 15
  const channelCode = layout >> 4
  const bitDepth = BIT_DEPTHS[(layout >> 1) & 7]
  if (sizeCode === 0 || rateCode === 15 || channelCode > 10 || bitDepth === null || layout & 1)
    return undefined
  const coded = readNumber(bytes, offset + 4)
  if (!coded) return undefined
  let end = coded.end
  const take = (size: number) => {
    let value = 0
    for (let i = 0; i < size; i++) value = value * 256 + (bytes[end++] ?? 0)
    return value
  }
  const blockSize =
    sizeCode >= 8
      ? 256 << (sizeCode - 8)
      : sizeCode >= 6
        ? take(sizeCode - 5) + 1
        : sizeCode === 1
          ? 192
          : 576 << (sizeCode - 2)
  const sampleRate =
    rateCode < 12 ? RATES[rateCode] : rateCode === 12 ? take(1) * 1000 : take(2) * (rateCode === 13 ? 1 : 10)
  if (end >= bytes.length || crc8(bytes, offset, end) !== bytes[end]) return undefined
  return {
    blockSize,
    sampleRate,
    channels: channelCode < 8 ? channelCode + 1 : 2,
    bitDepth,
    number: coded.number,
    isVariable: (bytes[offset + 1]! & 1) !== 0,
  }
}

/** A number coded as UTF-8 codes characters, of up to 36 bits. */
function readNumber(bytes: Uint8Array, offset: number): { number: number; end: number } | undefined {
  const first = bytes[offset] ?? 0
  if (first < 0x80) return { number: first, end: offset + 1 }
  const length = Math.clz32(~(first << 24))
  if (length < 2 || length > 7) return undefined
  let number = first & (0x7f >> length)
  for (let i = 1; i < length; i++) number = number * 64 + ((bytes[offset + i] ?? 0) & 63)
  return { number, end: offset + length }
}

/** Polynomial 0x07, initial value 0. */
function crc8(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0
  for (let i = start; i < end; i++) {
    crc ^= bytes[i]!
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : crc << 1
  }
  return crc
}

/** CRC-16 with polynomial 0x8005, most significant bit first, initial value 0. */
function createCrcTable(): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x8005 : crc << 1
    return crc
  })
}

function corrupt(message: string, detail: Readonly<Record<string, unknown>> = {}): EscError {
  return new EscError('CORRUPT_DATA', `FLAC: ${message}`, { detail })
}
