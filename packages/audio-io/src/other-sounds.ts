/** Names formats of sound that are not decoded here, from the first bytes of a file. */
import { assertBytes } from '@esc/core'
import { latin1 } from './bytes.js'
import { readBytes } from './reading.js'
import { readTagsBefore } from './tags.js'

// An ISO base media file ("ftyp") states its brand. These brands are pictures, as phones make them.
const pictureBrands = /^(hei[cxms]|hev[cxms]|mif[12]|msf1|avi[fs]|crx |jpe[g ]|jpgs)/

/** An offset in a file, and the strings of which one must stand there. */
type Part = readonly [offset: number, ...oneOf: string[]]

/**
 * A text may begin with the letters of a sign. So a sign has more parts: bytes that follow the letters in such a
 * file.
 */
const signs: readonly [what: string, ...parts: Part[]][] = [
  ['a 3GP file', [0, '\0'], [4, 'ftyp3g', 'ftypkddi']],
  ['a QuickTime file', [0, '\0'], [4, 'ftypqt  ']],
  ['a QuickTime file', [0, '\0', '\x01', '\x02', '\x03'], [4, 'moov', 'mdat', 'wide']],
  ['a WebM or Matroska file', [0, '\x1aE\xdf\xa3']],
  ['a WMA or WMV file', [0, '0&\xb2u\x8ef\xcf\x11\xa6\xd9']],
  ['an AMR file', [0, '#!AMR']],
  ['a SILK file', [0, '#!SILK_V3', '\x02#!SILK_V3']],
  ['a CAF file', [0, 'caff\0\0', 'caff\0\x01']],
  ['a Wave64 (W64) file', [0, 'riff\x2e\x91\xcf\x11']],
  ["a Monkey's Audio (APE) file", [0, 'MAC '], [5, '\x0c', '\x0d', '\x0e', '\x0f', '\x10']],
  ['a WavPack file', [0, 'wvpk'], [9, '\x04']],
  ['a DSF file', [0, 'DSD \x1c\0\0\0']],
  ['a DSDIFF file', [0, 'FRM8'], [12, 'DSD ']],
  ['a MIDI file', [0, 'MThd\0\0\0\x06']],
  ['a MIDI file', [0, 'RIFF'], [8, 'RMID']],
  ['an AVI file', [0, 'RIFF'], [8, 'AVI ']],
  ['an 8SVX file', [0, 'FORM'], [8, '8SVX', '16SV']],
  ['an AU (Sun) file', [0, '.snd\0\0', 'dns.'], [5, '\0']],
  ['a NIST SPHERE file', [0, 'NIST_1A\n']],
  ['a VOC file', [0, 'Creative Voice File\x1a']],
  ['a TTA file', [0, 'TTA1', 'TTA2'], [5, '\0']],
  ['a Musepack file', [0, 'MPCKSH', 'MPCKRG', 'MPCKEI', 'MP+\x07', 'MP+\x17']],
  ['a TAK file', [0, 'tBaK'], [5, '\0']],
  ['a Shorten file', [0, 'ajkg\x01', 'ajkg\x02', 'ajkg\x03']],
  ['a RealAudio file', [0, '.ra\xfd', '.RMF\0']],
]

/** Beginnings of the first packet of an Ogg stream; `''` for the codecs that are decoded here. */
const oggSigns: readonly [head: string, what: string][] = [
  ['Speex   ', 'an Ogg file of Speex'],
  ['\x80theora', 'an Ogg file of video (Theora)'],
  ['fishead\0', 'an Ogg file of several streams (Skeleton)'],
  ['\x01vorbis', ''],
  ['OpusHead', ''],
  ['\x7fFLAC', ''],
]

// Three headers in a row are no accident.
const chainLength = 3

/**
 * Names a format of sound, or of video with sound, that is not decoded here.
 *
 * @param head - The first 64 kB of the file, or all of a shorter file; more does no harm.
 * @returns Words for a message, with their article; `null` if {@link detectSound} knows the format, or if it is no
 *   sound.
 * @throws EscError INVALID_INPUT if `head` is no Uint8Array.
 * @example describeOtherSound(head) // 'an MP4 or M4A file'
 */
export function describeOtherSound(head: Uint8Array): string | null {
  assertBytes('head', head)
  const bytes = head.subarray(readBytes(head, readTagsBefore()))
  const start = latin1(bytes, 0, 64)
  if (start.startsWith('OggS')) return describeOgg(bytes)
  const sign = signs.find(([, ...parts]) =>
    parts.every(([offset, ...oneOf]) => oneOf.some((part) => start.startsWith(part, offset))),
  )
  if (sign) return sign[0]
  if (/^\0.{3}ftyp/s.test(start) && !pictureBrands.test(start.slice(8))) return 'an MP4 or M4A file'
  if (isChain(bytes, adtsLength)) return 'an AAC stream'
  return isChain(bytes, layer12Length) ? 'an MPEG layer I or II stream' : null
}

function describeOgg(bytes: Uint8Array): string | null {
  const packet = latin1(bytes, 27 + (bytes[26] ?? 0), 8)
  const sign = oggSigns.find(([look]) => packet.startsWith(look))
  return sign ? sign[1] || null : 'an Ogg file of another codec'
}

/** Whether the bytes begin with three frames in a row, or are two whole frames. */
function isChain(bytes: Uint8Array, lengthAt: (bytes: Uint8Array, at: number) => number): boolean {
  let at = 0
  for (let count = 0; count < chainLength; count++) {
    if (at >= bytes.length) return count > 1
    const length = lengthAt(bytes, at)
    if (length === 0) return false
    at += length
  }
  return true
}

/** Bytes of the ADTS frame at `at`; 0 if none is there. @see ISO/IEC 13818-7, section 6.2. */
function adtsLength(bytes: Uint8Array, at: number): number {
  const byte = (i: number) => bytes[at + i] ?? 0
  // It has the sync bits, layer 0, and one of the thirteen rates.
  if (byte(0) !== 0xff || (byte(1) & 0xf6) !== 0xf0 || ((byte(2) >> 2) & 15) > 12) return 0
  const length = ((byte(3) & 3) << 11) | (byte(4) << 3) | (byte(5) >> 5)
  return length > 7 ? length : 0
}

// Keys: version (1 for MPEG-1, 2 for MPEG-2 and 2.5), and layer.
const KBPS: Readonly<Record<string, readonly number[]>> = {
  '1/1': [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  '1/2': [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  '2/1': [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  '2/2': [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
}

/** Bytes of the MPEG frame of layer I or II at `at`; 0 if none is there. @see ISO/IEC 11172-3, section 2.4.2.3. */
function layer12Length(bytes: Uint8Array, at: number): number {
  const second = bytes[at + 1] ?? 0
  const third = bytes[at + 2] ?? 0
  const layer = 4 - ((second >> 1) & 3)
  const version = (second >> 3) & 3
  const rate = [44100, 48000, 32000][(third >> 2) & 3]
  if (bytes[at] !== 0xff || second < 0xe0 || version === 1 || layer > 2 || !rate) return 0
  const kbps = KBPS[`${version === 3 ? 1 : 2}/${layer}`]![third >> 4]
  if (!kbps) return 0
  const sampleRate = rate / (version === 3 ? 1 : version === 2 ? 2 : 4)
  const padding = (third >> 1) & 1
  if (layer === 1) return 4 * (Math.floor((12000 * kbps) / sampleRate) + padding)
  return Math.floor((144_000 * kbps) / sampleRate) + padding
}
