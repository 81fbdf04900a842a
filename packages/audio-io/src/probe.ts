/** What a sound file holds, from its header alone. */
import { assertBytes } from '@esc/core'
import type { AudioInfo } from './audio.js'
import { formatReaders, readWhole } from './formats.js'
import { type ByteSource, readSource, sourceOf } from './reading.js'
import { detectSound, readFormat, unsupported } from './sniff.js'

/**
 * Says what a sound file holds, from its header. It decodes nothing and needs no codec. Where the header does not
 * state the length (Ogg, MP3 without an info frame), it walks all pages or frames, and reports damage to them.
 *
 * @param bytes - The whole file.
 * @returns Container, codec, sample rate, channels, length, bits per sample if the codec stores samples, and
 *   `warnings` if a value in the header was wrong.
 * @throws EscError UNSUPPORTED_FORMAT naming the format, or what the file seems to be instead.
 * @throws EscError CORRUPT_DATA if the header is damaged or contradicts the file's size.
 * @throws EscError INVALID_INPUT if `bytes` is no Uint8Array; {@link probeSource} takes sources.
 * @example probeAudio(bytes) // { container: 'flac', codec: 'flac', sampleRate: 44100, channels: 2, bitDepth: 16, … }
 */
export function probeAudio(bytes: Uint8Array): AudioInfo {
  assertBytes('bytes', bytes)
  const format = detectSound(bytes)
  if (format === null) throw unsupported(bytes)
  return formatReaders[format].probe(bytes)
}

/**
 * {@link probeAudio} for a source, of which only the needed parts are read: the header of WAV and AIFF, and of FLAC
 * if it states the length.
 *
 * @throws EscError as {@link probeAudio}; also INVALID_INPUT if a file must be read whole and has more than 2 GiB.
 * @example await probeSource(source)
 */
export async function probeSource(input: Uint8Array | ByteSource): Promise<AudioInfo> {
  const source = sourceOf(input)
  const format = await readSource(source, readFormat())
  if (format === null) throw unsupported(await readWhole(source))
  return formatReaders[format].probeSource(source)
}
