/** Checks an Ogg Vorbis file before it is decoded. */
import { EscError, isEscError } from '@esc/core'
import { MAX_CHANNELS } from '../audio.js'
import { type CompressedFile, joinStreams, type ReadStream } from '../codecs.js'
import { type OggPage, oggPackets, readOggStreams } from './pages.js'
import { captureWarnings, findSound, type SoundPage } from './positions.js'
import { salvageOgg, writeOgg } from './repair.js'
import { blockOfPacket, readVorbisModes, type VorbisModes } from './vorbis-setup.js'

interface Identification {
  channels: number
  sampleRate: number
  /** Samples that the two kinds of packets span. */
  shortBlock: number
  longBlock: number
}

// Identification, comment and setup headers come before the first packet of sound.
const HEADER_PACKETS = 3

/**
 * Checks an Ogg Vorbis file: its pages, its headers, and that its last position is what its packets hold. A stream may
 * lack the end-of-stream flag, and start late ({@link findSound} says what follows from that). Of chained files, all
 * streams must have the same number of channels and the same rate; their sound is joined.
 *
 * @param bytes - The whole file.
 * @param tolerant - `true` takes what is intact of a damaged file: of several streams the first of Vorbis.
 * @returns What its headers and its last page promise; `warnings` says what is odd, or was left out.
 * @throws EscError CORRUPT_DATA, UNSUPPORTED_FORMAT as {@link readOggStreams}, and for another version of Vorbis; CORRUPT_DATA also if a
 *   packet behind the headers is none of sound.
 * @see Xiph.org, "Vorbis I specification" (2020), sections 4.2.2 and A.2.
 * @example readOggVorbis(bytes).info.frames
 */
export function readOggVorbis(bytes: Uint8Array, tolerant = false): CompressedFile {
  try {
    const streams = readOggStreams(bytes).map((pages) => readStream(bytes, pages))
    return joinStreams('vorbis', streams)
  } catch (error) {
    const repaired = tolerant && isEscError(error) ? repair(bytes) : undefined
    if (!repaired) throw error
    // Every page may be there, and yet they contradict each other.
    return repaired.warnings.length > 0 ? repaired : { ...repaired, warnings: [(error as EscError).message] }
  }
}

function readStream(bytes: Uint8Array, pages: readonly OggPage[]): ReadStream {
  const packets = oggPackets(bytes, pages)
  const { channels, sampleRate, shortBlock, longBlock } = readIdentification(
    packets.next().value ?? new Uint8Array(0),
  )
  // The comment.
  packets.next()
  const modes = readVorbisModes(packets.next().value ?? new Uint8Array(0), shortBlock, longBlock)
  if (!modes) throw corrupt('its third packet is no setup header')
  const sound = countSamples(packets, pages, modes)
  const given = sound.at(-1)?.given ?? 0
  if (given === 0) throw corrupt('there is no sound behind the headers')
  const span = findSound('Vorbis', sound, longBlock, true)
  const frames = span.end - span.start
  if (!(frames > 0)) throw corrupt(`its positions leave ${frames} samples`)
  const warnings = [...span.warnings, ...captureWarnings('Vorbis', pages, span, longBlock)]
  const [first, last] = [pages[0]!, pages.at(-1)!]
  const payload = bytes.subarray(first.offset, last.offset + last.length)
  // What the last page's packets hold may be more than its position says: that trims the end.
  const stream = { payload, least: span.end, most: given, skip: span.start, frames, gain: 1 }
  return { stream, channels, sampleRate, warnings }
}

/** Pages with sound, and what their packets give: of two that follow each other, half of what they span. */
function countSamples(
  packets: Iterator<Uint8Array>,
  pages: readonly OggPage[],
  modes: VorbisModes,
): SoundPage[] {
  const sound: SoundPage[] = []
  let packet = 0
  let given = 0
  let before: number | null = null
  for (const [index, page] of pages.entries()) {
    const first = packet
    packet += page.packets
    for (let n = Math.max(first, HEADER_PACKETS); n < packet; n++) {
      const bytes = packets.next().value as Uint8Array
      const block = blockOfPacket(bytes, modes)
      if (block === undefined) {
        // An empty packet stands for nothing, and does no harm.
        if (bytes.length === 0) continue
        throw corrupt(`packet ${n} is no packet of sound: it is damaged`)
      }
      if (before !== null) given += (before + block) / 4
      before = block
    }
    if (packet > Math.max(first, HEADER_PACKETS)) sound.push({ page, index, given })
  }
  return sound
}

/** What is left of a damaged file; `undefined` if a header that decoding needs is not. */
function repair(bytes: Uint8Array): CompressedFile | undefined {
  const salvaged = salvageOgg(bytes, '\x01vorbis', 'Vorbis')
  const setup = salvaged?.packets.find((packet) => packet[0] === 5)
  // Only packets of sound begin with a bit of 0.
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
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  const version = view.getUint32(7, true)
  if (version !== 0) throw new EscError('UNSUPPORTED_FORMAT', `Vorbis version ${version}, expected 0`)
  const channels = view.getUint8(11)
  const sampleRate = view.getUint32(12, true)
  if (!(channels >= 1 && channels <= MAX_CHANNELS) || sampleRate === 0) {
    throw corrupt(
      `channels=${channels} at ${sampleRate} Hz, expected 1 to ${MAX_CHANNELS} channels and > 0 Hz`,
    )
  }
  const shortBlock = 2 ** (view.getUint8(28) & 15)
  const longBlock = 2 ** (view.getUint8(28) >> 4)
  if (!(shortBlock >= 64 && shortBlock <= longBlock && longBlock <= 8192)) {
    throw corrupt(`blocks of ${shortBlock} and ${longBlock} samples, expected 64 to 8192`)
  }
  return { channels, sampleRate, shortBlock, longBlock }
}

/** No vendor, no comments: decoders skip it. */
function emptyComment(): Uint8Array {
  const packet = new Uint8Array(16)
  packet.set(Array.from('\x03vorbis', (char) => char.charCodeAt(0)))
  packet[15] = 1
  return packet
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', `Vorbis: ${message}`)
}
