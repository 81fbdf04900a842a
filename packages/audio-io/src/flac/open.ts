/** Opens a FLAC file: its header, and how long its sound is. */
import { EscError } from '@esc/core'
import type { Reading } from '../reading.js'
import { createFlacFrameDecoder, type FlacFrame, smallestFlacFrame, tryFlacFrame } from './frame.js'
import { type FlacFrameHeader, readFlacFrameHeader } from './header.js'
import { type FlacInfo, readFlacInfo } from './info.js'

/** A FLAC file whose length is known. */
export interface FlacFile extends FlacInfo {
  /** Samples per channel. */
  frames: number
}

/** How far damage is looked through at a time, in bytes. */
export const SEARCH_SIZE = 65536
// Samples; 13 hours at 44.1 kHz.
const LEAST_UNKNOWN = 0x7fffffff
// Steps of a few nanoseconds, in all and for each byte: most damaged frames take less than two steps for each byte.
const MAX_WORK = 2e7
const MAX_WORK_PER_BYTE = 8

/**
 * Reads a FLAC file's header, and finds how long its sound is: by STREAMINFO, or by the last frame where that states 0
 * (unknown) or, with a warning, 0x7fffffff and more samples than there are. Any other wrong length is an error, when the
 * frames show it. The sizes of blocks and frames decide nothing: the frames do.
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
  // So long a sound is rare, and a recorder's mark for "unknown" is not: the last frame tells.
  const isDoubtful = promised !== null && promised >= LEAST_UNKNOWN
  const isBelieved = promised !== null && !tolerant && !isDoubtful
  const last = isBelieved ? { frames: promised, end } : yield* findLength(info, tolerant)
  const { frames } = last
  if (frames > most) {
    throw corrupt(`${frames} samples, at most ${most} fit in ${end - firstFrame} bytes`, { expected: frames })
  }
  if (promised === null || promised === frames) return { ...info, frames }
  if (isDoubtful && last.end === end) {
    const warning = `STREAMINFO states ${promised} samples, which cannot be true: ${frames} were computed from the last frame`
    return { ...info, frames, warnings: [...info.warnings, warning] }
  }
  const lost = (promised - frames) / sampleRate
  const warning =
    lost > 0
      ? `the last ${seconds(lost)} s were missing or damaged: it ends at ${seconds(frames / sampleRate)} s`
      : `the header promises ${seconds(promised / sampleRate)} s, there are ${seconds(frames / sampleRate)} s`
  // What a cut leaves of the next frame is in the warning.
  return { ...info, frames, end: lost > 0 ? last.end : end, warnings: [...info.warnings, warning] }
}

/** Where the last whole frame ends, in samples and in bytes; unless `tolerant`, it must be the last of the file. */
function* findLength(info: FlacInfo, tolerant: boolean): Reading<{ frames: number; end: number }> {
  const { firstFrame, end } = info
  const decoder = createFlacFrameDecoder(info, end - firstFrame)
  let work = 0
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
    tolerant ? 'there is no whole frame' : 'no whole frame ends where the file does: it was cut short',
  )
}

/**
 * Refuses a file made of places that look like frames and are none: to find that out takes time.
 *
 * @param work - Steps that were taken for such places: `work` of the decoder.
 * @throws EscError CORRUPT_DATA for more than a damaged file needs.
 * @example assertWork(walk.wastedWork, file)
 */
export function assertWork(work: number, { firstFrame, end }: FlacInfo): void {
  if (work > MAX_WORK + MAX_WORK_PER_BYTE * (end - firstFrame)) {
    throw corrupt('too many places look like frames and are none')
  }
}

/** Where a frame begins, in samples. @example startOf(frame, info) */
export function startOf({ isVariable, number }: FlacFrameHeader | FlacFrame, info: FlacInfo): number {
  return isVariable ? number : number * info.blockSize
}

/** A time as warnings give it. @example seconds(2.93) */
export function seconds(value: number): string {
  return `${Number(value.toFixed(4))}`
}

/** An error of this format. @example throw corrupt('there is no sound') */
export function corrupt(
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): EscError {
  return new EscError('CORRUPT_DATA', `FLAC: ${message}`, { detail, cause })
}
