/** Opens a FLAC file: reads its header, and finds the length of its sound. */
import { EscError } from '@esc/core'
import { bytesOf } from '../bytes.js'
import type { Reading } from '../reading.js'
import { createFlacFrameDecoder, type FlacFrame, smallestFlacFrame, tryFlacFrame } from './frame.js'
import { type FlacFrameHeader, readFlacFrameHeader } from './header.js'
import { type FlacInfo, readFlacInfo } from './info.js'

/** A FLAC file whose length is known. */
export interface FlacFile extends FlacInfo {
  /** Samples per channel. */
  frames: number
}

/** Bytes that are searched for frames at a time in a damaged file. */
export const searchSize = 65536
// From this many samples on (13 hours at 44.1 kHz), the length is doubtful.
const leastDoubtful = 0x7fffffff
// Limits of wasted work in steps of a few nanoseconds, for the whole file and for each byte. Most damaged frames take
// less than two steps for each byte.
const maxWork = 2e7
const maxWorkPerByte = 8

/**
 * Reads a FLAC file's header, and finds the length of its sound. STREAMINFO states the length. If it states 0
 * (unknown), or with a warning 0x7fffffff samples or more, the last frame decides instead. Any other wrong length is
 * an error as soon as the frames show it. The sizes of blocks and frames in STREAMINFO do not matter.
 *
 * @param size - Bytes of the file.
 * @param tolerant - `true` trusts the last whole frame, not the header.
 * @throws EscError CORRUPT_DATA, UNSUPPORTED_FORMAT as {@link readFlacInfo}; CORRUPT_DATA also for a length that the
 *   file cannot hold, or if the last frame is needed and there is none.
 * @example readBytes(bytes, openFlac(bytes.length, false)).frames
 */
export function* openFlac(size: number, tolerant: boolean): Reading<FlacFile> {
  const info = yield* readFlacInfo(size, tolerant)
  const { frames: promised, sampleRate, end, firstFrame } = info
  if (end === firstFrame) throw corrupt('the file holds no sound')
  const most = Math.floor((end - firstFrame) / smallestFlacFrame(info)) * info.maxBlockSize
  // A sound this long is rare, but recorders often write such a number for "unknown". The last frame decides.
  const isDoubtful = promised !== null && promised >= leastDoubtful
  const isBelieved = promised !== null && !tolerant && !isDoubtful
  const last = isBelieved ? { frames: promised, end } : yield* findLength(info, tolerant)
  const { frames } = last
  if (frames > most) {
    throw corrupt(`STREAMINFO states ${frames} samples, at most ${most} fit in ${end - firstFrame} bytes`, {
      expected: frames,
    })
  }
  if (promised === null || promised === frames) return { ...info, frames }
  if (isDoubtful && last.end === end) {
    const warning = `STREAMINFO states ${promised} samples, which is wrong: by the last frame there are ${frames}`
    return { ...info, frames, warnings: [...info.warnings, warning] }
  }
  const lost = (promised - frames) / sampleRate
  const warning =
    lost > 0
      ? `the last ${seconds(lost)} s are missing or damaged: the sound ends at ${seconds(frames / sampleRate)} s`
      : `the header states ${seconds(promised / sampleRate)} s, the file holds ${seconds(frames / sampleRate)} s`
  // Bytes of an incomplete frame after the last whole one are part of this warning.
  return { ...info, frames, end: lost > 0 ? last.end : end, warnings: [...info.warnings, warning] }
}

/**
 * Finds where the last whole frame ends, in samples and in bytes. Without `tolerant`, it must end where the file
 * ends.
 */
function* findLength(info: FlacInfo, tolerant: boolean): Reading<{ frames: number; end: number }> {
  const { firstFrame, end } = info
  const decoder = createFlacFrameDecoder(info, end - firstFrame)
  let work = 0
  for (let stop = end; stop > firstFrame; ) {
    const start = Math.max(firstFrame, stop - Math.max(searchSize, decoder.windowSize))
    const view = yield { offset: start, length: Math.min(end, stop + decoder.windowSize) - start }
    const bytes = bytesOf(view)
    for (let at = stop - start - 1; at >= 0; at--) {
      at = bytes.lastIndexOf(0xff, at)
      if (at === -1) break
      if (!readFlacFrameHeader(bytes, at)) continue
      const frame = tryFlacFrame(decoder, bytes, at)
      if (!frame || (!tolerant && start + frame.end !== end)) {
        work += decoder.work
        assertWork(work, info)
        continue
      }
      return { frames: startOf(frame, info) + frame.blockSize, end: start + frame.end }
    }
    if (!tolerant) break
    stop = start
  }
  throw corrupt(
    tolerant
      ? 'the file holds no whole frame'
      : 'no whole frame ends where the file ends: the file was cut short',
  )
}

/**
 * Refuses a file in which too many places only look like frames. Each such place costs decoding time.
 *
 * @param work - Steps spent on such places so far, the sum of the decoder's `work`.
 * @throws EscError CORRUPT_DATA if the work is more than any real damaged file needs.
 * @example assertWork(work, flacInfo)
 */
export function assertWork(work: number, { firstFrame, end }: FlacInfo): void {
  if (work > maxWork + maxWorkPerByte * (end - firstFrame)) {
    throw corrupt('too many places look like frames and are not')
  }
}

/** The number of a frame's first sample. @example startOf(readFlacFrameHeader(bytes, info.firstFrame)!, info) */
export function startOf({ isVariable, number }: FlacFrameHeader | FlacFrame, info: FlacInfo): number {
  return isVariable ? number : number * info.blockSize
}

/** A time as warnings print it, with at most four decimals. @example seconds(2.93) */
export function seconds(value: number): string {
  return `${Number(value.toFixed(4))}`
}

/** The error for a damaged FLAC file. @example throw corrupt('the file holds no sound') */
export function corrupt(
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): EscError {
  return new EscError('CORRUPT_DATA', `FLAC: ${message}`, { detail, cause })
}
