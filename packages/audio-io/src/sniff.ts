/** What a file is, from its bytes: names and MIME types are claims, and often wrong. */
import { assertBytes, EscError } from '@esc/core'
import { findMp3Frame, MAX_MP3_JUNK, readMp3Header } from './mp3.js'
import { type Reading, readBytes } from './reading.js'
import { id3Size } from './tags.js'

/** A format that {@link sniffFormat} can tell; not all can be decoded. */
export type AudioFormat = 'wav' | 'ogg-vorbis' | 'ogg-opus' | 'ogg-flac' | 'flac' | 'mp3' | 'aiff' | 'unknown'

// Enough for the junk that may stand before the first MP3 frame, that frame, and the next one's header.
const HEAD_SIZE = 8192

// One is usual, two happen; each costs a read.
const MAX_TAGS = 16

/**
 * Tells an audio format from the first bytes of a file.
 *
 * @param bytes - The file, or at least its first 8192 bytes; more where it begins with an ID3 tag.
 * @returns `unknown` for everything that is none of the formats, an empty file included.
 * @throws EscError INVALID_INPUT if they are no Uint8Array.
 * @example sniffFormat(bytes) // 'ogg-vorbis'
 */
export function sniffFormat(bytes: Uint8Array): AudioFormat {
  assertBytes('bytes', bytes)
  return readBytes(bytes, readFormat())
}

/** {@link sniffFormat} for a file that is read where needed. @example await readSource(source, readFormat()) */
export function* readFormat(): Reading<AudioFormat> {
  let offset = 0
  let stream = bytesOf(yield { offset, length: HEAD_SIZE })
  const head = latin1(stream, 0, 12)
  if (/^(RIFF|RIFX|RF64|BW64).{4}WAVE/s.test(head)) return 'wav'
  if (/^FORM.{4}AIF[FC]/s.test(head)) return 'aiff'
  if (head.startsWith('OggS')) return sniffOgg(stream)
  for (let tags = 0, size = id3Size(stream); size > 0 && tags < MAX_TAGS; tags++, size = id3Size(stream)) {
    offset += size
    stream = bytesOf(yield { offset, length: HEAD_SIZE })
  }
  if (latin1(stream, 0, 4) === 'fLaC') return 'flac'
  if (isMp3(stream, offset > 0)) return 'mp3'
  return findMp3Frame(stream, 0, MAX_MP3_JUNK + 1) === -1 ? 'unknown' : 'mp3'
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function sniffOgg(bytes: Uint8Array): AudioFormat {
  // The first packet follows the page header of 27 bytes and its table of segments.
  const packet = latin1(bytes, 27 + (bytes[26] ?? 0), 8)
  if (packet.startsWith('\x01vorbis')) return 'ogg-vorbis'
  if (packet === 'OpusHead') return 'ogg-opus'
  if (packet.startsWith('\x7fFLAC')) return 'ogg-flac'
  return 'unknown'
}

/** Eleven bits of sync are soon found by chance: without a tag, a second frame must follow the first. */
function isMp3(stream: Uint8Array, hasTag: boolean): boolean {
  if (stream.length === 0) return hasTag
  const first = readMp3Header(stream, 0)
  if (!first) return false
  return hasTag || stream.length < first.length + 4 || readMp3Header(stream, first.length) !== undefined
}

/** How the first bytes of what people pass by mistake look, tested in this order. */
const LOOKS: readonly [head: string | RegExp, what: string][] = [
  [/^$/, 'an empty file'],
  [/^\s*<(!doctype html|html|\?xml)/i, 'an HTML or XML page (a failed download?)'],
  ['version https://git-lfs', 'a Git LFS pointer; run "git lfs pull"'],
  ['PK\x03\x04', 'a zip archive'],
  ['\x1f\x8b', 'a gzip archive'],
  [/^.{4}ftyp/s, 'an MP4 or M4A file'],
  ['\x1aE\xdf\xa3', 'a Matroska or WebM file'],
  [/^\xff[\xf0\xf1\xf8\xf9]/, 'an AAC stream'],
  [/^\xff[\xf4-\xf7\xfc\xfd]/, 'an MPEG layer I or II stream'],
  ['ID3', 'an ID3 tag with no MP3 frame after it'],
  ['OggS', 'an Ogg stream of another codec'],
  ['RIFF', 'a RIFF file that is not WAVE'],
  [/^(\xff\xfe|\xfe\xff|\xef\xbb\xbf)/, 'a text file'],
  [/^[\s\x20-\x7e]+$/, 'a text file'],
]

/**
 * The error for a file that cannot be decoded: names its format, or what it looks like instead of sound.
 *
 * @example throw unsupported(bytes)
 */
export function unsupported(bytes: Uint8Array): EscError {
  const format = sniffFormat(bytes)
  if (format !== 'unknown') {
    return new EscError('UNSUPPORTED_FORMAT', `format=${format} is not supported`, {
      detail: { format },
    })
  }
  const head = latin1(bytes, 0, 64)
  const hex = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const what =
    LOOKS.find(([look]) => (typeof look === 'string' ? head.startsWith(look) : look.test(head)))?.[1] ??
    `none known here, starting with ${hex}`
  return new EscError('UNSUPPORTED_FORMAT', `not an audio file: it looks like ${what}`, {
    detail: { format },
  })
}

function latin1(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length))
}
