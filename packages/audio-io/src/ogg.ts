/** Checks an Ogg file, and Vorbis in it, before it is decoded: decoders skip what is damaged and return less sound, silently. */
import { EscError } from '@esc/core'
import { MAX_CHANNELS } from './audio.js'
import type { CompressedFile } from './codecs.js'

/** One page of an Ogg file, in bytes from the start of the file. */
export interface OggPage {
  offset: number
  length: number
  flags: number
  /** Position of the sound up to the last packet that ends here, in the codec's own unit; -1 if none does. */
  granule: bigint
  serial: number
  sequence: number
  /** How many packets end here. */
  packets: number
  /** Where the packets that begin here begin. */
  starts: number[]
  /** Whether the last packet goes on on the next page. */
  isOpen: boolean
}

const CONTINUED = 1
const BEGIN = 2
const END = 4
const HEADER_SIZE = 27
// Identification, comment and setup headers come before the first packet of sound.
const HEADER_PACKETS = 3

/**
 * Walks every page of an Ogg file: capture pattern, bounds, CRC, one logical stream, page numbers and packets without
 * a gap, positions that never fall, an end-of-stream flag on the last page and on no other.
 *
 * @param bytes - The whole file.
 * @throws EscError CORRUPT_DATA if a page is damaged, missing, or the file was cut short.
 * @throws EscError UNSUPPORTED_FORMAT if the file holds several logical streams (chained or multiplexed).
 * @see RFC 3533 (Ogg).
 * @example readOggPages(bytes).at(-1)?.granule
 */
export function readOggPages(bytes: Uint8Array): OggPage[] {
  const view = viewOf(bytes)
  const crcTable = createCrcTable()
  const pages: OggPage[] = []
  let position = 0n
  for (let offset = 0; offset < bytes.length; ) {
    const index = pages.length
    const page = readPage(view, offset, index)
    checkCrc(bytes, page, index, crcTable)
    checkOrder(page, pages[index - 1], index, pages[0]?.serial ?? page.serial)
    // -1 marks a page on which no packet ends.
    if (page.granule !== -1n) {
      if (page.granule < position)
        throw corrupt(index, `granule position ${page.granule} follows ${position}`)
      position = page.granule
    }
    pages.push(page)
    offset += page.length
  }
  if (!((pages.at(-1)?.flags ?? 0) & END)) {
    throw new EscError('CORRUPT_DATA', 'Ogg: the last page has no end-of-stream flag: the file was cut short')
  }
  return pages
}

/**
 * Checks an Ogg Vorbis file.
 *
 * @param bytes - The whole file.
 * @returns What its headers and its last page promise.
 * @throws EscError CORRUPT_DATA, UNSUPPORTED_FORMAT as {@link readOggPages}, and for another version of Vorbis.
 * @see Xiph.org, "Vorbis I specification" (2020), sections 4.2.2 and A.2.
 * @example readOggVorbis(bytes).info.frames
 */
export function readOggVorbis(bytes: Uint8Array): CompressedFile {
  const pages = readOggPages(bytes)
  const { channels, sampleRate, shortBlock } = readIdentification(viewOf(bytes))
  const last = pages.at(-1)!
  const packets = pages.reduce((sum, page) => sum + page.packets, 0)
  const frames = pages.reduce((max, { granule }) => (granule > max ? granule : max), 0n)
  // Each packet but the first gives at least half a short block; at most the last page's are trimmed away.
  const atLeast = BigInt(packets - HEADER_PACKETS - 1 - last.packets) * BigInt(shortBlock / 2)
  if (atLeast > frames || frames === 0n) {
    throw new EscError(
      'CORRUPT_DATA',
      `Ogg: ${packets} packets, and ${frames} samples in the last page's position`,
    )
  }
  return {
    info: {
      container: 'ogg',
      codec: 'vorbis',
      sampleRate,
      channels,
      durationSec: Number(frames) / sampleRate,
      frames: Number(frames),
      bitDepth: null,
    },
    payload: bytes,
    decodedFrames: [Number(frames)],
    skip: 0,
    gain: 1,
  }
}

function readPage(view: DataView, offset: number, index: number): OggPage {
  const rest = view.byteLength - offset
  if (rest < HEADER_SIZE) throw corrupt(index, `${rest} bytes left, expected a page header of ${HEADER_SIZE}`)
  if (view.getUint32(offset) !== 0x4f676753) throw corrupt(index, `no "OggS" at byte ${offset}`)
  if (view.getUint8(offset + 4) !== 0)
    throw corrupt(index, `version ${view.getUint8(offset + 4)}, expected 0`)
  const segments = view.getUint8(offset + 26)
  let length = HEADER_SIZE + segments
  if (length > rest) throw corrupt(index, `${rest} bytes left, its header has ${length}`)
  const flags = view.getUint8(offset + 5)
  const starts: number[] = []
  let packets = 0
  let isOpen = (flags & CONTINUED) !== 0
  for (let i = 0; i < segments; i++) {
    const lacing = view.getUint8(offset + HEADER_SIZE + i)
    if (!isOpen) starts.push(offset + length)
    length += lacing
    isOpen = lacing === 255
    if (!isOpen) packets++
  }
  if (length > rest) throw corrupt(index, `${rest} bytes left, it has ${length}: the file was cut short`)
  return {
    offset,
    length,
    flags,
    packets,
    starts,
    isOpen,
    granule: view.getBigInt64(offset + 6, true),
    serial: view.getUint32(offset + 14, true),
    sequence: view.getUint32(offset + 18, true),
  }
}

function checkOrder(page: OggPage, previous: OggPage | undefined, index: number, serial: number): void {
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
  const isContinued = (page.flags & CONTINUED) !== 0
  if (isContinued !== (previous?.isOpen ?? false)) {
    throw corrupt(
      index,
      isContinued ? 'it continues a packet that has ended' : 'the last packet is not continued',
    )
  }
}

function checkCrc(bytes: Uint8Array, page: OggPage, index: number, table: Uint32Array): void {
  const crc = crcOf(bytes, page, table)
  const stored = viewOf(bytes).getUint32(page.offset + 22, true)
  if (crc !== stored) {
    const hex = (value: number) => value.toString(16).padStart(8, '0')
    throw corrupt(index, `checksum ${hex(crc)}, its header says ${hex(stored)}`)
  }
}

function crcOf(bytes: Uint8Array, { offset, length }: OggPage, table: Uint32Array): number {
  let crc = 0
  for (let i = 0; i < length; i++) {
    // The field counts as zero in its own checksum.
    const byte = i >= 22 && i < 26 ? 0 : bytes[offset + i]!
    crc = (crc << 8) ^ table[(crc >>> 24) ^ byte]!
  }
  return crc >>> 0
}

/**
 * The same file with other positions.
 *
 * @param granules - One per page; -1 for a page on which no packet ends.
 * @returns New bytes, with checksums that are right.
 * @example withGranules(bytes, pages, pages.map((page) => page.granule))
 */
export function withGranules(
  bytes: Uint8Array,
  pages: readonly OggPage[],
  granules: readonly bigint[],
): Uint8Array {
  const out = bytes.slice()
  const view = viewOf(out)
  const table = createCrcTable()
  for (const [i, page] of pages.entries()) {
    view.setBigInt64(page.offset + 6, granules[i]!, true)
    view.setUint32(page.offset + 22, crcOf(out, page, table), true)
  }
  return out
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

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function corrupt(page: number, message: string): EscError {
  return new EscError('CORRUPT_DATA', `Ogg page ${page}: ${message}`, { detail: { page } })
}
