/** Checks an Ogg Opus file before it is decoded. */
import { EscError } from '@esc/core'
import type { CompressedFile } from './codecs.js'
import { type OggPage, readOggPages, withGranules } from './ogg.js'

// Opus decodes to this rate whatever the recording's was.
const SAMPLE_RATE = 48000
// OpusHead and OpusTags come before the first packet of sound.
const HEADER_PACKETS = 2
// 120 ms, the most that one packet may hold.
const MAX_PACKET_FRAMES = 5760

/**
 * Checks an Ogg Opus file: its pages, its header, and that each page's position is what its packets add up to, give or
 * take a packet. The length is the last page's position less the pre-skip, as RFC 7845 has it; ffmpeg 5.1 trims the last
 * page against the one before, which gives less where that one's position is ahead of its packets.
 *
 * @param bytes - The whole file.
 * @returns What it decodes to; channels are in the file's order (Vorbis's: 5.1 is L C R Ls Rs LFE).
 * @throws EscError CORRUPT_DATA if a page or a header is damaged or missing, or the file was cut short at either end.
 * @throws EscError UNSUPPORTED_FORMAT if it is chained or multiplexed, or of a channel mapping family other than 0 and 1.
 * @see RFC 7845 (Ogg Opus), sections 4 and 5; RFC 6716 (Opus), section 3.1.
 * @example readOggOpus(bytes).info.durationSec
 */
export function readOggOpus(bytes: Uint8Array): CompressedFile {
  const pages = readOggPages(bytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const starts = pages.flatMap((page) => page.starts)
  const { channels, preSkip, gain } = readHead(view, pages[0]!)
  const tags = starts[1] ?? bytes.length
  if (String.fromCharCode(...bytes.subarray(tags, tags + 8)) !== 'OpusTags') {
    throw corrupt('the second packet is not OpusTags')
  }
  const { granules, untrimmed } = countFrames(view, pages, starts)
  const position = Number(granules.at(-1)!)
  const frames = position - preSkip
  if (!(frames > 0)) throw corrupt(`pre-skip=${preSkip} leaves ${frames} samples`)
  return {
    info: {
      container: 'ogg',
      codec: 'opus',
      sampleRate: SAMPLE_RATE,
      channels,
      durationSec: frames / SAMPLE_RATE,
      frames,
      bitDepth: null,
    },
    // ogg-opus-decoder trims the end by all positions together: they must be exact.
    payload: pages.every(({ granule }, i) => granule === granules[i])
      ? bytes
      : withGranules(bytes, pages, granules),
    // Where all sound is on one page, ogg-opus-decoder 1.7.5 trims the end as if there were no pre-skip.
    decodedFrames: [frames, Math.min(position, untrimmed - preSkip)],
    skip: 0,
    gain,
  }
}

function readHead(view: DataView, page: OggPage): { channels: number; preSkip: number; gain: number } {
  const start = page.starts[0] ?? 0
  const size = page.offset + page.length - start
  if (size < 19) throw corrupt(`OpusHead has ${size} bytes, expected at least 19`)
  const version = view.getUint8(start + 8)
  // A minor version, in the lower half, keeps what is read here.
  if (version >> 4 !== 0)
    throw new EscError('UNSUPPORTED_FORMAT', `Opus version ${version}, expected below 16`)
  const channels = view.getUint8(start + 9)
  const family = view.getUint8(start + 18)
  if (family > 1) {
    throw new EscError('UNSUPPORTED_FORMAT', `Opus channel mapping family ${family}, expected 0 or 1`)
  }
  const most = family === 0 ? 2 : 8
  if (!(channels >= 1 && channels <= most)) {
    throw corrupt(`channels=${channels}, expected 1 to ${most} in mapping family ${family}`)
  }
  if (family === 1) checkMapping(view, start, size, channels)
  // Q7.8 decibels.
  const gain = 10 ** (view.getInt16(start + 16, true) / 256 / 20)
  return { channels, preSkip: view.getUint16(start + 10, true), gain }
}

function checkMapping(view: DataView, start: number, size: number, channels: number): void {
  if (size < 21 + channels) throw corrupt(`OpusHead has ${size} bytes, expected ${21 + channels}`)
  const streams = view.getUint8(start + 19)
  const coupled = view.getUint8(start + 20)
  const total = streams + coupled
  const mapping = Array.from({ length: channels }, (_, i) => view.getUint8(start + 21 + i))
  // 255 marks a silent channel.
  if (
    streams === 0 ||
    coupled > streams ||
    total > 255 ||
    !mapping.every((index) => index < total || index === 255)
  ) {
    throw corrupt(`${streams} streams, ${coupled} of them coupled, mapped to channels as [${mapping}]`)
  }
}

/** The exact position of every page, once the stated ones are known to agree, and what all packets hold. */
function countFrames(
  view: DataView,
  pages: readonly OggPage[],
  starts: readonly number[],
): { granules: bigint[]; untrimmed: number } {
  let packet = 0
  let frames = 0
  const granules = pages.map((page, index) => {
    const before = frames
    for (let n = 0; n < page.packets; n++, packet++) {
      if (packet >= HEADER_PACKETS) frames += packetFrames(view, starts[packet]!)
    }
    const isLast = index === pages.length - 1
    const position = Number(page.granule)
    if (position === -1 && isLast) throw corrupt('no packet ends on the last page')
    if (position === -1) return -1n
    // Only the last page may promise less than its packets hold: that trims the end. Else they should be equal, but
    // ffmpeg writes the timestamps of its input, which may be ahead by less than a packet.
    const least = isLast ? before : frames - MAX_PACKET_FRAMES
    if (position < least || position > frames + MAX_PACKET_FRAMES) {
      throw corrupt(`page ${index} ends at sample ${position}, its packets at ${frames}`)
    }
    return BigInt(isLast ? Math.min(position, frames) : frames)
  })
  return { granules, untrimmed: frames }
}

function packetFrames(view: DataView, start: number): number {
  const toc = start < view.byteLength ? view.getUint8(start) : 0
  const config = toc >> 3
  const size =
    config < 12
      ? [480, 960, 1920, 2880][config & 3]!
      : config < 16
        ? [480, 960][config & 1]!
        : [120, 240, 480, 960][config & 3]!
  const code = toc & 3
  const count =
    code === 0 ? 1 : code < 3 ? 2 : start + 1 < view.byteLength ? view.getUint8(start + 1) & 63 : 0
  if (count === 0 || count * size > MAX_PACKET_FRAMES) {
    throw corrupt(`the packet at byte ${start} has ${count} frames of ${size} samples`)
  }
  return count * size
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', `Opus: ${message}`)
}
