/** MP3: checks a file before it is decoded, and finds the samples that encoder and decoder added to the sound. */
import { EscError } from '@esc/core'
import { latin1, viewOf } from '../bytes.js'
import type { CompressedFile } from '../codecs.js'
import { withoutTags } from '../tags.js'
import { isUnknownSize } from '../wav/chunk-size.js'
import { findMp3Frame, type Mp3Header, readMp3Header, salvageFrames, walkFrames } from './frames.js'

/** A Xing, Info or VBRI frame: it stands before the frames of sound, and describes them. */
interface InfoFrame {
  /** Frames of sound after this frame; `null` if it does not state them. */
  frames: number | null
  /** Bytes of this frame and of the frames of sound; `null` if it does not state them. */
  bytes: number | null
  /** Samples that the encoder put before the sound and after it; `null` without a LAME tag. */
  padding: { start: number; end: number } | null
}

/** The most bytes that may stand before the first frame: padding after a tag, or the rest of a frame that was cut. */
export const maxMp3Junk = 4096

// A decoder's filter bank delays its output by this many samples.
const DECODER_DELAY = 529

/**
 * Checks an MP3 file (MPEG-1, 2 and 2.5, layer III): walks every frame, and reads the Xing, Info or VBRI frame.
 *
 * If a LAME tag states the encoder's delay and padding, they are trimmed as in ffmpeg. Without a LAME tag, the delay
 * stays in the sound, also as in ffmpeg. The frames decide how long the file is: the counts of frames and bytes in a
 * Xing, Info or VBRI frame are often older than the file. A wrong count gives a warning, because it may mean that the
 * file was cut exactly between two frames. Damage inside a frame is not noticed, since most files have no checksums.
 *
 * @param bytes - The whole file. ID3 and APE tags around the frames, up to 4096 bytes before the first frame, and
 *   zeros after the last frame are skipped.
 * @param tolerant - `true` skips all bytes that are no frame; `warnings` says how many, and whether frames are
 *   missing.
 * @returns What the file decodes to; the payload is the frames of sound alone.
 * @throws EscError CORRUPT_DATA if the file holds other bytes than frames of one kind, or if the last frame is
 *   incomplete.
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
  if (count === 0) throw corrupt('the file holds no frame of sound', { expected, found: count })
  if (count !== expected) {
    warnings.push(
      `the file has ${count} frames, its header states ${expected}: the count is wrong, or frames are missing`,
    )
  }
  // Fewer frames than stated can still be all frames: if the header's count is no real count, or if its count of
  // bytes is right.
  const isWhole =
    count >= expected || isUnknownSize(expected) || infoFrame?.bytes === first.length + payload.length
  if (tolerant && stream.subarray(0, start).some((byte) => byte !== 0)) {
    warnings.unshift(`${start} bytes before the first frame were left out`)
  }
  const given = count * first.samples
  const { skip, end } = trim(infoFrame, given, isWhole)
  if (!(end > skip))
    throw corrupt(`all of the ${given} samples are padding: the sound would go from sample ${skip} to ${end}`)
  const { sampleRate, channels } = first
  const frames = end - skip
  const durationSec = frames / sampleRate
  return {
    info: { container: 'mp3', codec: 'mp3', sampleRate, channels, durationSec, frames, bitDepth: null },
    streams: [{ payload, least: given, most: given, skip, frames, gain: 1 }],
    warnings,
  }
}

/** Finds the file without its tags, and the offset of its first frame. */
function findStart(bytes: Uint8Array, tolerant: boolean): { stream: Uint8Array; start: number } {
  const stream = withoutTags(bytes)
  // A file may have a single frame, if nothing stands before it.
  if (!tolerant && readMp3Header(stream, 0)) return { stream, start: 0 }
  const start = findMp3Frame(stream, 0, tolerant ? stream.length : maxMp3Junk + 1)
  if (start !== -1) {
    const junk = latin1(stream.subarray(0, maxMp3Junk), 0, start)
    if (!tolerant && /Xing|Info|VBRI/.test(junk)) throw corrupt('the info frame is damaged')
    return { stream, start }
  }
  // A damaged tag may state the size of the whole file.
  const anywhere = tolerant ? findMp3Frame(bytes, 0, bytes.length) : -1
  if (anywhere !== -1) return { stream: bytes, start: anywhere }
  if (readMp3Header(stream, 0)) return { stream, start: 0 }
  throw corrupt('there is no frame after the tags')
}

/**
 * Finds where the sound begins and ends without the encoder's padding.
 *
 * @param isWhole - Whether no frame is missing at the end.
 */
function trim(info: InfoFrame | undefined, given: number, isWhole: boolean): { skip: number; end: number } {
  if (!info?.padding) return { skip: 0, end: given }
  const skip = info.padding.start + DECODER_DELAY
  return { skip, end: isWhole ? Math.min(given, given - info.padding.end + DECODER_DELAY) : given }
}

/** Reads the info frame; `undefined` if the first frame is already sound. */
function readInfoFrame(bytes: Uint8Array, first: Mp3Header): InfoFrame | undefined {
  const frame = bytes.subarray(0, first.length)
  const view = viewOf(frame)
  const u32 = (offset: number) => (offset + 4 <= frame.length ? view.getUint32(offset) : 0)
  // VBRI stands at a fixed offset. Xing and Info follow the side information.
  if (latin1(frame, 36, 4) === 'VBRI') return { bytes: u32(36 + 10), frames: u32(36 + 14), padding: null }
  const isMpeg1 = first.samples === 1152
  const side = isMpeg1 ? (first.channels === 1 ? 17 : 32) : first.channels === 1 ? 9 : 17
  const start = 4 + side
  const name = latin1(frame, start, 4)
  if (name !== 'Xing' && name !== 'Info') return undefined
  const flags = u32(start + 4)
  const frames = flags & 1 ? u32(start + 8) : null
  const size = flags & 2 ? u32(start + 8 + (flags & 1 ? 4 : 0)) : null
  // Four fields are optional: the count of frames, the count of bytes, a table of 100 entries, a quality.
  const tag =
    start + 8 + (flags & 1 ? 4 : 0) + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0) + (flags & 8 ? 4 : 0)
  if (!/^(LAME|Lavf|Lavc)/.test(latin1(frame, tag, 4))) return { frames, bytes: size, padding: null }
  const delays = u32(tag + 21) >>> 8
  return { frames, bytes: size, padding: { start: delays >> 12, end: delays & 0xfff } }
}

function corrupt(message: string, detail: Readonly<Record<string, unknown>> = {}): EscError {
  return new EscError('CORRUPT_DATA', `MP3: ${message}`, { detail })
}
