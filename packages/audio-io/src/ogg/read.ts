/** Reads an Ogg file of Vorbis or Opus: both codecs share the pages, the counting of samples, and the repair. */
import { EscError, isEscError } from '@esc/core'
import type { CompressedFile, CompressedStream } from '../codecs.js'
import { type OggPage, type oggPackets, readOggStreams } from './pages.js'
import { captureWarnings, findSound, type SoundPage, type SoundSpan } from './positions.js'

/** A codec whose packets are stored in Ogg pages. */
export interface OggCodec {
  /** As ffprobe's `codec_name`. */
  name: string
  /** Checks one logical stream of an intact file. */
  readStream(bytes: Uint8Array, pages: readonly OggPage[]): ReadStream
  /** The readable part of a damaged file; `undefined` if a header that decoding needs is lost. */
  repair(bytes: Uint8Array): CompressedFile | undefined
}

/** A stream, and the format of its sound. */
export interface ReadStream {
  stream: CompressedStream
  channels: number
  sampleRate: number
  /** One sentence for each oddity of the stream. */
  warnings: readonly string[]
}

/** The headers of a stream, and what is known about its packets of sound. */
export interface StreamStart {
  /** As messages name the codec: `Opus`. */
  title: string
  /** Packets before the first packet of sound. */
  headerPackets: number
  /** Samples of the longest packet. */
  longestPacket: number
  /** Whether the positions of the pages may say that samples at the start are dropped. */
  trimsStart: boolean
  /**
   * The samples that a packet adds to the sound.
   *
   * @throws EscError CORRUPT_DATA if the packet is damaged.
   */
  samplesOf(packet: Uint8Array, index: number): number
}

/** The sound of a stream. */
export interface StreamSound {
  /** Samples that all packets give. */
  given: number
  span: SoundSpan
  /** The stream's pages. */
  payload: Uint8Array
  warnings: string[]
}

/**
 * Reads all streams of an Ogg file, and joins them. If the file is damaged and `tolerant` is set, it reads the part
 * that is intact.
 *
 * @throws EscError CORRUPT_DATA, UNSUPPORTED_FORMAT as {@link readOggStreams}, `codec` and {@link joinStreams}.
 * @example readOgg(codec, bytes, true).warnings
 */
export function readOgg(codec: OggCodec, bytes: Uint8Array, tolerant: boolean): CompressedFile {
  try {
    const streams = readOggStreams(bytes).map((pages) => codec.readStream(bytes, pages))
    return joinStreams(codec.name, streams)
  } catch (error) {
    const repaired = tolerant && isEscError(error) ? codec.repair(bytes) : undefined
    if (!repaired) throw error
    // If no page is lost, the pages contradict each other. Then the error itself is the warning.
    return repaired.warnings.length > 0 ? repaired : { ...repaired, warnings: [(error as EscError).message] }
  }
}

/**
 * Counts the samples of a stream's packets, and compares them with the positions of its pages.
 *
 * @param packets - The packets that follow the headers.
 * @throws EscError CORRUPT_DATA if there is no sound, or as {@link findSound} and {@link captureWarnings}.
 * @example measureStream(bytes, pages, packets, start).span.end
 */
export function measureStream(
  bytes: Uint8Array,
  pages: readonly OggPage[],
  packets: Iterator<Uint8Array>,
  start: StreamStart,
): StreamSound {
  const { title, longestPacket, trimsStart } = start
  const sound = countSamples(packets, pages, start)
  const given = sound.at(-1)?.given ?? 0
  if (given === 0) throw new EscError('CORRUPT_DATA', `${title}: no sound follows the headers`)
  const span = findSound(title, sound, longestPacket, trimsStart)
  const warnings = [...span.warnings, ...captureWarnings(title, pages, span, longestPacket)]
  const [first, last] = [pages[0]!, pages.at(-1)!]
  return { given, span, payload: bytes.subarray(first.offset, last.offset + last.length), warnings }
}

/** The pages that hold sound, with the samples that all packets up to each page's end give. */
function countSamples(
  packets: Iterator<Uint8Array>,
  pages: readonly OggPage[],
  { headerPackets, samplesOf }: StreamStart,
): SoundPage[] {
  const sound: SoundPage[] = []
  let packet = 0
  let given = 0
  for (const [index, page] of pages.entries()) {
    const first = Math.max(packet, headerPackets)
    packet += page.packets
    for (let n = first; n < packet; n++) given += samplesOf(packets.next().value as Uint8Array, n)
    if (packet > first) sound.push({ page, index, given })
  }
  return sound
}

/**
 * Joins chained streams to one file.
 *
 * @throws EscError UNSUPPORTED_FORMAT if their channels or rates differ.
 * @example joinStreams('vorbis', parts).info.frames
 */
export function joinStreams(codec: string, parts: readonly ReadStream[]): CompressedFile {
  const { channels, sampleRate } = parts[0]!
  const other = parts.find((part) => part.channels !== channels || part.sampleRate !== sampleRate)
  if (other) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `Ogg: a stream of ${channels} channels at ${sampleRate} Hz is chained with one of ${other.channels} at ${other.sampleRate} Hz`,
    )
  }
  const streams = parts.map(({ stream }) => stream)
  const frames = streams.reduce((sum, stream) => sum + stream.frames, 0)
  const durationSec = frames / sampleRate
  const info = { container: 'ogg', codec, sampleRate, channels, durationSec, frames, bitDepth: null }
  return { info, streams, warnings: parts.flatMap(({ warnings }) => warnings) }
}

/** The packet after those that were read; empty if there is none. @example readOpusHead(nextPacket(packets)) */
export function nextPacket(packets: ReturnType<typeof oggPackets>): Uint8Array {
  return packets.next().value ?? new Uint8Array(0)
}
