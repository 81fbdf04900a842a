/** Decodes OGG Vorbis with libvorbis in WebAssembly: `@esc/audio-io/vorbis`. */
import { OggVorbisDecoder } from '@wasm-audio-decoders/ogg-vorbis'
import type { DecodedAudio } from '../audio.js'
import { runDecoder } from '../codecs.js'
import { oggPackets, readOggPages } from '../ogg.js'

type VorbisPage = Parameters<OggVorbisDecoder['decodeOggPages']>[0][number]

// At most 4096 new samples each, and about a tenth of a second as most encoders write them.
const PACKETS_AT_A_TIME = 16

/**
 * OGG Vorbis, for `codecs.vorbis`. Channels are in Vorbis's order: 5.1 is L C R Ls Rs LFE.
 *
 * @param payload - An Ogg file with one stream.
 * @returns Blocks of sound, nothing trimmed from the end.
 * @throws EscError CORRUPT_DATA, UNSUPPORTED_FORMAT as `readOggPages`, or if libvorbis refuses a packet.
 * @example
 * import { vorbis } from '@esc/audio-io/vorbis'
 * const clip = await loadAudio(bytes, { codecs: { vorbis } })
 */
export async function* vorbis(payload: Uint8Array): AsyncGenerator<DecodedAudio, void> {
  const parts = packetParts(payload)
  yield* runDecoder(new OggVorbisDecoder(), parts, (decoder, pages) => decoder.decodeOggPages(pages))
}

/** The decoder takes packets in place of pages; its own search for pages goes on past damage without a word. */
function* packetParts(payload: Uint8Array): Generator<VorbisPage[]> {
  const packets = oggPackets(payload, readOggPages(payload))
  const identification = packets.next().value ?? new Uint8Array(0)
  // The comment's place is held by an empty one.
  packets.next()
  const vorbisSetup = packets.next().value ?? new Uint8Array(0)
  yield [page(identification, [])]
  let part: Uint8Array[] = []
  const flush = () => [page(new Uint8Array(1), part, vorbisSetup)]
  for (const packet of packets) {
    // An empty packet is none of sound, and to libvorbis an error.
    if (packet.length > 0) part.push(packet)
    if (part.length < PACKETS_AT_A_TIME) continue
    yield flush()
    part = []
  }
  if (part.length > 0) yield flush()
}

/** What the decoder reads of a page; it asks for the setup once, on the first page with sound. */
function page(data: Uint8Array, packets: readonly Uint8Array[], vorbisSetup?: Uint8Array): VorbisPage {
  const codecFrames = packets.map((packet) => ({ data: packet, header: { vorbisSetup } }))
  return { data, codecFrames } as unknown as VorbisPage
}
