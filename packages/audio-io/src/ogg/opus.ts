/** Checks an Ogg Opus file before it is decoded. */
import { EscError, isEscError } from '@esc/core'
import { type CompressedFile, joinStreams, type ReadStream } from '../codecs.js'
import { type OggPage, oggPackets, readOggStreams } from './pages.js'
import { captureWarnings, findSound, type SoundPage } from './positions.js'
import { salvageOgg, writeOgg } from './repair.js'

/** The header of an Opus stream. */
export interface OpusHead {
  channels: number
  /** Samples to drop from the start. */
  preSkip: number
  /** Factor on every sample. */
  gain: number
  /** Opus streams in each packet, how many of them stereo, and which of their channels each channel is. */
  streams: number
  coupled: number
  mapping: number[]
}

// Opus decodes to this rate whatever the recording's was.
const SAMPLE_RATE = 48000
// OpusHead and OpusTags come before the first packet of sound.
const HEADER_PACKETS = 2
// 120 ms, the most that one packet may hold.
const MAX_PACKET_FRAMES = 5760

/**
 * Checks an Ogg Opus file: its pages, its headers, and that its last position is what its packets add up to, give or
 * take a packet. A stream may lack the end-of-stream flag, and start late ({@link findSound} says what follows from
 * that). The length is the last page's position, counted from where the stream starts, less the pre-skip, as RFC 7845 has
 * it; ffmpeg 5.1 trims the last page against the one before, which gives less where that one's position is ahead of its
 * packets. Of chained files, all streams must have the same number of channels; their sound is joined.
 *
 * @param bytes - The whole file.
 * @param tolerant - `true` takes what is intact of a damaged file: of several streams the first of Opus.
 * @returns What it decodes to, with `warnings` of what is odd, or was left out; channels are in the file's order (Vorbis's: 5.1 is L C R Ls Rs LFE).
 * @throws EscError CORRUPT_DATA if a page or a header is damaged or missing, or the file was cut short at either end.
 * @throws EscError UNSUPPORTED_FORMAT if it is multiplexed, or of a channel mapping family other than 0 and 1.
 * @see RFC 7845 (Ogg Opus), sections 4 and 5; RFC 6716 (Opus), section 3.1.
 * @example readOggOpus(bytes).info.durationSec
 */
export function readOggOpus(bytes: Uint8Array, tolerant = false): CompressedFile {
  try {
    const streams = readOggStreams(bytes).map((pages) => readStream(bytes, pages))
    return joinStreams('opus', streams)
  } catch (error) {
    const repaired = tolerant && isEscError(error) ? repair(bytes) : undefined
    if (!repaired) throw error
    // Every page may be there, and yet they contradict each other.
    return repaired.warnings.length > 0 ? repaired : { ...repaired, warnings: [(error as EscError).message] }
  }
}

function readStream(bytes: Uint8Array, pages: readonly OggPage[]): ReadStream {
  const packets = oggPackets(bytes, pages)
  const head = readOpusHead(packets.next().value ?? new Uint8Array(0))
  if (!isTags(packets.next().value)) throw corrupt('the second packet is not OpusTags')
  const sound = countSamples(packets, pages)
  const given = sound.at(-1)?.given ?? 0
  if (given === 0) throw corrupt('there is no sound behind the headers')
  const span = findSound('Opus', sound, MAX_PACKET_FRAMES, false)
  const warnings = [...span.warnings, ...captureWarnings('Opus', pages, span, MAX_PACKET_FRAMES)]
  const last = pages.at(-1)!
  const payload = bytes.subarray(pages[0]!.offset, last.offset + last.length)
  return toStream(head, payload, given, span.end, warnings)
}

/** @param end - Where the sound ends, in samples that the packets decode to. */
function toStream(
  head: OpusHead,
  payload: Uint8Array,
  decodedFrames: number,
  end: number,
  warnings: readonly string[],
): ReadStream {
  const { channels, preSkip, gain } = head
  const frames = end - preSkip
  if (!(frames > 0)) throw corrupt(`pre-skip=${preSkip} leaves ${frames} samples`)
  const stream = { payload, least: decodedFrames, most: decodedFrames, skip: preSkip, frames, gain }
  return { stream, channels, sampleRate: SAMPLE_RATE, warnings }
}

