/** Decodes MP3 with mpg123 in WebAssembly: `@esc/audio-io/mp3`. */
import { assertBytes } from '@esc/core'
import { MPEGDecoder } from 'mpg123-decoder'
import type { DecodedAudio } from '../audio.js'
import { runDecoder } from '../codecs.js'

// Half a second at 128 kbit/s, eight at the lowest rate.
const BYTES_AT_A_TIME = 2 ** 13

/**
 * MP3, for `codecs.mp3`.
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
  // Mono comes as two equal channels; the top bits of the fourth byte of a frame say which it is.
  const isMono = (payload[3] ?? 0) >> 6 === 3
  // Left to trim by itself, it drops the first frame's worth of sound where no info frame says how much.
  const decoder = new MPEGDecoder({ enableGapless: false })
  yield* runDecoder(decoder, byteParts(payload), (one, part) => {
    const audio = one.decode(part)
    return isMono ? { ...audio, channelData: audio.channelData.slice(0, 1) } : audio
  })
}

function* byteParts(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += BYTES_AT_A_TIME) {
    yield bytes.subarray(start, start + BYTES_AT_A_TIME)
  }
}
