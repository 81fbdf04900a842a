/** Decodes Opus in Ogg with libopus in WebAssembly: `@esc/audio-io/opus`. */
import { assertBytes, EscError } from '@esc/core'
import { OpusDecoder } from 'opus-decoder'
import type { DecodedAudio } from '../audio.js'
import { readOpusHead } from '../ogg/opus.js'
import { oggPackets, readOggPages } from '../ogg/pages.js'
import { runDecoder } from './run-decoder.js'

// A second of packets of the usual length, six seconds of the longest.
const packetsPerPart = 50
// The decoder has room for this many bytes per channel: 256 kbit/s in a packet of 120 ms, three times as much in
// packets of the usual length.
const maxPacketSize = 3840

/**
 * Decodes Opus in Ogg; pass it as `codecs.opus`. Channels are in Vorbis's order: 5.1 is L C R Ls Rs LFE.
 *
 * @param payload - An Ogg file with one stream.
 * @returns Blocks of sound at 48000 Hz, with the pre-skip, and before the output gain of the header.
 * @throws EscError CORRUPT_DATA, UNSUPPORTED_FORMAT as `readOggPages`; CORRUPT_DATA also if libopus refuses a packet.
 * @throws EscError UNSUPPORTED_FORMAT for a packet of more than 3840 bytes per channel.
 * @example
 * import { opus } from '@esc/audio-io/opus'
 * const clip = await loadAudio(bytes, { codecs: { opus } })
 */
export async function* opus(payload: Uint8Array): AsyncGenerator<DecodedAudio, void> {
  assertBytes('payload', payload)
  const packets = oggPackets(payload, readOggPages(payload))
  const { channels, streams, coupled, mapping } = readOpusHead(packets.next().value ?? new Uint8Array(0))
  // The second packet holds the tags.
  packets.next()
  const decoder = new OpusDecoder({
    channels,
    streamCount: streams,
    coupledStreamCount: coupled,
    channelMappingTable: mapping,
  })
  const parts = packetParts(packets, channels * maxPacketSize)
  yield* runDecoder(decoder, parts, (one, part) => one.decodeFrames(part))
}

function* packetParts(packets: Iterable<Uint8Array>, maxSize: number): Generator<Uint8Array[]> {
  let part: Uint8Array[] = []
  for (const packet of packets) {
    if (packet.length > maxSize) {
      throw new EscError(
        'UNSUPPORTED_FORMAT',
        `Opus: a packet has ${packet.length} bytes, the decoder takes at most ${maxSize}`,
      )
    }
    part.push(packet)
    if (part.length < packetsPerPart) continue
    yield part
    part = []
  }
  if (part.length > 0) yield part
}
