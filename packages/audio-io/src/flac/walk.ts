/** Walks a FLAC file frame by frame, with the same rules in memory and in a stream. */
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
import { assertWork, corrupt, type FlacFile, searchSize, seconds, startOf } from './open.js'

/** A run of samples that follow each other. */
export interface FlacPiece {
  /** Samples per channel. */
  length: number
  /** `null` stands for silence in place of damage. Otherwise the next piece overwrites these arrays. */
  channels: readonly Float32Array[] | null
}

/** The state of a walk; {@link nextFlacPiece} advances it. */
export interface FlacWalk {
  file: FlacFile
  decoder: FlacFrameDecoder
  tolerant: boolean
  /** Bytes from the start of the file to the next read. */
  offset: number
  /** Bytes that {@link nextFlacPiece} needs from there; fewer where the file ends. */
  readSize: number
  /** Number of the next frame. */
  index: number
  /** Samples per channel so far. */
  samples: number
  /** Bytes skipped since the last frame. */
  skipped: number
  /** Work spent on places that only looked like a frame. */
  wastedWork: number
  /** Damage since {@link takeFlacWarnings} was last called. */
  lost: { start: number; length: number; bytes: number }[]
}

/** Starts a walk at the first frame. @example const walk = startFlacWalk(file, false) */
export function startFlacWalk(file: FlacFile, tolerant: boolean): FlacWalk {
  const decoder = createFlacFrameDecoder(file, file.end - file.firstFrame)
  const readSize = decoder.windowSize + (tolerant ? searchSize : 0)
  const start = { offset: file.firstFrame, index: 0, samples: 0, skipped: 0, wastedWork: 0, lost: [] }
  return { file, decoder, tolerant, readSize, ...start }
}

/**
 * Decodes the next piece of sound, while `walk.samples < walk.file.frames`.
 *
 * @param walk - Advanced by the piece.
 * @param bytes - `walk.readSize` bytes from `walk.offset`, or fewer where the file ends.
 * @returns A frame. A tolerant walk also returns silence, or a piece of length 0 if it found nothing yet.
 * @throws EscError CORRUPT_DATA if the walk is not tolerant and does not find the next frame.
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
    throw corrupt(`the file ends after ${samples} samples, expected ${file.frames}: it was cut short`, {
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
      `frame ${index} ends at sample ${samples + frame.blockSize}, but the sound has ${file.frames} samples`,
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

/** Finds the next whole frame that belongs after the last one, and returns silence for the gap before it. */
function findPiece(walk: FlacWalk, bytes: Uint8Array): FlacPiece {
  const { file, decoder, samples } = walk
  const isEnd = walk.offset + bytes.length >= file.end
  // A frame that begins later may end behind these bytes.
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
 * Copies a part of a piece. Silence is not copied: the target holds zeros already.
 *
 * @param skip - Samples of the piece before the part.
 * @param count - Samples of the part.
 * @param at - Where the part begins in `channels`.
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

/** The warnings about damage in a span since the last call. @example takeFlacWarnings(flacWalk, span) */
export function takeFlacWarnings({ file, lost }: FlacWalk, span: Span): string[] {
  const time = (samples: number) => seconds(samples / file.sampleRate)
  return lost.splice(0).flatMap(({ start, length, bytes }) => {
    const from = Math.max(start, span.start)
    const to = Math.min(start + length, span.start + span.length)
    if (to > from) return [`${time(to - from)} s from ${time(from)} s on were damaged and are silent`]
    if (length > 0) return []
    if (start < file.frames) return [`${bytes} bytes before ${time(start)} s are no sound and were skipped`]
    return [`${bytes} bytes after the last whole frame, at ${time(start)} s, were left out`]
  })
}
