/** Ogg Opus: checks a file before it is decoded, and reads its header. */
import { EscError } from '@esc/core'
import { latin1, viewOf } from '../bytes.js'
import type { CompressedFile } from '../codecs.js'
import { type OggPage, oggPackets } from './pages.js'
import { joinStreams, measureStream, nextPacket, type OggCodec, type ReadStream, readOgg } from './read.js'
import { salvageOgg, writeOgg } from './repair.js'

/** The header of an Opus stream. */
export interface OpusHead {
  channels: number
  /** Samples to drop from the start. */
  preSkip: number
  /** Factor on every sample. */
  gain: number
  /** Opus streams in each packet. */
  streams: number
  /** How many of those streams are stereo. */
  coupled: number
  /** For each channel, which channel of the streams it is. */
  mapping: number[]
}

// Opus decodes to this rate, whatever the rate of the recording was.
const SAMPLE_RATE = 48000
// OpusHead and OpusTags stand before the first packet of sound.
const HEADER_PACKETS = 2
// 120 ms, the longest that a packet may be.
const MAX_PACKET_FRAMES = 5760

/**
 * Checks an Ogg Opus file: its pages, its headers, and that its last position equals the sum of its packets, or
 * differs by less than a packet. A stream may lack the end-of-stream flag, and may start late ({@link findSound} says
 * what follows).
 *
 * The length is the last page's position, counted from the start of the stream, minus the pre-skip (RFC 7845). ffmpeg
 * 5.1 trims the last page by the position of the page before: where that position is ahead of its packets, ffmpeg
 * returns less. The streams of a chained file must have the same number of channels; their sound is joined.
 *
 * @param bytes - The whole file.
 * @param tolerant - `true` reads the intact part of a damaged file; of several streams, only the first that is Opus.
 * @returns What the file decodes to, with `warnings`. Channels are in the file's order, which is Vorbis's: 5.1 is L C
 *   R Ls Rs LFE.
 * @throws EscError CORRUPT_DATA if a page or a header is damaged or missing, or the file was cut at its start or its
 *   end.
 * @throws EscError UNSUPPORTED_FORMAT if it is multiplexed, or of a channel mapping family other than 0 and 1.
 * @see RFC 7845 (Ogg Opus), sections 4 and 5; RFC 6716 (Opus), section 3.1.
 * @example readOggOpus(bytes).info.durationSec
 */
export function readOggOpus(bytes: Uint8Array, tolerant = false): CompressedFile {
  return readOgg(opusCodec, bytes, tolerant)
}

const opusCodec: OggCodec = { name: 'opus', readStream, repair }

function readStream(bytes: Uint8Array, pages: readonly OggPage[]): ReadStream {
  const packets = oggPackets(bytes, pages)
  const head = readOpusHead(nextPacket(packets))
  if (!isTags(nextPacket(packets))) throw corrupt('the second packet is not OpusTags')
  const { given, span, payload, warnings } = measureStream(bytes, pages, packets, {
    title: 'Opus',
    headerPackets: HEADER_PACKETS,
    longestPacket: MAX_PACKET_FRAMES,
    trimsStart: false,
    samplesOf(packet, index) {
      const count = packetFrames(packet)
      if (count === undefined) throw corrupt(`packet ${index} has no frames, or more than 120 ms of them`)
      return count
    },
  })
  return toStream(head, payload, given, span.end, warnings)
}

/** @param end - Where the sound ends, counted in the samples that the packets decode to. */
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

/** The readable part of a damaged file; `undefined` if the header or all sound is lost. */
function repair(bytes: Uint8Array): CompressedFile | undefined {
  const salvaged = salvageOgg(bytes, 'OpusHead', 'Opus')
  if (!salvaged) return undefined
  const { granule, warnings } = salvaged
  const [first, ...others] = salvaged.packets
  const head = readOpusHead(first ?? new Uint8Array(0))
  const candidates = others.filter((packet) => !isTags(packet))
  const sound = candidates.filter((packet) => packetFrames(packet) !== undefined)
  const bad = candidates.length - sound.length
  if (bad > 0) warnings.push(`${bad} packets are not valid Opus and were left out`)
  const frames = sound.reduce((sum, packet) => sum + packetFrames(packet)!, 0)
  // A position within the last packet trims the end. A later one shows that a page was lost, an earlier one is wrong.
  const end = granule > frames - MAX_PACKET_FRAMES ? Math.min(granule, frames) : frames
  if (end <= head.preSkip) return undefined
  const payload = writeOgg([first!, emptyTags(), ...sound])
  return joinStreams('opus', [toStream(head, payload, frames, end, warnings)])
}

/**
 * Reads the first packet of an Opus stream.
 *
 * @throws EscError CORRUPT_DATA if it is too short or contradicts itself; UNSUPPORTED_FORMAT for a later version, or
 *   a mapping family other than 0 and 1.
 * @see RFC 7845, section 5.1.
 * @example readOpusHead(packet).channels
 */
export function readOpusHead(packet: Uint8Array): OpusHead {
  if (packet.length < 19) throw corrupt(`OpusHead has ${packet.length} bytes, expected at least 19`)
  const view = viewOf(packet)
  const version = view.getUint8(8)
  // The lower half is the minor version, which does not change the fields that are read here.
  if (version >> 4 !== 0) {
    throw new EscError('UNSUPPORTED_FORMAT', `Opus version ${version} is not supported, expected below 16`)
  }
  const channels = view.getUint8(9)
  const family = view.getUint8(18)
  if (family > 1) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `Opus channel mapping family ${family} is not supported, expected 0 or 1`,
    )
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
    throw corrupt(
      `the channel mapping [${mapping}] does not fit ${streams} streams, ${coupled} of them stereo`,
    )
  }
  return { streams, coupled, mapping }
}

/** Samples that a packet decodes to; `undefined` if RFC 6716 does not allow its first bytes. */
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

function isTags(packet: Uint8Array): boolean {
  return latin1(packet, 0, 8) === 'OpusTags'
}

/** Tags with no vendor and no comments; decoders skip them. */
function emptyTags(): Uint8Array {
  const packet = new Uint8Array(16)
  packet.set(Array.from('OpusTags', (char) => char.charCodeAt(0)))
  return packet
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', `Opus: ${message}`)
}
