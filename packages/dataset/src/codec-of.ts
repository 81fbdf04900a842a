/** The codec of a sound file. */
import { detectSound, probeAudio } from '@esc/audio-io'
import { isEscError } from '@esc/core'

/** Formats whose header names the codec. */
const probed = ['wav', 'aiff', 'flac', 'ogg-flac']

/**
 * Container and codec of a sound file that was decoded, with the bits of a FLAC file's samples.
 *
 * @example codecOf(bytes) // 'wav pcm_s16le'
 */
export function codecOf(bytes: Uint8Array): string {
  const format = detectSound(bytes) ?? 'unknown'
  if (!probed.includes(format)) return format.replace('-', ' ')
  try {
    const { container, codec, bitDepth } = probeAudio(bytes)
    return codec === 'flac' ? `${format.replace('-', ' ')}, ${bitDepth} bits` : `${container} ${codec}`
  } catch (error) {
    // The header is damaged, and the decoder was allowed to read it.
    if (!isEscError(error)) throw error
    return format.replace('-', ' ')
  }
}
