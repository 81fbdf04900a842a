import { createRng } from '@esc/core'
import { describe, expect, test } from 'vitest'
import { fixture } from '../fixtures/load.js'
import { describeOtherSound } from './other-sounds.js'
import { type AudioFormat, detectSound, unsupported } from './sniff.js'

const text = (value: string) => Uint8Array.from(value, (char) => char.charCodeAt(0))

describe('detectSound', () => {
  test.each<[string, AudioFormat]>([
    ['mono-s16le.wav', 'wav'],
    ['mono-f64le.wav', 'wav'],
    ['stereo-vorbis.ogg', 'ogg-vorbis'],
    ['head.opus', 'ogg-opus'],
    ['head.flac', 'flac'],
    ['head.mp3', 'mp3'],
    ['head.aiff', 'aiff'],
  ])('%s is %s', (name, format) => {
    expect(detectSound(fixture(name))).toBe(format)
  })

  test('finds an MP3 without an ID3 tag by two frames in a row', () => {
    const bare = fixture('bare-cbr.mp3')
    expect(detectSound(bare)).toBe('mp3')
    expect(detectSound(bare.subarray(0, 144))).toBe('mp3')
    expect(detectSound(bare.subarray(0, 143))).toBeNull()
    const broken = bare.subarray(0, 288).with(144, 0)
    expect(detectSound(broken)).toBeNull()
  })

  test.each([
    ['mono-s24.flac', 'flac'],
    ['mono-cbr.mp3', 'mp3'],
  ])('skips the ID3 tags of %s', (name, format) => {
    const tag = text('ID3\x04\0\0\0\0\x01\x00').subarray(0, 10)
    const tagged = Uint8Array.of(
      ...tag,
      ...new Uint8Array(128),
      ...tag,
      ...new Uint8Array(128),
      ...fixture(name),
    )
    expect(detectSound(tagged)).toBe(format)
  })

  test.each([
    ['free bit rate', 0xff, 0xfb, 0x00],
    ['bit rate 15', 0xff, 0xfb, 0xf0],
    ['rate 3', 0xff, 0xfb, 0x9c],
    ['version 1', 0xff, 0xeb, 0x90],
    ['layer II', 0xff, 0xfd, 0x90],
    ['no sync', 0xff, 0x1b, 0x90],
  ])('does not take a frame of %s for MP3', (_, ...header) => {
    expect(detectSound(Uint8Array.of(...header, 0xc0))).toBeNull()
  })

  test.each([
    ['RF64', text('RF64\xff\xff\xff\xffWAVEds64')],
    ['RIFX', text('RIFX\0\0\0\0WAVEfmt ')],
  ])('%s is a WAV container', (_, bytes) => {
    expect(detectSound(bytes)).toBe('wav')
  })

  test('returns null for every prefix that ends before the signature', () => {
    const bytes = fixture('mono-vorbis.ogg')
    for (let length = 0; length < 35; length++) expect(detectSound(bytes.subarray(0, length))).toBeNull()
    expect(detectSound(bytes.subarray(0, 35))).toBe('ogg-vorbis')
  })
})

describe('unsupported', () => {
  test.each([
    ['MPEG layer II', Uint8Array.of(0xff, 0xfd, 0x90, 0x64), /an MPEG layer I or II stream/],
    ['ID3 and something else', text('ID3\x04\0\0\0\0\0\0nothing'), /an ID3 tag with no MP3 frame/],
    ['nothing', new Uint8Array(0), /an empty file/],
    ['HTML', text('\n<!DOCTYPE html><title>404</title>'), /an HTML or XML page/],
    ['a text file', text('filename,fold,target\r\n'), /a text file/],
    ['UTF-16 text', text('\xff\xfeH\0e\0l\0l\0o\0'), /a text file/],
    ['a Git LFS pointer', text('version https://git-lfs.github.com/spec/v1\n'), /git lfs pull/],
    ['a zip archive', text('PK\x03\x04\x14\0'), /a zip archive/],
    ['gzip', text('\x1f\x8b\x08\0'), /a gzip archive/],
    ['M4A', text('\0\0\0\x20ftypM4A '), /^an MP4 or M4A file is not supported, convert it to WAV or FLAC$/],
    ['WebM', text('\x1aE\xdf\xa3\x01'), /^a WebM or Matroska file is not supported/],
    ['HEIC', text('\0\0\0\x20ftypheic'), /not an audio file: it looks like a HEIF or AVIF picture/],
    ['AAC', text('\xff\xf1\x50\x80'), /an AAC stream/],
    ['Ogg Speex', text(`OggS${'\0'.repeat(22)}\x01\x50Speex   `), /^an Ogg file of Speex is not supported/],
    ['WebP', text('RIFF\0\0\0\0WEBPVP8 '), /a RIFF file that is not WAVE/],
    [
      'noise',
      Uint8Array.of(0, 1, 2, 3, 255),
      /not an audio file of a known format: it begins with the bytes 00 01 02 03 ff/,
    ],
  ])('names the file: %s', (_, bytes, message) => {
    const error = unsupported(bytes)
    expect(error.code).toBe('UNSUPPORTED_FORMAT')
    expect(error.message).toMatch(message)
  })
})

const id3 = (size: number, flags = 0) => [
  ...text('ID3'),
  4,
  0,
  flags,
  0,
  size >> 14,
  (size >> 7) & 127,
  size & 127,
]
const join = (...parts: ArrayLike<number>[]) => Uint8Array.from(parts.flatMap((part) => Array.from(part)))

