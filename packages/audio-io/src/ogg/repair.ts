/** What can be read of a damaged Ogg file, as a whole one. */
import { BEGIN, createCrcTable, END, type OggPage, oggCrc, oggPackets, parseOggPage } from './pages.js'

/** The packets of one logical stream of a damaged file. */
export interface SalvagedOgg {
  /** Whole packets, in order. */
  packets: Uint8Array[]
  /** The last position that a page states; 0 if none does. */
  granule: number
  /** What was left out, a sentence each. */
  warnings: string[]
}

const CAPTURE = [0x4f, 0x67, 0x67, 0x53]
const MAX_SEGMENTS = 255

/**
 * Takes what is intact of the first logical stream whose first packet begins with `magic`.
 *
 * Left out are pages whose checksum is wrong, packets of which a part is missing, and other streams.
 *
 * @param codec - Its name, for the warnings.
 * @returns `undefined` if the stream's first page is not there, or the file is nothing but false starts of pages.
 * @see RFC 3533, section 3: a page is found again by its capture pattern, and confirmed by its checksum.
 * @example salvageOgg(bytes, 'OpusHead', 'Opus')?.packets
 */
export function salvageOgg(bytes: Uint8Array, magic: string, codec: string): SalvagedOgg | undefined {
  const intact = findPages(bytes)
  const first = intact.findIndex(
    (page) => (page.flags & BEGIN) !== 0 && latin1(firstPacket(bytes, page), magic.length) === magic,
  )
  if (first === -1) return undefined
  const { serial } = intact[first]!
  const rest = intact.slice(first + 1)
  // The same number may come again in a chained file.
  const restart = rest.findIndex((page) => page.serial === serial && (page.flags & BEGIN) !== 0)
  const own = (restart === -1 ? rest : rest.slice(0, restart)).filter((page) => page.serial === serial)
  const pages = [intact[first]!, ...own]
  const warnings = damageOf(bytes, intact, pages)
  if (pages.length < intact.length) {
    warnings.push(`the file holds other streams as well; only the first ${codec} stream was decoded`)
  }
  const granules = pages.map(({ granule }) => Number(granule)).filter((granule) => granule > 0)
  return { packets: Array.from(oggPackets(bytes, pages)), granule: granules.at(-1) ?? 0, warnings }
}

/** Every page with the right checksum, wherever it stands. */
function findPages(bytes: Uint8Array): OggPage[] {
  const table = createCrcTable()
  const pages: OggPage[] = []
  // Pages that overlap would have the same bytes checked again and again.
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

/** What is missing between and after the pages of a stream. */
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
    // Numbers that fall, or jump by more than a file could hold, are wrong themselves.
    const isCount = gap > 0 && gap * MAX_SEGMENTS < bytes.length
    if (gap !== 0) lose(isCount ? gap : 1, previous.offset + previous.length)
  }
  const last = pages.at(-1)!
  const end = last.offset + last.length
  const isCut = !(last.flags & END)
  // A damaged page may be the last one, or a tag that a player put there.
  if (isCut && !intact.some((page) => page.offset >= end) && end < bytes.length) lose(1, end)
  const warnings: string[] = []
  if (lost > 0) {
    const all = lost + pages.length
    warnings.push(
      `${lost} of ${all} pages were damaged or missing and are left out, the first at byte ${firstAt}`,
    )
  }
  if (isCut)
    warnings.push(`the file was cut short: no page ends the stream, the last is at byte ${last.offset}`)
  const covered = intact.reduce((sum, page) => sum + page.length, 0)
  if (warnings.length === 0 && covered < bytes.length) {
    warnings.push(`${bytes.length - covered} bytes are no Ogg pages and were left out`)
  }
  return warnings
}

/**
 * An Ogg file of one stream, from its packets: each begins a page of its own.
 *
 * @returns Pages that {@link readOggPages} takes; their positions are 0.
 * @see RFC 3533, section 6.
 * @example writeOgg(salvageOgg(bytes, 'OpusHead', 'Opus').packets)
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
      out[offset + 5] = (segment > 0 ? 1 : 0) | (sequence === 0 ? BEGIN : 0) | (isEnd ? END : 0)
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
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset + 22, true)
}

function firstPacket(bytes: Uint8Array, page: OggPage): Uint8Array {
  return bytes.subarray(page.offset + 27 + bytes[page.offset + 26]!, page.offset + page.length)
}

function latin1(bytes: Uint8Array, length: number): string {
  return String.fromCharCode(...bytes.subarray(0, length))
}
