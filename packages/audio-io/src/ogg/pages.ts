/** The pages and packets of an Ogg file, all checked, because decoders skip damage silently and return less sound. */
import { EscError } from '@esc/core'
import { concat, viewOf } from '../bytes.js'
import { readBytes } from '../reading.js'
import { readTagsBefore } from '../tags.js'

/** One page of an Ogg file, in bytes from the start of the file. */
export interface OggPage {
  offset: number
  length: number
  flags: number
  /**
   * Position of the sound at the end of the last packet that ends on this page, in the codec's own unit; -1 if none
   * ends.
   */
  granule: bigint
  serial: number
  sequence: number
  /** How many packets end on this page. */
  packets: number
  /** Whether the last packet continues on the next page. */
  isOpen: boolean
}

/** Bits of {@link OggPage.flags}. */
export const CONTINUED = 1
export const BEGIN = 2
export const END = 4

const HEADER_SIZE = 27

/**
 * Reads every page of an Ogg file with one logical stream. It checks the capture pattern, the bounds and the CRC of
 * each page, that no page number and no part of a packet is missing, and that only the last page has an end-of-stream
 * flag.
 *
 * The last page may lack that flag: a recorder that is stopped (as on Android) leaves it out. A file that was cut
 * between two pages looks the same. Page numbers may begin anywhere, and may jump after the headers: a program that
 * captures a broadcast gets the headers first, and then pages from the middle ({@link isCaptured}). A jump by one
 * page is still an error there.
 *
 * @param bytes - The whole file; ID3v2 tags before it are skipped.
 * @throws EscError CORRUPT_DATA if a page is damaged, missing, or the file was cut short.
 * @throws EscError UNSUPPORTED_FORMAT if the file holds several logical streams (chained or multiplexed).
 * @see RFC 3533 (Ogg).
 * @example readOggPages(bytes).at(-1)?.granule
 */
export function readOggPages(bytes: Uint8Array): OggPage[] {
  const streams = readOggStreams(bytes)
  if (streams.length > 1) {
    throw new EscError('UNSUPPORTED_FORMAT', `Ogg: ${streams.length} streams are chained, expected one`)
  }
  return streams[0]!
}

/**
 * {@link readOggPages} for files that may be chained: one list of pages for each stream.
 *
 * @throws EscError CORRUPT_DATA as {@link readOggPages}; UNSUPPORTED_FORMAT if streams are multiplexed.
 * @see RFC 3533, section 4: a chained stream begins where the stream before it ended.
 * @example readOggStreams(bytes).map((pages) => pages.at(-1)?.granule)
 */
export function readOggStreams(bytes: Uint8Array): OggPage[][] {
  const crcTable = createCrcTable()
  const streams: OggPage[][] = []
  let pages: OggPage[] = []
  let index = 0
  for (let offset = readBytes(bytes, readTagsBefore()); offset < bytes.length; index++) {
    const page = parseOggPage(bytes, offset)
    if (typeof page === 'string') throw corrupt(index, page)
    checkCrc(bytes, page, index, crcTable)
    const previous = pages.at(-1)
    if (!previous || (page.flags & BEGIN && previous.flags & END)) {
      pages = []
      streams.push(pages)
    }
    checkOrder(page, pages, index)
    pages.push(page)
    offset += page.length
  }
  if (pages.length === 0) throw new EscError('CORRUPT_DATA', 'Ogg: the file has no page')
  if (pages.at(-1)!.isOpen) {
    throw new EscError(
      'CORRUPT_DATA',
      'Ogg: the last packet continues on a page that is missing: the file was cut short',
    )
  }
  return streams
}

/**
 * Whether the page numbers jump after the headers, as in a captured broadcast.
 *
 * @example isCaptured(readOggPages(bytes))
 */
export function isCaptured(pages: readonly OggPage[]): boolean {
  return pages.some((page, i) => i > 0 && page.sequence !== pages[i - 1]!.sequence + 1)
}

/**
 * The whole packets of some pages, in order. A packet that spans several pages is copied; the others are views of
 * `bytes`.
 *
 * @param pages - Pages of one stream. A packet is left out if a part of it is on none of them.
 * @see RFC 3533, section 5.
 * @example for (const packet of oggPackets(bytes, readOggPages(bytes))) show(packet.length)
 */
export function* oggPackets(bytes: Uint8Array, pages: Iterable<OggPage>): Generator<Uint8Array, undefined> {
  // The parts of a packet that began and has not ended.
  let parts: Uint8Array[] | undefined
  let sequence = 0
  for (const page of pages) {
    const continues = (page.flags & CONTINUED) !== 0
    if (!continues || page.sequence !== sequence) parts = continues ? undefined : []
    sequence = page.sequence + 1
    const segments = bytes[page.offset + 26]!
    let start = page.offset + HEADER_SIZE + segments
    let end = start
    for (let i = 0; i < segments; i++) {
      const lacing = bytes[page.offset + HEADER_SIZE + i]!
      end += lacing
      if (lacing === 255 && i < segments - 1) continue
      parts?.push(bytes.subarray(start, end))
      start = end
      if (lacing === 255) continue
      if (parts) yield parts.length === 1 ? parts[0]! : concat(parts)
      parts = []
    }
  }
}

