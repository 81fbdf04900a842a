/** What a file is, from its bytes: names and MIME types are claims, and often wrong. */
import { assertBytes, EscError } from '@esc/core'
import { isMp3Chain, MAX_MP3_JUNK } from './mp3/read.js'
import { describeOtherSound } from './other-sounds.js'
import { type Reading, readBytes } from './reading.js'
import { readTagsBefore } from './tags.js'

/** A format that can be decoded here. */
export type AudioFormat = 'wav' | 'ogg-vorbis' | 'ogg-opus' | 'ogg-flac' | 'flac' | 'mp3' | 'aiff'

// Enough for the junk that may stand before the first MP3 frame, and three frames.
const HEAD_SIZE = 8192

/**
 * Tells from its first bytes whether a file is sound that can be decoded here, and of which format.
 *
 * Only strong signs count: `RIFF`, `RIFX`, `RF64` or `BW64` with `WAVE`; `FORM` with `AIFF` or `AIFC`; `fLaC`; `OggS`
 * with the first packet of Vorbis, Opus or FLAC; a chain of three MPEG layer III frames of one kind (or all there are),
 * behind no more than 4096 other bytes; each also behind ID3v2 tags. Pictures, texts and random bytes are none of these.
 * Where a tag is longer than `head` (it may hold a cover), what follows it cannot be seen, and is taken for MP3.
 *
 * @param head - The first 64 kB of the file, or all of a shorter one; more does no harm.
 * @returns `null` for everything else, an empty file included; {@link describeOtherSound} names formats of sound that
 *   are not decoded here.
 * @throws EscError INVALID_INPUT if it is no Uint8Array.
 * @example detectSound(head) // 'ogg-vorbis'
 */
export function detectSound(head: Uint8Array): AudioFormat | null {
  assertBytes('head', head)
  return readBytes(head, readFormat())
}

/** {@link detectSound} for a file that is read where needed. @example await readSource(source, readFormat()) */
export function* readFormat(): Reading<AudioFormat | null> {
  const offset = yield* readTagsBefore()
  const { buffer, byteOffset, byteLength } = yield { offset, length: HEAD_SIZE }
  const bytes = new Uint8Array(buffer, byteOffset, byteLength)
  const head = latin1(bytes, 0, 12)
  if (/^(RIFF|RIFX|RF64|BW64).{4}WAVE/s.test(head)) return 'wav'
  if (/^FORM.{4}AIF[FC]/s.test(head)) return 'aiff'
  if (head.startsWith('fLaC')) return 'flac'
  if (head.startsWith('OggS')) return sniffOgg(bytes)
  const hasTag = offset > 0
  return (hasTag && byteLength === 0) || findMp3(bytes, hasTag) ? 'mp3' : null
}

function sniffOgg(bytes: Uint8Array): AudioFormat | null {
  // The first packet follows the page header of 27 bytes and its table of segments.
  const packet = latin1(bytes, 27 + (bytes[26] ?? 0), 8)
  if (packet.startsWith('\x01vorbis')) return 'ogg-vorbis'
  if (packet === 'OpusHead') return 'ogg-opus'
  return packet.startsWith('\x7fFLAC') ? 'ogg-flac' : null
}

function findMp3(bytes: Uint8Array, hasTag: boolean): boolean {
  if (isMp3Chain(bytes, 0, hasTag)) return true
  // An archive or a film may hold an MP3 file as it is: its own sign says more.
  if (describeOtherSound(bytes) !== null || findLook(bytes, LOOKS) !== undefined) return false
  const end = Math.min(MAX_MP3_JUNK + 1, bytes.length)
  for (let at = bytes.indexOf(0xff, 1); at !== -1 && at < end; at = bytes.indexOf(0xff, at + 1)) {
    if (isMp3Chain(bytes, at, false)) return true
  }
  return false
}

/** How the first bytes of what people pass by mistake look, tested in this order. */
const LOOKS: readonly [head: string | RegExp, what: string][] = [
  [/^$/, 'an empty file'],
  [/^\s*<(!doctype html|html|\?xml)/i, 'an HTML or XML page (a failed download?)'],
  ['version https://git-lfs', 'a Git LFS pointer; run "git lfs pull"'],
  ['PK\x03\x04', 'a zip archive'],
  ['\x1f\x8b', 'a gzip archive'],
  ["7z\xbc\xaf'\x1c", 'a 7z archive'],
  ['Rar!\x1a\x07', 'a RAR archive'],
  [/^.{257}ustar/s, 'a tar archive'],
  ['\xff\xd8\xff', 'a JPEG picture'],
  ['\x89PNG\r\n', 'a PNG picture'],
  ['%PDF-', 'a PDF file'],
  [/^\0.{3}ftyp/s, 'a HEIF or AVIF picture'],
  ['RIFF', 'a RIFF file that is not WAVE'],
  [/^(\xff\xfe|\xfe\xff|\xef\xbb\xbf)/, 'a text file'],
  [/^[\s\x20-\x7e]+$/, 'a text file'],
]

/** Signs of a few bits, which a cut MP3 file may begin with by chance. */
const WEAK_LOOKS: typeof LOOKS = [
  [/^\xff[\xf0\xf1\xf8\xf9]/, 'an AAC stream'],
  [/^\xff[\xf4-\xf7\xfc\xfd]/, 'an MPEG layer I or II stream'],
  ['ID3', 'an ID3 tag with no MP3 frame after it'],
]

function findLook(bytes: Uint8Array, looks: typeof LOOKS): string | undefined {
  const head = latin1(bytes, 0, 262)
  // What a text is like shows in its first bytes.
  const short = head.slice(0, 64)
  return looks.find(([look]) =>
    typeof look === 'string' ? head.startsWith(look) : look.test(head) || look.test(short),
  )?.[1]
}

/**
 * The error for a file that cannot be decoded: names its format, or what it looks like instead of sound.
 *
 * @example throw unsupported(bytes)
 */
export function unsupported(bytes: Uint8Array): EscError {
  const format = detectSound(bytes)
  if (format !== null) {
    return new EscError('UNSUPPORTED_FORMAT', `format=${format} is not supported`, {
      detail: { format },
    })
  }
  const other = describeOtherSound(bytes)
  if (other !== null) {
    return new EscError('UNSUPPORTED_FORMAT', `${other} is not supported, convert it to WAV or FLAC`)
  }
  const hex = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const what = findLook(bytes, [...LOOKS, ...WEAK_LOOKS]) ?? `none known here, starting with ${hex}`
  return new EscError('UNSUPPORTED_FORMAT', `not an audio file: it looks like ${what}`)
}

function latin1(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length))
}
