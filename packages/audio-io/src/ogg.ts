/** Checks an Ogg Vorbis file before it is decoded: decoders skip what is damaged and return less sound, silently. */
import { EscError } from '@esc/core'
import { MAX_CHANNELS } from './audio.js'

/** What an intact Ogg Vorbis file says about itself. */
export interface OggVorbisInfo {
  channels: number
  /** Hz. */
  sampleRate: number
  /** Samples per channel: the granule position of the last page. */
  frames: number
}

interface Page {
  offset: number
  length: number
  flags: number
  granule: bigint
  serial: number
  sequence: number
  packets: number
}

const BEGIN = 2
const END = 4
const HEADER_SIZE = 27
// Identification, comment and setup headers come before the first packet of sound.
const HEADER_PACKETS = 3

/**
 * Walks every page of an Ogg Vorbis file: capture pattern, bounds, CRC, one logical stream, page numbers without a
 * gap, an end-of-stream flag on the last page and on no other.
 *
 * @param bytes - The whole file.
 * @returns What its headers and its last page promise; compare it with what a decoder gave.
 * @throws EscError CORRUPT_DATA if a page is damaged, missing, or the file was cut short.
 * @throws EscError UNSUPPORTED_FORMAT if the file holds several logical streams (chained or multiplexed).
 * @see RFC 3533 (Ogg), and Xiph.org, "Vorbis I specification" (2020), sections 4.2.2 and A.2.
 * @example readOggVorbis(bytes).frames
 */
export function readOggVorbis(bytes: Uint8Array): OggVorbisInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const crcTable = createCrcTable()
  let previous: Page | undefined
  let serial = 0
  let packets = 0
  let frames = 0n
  for (let index = 0, offset = 0; offset < bytes.length; index++) {
    const page: Page = readPage(view, offset, index)
    checkCrc(bytes, page, index, crcTable)
    if (index === 0) serial = page.serial
    checkOrder(page, previous, index, serial)
    // -1 marks a page on which no packet ends.
    if (page.granule !== -1n) {
      if (page.granule < frames) throw corrupt(index, `granule position ${page.granule} follows ${frames}`)
      frames = page.granule
    }
    packets += page.packets
    previous = page
    offset += page.length
  }
  if (!previous || !(previous.flags & END)) {
    throw new EscError('CORRUPT_DATA', 'Ogg: the last page has no end-of-stream flag: the file was cut short')
  }
  const { shortBlock, ...info } = readIdentification(view)
  // Each packet but the first gives at least half a short block; at most the last page's are trimmed away.
  if (
    BigInt(packets - HEADER_PACKETS - 1 - previous.packets) * BigInt(shortBlock / 2) > frames ||
    frames === 0n
  ) {
    throw new EscError(
      'CORRUPT_DATA',
      `Ogg: ${packets} packets, and ${frames} samples in the last page's position`,
    )
  }
  return { ...info, frames: Number(frames) }
}

function readPage(view: DataView, offset: number, index: number): Page {
  const rest = view.byteLength - offset
  if (rest < HEADER_SIZE) throw corrupt(index, `${rest} bytes left, expected a page header of ${HEADER_SIZE}`)
  if (view.getUint32(offset) !== 0x4f676753) throw corrupt(index, `no "OggS" at byte ${offset}`)
  if (view.getUint8(offset + 4) !== 0)
    throw corrupt(index, `version ${view.getUint8(offset + 4)}, expected 0`)
  const segments = view.getUint8(offset + 26)
  let length = HEADER_SIZE + segments
  let packets = 0
  if (length > rest) throw corrupt(index, `${rest} bytes left, its header has ${length}`)
  for (let i = 0; i < segments; i++) {
    const lacing = view.getUint8(offset + HEADER_SIZE + i)
    length += lacing
    if (lacing < 255) packets++
  }
  if (length > rest) throw corrupt(index, `${rest} bytes left, it has ${length}: the file was cut short`)
  return {
    offset,
    length,
    packets,
    flags: view.getUint8(offset + 5),
    granule: view.getBigInt64(offset + 6, true),
    serial: view.getUint32(offset + 14, true),
    sequence: view.getUint32(offset + 18, true),
  }
}

function checkOrder(page: Page, previous: Page | undefined, index: number, serial: number): void {
  const isBegin = (page.flags & BEGIN) !== 0
  if (index > 0 && isBegin) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `Ogg page ${index} begins another logical stream: chained and multiplexed files are not supported`,
    )
  }
  if (index === 0 && !isBegin) throw corrupt(index, 'no beginning-of-stream flag: the start is missing')
  if (page.serial !== serial) throw corrupt(index, `stream ${page.serial}, expected ${serial}`)
  if (page.sequence !== index) throw corrupt(index, `it is numbered ${page.sequence}: a page is missing`)
  if (previous && previous.flags & END) throw corrupt(index, 'it follows the page that ends the stream')
}

function checkCrc(bytes: Uint8Array, { offset, length }: Page, index: number, table: Uint32Array): void {
  let crc = 0
  let stored = 0
  for (let i = 0; i < length; i++) {
    let byte = bytes[offset + i]!
    // The field counts as zero in its own checksum.
    if (i >= 22 && i < 26) {
      stored |= byte << ((i - 22) * 8)
      byte = 0
    }
    crc = (crc << 8) ^ table[(crc >>> 24) ^ byte]!
  }
  if (crc !== stored) {
    const hex = (value: number) => (value >>> 0).toString(16).padStart(8, '0')
    throw corrupt(index, `checksum ${hex(crc)}, its header says ${hex(stored)}`)
  }
}

/** CRC-32 with polynomial 0x04c11db7, most significant bit first, initial value and final mask 0. */
function createCrcTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << 24
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1
    return crc
  })
}

function readIdentification(view: DataView): { channels: number; sampleRate: number; shortBlock: number } {
  const start = HEADER_SIZE + view.getUint8(26)
  if (view.byteLength < start + 30) throw corrupt(0, 'its packet is too short for an identification header')
  const version = view.getUint32(start + 7, true)
  if (version !== 0) throw new EscError('UNSUPPORTED_FORMAT', `Vorbis version ${version}, expected 0`)
  const channels = view.getUint8(start + 11)
  const sampleRate = view.getUint32(start + 12, true)
  if (!(channels >= 1 && channels <= MAX_CHANNELS) || sampleRate === 0) {
    throw corrupt(
      0,
      `channels=${channels} at ${sampleRate} Hz, expected 1 to ${MAX_CHANNELS} channels and > 0 Hz`,
    )
  }
  const shortBlock = 2 ** (view.getUint8(start + 28) & 15)
  if (shortBlock < 64) throw corrupt(0, `blocks of ${shortBlock} samples, expected at least 64`)
  return { channels, sampleRate, shortBlock }
}

function corrupt(page: number, message: string): EscError {
  return new EscError('CORRUPT_DATA', `Ogg page ${page}: ${message}`, { detail: { page } })
}
