import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type AudioFormat, sniffFormat, unsupported } from './sniff.js'

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)))
const text = (value: string) => Uint8Array.from(value, (char) => char.charCodeAt(0))

describe('sniffFormat', () => {
  it.each<[string, AudioFormat]>([
    ['mono-s16le.wav', 'wav'],
    ['mono-f64le.wav', 'wav'],
    ['stereo-vorbis.ogg', 'ogg-vorbis'],
    ['head.opus', 'ogg-opus'],
    ['head.flac', 'flac'],
    ['head.mp3', 'mp3'],
    ['head.aiff', 'aiff'],
  ])('%s is %s', (name, format) => {
    expect(sniffFormat(fixture(name))).toBe(format)
  })

  it('sees an MP3 without an ID3 tag by two frames in a row', () => {
    const bare = fixture('bare-cbr.mp3')
    expect(sniffFormat(bare)).toBe('mp3')
    expect(sniffFormat(bare.subarray(0, 144))).toBe('mp3')
    const broken = bare.subarray(0, 288).with(144, 0)
    expect(sniffFormat(broken)).toBe('unknown')
  })

  it.each([
    ['mono-s24.flac', 'flac'],
    ['mono-cbr.mp3', 'mp3'],
  ])('looks behind the ID3 tags of %s', (name, format) => {
    const tag = text('ID3\x04\0\0\0\0\x01\x00').subarray(0, 10)
    const tagged = Uint8Array.of(
      ...tag,
      ...new Uint8Array(128),
      ...tag,
      ...new Uint8Array(128),
      ...fixture(name),
    )
    expect(sniffFormat(tagged)).toBe(format)
  })

  it.each([
    ['free bit rate', 0xff, 0xfb, 0x00],
    ['bit rate 15', 0xff, 0xfb, 0xf0],
    ['rate 3', 0xff, 0xfb, 0x9c],
    ['version 1', 0xff, 0xeb, 0x90],
    ['layer II', 0xff, 0xfd, 0x90],
    ['no sync', 0xff, 0x1b, 0x90],
  ])('takes no frame of %s for an MP3', (_, ...header) => {
    expect(sniffFormat(Uint8Array.of(...header, 0xc0))).toBe('unknown')
  })

  it.each([
    ['RF64', text('RF64\xff\xff\xff\xffWAVEds64')],
    ['RIFX', text('RIFX\0\0\0\0WAVEfmt ')],
  ])('%s is a WAV container', (_, bytes) => {
    expect(sniffFormat(bytes)).toBe('wav')
  })

  it('is unknown for every prefix that ends before the signature', () => {
    const bytes = fixture('mono-vorbis.ogg')
    for (let length = 0; length < 35; length++) expect(sniffFormat(bytes.subarray(0, length))).toBe('unknown')
    expect(sniffFormat(bytes.subarray(0, 35))).toBe('ogg-vorbis')
  })
})

describe('unsupported', () => {
  it.each([
    ['FLAC in Ogg', text(`OggS${'\0'.repeat(22)}\x01\x33\x7fFLAC`), /format=ogg-flac is not supported/],
    ['MPEG layer II', Uint8Array.of(0xff, 0xfd, 0x90, 0x64), /an MPEG layer I or II stream/],
    ['ID3 and something else', text('ID3\x04\0\0\0\0\0\0nothing'), /an ID3 tag with no MP3 frame/],
    ['nothing', new Uint8Array(0), /an empty file/],
    ['HTML', text('\n<!DOCTYPE html><title>404</title>'), /an HTML or XML page/],
    ['a text file', text('filename,fold,target\r\n'), /a text file/],
    ['UTF-16 text', text('\xff\xfeH\0e\0l\0l\0o\0'), /a text file/],
    ['a Git LFS pointer', text('version https://git-lfs.github.com/spec/v1\n'), /git lfs pull/],
    ['a zip archive', text('PK\x03\x04\x14\0'), /a zip archive/],
    ['gzip', text('\x1f\x8b\x08\0'), /a gzip archive/],
    ['M4A', text('\0\0\0\x20ftypM4A '), /an MP4 or M4A file/],
    ['WebM', text('\x1aE\xdf\xa3\x01'), /a Matroska or WebM file/],
    ['AAC', text('\xff\xf1\x50\x80'), /an AAC stream/],
    ['Ogg Speex', text(`OggS${'\0'.repeat(22)}\x01\x50Speex   `), /an Ogg stream of another codec/],
    ['AVI', text('RIFF\0\0\0\0AVI LIST'), /a RIFF file that is not WAVE/],
    ['noise', Uint8Array.of(0, 1, 2, 3, 255), /starting with 00 01 02 03 ff/],
  ])('says what it is: %s', (_, bytes, message) => {
    const error = unsupported(bytes)
    expect(error.code).toBe('UNSUPPORTED_FORMAT')
    expect(error.message).toMatch(message)
  })
})