/** What is left of a damaged file; `undefined` if its header is not, or no sound. */
function repair(bytes: Uint8Array): CompressedFile | undefined {
  const salvaged = salvageOgg(bytes, 'OpusHead', 'Opus')
  if (!salvaged) return undefined
  const { granule, warnings } = salvaged
  const [first, ...others] = salvaged.packets
  const head = readOpusHead(first ?? new Uint8Array(0))
  const candidates = others.filter((packet) => !isTags(packet))
  const sound = candidates.filter((packet) => packetFrames(packet) !== undefined)
  const bad = candidates.length - sound.length
  if (bad > 0) warnings.push(`${bad} packets are none of Opus and were left out`)
  const frames = sound.reduce((sum, packet) => sum + packetFrames(packet)!, 0)
  // A position within the last packet trims the end. Beyond it, a page was lost; before it, the position is wrong.
  const end = granule > frames - MAX_PACKET_FRAMES ? Math.min(granule, frames) : frames
  if (end <= head.preSkip) return undefined
  const payload = writeOgg([first!, emptyTags(), ...sound])
  return joinStreams('opus', [toStream(head, payload, frames, end, warnings)])
}

/**
 * The first packet of an Opus stream.
 *
 * @throws EscError CORRUPT_DATA if it is too short or contradicts itself; UNSUPPORTED_FORMAT for a later version, or a
 *   mapping family other than 0 and 1.
 * @see RFC 7845, section 5.1.
 * @example readOpusHead(packet).channels
 */
export function readOpusHead(packet: Uint8Array): OpusHead {
  if (packet.length < 19) throw corrupt(`OpusHead has ${packet.length} bytes, expected at least 19`)
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  const version = view.getUint8(8)
  // A minor version, in the lower half, keeps what is read here.
  if (version >> 4 !== 0)
    throw new EscError('UNSUPPORTED_FORMAT', `Opus version ${version}, expected below 16`)
  const channels = view.getUint8(9)
  const family = view.getUint8(18)
  if (family > 1) {
    throw new EscError('UNSUPPORTED_FORMAT', `Opus channel mapping family ${family}, expected 0 or 1`)
  }
  const most = family === 0 ? 2 : 8
  if (!(channels >= 1 && channels <= most)) {
    throw corrupt(`channels=${channels}, expected 1 to ${most} in mapping family ${family}`)
  }
  // Q7.8 decibels.
  const gain = 10 ** (view.getInt16(16, true) / 256 / 20)
  const preSkip = view.getUint16(10, true)
  if (family === 1) return { channels, preSkip, gain, ...readMapping(packet, channels) }
  const mapping = channels === 2 ? [0, 1] : [0]
  return { channels, preSkip, gain, streams: 1, coupled: channels - 1, mapping }
}

function readMapping(
  packet: Uint8Array,
  channels: number,
): Pick<OpusHead, 'streams' | 'coupled' | 'mapping'> {
  if (packet.length < 21 + channels) {
    throw corrupt(`OpusHead has ${packet.length} bytes, expected ${21 + channels}`)
  }
  const streams = packet[19]!
  const coupled = packet[20]!
  const total = streams + coupled
  const mapping = Array.from(packet.subarray(21, 21 + channels))
  // 255 marks a silent channel.
  if (
    streams === 0 ||
    coupled > streams ||
    total > 255 ||
    !mapping.every((index) => index < total || index === 255)
  ) {
    throw corrupt(`${streams} streams, ${coupled} of them coupled, mapped to channels as [${mapping}]`)
  }
  return { streams, coupled, mapping }
}

/** Pages with sound, and what their packets hold. */
function countSamples(packets: Iterator<Uint8Array>, pages: readonly OggPage[]): SoundPage[] {
  const sound: SoundPage[] = []
  let packet = 0
  let given = 0
  for (const [index, page] of pages.entries()) {
    const first = packet
    packet += page.packets
    for (let n = Math.max(first, HEADER_PACKETS); n < packet; n++) {
      const count = packetFrames(packets.next().value)
      if (count === undefined) throw corrupt(`packet ${n} has no frames, or more than 120 ms of them`)
      given += count
    }
    if (packet > Math.max(first, HEADER_PACKETS)) sound.push({ page, index, given })
  }
  return sound
}

/** Samples that a packet decodes to; `undefined` if its first bytes are none that RFC 6716 allows. */
function packetFrames(packet: Uint8Array): number | undefined {
  const [toc, second = 0] = packet
  if (toc === undefined) return undefined
  const config = toc >> 3
  const size =
    config < 12
      ? [480, 960, 1920, 2880][config & 3]!
      : config < 16
        ? [480, 960][config & 1]!
        : [120, 240, 480, 960][config & 3]!
  const code = toc & 3
  const count = code === 0 ? 1 : code < 3 ? 2 : second & 63
  return count === 0 || count * size > MAX_PACKET_FRAMES ? undefined : count * size
}

function isTags(packet: Uint8Array | undefined): boolean {
  return packet !== undefined && String.fromCharCode(...packet.subarray(0, 8)) === 'OpusTags'
}

/** No vendor, no comments: decoders skip it. */
function emptyTags(): Uint8Array {
  const packet = new Uint8Array(16)
  packet.set(Array.from('OpusTags', (char) => char.charCodeAt(0)))
  return packet
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', `Opus: ${message}`)
}
