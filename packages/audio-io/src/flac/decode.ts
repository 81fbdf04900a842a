/** FLAC files in memory: probes and decodes them. */
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
 * What a FLAC file's header says about its sound. Only if the header has no length, the last frame is decoded.
 *
 * @param bytes - The whole file; ID3 and APE tags around it are skipped.
 * @throws EscError CORRUPT_DATA if the header is damaged, or states more samples than the file can hold.
 * @throws EscError UNSUPPORTED_FORMAT if it is no FLAC file.
 * @see RFC 9639 (FLAC), section 8.
 * @example probeFlac(bytes).durationSec
 */
export function probeFlac(bytes: Uint8Array): AudioInfo {
  return flacInfoOf(readBytes(bytes, openFlac(bytes.length, false)))
}

/**
 * What the header of an open file says.
 *
 * @example flacInfoOf(await readSource(source, openFlac(source.size, false)))
 */
export function flacInfoOf({ sampleRate, channels, bitDepth, frames, warnings }: FlacFile): AudioInfo {
  const durationSec = frames / sampleRate
  const info = { container: 'flac', codec: 'flac', sampleRate, channels, bitDepth, frames, durationSec }
  return withWarnings(info, warnings)
}

/**
 * Decodes a FLAC file of 4 to 32 bits. A sample of `n` bits is divided by `2 ** (n - 1)`, as in ffmpeg.
 *
 * It checks both checksums and the number of every frame up to the end of the wanted part, the length in STREAMINFO,
 * and that only tags follow the last frame. It does not check the MD5 of the samples. If STREAMINFO has no length, a
 * file that was cut exactly between two frames looks like a whole one.
 *
 * With `tolerant`, damaged and missing frames become silence of the same length, and the file ends with its last
 * whole frame. With or without it, a file is refused if too many of its bytes only look like frames: trying them all
 * would take long.
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
