/** Goes through a FLAC file frame by frame, by the same rules in memory and in a stream. */
import { EscError, isEscError } from '@esc/core'
import type { Span } from './audio.js'
import {
  createFlacFrameDecoder,
  decodeFlacFrame,
  type FlacFrame,
  type FlacFrameDecoder,
  smallestFlacFrame,
  tryFlacFrame,
} from './flac-frame.js'
import { type FlacFrameHeader, readFlacFrameHeader } from './flac-header.js'
import { type FlacInfo, readFlacInfo } from './flac-info.js'
import type { Reading } from './reading.js'

/** A FLAC file whose length is known. */
export interface FlacFile extends FlacInfo {
  /** Samples per channel. */
  frames: number
}

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
  /** Places that looked like a frame and were none. */
  falseFrames: number
  /** What was damaged since the warnings were taken. */
  lost: { start: number; length: number; bytes: number }[]
}

// How far damage is looked through at a time.
const SEARCH_SIZE = 65536
// Each place that looks like a frame takes time to find out: a file made of such places must not take hours.
const MAX_FALSE_FRAMES = 10_000

/**
 * Reads a FLAC file's header, and finds how long its sound is.
 *
 * @param size - Bytes of the file.
 * @param tolerant - `true` believes the last whole frame rather than the header.
 * @throws EscError CORRUPT_DATA, UNSUPPORTED_FORMAT as {@link readFlacInfo}; CORRUPT_DATA also for a length that the file
 *   cannot hold, and where the last frame must tell and there is none.
 * @example readBytes(bytes, openFlac(bytes.length, false)).frames
 */
export function* openFlac(size: number, tolerant: boolean): Reading<FlacFile> {
  const info = yield* readFlacInfo(size, tolerant)
  const { frames: promised, sampleRate, end, firstFrame } = info
  if (end === firstFrame) throw corrupt('there is no sound')
  const most = Math.floor((end - firstFrame) / smallestFlacFrame(info)) * info.maxBlockSize
  const frames = promised !== null && !tolerant ? promised : yield* findLength(info, tolerant)
  if (frames > most) {
    throw corrupt(`${frames} samples, at most ${most} fit in ${end - firstFrame} bytes`, { expected: frames })
  }
  if (promised === null || promised === frames) return { ...info, frames }
  const lost = (promised - frames) / sampleRate
  const warning =
    lost > 0
      ? `the last ${seconds(lost)} s were missing or damaged: it ends at ${seconds(frames / sampleRate)} s`
      : `the header promises ${seconds(promised / sampleRate)} s, there are ${seconds(frames / sampleRate)} s`
  return { ...info, frames, warnings: [...info.warnings, warning] }
}

/** Where the last whole frame ends, in samples; unless `tolerant`, it must be the last of the file. */
function* findLength(info: FlacInfo, tolerant: boolean): Reading<number> {
  const { firstFrame, end } = info
  const decoder = createFlacFrameDecoder(info, end - firstFrame)
  let falseFrames = 0
  for (let stop = end; stop > firstFrame; ) {
    const start = Math.max(firstFrame, stop - Math.max(SEARCH_SIZE, decoder.windowSize))
    const view = yield { offset: start, length: Math.min(end, stop + decoder.windowSize) - start }
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    for (let at = stop - start - 1; at >= 0; at--) {
      at = bytes.lastIndexOf(0xff, at)
      if (at === -1) break
      if (!readFlacFrameHeader(bytes, at)) continue
      const frame = tryFlacFrame(decoder, bytes, at)
      if (!frame || (!tolerant && start + frame.end !== end)) {
        assertFew(++falseFrames)
        continue
      }
      return startOf(frame, info) + frame.blockSize
    }
    if (!tolerant) break
    stop = start
  }
  throw corrupt(
    tolerant ? 'there is no whole frame' : 'no whole frame ends where the file does: it was cut short',
  )
}

function assertFew(falseFrames: number): void {
  if (falseFrames > MAX_FALSE_FRAMES) {
    throw corrupt(`more than ${MAX_FALSE_FRAMES} places look like frames and are none`)
  }
}

function startOf({ isVariable, number }: FlacFrameHeader | FlacFrame, info: FlacInfo): number {
  return isVariable ? number : number * info.blockSize
}

/** A walk at the first frame. @example const walk = startFlacWalk(file, false) */
export function startFlacWalk(file: FlacFile, tolerant: boolean): FlacWalk {
  const decoder = createFlacFrameDecoder(file, file.end - file.firstFrame)
  const readSize = decoder.windowSize + (tolerant ? SEARCH_SIZE : 0)
  const start = { offset: file.firstFrame, index: 0, samples: 0, skipped: 0, falseFrames: 0, lost: [] }
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
      assertFew(++walk.falseFrames)
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
    return length === 0 ? [`${bytes} bytes before ${time(start)} s were no sound and were skipped`] : []
  })
}

function seconds(value: number): string {
  return `${Number(value.toFixed(4))}`
}

function corrupt(message: string, detail: Readonly<Record<string, unknown>> = {}, cause?: unknown): EscError {
  return new EscError('CORRUPT_DATA', `FLAC: ${message}`, { detail, cause })
}
