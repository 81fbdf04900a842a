/** Finds the format of a file from its bytes: names and MIME types are often wrong. */
import { assertBytes, EscError } from '@esc/core'
import { bytesOf, latin1 } from './bytes.js'
import { isMp3Chain } from './mp3/frames.js'
import { maxMp3Junk } from './mp3/read.js'
import { describeOtherSound } from './other-sounds.js'
import { type Reading, readBytes } from './reading.js'
import { readTagsBefore } from './tags.js'

/** A format that can be decoded here. */
export type AudioFormat = 'wav' | 'ogg-vorbis' | 'ogg-opus' | 'ogg-flac' | 'flac' | 'mp3' | 'aiff'

// Enough for the bytes that may stand before the first MP3 frame, and for three frames.
const headSize = 8192

/**
 * Finds from the first bytes whether a file is sound that can be decoded here, and its format.
 *
 * Only strong signs count: `RIFF`, `RIFX`, `RF64` or `BW64` with `WAVE`; `FORM` with `AIFF` or `AIFC`; `fLaC`; `OggS`
 * with the first packet of Vorbis, Opus or FLAC; three MPEG layer III frames of one kind in a row (or all frames of a
 * shorter file), after at most 4096 other bytes. ID3v2 tags may stand before each of these. Pictures, texts and
 * random bytes have no such sign. If a tag is longer than `head` (it may hold a cover picture), the bytes after it
 * are not known, and the file counts as MP3.
 *
 * @param head - The first 64 kB of the file, or all of a shorter file; more does no harm.
 * @returns `null` for any other file, also for an empty one. {@link describeOtherSound} names formats of sound that
 *   are not decoded here.
 * @throws EscError INVALID_INPUT if `head` is no Uint8Array.
 * @example detectSound(head) // 'ogg-vorbis'
 */
export function detectSound(head: Uint8Array): AudioFormat | null {
  assertBytes('head', head)
  return readBytes(head, readFormat())
}

/**
 * {@link detectSound} as a parser that asks for the bytes it needs.
 *
 * @example await readSource(source, readFormat())
 */
export function* readFormat(): Reading<AudioFormat | null> {
  const offset = yield* readTagsBefore()
  const bytes = bytesOf(yield { offset, length: headSize })
  const head = latin1(bytes, 0, 12)
  if (/^(RIFF|RIFX|RF64|BW64).{4}WAVE/s.test(head)) return 'wav'
  if (/^FORM.{4}AIF[FC]/s.test(head)) return 'aiff'
  if (head.startsWith('fLaC')) return 'flac'
  if (head.startsWith('OggS')) return sniffOgg(bytes)
  const hasTag = offset > 0
  return (hasTag && bytes.length === 0) || findMp3(bytes, hasTag) ? 'mp3' : null
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
  // An archive or a film may contain a whole MP3 file. Its own sign counts more.
  if (describeOtherSound(bytes) !== null || findLook(bytes, looks) !== undefined) return false
  const end = Math.min(maxMp3Junk + 1, bytes.length)
  for (let at = bytes.indexOf(0xff, 1); at !== -1 && at < end; at = bytes.indexOf(0xff, at + 1)) {
    if (isMp3Chain(bytes, at, false)) return true
  }
  return false
}

/** Beginnings of files that people pass by mistake, and what such a file is. They are tested in this order. */
const looks: readonly [head: string | RegExp, what: string][] = [
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

/** Signs of a few bits only. A cut MP3 file may begin with them by chance. */
const weakLooks: typeof looks = [
  [/^\xff[\xf0\xf1\xf8\xf9]/, 'an AAC stream'],
  [/^\xff[\xf4-\xf7\xfc\xfd]/, 'an MPEG layer I or II stream'],
  ['ID3', 'an ID3 tag with no MP3 frame after it'],
]

function findLook(bytes: Uint8Array, table: typeof looks): string | undefined {
  const head = latin1(bytes, 0, 262)
  // A text is recognised by its first bytes alone.
  const short = head.slice(0, 64)
  return table.find(([look]) =>
    typeof look === 'string' ? head.startsWith(look) : look.test(head) || look.test(short),
  )?.[1]
}

/**
 * The error for a file for which {@link detectSound} returns `null`. It names the file's format, or what the file seems
 * to be instead of sound.
 *
 * @example throw unsupported(bytes)
 */
export function unsupported(bytes: Uint8Array): EscError {
  const other = describeOtherSound(bytes)
  if (other !== null) {
    return new EscError('UNSUPPORTED_FORMAT', `${other} is not supported, convert it to WAV or FLAC`)
  }
  const look = findLook(bytes, [...looks, ...weakLooks])
  if (look !== undefined)
    return new EscError('UNSUPPORTED_FORMAT', `not an audio file: it looks like ${look}`)
  const hex = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  return new EscError(
    'UNSUPPORTED_FORMAT',
    `not an audio file of a known format: it begins with the bytes ${hex}`,
  )
}
