/** Takes the intact packets out of a damaged Ogg file, and writes them as an intact file. */
import { latin1, viewOf } from '../bytes.js'
import {
  BEGIN,
  CONTINUED,
  createCrcTable,
  END,
  type OggPage,
  oggCrc,
  oggPackets,
  parseOggPage,
} from './pages.js'

/** The packets of one logical stream of a damaged file. */
export interface SalvagedOgg {
  /** Whole packets, in order. */
  packets: Uint8Array[]
  /** The last position that a page states; 0 if none does. */
  granule: number
  /** One sentence for each part that was left out. */
  warnings: string[]
}

const CAPTURE = [0x4f, 0x67, 0x67, 0x53]
const MAX_SEGMENTS = 255

/**
 * Takes the intact packets of the first logical stream whose first packet begins with `magic`.
 *
 * It leaves out pages with a wrong checksum, packets of which a part is missing, and other streams.
 *
 * @param codec - Its name, for the warnings.
 * @returns `undefined` if the stream's first page is lost, or if the file holds only bytes that look like pages.
 * @see RFC 3533, section 3: a page is found again by its capture pattern, and confirmed by its checksum.
 * @example salvageOgg(bytes, 'OpusHead', 'Opus')?.packets
 */
export function salvageOgg(bytes: Uint8Array, magic: string, codec: string): SalvagedOgg | undefined {
  const intact = findPages(bytes)
  const first = intact.findIndex(
    (page) => (page.flags & BEGIN) !== 0 && latin1(firstPacket(bytes, page), 0, magic.length) === magic,
  )
  if (first === -1) return undefined
  const { serial } = intact[first]!
  const rest = intact.slice(first + 1)
  // A chained file may use the same number again.
  const restart = rest.findIndex((page) => page.serial === serial && (page.flags & BEGIN) !== 0)
  const own = (restart === -1 ? rest : rest.slice(0, restart)).filter((page) => page.serial === serial)
  const pages = [intact[first]!, ...own]
  const warnings = damageOf(bytes, intact, pages)
  if (pages.length < intact.length) {
    warnings.push(`the file also holds other streams; only the first ${codec} stream was decoded`)
  }
  const granules = pages.map(({ granule }) => Number(granule)).filter((granule) => granule > 0)
  return { packets: Array.from(oggPackets(bytes, pages)), granule: granules.at(-1) ?? 0, warnings }
}

/** Every page with a correct checksum, at any offset. */
function findPages(bytes: Uint8Array): OggPage[] {
  const table = createCrcTable()
  const pages: OggPage[] = []
  // Places that look like overlapping pages would cost a checksum each, over the same bytes.
  let budget = 8 * bytes.length + 2 ** 20
  for (let offset = 0; offset < bytes.length && budget > 0; ) {
    const page = parseOggPage(bytes, offset)
    if (typeof page !== 'string') {
      budget -= page.length
      if (oggCrc(bytes, page, table) === storedCrc(bytes, page)) {
        pages.push(page)
        offset += page.length
        continue
      }
    }
    offset = findCapture(bytes, offset + 1)
  }
  return pages
}

function findCapture(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(CAPTURE[0]!, from); at !== -1; at = bytes.indexOf(CAPTURE[0]!, at + 1)) {
    if (CAPTURE.every((byte, i) => bytes[at + i] === byte)) return at
  }
  return bytes.length
}

/** The warnings about pages that are missing between and after the pages of a stream. */
function damageOf(bytes: Uint8Array, intact: readonly OggPage[], pages: readonly OggPage[]): string[] {
  let lost = 0
  let firstAt = -1
  const lose = (count: number, at: number) => {
    lost += count
    if (firstAt === -1) firstAt = at
  }
  for (const [i, page] of pages.entries()) {
    const previous = pages[i - 1]
    if (!previous) continue
    const gap = page.sequence - previous.sequence - 1
    // If the numbers fall, or jump by more pages than fit in the file, the numbers themselves are wrong.
    const isCount = gap > 0 && gap * MAX_SEGMENTS < bytes.length
    if (gap !== 0) lose(isCount ? gap : 1, previous.offset + previous.length)
  }
  const last = pages.at(-1)!
  const end = last.offset + last.length
  const isCut = !(last.flags & END)
  // Bytes after the last page are a damaged page, or a tag that a player added. They count as one lost page.
  if (isCut && !intact.some((page) => page.offset >= end) && end < bytes.length) lose(1, end)
  const warnings: string[] = []
  if (lost > 0) {
    const all = lost + pages.length
    warnings.push(
      `${lost} of ${all} pages were damaged or missing and were left out, the first at byte ${firstAt}`,
    )
  }
  if (isCut) {
    warnings.push(
      `the file was cut short: no page is marked as the end of the stream, the last page is at byte ${last.offset}`,
    )
  }
  const covered = intact.reduce((sum, page) => sum + page.length, 0)
  if (warnings.length === 0 && covered < bytes.length) {
    warnings.push(`${bytes.length - covered} bytes are no Ogg pages and were left out`)
  }
  return warnings
}

/**
 * Writes an Ogg file of one stream. Each packet begins a new page.
 *
 * @returns A file that {@link readOggPages} accepts; the positions of its pages are 0.
 * @see RFC 3533, section 6.
 * @example writeOgg(salvageOgg(bytes, 'OpusHead', 'Opus')!.packets)
 */
export function writeOgg(packets: readonly Uint8Array[]): Uint8Array {
  const sizes = packets.map((packet) => Math.floor(packet.length / 255) + 1)
  const pageCount = sizes.reduce((sum, size) => sum + Math.ceil(size / MAX_SEGMENTS), 0)
  const total = packets.reduce((sum, packet, i) => sum + packet.length + sizes[i]!, 27 * pageCount)
  const out = new Uint8Array(total)
  const view = new DataView(out.buffer)
  const table = createCrcTable()
  let offset = 0
  let sequence = 0
  for (const [i, packet] of packets.entries()) {
    for (let segment = 0; segment < sizes[i]!; segment += MAX_SEGMENTS) {
      const segments = Math.min(MAX_SEGMENTS, sizes[i]! - segment)
      const data = packet.subarray(segment * 255, (segment + segments) * 255)
      const isEnd = i === packets.length - 1 && segment + segments === sizes[i]
      const start = offset + 27 + segments
      out.set(CAPTURE, offset)
      out[offset + 5] = (segment > 0 ? CONTINUED : 0) | (sequence === 0 ? BEGIN : 0) | (isEnd ? END : 0)
      view.setUint32(offset + 18, sequence, true)
      out[offset + 26] = segments
      out.fill(255, offset + 27, start)
      if (segment + segments === sizes[i]) out[start - 1] = packet.length % 255
      out.set(data, start)
      const length = start + data.length - offset
      view.setUint32(offset + 22, oggCrc(out, { offset, length }, table), true)
      offset += length
      sequence++
    }
  }
  return out
}

function storedCrc(bytes: Uint8Array, { offset }: OggPage): number {
  return viewOf(bytes).getUint32(offset + 22, true)
}

function firstPacket(bytes: Uint8Array, page: OggPage): Uint8Array {
  return bytes.subarray(page.offset + 27 + bytes[page.offset + 26]!, page.offset + page.length)
}
