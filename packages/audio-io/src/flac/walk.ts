/** Goes through a FLAC file frame by frame, by the same rules in memory and in a stream. */
import { isEscError } from '@esc/core'
import type { Span } from '../audio.js'
import {
  createFlacFrameDecoder,
  decodeFlacFrame,
  type FlacFrame,
  type FlacFrameDecoder,
  tryFlacFrame,
} from './frame.js'
import { readFlacFrameHeader } from './header.js'
import { assertWork, corrupt, type FlacFile, SEARCH_SIZE, seconds, startOf } from './open.js'

/** The next stretch of sound. */
export interface FlacPiece {
  /** Samples per channel. */
  length: number
  /** `null` is silence in the place of damage; else overwritten by the next piece. */
  channels: readonly Float32Array[] | null
}

/** Where a walk has come to; {@link nextFlacPiece} moves it on. */
export interface FlacWalk {
  file: FlacFile
  decoder: FlacFrameDecoder
  tolerant: boolean
  /** Bytes from the start of the file to what is read next. */
  offset: number
  /** Bytes that {@link nextFlacPiece} wants from there, unless the file ends sooner. */
  readSize: number
  /** Number of the next frame. */
  index: number
  /** Samples per channel so far. */
  samples: number
  /** Bytes skipped since the last frame. */
  skipped: number
  /** Work on places that looked like a frame and were none. */
  wastedWork: number
  /** What was damaged since the warnings were taken. */
  lost: { start: number; length: number; bytes: number }[]
}

/** A walk at the first frame. @example const walk = startFlacWalk(file, false) */
export function startFlacWalk(file: FlacFile, tolerant: boolean): FlacWalk {
  const decoder = createFlacFrameDecoder(file, file.end - file.firstFrame)
  const readSize = decoder.windowSize + (tolerant ? SEARCH_SIZE : 0)
  const start = { offset: file.firstFrame, index: 0, samples: 0, skipped: 0, wastedWork: 0, lost: [] }
  return { file, decoder, tolerant, readSize, ...start }
}

/**
 * The next stretch of sound, while `walk.samples < walk.file.frames`.
 *
 * @param walk - Moved on by what is returned.
 * @param bytes - `walk.readSize` bytes from `walk.offset`, or fewer where the file ends.
 * @returns A frame; if the walk is tolerant also silence, or a piece without length where nothing was found yet.
 * @throws EscError CORRUPT_DATA if the walk is not tolerant and finds other than the frame that comes next.
 * @example nextFlacPiece(walk, bytes.subarray(walk.offset, walk.offset + walk.readSize)).channels
 */
export function nextFlacPiece(walk: FlacWalk, bytes: Uint8Array): FlacPiece {
  const rest = bytes.subarray(0, Math.max(0, walk.file.end - walk.offset))
  return walk.tolerant ? findPiece(walk, rest) : expectFrame(walk, rest)
}

function expectFrame(walk: FlacWalk, bytes: Uint8Array): FlacPiece {
  const { file, index, offset, samples } = walk
  const detail = { frame: index }
  if (bytes.length === 0) {
    throw corrupt(`${samples} samples, expected ${file.frames}: the file was cut short`, {
      expected: file.frames,
      found: samples,
    })
  }
  const frame = decodeNumbered(walk, bytes)
  const expected = frame.isVariable ? samples : index
  if (frame.number !== expected) {
    throw corrupt(`frame ${index} is numbered ${frame.number}, expected ${expected}`, detail)
  }
  if (samples + frame.blockSize > file.frames) {
    throw corrupt(
      `frame ${index} goes on to sample ${samples + frame.blockSize}, expected ${file.frames}`,
      detail,
    )
  }
  advance(walk, frame)
  if (walk.samples === file.frames && walk.offset !== file.end) {
    throw corrupt(`${file.end - offset - frame.end} bytes follow the last frame`, detail)
  }
  return { length: frame.blockSize, channels: frame.channels }
}

function decodeNumbered({ decoder, index, offset }: FlacWalk, bytes: Uint8Array): FlacFrame {
  try {
    return decodeFlacFrame(decoder, bytes, 0)
  } catch (cause) {
    if (!isEscError(cause, 'CORRUPT_DATA')) throw cause
    throw corrupt(`frame ${index}, from byte ${offset}: ${cause.message}`, { frame: index }, cause)
  }
}

/** Takes the next whole frame that is not before its time, and silence for what is missing before it. */
function findPiece(walk: FlacWalk, bytes: Uint8Array): FlacPiece {
  const { file, decoder, samples } = walk
  const isEnd = walk.offset + bytes.length >= file.end
  // A frame that begins later may go on past what is here.
  const searched = isEnd ? bytes.length : bytes.length - decoder.windowSize
  for (let at = bytes.indexOf(0xff); at >= 0 && at < searched; at = bytes.indexOf(0xff, at + 1)) {
    const header = readFlacFrameHeader(bytes, at)
    if (!header) continue
    const start = !header.isVariable && header.number === walk.index ? samples : startOf(header, file)
    if (start < samples || start + header.blockSize > file.frames) continue
    const frame = tryFlacFrame(decoder, bytes, at)
    if (!frame) {
      walk.wastedWork += decoder.work
      assertWork(walk.wastedWork, file)
      continue
    }
    walk.skipped += at
    if (start > samples) {
      walk.offset += at
      walk.index = frame.number
      return silence(walk, start - samples)
    }
    if (walk.skipped > 0) walk.lost.push({ start: samples, length: 0, bytes: walk.skipped })
    advance(walk, frame)
    if (walk.samples === file.frames && walk.offset < file.end) {
      walk.lost.push({ start: file.frames, length: 0, bytes: file.end - walk.offset })
    }
    return { length: frame.blockSize, channels: frame.channels }
  }
  walk.offset += searched
  walk.skipped += searched
  return isEnd ? silence(walk, file.frames - samples) : { length: 0, channels: null }
}

function silence(walk: FlacWalk, length: number): FlacPiece {
  walk.lost.push({ start: walk.samples, length, bytes: walk.skipped })
  walk.skipped = 0
  walk.samples += length
  return { length, channels: null }
}

function advance(walk: FlacWalk, frame: FlacFrame): void {
  walk.offset += frame.end
  walk.samples += frame.blockSize
  walk.index++
  walk.skipped = 0
}

/**
 * Writes part of a piece; silence leaves the zeros that are there.
 *
 * @param skip - Samples of the piece before the part.
 * @param at - Where the part goes in `channels`.
 * @example copyFlacPiece(piece, 0, piece.length, channels, 0)
 */
export function copyFlacPiece(
  piece: FlacPiece,
  skip: number,
  count: number,
  channels: readonly Float32Array[],
  at: number,
): void {
  for (const [channel, samples] of (piece.channels ?? []).entries()) {
    channels[channel]!.set(samples.subarray(skip, skip + count), at)
  }
}

/** What a walk lost of a span since it was last asked, a sentence each. @example takeFlacWarnings(walk, span) */
export function takeFlacWarnings({ file, lost }: FlacWalk, span: Span): string[] {
  const time = (samples: number) => seconds(samples / file.sampleRate)
  return lost.splice(0).flatMap(({ start, length, bytes }) => {
    const from = Math.max(start, span.start)
    const to = Math.min(start + length, span.start + span.length)
    if (to > from) return [`${time(to - from)} s from ${time(from)} s on were damaged and are silent`]
    if (length > 0) return []
    if (start < file.frames) return [`${bytes} bytes before ${time(start)} s were no sound and were skipped`]
    return [`${bytes} bytes after the last whole frame, from ${time(start)} s on, were left out`]
  })
}
