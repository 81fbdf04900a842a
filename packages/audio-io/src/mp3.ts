/** Checks an MP3 file before it is decoded, and finds what encoder and decoder added to the sound. */
import { EscError } from '@esc/core'
import type { CompressedFile } from './codecs.js'

/** What the four bytes before each frame say. */
export interface Mp3Header {
  /** Bytes of the frame, its header included. */
  length: number
  /** Samples per channel. */
  samples: number
  /** Hz. */
  sampleRate: number
  channels: number
}

interface InfoFrame {
  /** Frames of sound after this one; `null` if it does not say. */
  frames: number | null
  /** Samples that the encoder put before the sound and after it; `null` without a LAME tag. */
  padding: { start: number; end: number } | null
}

const KBPS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
// MPEG-2 and 2.5, the versions for half and quarter rates.
const KBPS_LOW = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
const RATES = [44100, 48000, 32000]
// A decoder's filter bank gives its output this much later.
const DECODER_DELAY = 529

/**
 * Checks an MP3 file (MPEG-1, 2 and 2.5, layer III): walks every frame, and reads the Xing, Info or VBRI frame.
 *
 * Encoder delay and padding are trimmed as ffmpeg does, where a LAME tag states them; without one, as there, the
 * encoder's delay stays in the sound. A file cut exactly between two frames is only noticed if a Xing, Info or VBRI
 * frame says how many there should be; damage inside a frame is not noticed at all, since most files have no checksums.
 *
 * @param bytes - The whole file; ID3 and APE tags around the frames are skipped.
 * @returns What it decodes to; `payload` is the frames of sound alone.
 * @throws EscError CORRUPT_DATA if there is anything but frames of one kind, the last is incomplete, or there are not
 *   as many as the info frame says.
 * @see ISO/IEC 11172-3, section 2.4; ffmpeg 5.1 `libavformat/mp3dec.c`.
 * @example readMp3(bytes).info.frames
 */
export function readMp3(bytes: Uint8Array): CompressedFile {
  const stream = withoutTags(bytes)
  const first = readMp3Header(stream, 0)
  if (!first) throw corrupt('no frame after the tags')
  const infoFrame = readInfoFrame(stream, first)
  const start = infoFrame ? first.length : 0
  const count = countFrames(stream, start, first)
  const expected = infoFrame?.frames ?? count
  if (count !== expected || count === 0) {
    throw corrupt(`${count} frames, its header promises ${expected || 'some'}`, { expected, found: count })
  }
  const decodedFrames = count * first.samples
  const padding = infoFrame?.padding
  const skip = padding ? padding.start + DECODER_DELAY : 0
  const end = padding ? Math.min(decodedFrames, decodedFrames - padding.end + DECODER_DELAY) : decodedFrames
  if (!(end > skip))
    throw corrupt(`${decodedFrames} samples, the first ${skip} and all after ${end} are padding`)
  const { sampleRate, channels } = first
  const frames = end - skip
  const durationSec = frames / sampleRate
  return {
    info: { container: 'mp3', codec: 'mp3', sampleRate, channels, durationSec, frames, bitDepth: null },
    payload: stream.subarray(start),
    decodedFrames: [decodedFrames],
    skip,
    gain: 1,
  }
}

/**
 * The header of the layer III frame at `offset`; `undefined` if there is none. Frames of free bit rate are none here.
 *
 * @see ISO/IEC 11172-3, section 2.4.2.3.
 * @example readMp3Header(bytes, 0)?.sampleRate
 */
export function readMp3Header(bytes: Uint8Array, offset: number): Mp3Header | undefined {
  const [sync = 0, second = 0, third = 0, fourth] = bytes.subarray(offset, offset + 4)
  const version = (second >> 3) & 3
  const bitrateIndex = third >> 4
  const rateIndex = (third >> 2) & 3
  const isLayer3 = sync === 0xff && (second & 0xe6) === 0xe2
  if (!isLayer3 || version === 1 || rateIndex === 3 || fourth === undefined) return undefined
  const isMpeg1 = version === 3
  const kbps = (isMpeg1 ? KBPS : KBPS_LOW)[bitrateIndex]
  if (!kbps) return undefined
  // MPEG-2 halves the rates of MPEG-1, 2.5 quarters them.
  const sampleRate = RATES[rateIndex]! / (isMpeg1 ? 1 : version === 2 ? 2 : 4)
  const samples = isMpeg1 ? 1152 : 576
  const length = Math.floor((samples * 125 * kbps) / sampleRate) + ((third >> 1) & 1)
  return { length, samples, sampleRate, channels: fourth >> 6 === 3 ? 1 : 2 }
}

