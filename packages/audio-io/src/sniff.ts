/** What a file is, from its bytes: names and MIME types are claims, and often wrong. */
import { EscError } from '@esc/core'

/** A format that {@link sniffFormat} can tell; not all can be decoded. */
export type AudioFormat = 'wav' | 'ogg-vorbis' | 'ogg-opus' | 'ogg-flac' | 'flac' | 'mp3' | 'aiff' | 'unknown'

/**
 * Tells an audio format from the first bytes of a file.
 *
 * @param bytes - The file, or at least its first 64 bytes.
 * @returns `unknown` for everything that is none of the formats, an empty file included.
 * @example sniffFormat(bytes) // 'ogg-vorbis'
 */
export function sniffFormat(bytes: Uint8Array): AudioFormat {
  const head = latin1(bytes, 0, 12)
  if (/^(RIFF|RIFX|RF64|BW64).{4}WAVE/s.test(head)) return 'wav'
  if (/^FORM.{4}AIF[FC]/s.test(head)) return 'aiff'
  if (head.startsWith('fLaC')) return 'flac'
  if (head.startsWith('OggS')) return sniffOgg(bytes)
  if (head.startsWith('ID3') || isMp3Frame(bytes)) return 'mp3'
  return 'unknown'
}

function sniffOgg(bytes: Uint8Array): AudioFormat {
  // The first packet follows the page header of 27 bytes and its table of segments.
  const packet = latin1(bytes, 27 + (bytes[26] ?? 0), 8)
  if (packet.startsWith('\x01vorbis')) return 'ogg-vorbis'
  if (packet === 'OpusHead') return 'ogg-opus'
  if (packet.startsWith('\x7fFLAC')) return 'ogg-flac'
  return 'unknown'
}

function isMp3Frame(bytes: Uint8Array): boolean {
  const [sync = 0, second = 0, third = 0] = bytes
  const isLayer3 = (second & 0xe6) === 0xe2
  const isVersion = (second & 0x18) !== 0x08
  const isBitrate = (third & 0xf0) !== 0xf0
  const isRate = (third & 0x0c) !== 0x0c
  return bytes.length >= 3 && sync === 0xff && isLayer3 && isVersion && isBitrate && isRate
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
    return new EscError('UNSUPPORTED_FORMAT', `format=${format} is not supported, only wav and ogg-vorbis`, {
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