const tagged: [string, AudioFormat][] = [
  ['mono-s16le.wav', 'wav'],
  ['pcm/rf64.wav', 'wav'],
  ['head.aiff', 'aiff'],
  ['mono-s24.flac', 'flac'],
  ['mono-opus.opus', 'ogg-opus'],
  ['stereo-flac.oga', 'ogg-flac'],
  ['stereo-vbr.mp3', 'mp3'],
]

test.each(tagged)('skips tags before %s, with footers and padding', (name, format) => {
  const footer = [...text('3DI'), 4, 0, 0x10, 0, 0, 0, 5]
  const tags = [id3(300), new Uint8Array(300), id3(5, 0x10), [1, 2, 3, 4, 5], footer, new Uint8Array(99)]
  expect(detectSound(join(...tags, fixture(name)))).toBe(format)
})

test('a file counts as MP3 if its tag is longer than the head', () => {
  expect(detectSound(join(id3(200_000), new Uint8Array(65526)))).toBe('mp3')
  expect(detectSound(text('ID3 tags are a text here, and no tag'))).toBeNull()
})

test('throws nothing for a head that is cut anywhere, or that repeats one byte', () => {
  for (const [name] of tagged) {
    const bytes = fixture(name).subarray(0, 600)
    for (let length = 0; length < bytes.length; length++) {
      expect(() => [
        detectSound(bytes.subarray(0, length)),
        describeOtherSound(bytes.subarray(0, length)),
      ]).not.toThrow()
    }
  }
  for (let byte = 0; byte < 256; byte++) expect(detectSound(new Uint8Array(5000).fill(byte))).toBeNull()
})

test('random bytes are no sound, and neither are frames in an archive or a picture', () => {
  const rng = createRng(1)
  for (let n = 0; n < 3000; n++) {
    const noise = Uint8Array.from({ length: 1 + rng.integer(6000) }, () => rng.integer(256))
    // Every second file begins with the sync bits of a frame.
    if (n % 2) noise.set([0xff, 0xe0 + rng.integer(32)])
    expect(detectSound(noise), `${noise.subarray(0, 8)}`).toBeNull()
    expect(describeOtherSound(noise), `${noise.subarray(0, 8)}`).toBeNull()
  }
  const mp3 = fixture('bare-cbr.mp3')
  expect(detectSound(join(new Uint8Array(100).fill(7), mp3))).toBe('mp3')
  for (const sign of [
    'PK\x03\x04\x14\0',
    '\xff\xd8\xff\xe0',
    '%PDF-1.4',
    '\0\0\0\x20ftypmp42',
    'RIFF\0\0\0\0AVI LIST',
  ]) {
    expect(detectSound(join(text(sign), new Uint8Array(100), mp3)), sign).toBeNull()
  }
})

/** Three frames of an MPEG or ADTS stream. */
const frames = (length: number, ...header: number[]) =>
  join(...[0, 1, 2].map(() => Uint8Array.from({ length }, (_, i) => header[i] ?? 0)))

test.each<[string, Uint8Array]>([
  ['an MP4 or M4A file', text('\0\0\0\x20ftypisom')],
  ['a 3GP file', text('\0\0\0\x18ftyp3gp4')],
  ['a QuickTime file', text('\0\0\0\x14ftypqt  ')],
  ['a QuickTime file', text('\0\0\x10\0moov\0\0\0')],
  ['a WebM or Matroska file', text('\x1aE\xdf\xa3\x9fB')],
  ['a WMA or WMV file', text('0&\xb2u\x8ef\xcf\x11\xa6\xd9\0\xaa')],
  ['an AAC stream', frames(32, 0xff, 0xf1, 0x50, 0x80, 0x04, 0x00)],
  ['an AAC stream', join(id3(9), new Uint8Array(9), frames(32, 0xff, 0xf1, 0x50, 0x80, 0x04, 0x00))],
  ['an MPEG layer I or II stream', frames(313, 0xff, 0xfd, 0x60, 0)],
  ['an AMR file', text('#!AMR\n')],
  ['an AMR file', text('#!AMR-WB\n')],
  ['a CAF file', text('caff\0\x01\0\0desc')],
  ['a Wave64 (W64) file', text('riff\x2e\x91\xcf\x11\xa5\xd6')],
  ["a Monkey's Audio (APE) file", text('MAC \x96\x0f\0\0')],
  ['a WavPack file', text('wvpk\xac\x10\0\0\x10\x04')],
  ['a DSF file', text('DSD \x1c\0\0\0\0\0\0\0')],
  ['a MIDI file', text('MThd\0\0\0\x06\0\x01')],
  ['an Ogg file of Speex', text(`OggS${'\0'.repeat(22)}\x01\x50Speex   1.2`)],
  ['an Ogg file of another codec', text(`OggS${'\0'.repeat(22)}\x01\x50PCM     `)],
  ['an AU (Sun) file', text('.snd\0\0\0\x18')],
])('%s is named', (what, bytes) => {
  expect(describeOtherSound(bytes)).toBe(what)
  expect(detectSound(bytes)).toBeNull()
})

test.each([
  '\xff\xfeH\0e\0l\0',
  'MAC address',
  'dns.example.org',
  '\0\0\0\x20ftypheic',
  '\0\0\0\x1cftypavif',
  'RIFF\0\0\0\0WEBPVP8 ',
  '',
])('%j is no sound', (start) => {
  expect(describeOtherSound(text(start))).toBeNull()
  expect(detectSound(text(start))).toBeNull()
})

test('returns null for files that can be decoded', () => {
  for (const [name] of tagged) expect(describeOtherSound(fixture(name)), name).toBeNull()
})
