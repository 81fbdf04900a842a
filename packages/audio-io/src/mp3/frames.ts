/** MPEG layer III frames: reads their headers, and walks from frame to frame. */
import { EscError } from '@esc/core'
import { concat } from '../bytes.js'

/** The header of a frame, its first four bytes. */
export interface Mp3Header {
  /** Bytes of the frame, its header included. */
  length: number
  /** Samples per channel. */
  samples: number
  /** Hz. */
  sampleRate: number
  channels: number
}

/** The frames of a file. */
export interface Mp3Frames {
  /** The frames alone, one after the other. */
  payload: Uint8Array
  count: number
  /** One sentence for each part that was left out. */
  warnings: string[]
}

const KBPS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
// For MPEG-2 and 2.5, the versions with half and quarter rates.
const KBPS_LOW = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
const RATES = [44100, 48000, 32000]

/**
 * Reads the header of the layer III frame at `offset`; `undefined` if there is none. Frames of free bit rate are not
 * read.
 *
 * @see ISO/IEC 11172-3, section 2.4.2.3.
 * @example readMp3Header(bytes, 0)?.sampleRate
 */
export function readMp3Header(bytes: Uint8Array, offset: number): Mp3Header | undefined {
  const second = bytes[offset + 1] ?? 0
  const isLayer3 = bytes[offset] === 0xff && (second & 0xe6) === 0xe2
  const fourth = bytes[offset + 3]
  if (!isLayer3 || fourth === undefined) return undefined
  const third = bytes[offset + 2]!
  const version = (second >> 3) & 3
  const rateIndex = (third >> 2) & 3
  const isMpeg1 = version === 3
  const kbps = (isMpeg1 ? KBPS : KBPS_LOW)[third >> 4]
  if (version === 1 || rateIndex === 3 || !kbps) return undefined
  // MPEG-2 halves the rates of MPEG-1, 2.5 quarters them.
  const sampleRate = RATES[rateIndex]! / (isMpeg1 ? 1 : version === 2 ? 2 : 4)
  const samples = isMpeg1 ? 1152 : 576
  const length = Math.floor((samples * 125 * kbps) / sampleRate) + ((third >> 1) & 1)
  return { length, samples, sampleRate, channels: fourth >> 6 === 3 ? 1 : 2 }
}

/**
 * Finds the first frame that is followed by another frame of its kind, or with which the bytes end. A header alone is
 * not enough: its eleven bits of sync are soon found by chance.
 *
 * @param from - Where to begin.
 * @param to - Where to stop.
 * @param kind - A header whose kind the frame must have; any kind if it is left out.
 * @returns -1 if there is none.
 * @example findMp3Frame(bytes, 0, 4096)
 */
export function findMp3Frame(bytes: Uint8Array, from: number, to: number, kind?: Mp3Header): number {
  for (let at = bytes.indexOf(0xff, from); at !== -1 && at < to; at = bytes.indexOf(0xff, at + 1)) {
    const frame = readMp3Header(bytes, at)
    if (!frame || (kind && !isSameKind(frame, kind))) continue
    const end = at + frame.length
    const next = readMp3Header(bytes, end)
    if (end === bytes.length || (next && isSameKind(next, frame))) return at
  }
  return -1
}

// Three headers in a row are no accident: each fits random bytes once in thousands of times.
const chainLength = 3

/**
 * Whether the bytes begin with a chain of frames: three of one kind, or all that there are.
 *
 * @param afterTag - `true` accepts a single header, since an ID3 tag is nearly always followed by a frame.
 * @example isMp3Chain(bytes, 0, false)
 */
export function isMp3Chain(bytes: Uint8Array, offset: number, afterTag: boolean): boolean {
  const first = readMp3Header(bytes, offset)
  if (!first) return false
  if (afterTag) return true
  let at = offset
  for (let count = 0; ; count++) {
    if (count === chainLength) return true
    const frame = readMp3Header(bytes, at)
    // A single frame that is cut short is only a header, which may be there by chance.
    if (!frame) return count > 0 && isEndOfFrames(bytes, at)
    if (!isSameKind(frame, first)) return false
    if (at + frame.length > bytes.length) return count > 0
    at += frame.length
  }
}

