/** Decodes FLAC files block by block. */
import { assertInteger } from '@esc/core'
import { allocateChannels, type DecodedAudio, type DecodeLimits, decoded, resolveSpan } from '../audio.js'
import { type ByteSource, readExactly, readSource } from '../reading.js'
import { openFlac } from './open.js'
import { copyFlacPiece, nextFlacPiece, startFlacWalk, takeFlacWarnings } from './walk.js'

/** Options of {@link streamFlac}. */
export interface FlacStreamOptions extends Omit<DecodeLimits, 'maxDurationSec'> {
  /** Samples per channel of each block; the last block may be shorter. @defaultValue `65536` */
  blockFrames?: number
}

/** Bytes that are read at a time. */
const readSize = 2 ** 18

/**
 * Decodes a FLAC file block by block, in memory that does not grow with the file.
 *
 * All blocks together equal the result of `decodeFlac`, whatever `blockFrames` is. A warning comes with the block in
 * which its damage begins. Sound before `offset` is decoded too, and dropped.
 *
 * @param source - The file; about 256 kB are read at a time.
 * @param lostBefore - Warnings to put before those of the first block.
 * @returns Blocks of `blockFrames` samples per channel, each in arrays of its own.
 * @throws EscError as `decodeFlac`, when the loop reaches the damage; INVALID_OPTION if `blockFrames` is not a whole
 *   number > 0.
 * @example for await (const { channels } of streamFlac(source, { blockFrames: 48000 })) console.log(channels)
 */
export async function* streamFlac(
  source: ByteSource,
  options: FlacStreamOptions = {},
  lostBefore: readonly string[] = [],
): AsyncGenerator<DecodedAudio, void> {
  const { blockFrames = 65536, tolerant = false, ...part } = options
  assertInteger('blockFrames', blockFrames, 1)
  const buffered = bufferReads(source)
  const file = await readSource(buffered, openFlac(source.size, tolerant))
  const limits = { ...part, maxDurationSec: Number.POSITIVE_INFINITY }
  const span = resolveSpan(file.frames, file.sampleRate, limits)
  const end = span.start + span.length
  const walk = startFlacWalk(file, tolerant)
  let warnings = [...lostBefore, ...file.warnings]
  let block: Float32Array[] = []
  let filled = 0
  // The next sample that needs a place in a block.
  let position = span.start
  while (walk.samples < end) {
    const from = walk.samples
    const range = { offset: walk.offset, length: walk.readSize }
    const piece = nextFlacPiece(walk, await readExactly(buffered, range))
    while (position < Math.min(end, from + piece.length)) {
      if (filled === 0) block = allocateChannels(file.channels, Math.min(blockFrames, end - position))
      const room = block[0]!.length - filled
      const count = Math.min(room, end - position, from + piece.length - position)
      copyFlacPiece(piece, position - from, count, block, filled)
      position += count
      filled = count === room ? 0 : filled + count
      if (filled > 0) continue
      yield decoded(block, file.sampleRate, [...warnings, ...takeFlacWarnings(walk, span)])
      warnings = []
    }
  }
}

/** Reads large parts and serves small requests from them, so that a walk through a file needs few reads. */
function bufferReads(source: ByteSource): ByteSource {
  let start = 0
  let bytes: Uint8Array = new Uint8Array(0)
  return {
    size: source.size,
    async read(offset, length) {
      const end = Math.min(offset + length, source.size)
      if (offset < start || end > start + bytes.length) {
        bytes = await readExactly(source, { offset, length: Math.max(length, readSize) })
        start = offset
      }
      return bytes.subarray(offset - start, offset - start + length)
    },
  }
}
