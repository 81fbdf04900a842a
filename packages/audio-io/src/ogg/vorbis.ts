/** Ogg Vorbis: checks a file before it is decoded, and reads its headers. */
import { EscError } from '@esc/core'
import { maxChannels } from '../audio.js'
import { viewOf } from '../bytes.js'
import type { CompressedFile } from '../codecs.js'
import { type OggPage, oggPackets } from './pages.js'
import { joinStreams, measureStream, nextPacket, type OggCodec, type ReadStream, readOgg } from './read.js'
import { salvageOgg, writeOgg } from './repair.js'
import { blockOfPacket, readVorbisModes, type VorbisModes } from './vorbis-setup.js'

/** The identification header of a stream. */
interface Identification {
  channels: number
  sampleRate: number
  /** Samples that the two kinds of packets cover. */
  shortBlock: number
  longBlock: number
}

// The identification, comment and setup headers stand before the first packet of sound.
const HEADER_PACKETS = 3

/**
 * Checks an Ogg Vorbis file: its pages, its headers, and that its last position equals the sum of its packets. A
 * stream may lack the end-of-stream flag, and may start late ({@link findSound} says what follows). The streams of a
 * chained file must have the same number of channels and the same rate; their sound is joined.
 *
 * @param bytes - The whole file.
 * @param tolerant - `true` reads the intact part of a damaged file; of several streams, only the first that is
 *   Vorbis.
 * @returns What the file decodes to, by its headers and its last page, with `warnings`.
 * @throws EscError CORRUPT_DATA if a page or a header is damaged or missing, or a packet after the headers is no
 *   sound.
 * @throws EscError UNSUPPORTED_FORMAT if it is multiplexed, or of another version of Vorbis.
 * @see Xiph.org, "Vorbis I specification" (2020), sections 4.2.2 and A.2.
 * @example readOggVorbis(bytes).info.frames
 */
export function readOggVorbis(bytes: Uint8Array, tolerant = false): CompressedFile {
  return readOgg(vorbisCodec, bytes, tolerant)
}

const vorbisCodec: OggCodec = { name: 'vorbis', readStream, repair }

function readStream(bytes: Uint8Array, pages: readonly OggPage[]): ReadStream {
  const packets = oggPackets(bytes, pages)
  const { channels, sampleRate, shortBlock, longBlock } = readIdentification(nextPacket(packets))
  // The second packet holds comments.
  packets.next()
  const modes = readVorbisModes(nextPacket(packets), shortBlock, longBlock)
  if (!modes) throw corrupt('its third packet is no setup header')
  const { given, span, payload, warnings } = measureStream(bytes, pages, packets, {
    title: 'Vorbis',
    headerPackets: HEADER_PACKETS,
    longestPacket: longBlock,
    trimsStart: true,
    samplesOf: createSampleCounter(modes),
  })
  const frames = span.end - span.start
  if (!(frames > 0)) throw corrupt(`its positions leave ${frames} samples`)
  // The last page's packets may hold more than its position says: the position trims the end.
  const stream = { payload, least: span.end, most: given, skip: span.start, frames, gain: 1 }
  return { stream, channels, sampleRate, warnings }
}

/** Counts the samples of packets in order: two neighbours overlap, and together give half of what they cover. */
function createSampleCounter(modes: VorbisModes): (packet: Uint8Array, index: number) => number {
  let before: number | null = null
  return (packet, index) => {
    const block = blockOfPacket(packet, modes)
    if (block === undefined) {
      // An empty packet adds nothing, and does no harm.
      if (packet.length === 0) return 0
      throw corrupt(`packet ${index} is no packet of sound: it is damaged`)
    }
    const given = before === null ? 0 : (before + block) / 4
    before = block
    return given
  }
}

/** The readable part of a damaged file; `undefined` if a header that decoding needs is lost. */
function repair(bytes: Uint8Array): CompressedFile | undefined {
  const salvaged = salvageOgg(bytes, '\x01vorbis', 'Vorbis')
  const setup = salvaged?.packets.find((packet) => packet[0] === 5)
  // Only packets of sound begin with a 0 bit.
  const sound = salvaged?.packets.filter((packet) => packet.length > 0 && (packet[0]! & 1) === 0) ?? []
  if (!salvaged || !setup || sound.length < 2) return undefined
  const identification = salvaged.packets[0]!
  const { channels, sampleRate, longBlock } = readIdentification(identification)
  const most = (sound.length - 1) * (longBlock / 2)
  const frames = salvaged.granule > 0 ? Math.min(salvaged.granule, most) : most
  const payload = writeOgg([identification, emptyComment(), setup, ...sound])
  const stream = { payload, least: 0, most, skip: 0, frames, gain: 1 }
  return joinStreams('vorbis', [{ stream, channels, sampleRate, warnings: salvaged.warnings }])
}

function readIdentification(packet: Uint8Array): Identification {
  if (packet.length < 30) throw corrupt(`its first packet has ${packet.length} bytes, expected 30`)
  const view = viewOf(packet)
  const version = view.getUint32(7, true)
  if (version !== 0)
    throw new EscError('UNSUPPORTED_FORMAT', `Vorbis version ${version} is not supported, expected 0`)
  const channels = view.getUint8(11)
  const sampleRate = view.getUint32(12, true)
  if (!(channels >= 1 && channels <= maxChannels) || sampleRate === 0) {
    throw corrupt(
      `channels=${channels} at ${sampleRate} Hz, expected 1 to ${maxChannels} channels and > 0 Hz`,
    )
  }
  const shortBlock = 2 ** (view.getUint8(28) & 15)
  const longBlock = 2 ** (view.getUint8(28) >> 4)
  if (!(shortBlock >= 64 && shortBlock <= longBlock && longBlock <= 8192)) {
    throw corrupt(`blocks of ${shortBlock} and ${longBlock} samples, expected 64 to 8192`)
  }
  return { channels, sampleRate, shortBlock, longBlock }
}

/** A comment header with no vendor and no comments; decoders skip it. */
function emptyComment(): Uint8Array {
  const packet = new Uint8Array(16)
  packet.set(Array.from('\x03vorbis', (char) => char.charCodeAt(0)))
  packet[15] = 1
  return packet
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', `Vorbis: ${message}`)
}
