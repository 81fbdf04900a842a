/** Decodes OGG Vorbis with libvorbis in WebAssembly: `@esc/audio-io/vorbis`. */
import { assertBytes } from '@esc/core'
import { OggVorbisDecoder } from '@wasm-audio-decoders/ogg-vorbis'
import type { DecodedAudio } from '../audio.js'
import { oggPackets, readOggPages } from '../ogg/pages.js'
import { runDecoder, type WasmAudio, type WasmDecoder } from './run-decoder.js'

// About a sixth of a second with most encoders.
const packetsPerPart = 16
// The largest block of Vorbis has 8192 samples, and half of them are new.
const maxSamplesPerPacket = 4096

/**
 * The part of the decoder that is used here: libvorbis itself. The package's own loop over packets makes some ten
 * objects for each packet, and collecting them costs nearly as much time as decoding. These names are not part of the
 * package's public interface, so its version is fixed.
 */
interface Libvorbis {
  sendSetupHeader(packet: Uint8Array): void
  initDsp(): void
  _decoder: number
  _input: { buf: Uint8Array }
  _inputLen: { buf: Uint32Array }
  _outputBufferPtr: { buf: Uint32Array }
  _channels: { buf: Uint32Array }
  _sampleRate: { buf: Uint32Array }
  _samplesDecoded: { buf: Uint32Array }
  /** Pairs of addresses: of the text that names the error, and of the text that names its place. */
  _errors: { buf: Uint32Array }
  _errorsLength: { buf: Int32Array }
  _common: {
    wasm: { HEAP: ArrayBuffer; decode_packets(decoder: number): void }
    codeToString(address: number): string
  }
}

interface VorbisDecoder extends WasmDecoder {
  _decoder: Libvorbis
}

/**
 * Decodes OGG Vorbis; pass it as `codecs.vorbis`. Channels are in Vorbis's order: 5.1 is L C R Ls Rs LFE.
 *
 * @param payload - An Ogg file with one stream.
 * @returns Blocks of sound; nothing is trimmed from the end.
 * @throws EscError CORRUPT_DATA, UNSUPPORTED_FORMAT as `readOggPages`; CORRUPT_DATA also if libvorbis refuses a
 *   packet.
 * @example
 * import { vorbis } from '@esc/audio-io/vorbis'
 * const clip = await loadAudio(bytes, { codecs: { vorbis } })
 */
export async function* vorbis(payload: Uint8Array): AsyncGenerator<DecodedAudio, void> {
  assertBytes('payload', payload)
  const packets = oggPackets(payload, readOggPages(payload))
  const identification = packets.next().value ?? new Uint8Array(0)
  // The second packet holds comments. The decoder does not need them.
  packets.next()
  const setup = packets.next().value ?? new Uint8Array(0)
  let blocks: Float32Array[] = []
  const decoder = new OggVorbisDecoder() as unknown as VorbisDecoder
  yield* runDecoder(decoder, batches(packets), ({ _decoder: libvorbis }, batch) => {
    if (blocks.length === 0) {
      libvorbis.sendSetupHeader(identification)
      libvorbis.sendSetupHeader(setup)
      libvorbis.initDsp()
      const length = packetsPerPart * maxSamplesPerPacket
      blocks = Array.from({ length: libvorbis._channels.buf[0]! }, () => new Float32Array(length))
    }
    return decode(libvorbis, batch, blocks)
  })
}

function* batches(packets: Iterable<Uint8Array>): Generator<Uint8Array[]> {
  let batch: Uint8Array[] = []
  for (const packet of packets) {
    // An empty packet holds no sound, and libvorbis reports an error for it.
    if (packet.length > 0) batch.push(packet)
    if (batch.length < packetsPerPart) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/**
 * Decodes a batch of packets. If libvorbis refuses a packet, there is no sound for it, and decoding goes on after it.
 *
 * @param blocks - One array per channel, with room for the samples of a batch.
 */
function decode(
  libvorbis: Libvorbis,
  packets: readonly Uint8Array[],
  blocks: readonly Float32Array[],
): WasmAudio {
  const { wasm, codeToString } = libvorbis._common
  const words = new Uint32Array(wasm.HEAP)
  const heap = new Float32Array(wasm.HEAP)
  const errors: { message: string }[] = []
  let length = 0
  for (const packet of packets) {
    libvorbis._input.buf.set(packet)
    libvorbis._inputLen.buf[0] = packet.length
    wasm.decode_packets(libvorbis._decoder)
    const count = libvorbis._samplesDecoded.buf[0]!
    const pointers = libvorbis._outputBufferPtr.buf[0]! / 4
    for (let channel = 0; channel < blocks.length; channel++) {
      const block = blocks[channel]!
      const from = words[pointers + channel]! / 4
      for (let i = 0; i < count; i++) block[length + i] = heap[from + i]!
    }
    length += count
    if (libvorbis._errorsLength.buf[0] !== 0) {
      const [what, where] = libvorbis._errors.buf
      errors.push({ message: `${codeToString(what!)} vorbis_synthesis${codeToString(where!)}` })
      libvorbis._errorsLength.buf[0] = 0
    }
  }
  return {
    channelData: blocks.map((block) => block.slice(0, length)),
    sampleRate: libvorbis._sampleRate.buf[0]!,
    errors,
  }
}