/** Whether the bytes are what may follow the last frame: tags, zeros, or too few bytes for a header. */
function isEndOfFrames(bytes: Uint8Array, at: number): boolean {
  const rest = bytes.subarray(at, at + 8)
  if (rest.length < 4) return rest.every((byte) => byte === 0 || byte === 0xff)
  return /^(TAG|APETAGEX|LYRICSBE)/.test(String.fromCharCode(...rest)) || isZero(bytes, at)
}

/**
 * Walks the frames of an intact file; zeros may follow the last.
 *
 * @param first - A header whose kind all frames must have.
 * @throws EscError CORRUPT_DATA if there are other bytes, or if the last frame is incomplete.
 * @example walkFrames(bytes, 0, readMp3Header(bytes, 0)!).count
 */
export function walkFrames(bytes: Uint8Array, start: number, first: Mp3Header): Mp3Frames {
  let count = 0
  let offset = start
  for (; offset < bytes.length; count++) {
    const frame = readMp3Header(bytes, offset)
    const rest = bytes.length - offset
    if (!frame) {
      if (isZero(bytes, offset)) break
      throw corrupt(`frame ${count}: there is no frame header at byte ${offset} of ${bytes.length}`, count)
    }
    if (frame.length > rest) {
      throw corrupt(
        `frame ${count} has ${frame.length} bytes, only ${rest} are left: the file was cut short`,
        count,
      )
    }
    if (!isSameKind(frame, first)) {
      throw corrupt(
        `frame ${count} has ${frame.channels} channels at ${frame.sampleRate} Hz, the first frame has ${first.channels} ` +
          `at ${first.sampleRate} Hz`,
        count,
      )
    }
    offset += frame.length
  }
  return { payload: bytes.subarray(start, offset), count, warnings: [] }
}

/**
 * Takes the frames of a damaged file. It skips bytes that are no frame, incomplete frames, and frames of another kind
 * than the first.
 *
 * @example salvageFrames(bytes, 0, readMp3Header(bytes, 0)!).warnings
 */
export function salvageFrames(bytes: Uint8Array, start: number, first: Mp3Header): Mp3Frames {
  const runs: Uint8Array[] = []
  let count = 0
  let skipped = 0
  let places = 0
  let firstAt = 0
  for (let offset = start; offset < bytes.length; ) {
    const end = endOfRun(bytes, offset, first)
    if (end.offset > offset) runs.push(bytes.subarray(offset, end.offset))
    count += end.count
    offset = end.offset
    if (isZero(bytes, offset)) break
    const found = findMp3Frame(bytes, offset + 1, bytes.length, first)
    const next = found === -1 ? bytes.length : found
    if (places === 0) firstAt = offset
    skipped += next - offset
    places++
    offset = next
  }
  const warnings =
    places === 0
      ? []
      : [
          `${skipped} bytes in ${places} places are no whole frames and were left out, the first at byte ${firstAt}`,
        ]
  return { payload: runs.length === 1 ? runs[0]! : concat(runs), count, warnings }
}

function endOfRun(bytes: Uint8Array, start: number, kind: Mp3Header): { offset: number; count: number } {
  let offset = start
  let count = 0
  for (;;) {
    const frame = readMp3Header(bytes, offset)
    if (!frame || !isSameKind(frame, kind) || offset + frame.length > bytes.length) return { offset, count }
    offset += frame.length
    count++
  }
}

function isSameKind(a: Mp3Header, b: Mp3Header): boolean {
  return a.sampleRate === b.sampleRate && a.channels === b.channels
}

function isZero(bytes: Uint8Array, from: number): boolean {
  for (let i = from; i < bytes.length; i++) if (bytes[i] !== 0) return false
  return true
}

function corrupt(message: string, frame: number): EscError {
  return new EscError('CORRUPT_DATA', `MP3: ${message}`, { detail: { frame } })
}
