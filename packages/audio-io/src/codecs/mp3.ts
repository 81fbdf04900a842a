/** Decodes MP3 with mpg123 in WebAssembly: `@esc/audio-io/mp3`. */
import { assertBytes } from '@esc/core'
import { MPEGDecoder } from 'mpg123-decoder'
import type { DecodedAudio } from '../audio.js'
import { runDecoder } from './run-decoder.js'

// Half a second at 128 kbit/s, eight seconds at the lowest rate.
const bytesPerPart = 2 ** 13

/**
 * Decodes MP3; pass it as `codecs.mp3`.
 *
 * @param payload - Layer III frames without tags and without an info frame.
 * @returns Blocks of sound, 1152 or 576 samples for every frame.
 * @throws EscError CORRUPT_DATA if mpg123 refuses a frame.
 * @example
 * import { mp3 } from '@esc/audio-io/mp3'
 * const clip = await loadAudio(bytes, { codecs: { mp3 } })
 */
export async function* mp3(payload: Uint8Array): AsyncGenerator<DecodedAudio, void> {
  assertBytes('payload', payload)
  // The decoder returns mono as two equal channels. The top bits of a frame's fourth byte say whether it is mono.
  const isMono = (payload[3] ?? 0) >> 6 === 3
  // With gapless decoding on, mpg123 drops the sound of the first frame if no info frame says how much to trim.
  const decoder = new MPEGDecoder({ enableGapless: false })
  yield* runDecoder(decoder, byteParts(payload), (one, part) => {
    const audio = one.decode(part)
    return isMono ? { ...audio, channelData: audio.channelData.slice(0, 1) } : audio
  })
}

function* byteParts(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += bytesPerPart) {
    yield bytes.subarray(start, start + bytesPerPart)
  }
}