/** {@link oggPackets} as a list. @example readOggPackets(bytes, readOggPages(bytes))[0] */
export function readOggPackets(bytes: Uint8Array, pages: readonly OggPage[]): Uint8Array[] {
  return Array.from(oggPackets(bytes, pages))
}

/**
 * The page at `offset`, or a text that says what is wrong there. It does not check the checksum.
 *
 * @example parseOggPage(bytes, 0)
 */
export function parseOggPage(bytes: Uint8Array, offset: number): OggPage | string {
  const view = viewOf(bytes)
  const rest = bytes.length - offset
  if (rest < HEADER_SIZE) return `only ${rest} bytes are left, expected a page header of ${HEADER_SIZE}`
  if (view.getUint32(offset) !== 0x4f676753) return `expected "OggS" at byte ${offset}`
  if (bytes[offset + 4] !== 0) return `its version is ${bytes[offset + 4]}, expected 0`
  const segments = bytes[offset + 26]!
  let length = HEADER_SIZE + segments
  if (length > rest) return `only ${rest} bytes are left, its header has ${length}`
  const flags = bytes[offset + 5]!
  let packets = 0
  let isOpen = (flags & CONTINUED) !== 0
  for (let i = 0; i < segments; i++) {
    const lacing = bytes[offset + HEADER_SIZE + i]!
    length += lacing
    isOpen = lacing === 255
    if (!isOpen) packets++
  }
  if (length > rest) return `only ${rest} bytes are left, it has ${length}: the file was cut short`
  return {
    offset,
    length,
    flags,
    packets,
    isOpen,
    granule: view.getBigInt64(offset + 6, true),
    serial: view.getUint32(offset + 14, true),
    sequence: view.getUint32(offset + 18, true),
  }
}

/** @param before - The pages of the same stream before this one. */
function checkOrder(page: OggPage, before: readonly OggPage[], index: number): void {
  const previous = before.at(-1)
  const isBegin = (page.flags & BEGIN) !== 0
  if (previous && isBegin) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `Ogg page ${index} begins another logical stream: multiplexed files are not supported`,
    )
  }
  if (!previous && !isBegin)
    throw corrupt(index, 'it has no beginning-of-stream flag: the start of the file is missing')
  if (previous && page.serial !== previous.serial) {
    throw corrupt(index, `it belongs to stream ${page.serial}, expected ${previous.serial}`)
  }
  const expected = previous ? previous.sequence + 1 : page.sequence
  const isAfterHeaders = previous?.granule === 0n && page.granule > 0n
  if (page.sequence !== expected && !(isAfterHeaders && page.sequence > expected + 1)) {
    throw corrupt(index, `it is numbered ${page.sequence}, expected ${expected}: a page is missing`)
  }
  if (previous && previous.flags & END) throw corrupt(index, 'it follows the page that ends the stream')
  const isContinued = (page.flags & CONTINUED) !== 0
  if (isContinued !== (previous?.isOpen ?? false)) {
    throw corrupt(
      index,
      isContinued ? 'it continues a packet that has ended' : 'it does not continue the last packet',
    )
  }
}

function checkCrc(bytes: Uint8Array, page: OggPage, index: number, table: Uint32Array): void {
  const crc = oggCrc(bytes, page, table)
  const stored = viewOf(bytes).getUint32(page.offset + 22, true)
  if (crc !== stored) {
    const hex = (value: number) => value.toString(16).padStart(8, '0')
    throw corrupt(index, `its checksum is ${hex(crc)}, its header states ${hex(stored)}`)
  }
}

/** The checksum that fits a page's bytes. @example oggCrc(bytes, readOggPages(bytes)[0]!, createCrcTable()) */
export function oggCrc(
  bytes: Uint8Array,
  { offset, length }: { offset: number; length: number },
  table: Uint32Array,
): number {
  let crc = 0
  for (let i = 0; i < length; i++) {
    // The checksum's own field counts as zero.
    const byte = i >= 22 && i < 26 ? 0 : bytes[offset + i]!
    crc = (crc << 8) ^ table[(crc >>> 24) ^ byte]!
  }
  return crc >>> 0
}

/**
 * CRC-32 with polynomial 0x04c11db7, most significant bit first, initial value and final mask 0.
 *
 * @see RFC 3533, section 6.
 * @example oggCrc(bytes, readOggPages(bytes)[0]!, createCrcTable())
 */
export function createCrcTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << 24
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1
    return crc
  })
}

function corrupt(page: number, message: string): EscError {
  return new EscError('CORRUPT_DATA', `Ogg page ${page}: ${message}`, { detail: { page } })
}
