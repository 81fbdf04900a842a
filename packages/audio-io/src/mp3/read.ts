/** Checks an MP3 file before it is decoded, and finds what encoder and decoder added to the sound. */
import { EscError } from '@esc/core'
import type { CompressedFile } from '../codecs.js'
import { withoutTags } from '../tags.js'
import { isUnknownSize } from '../wav/chunk-size.js'
import { findMp3Frame, type Mp3Header, readMp3Header, salvageFrames, walkFrames } from './frames.js'

export { findMp3Frame, isMp3Chain, type Mp3Header, readMp3Header } from './frames.js'

interface InfoFrame {
  /** Frames of sound after this one; `null` if it does not say. */
  frames: number | null
  /** Bytes of this frame and those; `null` if it does not say. */
  bytes: number | null
  /** Samples that the encoder put before the sound and after it; `null` without a LAME tag. */
  padding: { start: number; end: number } | null
}

/** Bytes before the first frame that are skipped: padding after a tag, what is left of a frame where a stream was cut. */
export const MAX_MP3_JUNK = 4096

// A decoder's filter bank gives its output this much later.
const DECODER_DELAY = 529

/**
 * Checks an MP3 file (MPEG-1, 2 and 2.5, layer III): walks every frame, and reads the Xing, Info or VBRI frame.
 *
 * Encoder delay and padding are trimmed as ffmpeg does, where a LAME tag states them; without one, as there, the
 * encoder's delay stays in the sound. The frames decide how long the file is: the counts of frames and bytes in a Xing,
 * Info or VBRI frame are often left over from another state of the file. A count that differs is warned of, and might
 * mean that the file was cut exactly between two frames. Damage inside a frame is not noticed at all, since most files
 * have no checksums.
 *
 * @param bytes - The whole file; ID3 and APE tags around the frames are skipped, as are up to 4096 bytes before the
 *   first frame, and zeros after the last.
 * @param tolerant - `true` skips whatever is no frame; `warnings` says how much, and whether frames are missing.
 * @returns What it decodes to; the payload is the frames of sound alone.
 * @throws EscError CORRUPT_DATA if there is anything but frames of one kind, or the last is incomplete.
 * @see ISO/IEC 11172-3, section 2.4; ffmpeg 5.1 `libavformat/mp3dec.c`.
 * @example readMp3(bytes).info.frames
 */
export function readMp3(bytes: Uint8Array, tolerant = false): CompressedFile {
  const { stream, start } = findStart(bytes, tolerant)
  const first = readMp3Header(stream, start)!
  const infoFrame = readInfoFrame(stream.subarray(start), first)
  const sound = infoFrame ? start + first.length : start
  const { payload, count, warnings } = (tolerant ? salvageFrames : walkFrames)(stream, sound, first)
  const expected = infoFrame?.frames ?? count
  if (count === 0) throw corrupt('no frame of sound', { expected, found: count })
  if (count !== expected) {
    warnings.push(
      `there are ${count} frames, the header promises ${expected}: its count is wrong, or frames are missing`,
    )
  }
  // Fewer frames than promised may be all the same, if the header is right about the bytes or states no true count.
  const isWhole =
    count >= expected || isUnknownSize(expected) || infoFrame?.bytes === first.length + payload.length
  if (tolerant && stream.subarray(0, start).some((byte) => byte !== 0)) {
    warnings.unshift(`${start} bytes before the first frame were left out`)
  }
  const given = count * first.samples
  const { skip, end } = trim(infoFrame, given, isWhole)
  if (!(end > skip)) throw corrupt(`${given} samples, the first ${skip} and all after ${end} are padding`)
  const { sampleRate, channels } = first
  const frames = end - skip
  const durationSec = frames / sampleRate
  return {
    info: { container: 'mp3', codec: 'mp3', sampleRate, channels, durationSec, frames, bitDepth: null },
    streams: [{ payload, least: given, most: given, skip, frames, gain: 1 }],
    warnings,
  }
}

/** The file without its tags, and where in it the first frame is. */
function findStart(bytes: Uint8Array, tolerant: boolean): { stream: Uint8Array; start: number } {
  const stream = withoutTags(bytes)
  // A file of a single frame is one, if nothing stands before it.
  if (!tolerant && readMp3Header(stream, 0)) return { stream, start: 0 }
  const start = findMp3Frame(stream, 0, tolerant ? stream.length : MAX_MP3_JUNK + 1)
  if (start !== -1) {
    const junk = latin1(stream.subarray(0, MAX_MP3_JUNK), 0, start)
    if (!tolerant && /Xing|Info|VBRI/.test(junk)) throw corrupt('its info frame is damaged')
    return { stream, start }
  }
  // A damaged tag may claim all of the file.
  const anywhere = tolerant ? findMp3Frame(bytes, 0, bytes.length) : -1
  if (anywhere !== -1) return { stream: bytes, start: anywhere }
  if (readMp3Header(stream, 0)) return { stream, start: 0 }
  throw corrupt('no frame after the tags')
}

/** @param isWhole - Whether the last frame is the file's last. */
function trim(info: InfoFrame | undefined, given: number, isWhole: boolean): { skip: number; end: number } {
  if (!info?.padding) return { skip: 0, end: given }
  const skip = info.padding.start + DECODER_DELAY
  return { skip, end: isWhole ? Math.min(given, given - info.padding.end + DECODER_DELAY) : given }
}

/** Reads the frame that describes the others; `undefined` if the first frame is sound. */
function readInfoFrame(bytes: Uint8Array, first: Mp3Header): InfoFrame | undefined {
  const frame = bytes.subarray(0, first.length)
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const u32 = (offset: number) => (offset + 4 <= frame.length ? view.getUint32(offset) : 0)
  // VBRI stands at a fixed place, Xing and Info follow the side information.
  if (latin1(frame, 36, 4) === 'VBRI') return { bytes: u32(36 + 10), frames: u32(36 + 14), padding: null }
  const isMpeg1 = first.samples === 1152
  const side = isMpeg1 ? (first.channels === 1 ? 17 : 32) : first.channels === 1 ? 9 : 17
  const start = 4 + side
  const name = latin1(frame, start, 4)
  if (name !== 'Xing' && name !== 'Info') return undefined
  const flags = u32(start + 4)
  const frames = flags & 1 ? u32(start + 8) : null
  const size = flags & 2 ? u32(start + 8 + (flags & 1 ? 4 : 0)) : null
  // Optional: number of frames, of bytes, a table of 100 entries, a quality.
  const tag =
    start + 8 + (flags & 1 ? 4 : 0) + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0) + (flags & 8 ? 4 : 0)
  if (!/^(LAME|Lavf|Lavc)/.test(latin1(frame, tag, 4))) return { frames, bytes: size, padding: null }
  const delays = u32(tag + 21) >>> 8
  return { frames, bytes: size, padding: { start: delays >> 12, end: delays & 0xfff } }
}

function latin1(bytes: Uint8Array, start: number, length: number): string {
  return start < 0 ? '' : String.fromCharCode(...bytes.subarray(start, start + length))
}

function corrupt(message: string, detail: Readonly<Record<string, unknown>> = {}): EscError {
  return new EscError('CORRUPT_DATA', `MP3: ${message}`, { detail })
}
