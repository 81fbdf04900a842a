/** FLAC files: what they hold, and the whole of them to samples. */
import { assertBytes, assertKnown } from '@esc/core'
import {
  type AudioInfo,
  allocateChannels,
  type DecodedAudio,
  type DecodeLimits,
  decoded,
  decodeLimitNames,
  resolveSpan,
  withWarnings,
} from '../audio.js'
import { readBytes } from '../reading.js'
import { type FlacFile, openFlac } from './open.js'
import { copyFlacPiece, nextFlacPiece, startFlacWalk, takeFlacWarnings } from './walk.js'

/**
 * What a FLAC file's header says of its sound; nothing is decoded, but the last frame where the header has no length.
 *
 * @param bytes - The whole file; ID3 and APE tags around it are skipped.
 * @throws EscError CORRUPT_DATA if the header is damaged, or promises more than the file can hold.
 * @throws EscError UNSUPPORTED_FORMAT if it is no FLAC file.
 * @see RFC 9639 (FLAC), section 8.
 * @example probeFlac(bytes).durationSec
 */
export function probeFlac(bytes: Uint8Array): AudioInfo {
  return flacInfoOf(readBytes(bytes, openFlac(bytes.length, false)))
}

/** What an open file holds. @example flacInfoOf(await readSource(source, openFlac(source.size, false))) */
export function flacInfoOf({ sampleRate, channels, bitDepth, frames, warnings }: FlacFile): AudioInfo {
  const durationSec = frames / sampleRate
  const info = { container: 'flac', codec: 'flac', sampleRate, channels, bitDepth, frames, durationSec }
  return withWarnings(info, warnings)
}

/**
 * Decodes a FLAC file of 4 to 32 bits: PCM of `n` bits divided by `2 ** (n - 1)`, as ffmpeg does.
 *
 * Checked are both checksums and the number of every frame up to the end of what is wanted, the length in STREAMINFO, and
 * that nothing but tags follows the last frame; not the MD5 of the samples. Where STREAMINFO has no length, a file cut
 * exactly between two frames cannot be told from a whole one.
 *
 * With `tolerant`, damaged and missing frames become silence of their length, and a file ends with its last whole frame.
 * Either way a file is refused that has so many places which look like frames and are none that to try them takes long.
 *
 * @param bytes - The whole file; ID3 and APE tags around it are skipped.
 * @returns One array per channel.
 * @throws EscError CORRUPT_DATA if a frame is damaged or missing, or the header contradicts the frames.
 * @throws EscError UNSUPPORTED_FORMAT if it is no FLAC file.
 * @throws EscError INVALID_INPUT, INVALID_OPTION if the limits do not fit the file.
 * @see RFC 9639 (FLAC).
 * @example const { channels, sampleRate } = decodeFlac(bytes, { offset: 1, duration: 5 })
 */
export function decodeFlac(bytes: Uint8Array, limits: DecodeLimits = {}): DecodedAudio {
  assertKnown('decodeFlac', limits, decodeLimitNames)
  assertBytes('bytes', bytes)
  const { tolerant = false } = limits
  const file = readBytes(bytes, openFlac(bytes.length, tolerant))
  const span = resolveSpan(file.frames, file.sampleRate, limits)
  const channels = allocateChannels(file.channels, span.length)
  const walk = startFlacWalk(file, tolerant)
  while (walk.samples < span.start + span.length) {
    const from = walk.samples
    const piece = nextFlacPiece(walk, bytes.subarray(walk.offset, walk.offset + walk.readSize))
    const skip = Math.max(0, span.start - from)
    const count = Math.min(piece.length, span.start + span.length - from) - skip
    if (count > 0) copyFlacPiece(piece, skip, count, channels, from + skip - span.start)
  }
  return decoded(channels, file.sampleRate, [...file.warnings, ...takeFlacWarnings(walk, span)])
}