function countFrames(bytes: Uint8Array, start: number, first: Mp3Header): number {
  let count = 0
  for (let offset = start; offset < bytes.length; count++) {
    const frame = readMp3Header(bytes, offset)
    const rest = bytes.length - offset
    if (!frame) {
      throw corrupt(`frame ${count}: no frame header at byte ${offset} of ${bytes.length}`, { frame: count })
    }
    if (frame.length > rest) {
      throw corrupt(`frame ${count}: ${rest} bytes left, it has ${frame.length}: the file was cut short`, {
        frame: count,
      })
    }
    if (frame.sampleRate !== first.sampleRate || frame.channels !== first.channels) {
      throw corrupt(
        `frame ${count} has ${frame.channels} channels at ${frame.sampleRate} Hz, the first ${first.channels} ` +
          `at ${first.sampleRate}`,
        { frame: count },
      )
    }
    offset += frame.length
  }
  return count
}

/** Reads the frame that describes the others; `undefined` if the first frame is sound. */
function readInfoFrame(bytes: Uint8Array, first: Mp3Header): InfoFrame | undefined {
  const frame = bytes.subarray(0, first.length)
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const u32 = (offset: number) => (offset + 4 <= frame.length ? view.getUint32(offset) : 0)
  // VBRI stands at a fixed place, Xing and Info follow the side information.
  if (latin1(frame, 36, 4) === 'VBRI') return { frames: u32(36 + 14), padding: null }
  const isMpeg1 = first.samples === 1152
  const side = isMpeg1 ? (first.channels === 1 ? 17 : 32) : first.channels === 1 ? 9 : 17
  const start = 4 + side
  const name = latin1(frame, start, 4)
  if (name !== 'Xing' && name !== 'Info') return undefined
  const flags = u32(start + 4)
  const frames = flags & 1 ? u32(start + 8) : null
  // Optional: number of frames, of bytes, a table of 100 entries, a quality.
  const tag =
    start + 8 + (flags & 1 ? 4 : 0) + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0) + (flags & 8 ? 4 : 0)
  if (!/^(LAME|Lavf|Lavc)/.test(latin1(frame, tag, 4))) return { frames, padding: null }
  const delays = u32(tag + 21) >>> 8
  return { frames, padding: { start: delays >> 12, end: delays & 0xfff } }
}

/**
 * A file without the ID3v2 tags before its sound, and the ID3v1 and APE tags after it.
 *
 * @returns A view of the same bytes; empty if a tag claims more than there is.
 * @see id3.org, "ID3 tag version 2.4.0 - Main Structure"; wiki.hydrogenaud.io, "APEv2 specification".
 * @example readMp3Header(withoutTags(bytes), 0)
 */
export function withoutTags(bytes: Uint8Array): Uint8Array {
  let start = 0
  while (latin1(bytes, start, 3) === 'ID3' && bytes.length >= start + 10) {
    const size = bytes.subarray(start + 6, start + 10).reduce((sum, byte) => sum * 128 + (byte & 127), 0)
    const hasFooter = (bytes[start + 5]! & 0x10) !== 0
    start += 10 + size + (hasFooter ? 10 : 0)
  }
  let end = bytes.length
  if (latin1(bytes, end - 128, 3) === 'TAG') end -= 128
  if (latin1(bytes, end - 32, 8) === 'APETAGEX') {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const hasHeader = view.getUint32(end - 12, true) >= 0x80000000
    end -= view.getUint32(end - 20, true) + (hasHeader ? 32 : 0)
  }
  return bytes.subarray(start, Math.max(start, end))
}

function latin1(bytes: Uint8Array, start: number, length: number): string {
  return start < 0 ? '' : String.fromCharCode(...bytes.subarray(start, start + length))
}

function corrupt(message: string, detail: Readonly<Record<string, unknown>> = {}): EscError {
  return new EscError('CORRUPT_DATA', `MP3: ${message}`, { detail })
}
