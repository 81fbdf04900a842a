import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { checksum, frameStarts, repairFrames, startOfFrames } from '../../fixtures/flac-frames.js'
import { fixture } from '../../fixtures/load.js'
import { decodeWav } from '../wav/decode.js'
import { decodeFlac, probeFlac } from './decode.js'
import { readFlacInfo } from './info.js'
import { unwrapOggFlac } from './ogg.js'

const mono = fixture('mono-s24.flac')
const whole = decodeFlac(mono).channels[0]!

const start = startOfFrames(mono)
const head = mono.slice(0, start)
const frames = frameStarts(mono).map((from, i, all) => mono.slice(from, all[i + 1]))
const fileOf = (parts: readonly Uint8Array[]) => Uint8Array.of(...head, ...parts.flatMap((part) => [...part]))

/** Changes STREAMINFO, whose packed rate, channels, bits and length begin at byte 18. */
function patched(change: (view: DataView) => void): Uint8Array {
  const bytes = mono.slice()
  change(new DataView(bytes.buffer))
  return bytes
}
const packed = (rate: number, channels: number, bits: number) =>
  patched((view) => view.setUint32(18, rate * 4096 + (channels - 1) * 512 + (bits - 1) * 16))
/** Without a length, as an encoder writes it to a pipe. */
const endless = patched((view) => view.setUint32(22, 0))

/** The same frame as written by an encoder with blocks of varying size. */
function byFirstSample(frame: Uint8Array, sample: number): Uint8Array {
  const number = sample < 128 ? [sample] : [0xc0 | (sample >> 6), 0x80 | (sample & 63)]
  const header = [0xff, 0xf9, frame[2]!, frame[3]!, ...number, frame[5]!]
  const body = [...header, checksum(header, 8, 0x07), ...frame.subarray(7, -2)]
  const crc = checksum(body, 16, 0x8005)
  return Uint8Array.of(...body, crc >> 8, crc & 255)
}

describe('probeFlac', () => {
  test.each([
    ['mono-s8.flac', 1, 8],
    ['mono-s24.flac', 1, 24],
    ['stereo-s16.flac', 2, 16],
    ['six-s16.flac', 6, 16],
  ])('reads the header of %s', (name, channels, bitDepth) => {
    const stated = { channels, bitDepth, sampleRate: 8000, frames: 200, durationSec: 0.025 }
    expect(probeFlac(fixture(name))).toEqual({ container: 'flac', codec: 'flac', ...stated })
  })

  test('takes the length from the last frame if STREAMINFO has none', () => {
    expect(probeFlac(endless).frames).toBe(200)
    expect(() => probeFlac(endless.subarray(0, -1))).toThrow(
      throwsCode('CORRUPT_DATA', /no whole frame ends where the file ends/),
    )
  })

  test('reads only the header, with any other blocks in it', () => {
    const picture = [6, 0, 16, 0, ...new Uint8Array(4096)]
    const bytes = Uint8Array.of(...mono.subarray(0, 4), 0, ...mono.subarray(5, 42), ...picture, ...picture)
    const tail = Uint8Array.of(0x84, 0, 0, 0, ...mono.subarray(start))
    const file = Uint8Array.of(...bytes, ...tail)
    const reading = readFlacInfo(file.length)
    let fetched = 0
    for (let step = reading.next(); !step.done; ) {
      fetched += step.value.length
      step = reading.next(
        new DataView(
          file.buffer,
          step.value.offset,
          Math.min(step.value.length, file.length - step.value.offset),
        ),
      )
    }
    expect(fetched).toBeLessThan(256)
    expect(decodeFlac(file).channels[0]).toEqual(whole)
  })
})

describe('decodeFlac', () => {
  test.each([
    ['mono-s8.flac', 'mono-u8.wav'],
    ['mono-s24.flac', 'mono-s24le.wav'],
    ['stereo-s16.flac', 'stereo-s16le.wav'],
  ])('%s equals %s, bit by bit', (flac, wav) => {
    expect(decodeFlac(fixture(flac))).toEqual(decodeWav(fixture(wav)))
  })

  test('decodes six channels as ffmpeg does', () => {
    const expected = new Float32Array(fixture('six-s16.f32').buffer)
    const { channels } = decodeFlac(fixture('six-s16.flac'))
    for (let i = 0; i < expected.length; i++) expect(channels[i % 6]![Math.floor(i / 6)]).toBe(expected[i])
  })

  test('decodes FLAC in Ogg', () => {
    const bytes = fixture('stereo-flac.oga')
    expect(decodeFlac(unwrapOggFlac(bytes, false).bytes)).toEqual(decodeWav(fixture('stereo-s16le.wav')))
    const vorbis = fixture('mono-vorbis.ogg')
    expect(() => unwrapOggFlac(vorbis, false)).toThrow(
      throwsCode('CORRUPT_DATA', /expected 51 that begin with 0x7f "FLAC"/),
    )
  })

  test('skips tags around the sound', () => {
    const id3v2 = [...'ID3\x04\x00\x00\x00\x00\x00\x05abcde'].map((char) => char.charCodeAt(0))
    const id3v1 = Uint8Array.of(0x54, 0x41, 0x47, ...new Uint8Array(125))
    const ape = new Uint8Array(40)
    ape.set(
      [...'APETAGEX'].map((char) => char.charCodeAt(0)),
      8,
    )
    new DataView(ape.buffer).setUint32(20, 40, true)
    for (const bytes of [mono, endless]) {
      const tagged = Uint8Array.of(...id3v2, ...id3v2, ...bytes, ...ape, ...id3v1)
      expect(decodeFlac(tagged).channels[0]).toEqual(whole)
      expect(decodeFlac(tagged, { tolerant: true })).toEqual(decodeFlac(bytes))
    }
  })

  test('reads frames numbered by their first sample', () => {
    const bytes = fileOf(frames.map((frame, i) => byFirstSample(frame, 64 * i)))
    expect(decodeFlac(bytes).channels[0]).toEqual(whole)
    expect(decodeFlac(bytes, { tolerant: true }).channels[0]).toEqual(whole)
  })

  test('offset and duration return a part of the whole, and nothing after it is checked', () => {
    for (const [from, count] of [
      [0, 1],
      [63, 2],
      [64, 64],
      [100, 100],
      [199, 1],
    ] as const) {
      const { channels } = decodeFlac(mono, { offset: from / 8000, duration: count / 8000 })
      expect(channels[0]).toEqual(whole.slice(from, from + count))
    }
    const damaged = mono.slice()
    damaged[damaged.length - 5]! ^= 1
    expect(decodeFlac(damaged, { duration: 192 / 8000 }).channels[0]).toEqual(whole.slice(0, 192))
    expect(() => decodeFlac(damaged)).toThrow(
      throwsCode('CORRUPT_DATA', /frame 3, from byte \d+: its checksum is wrong/),
    )
    expect(() => decodeFlac(mono, { maxDurationSec: 0.02 })).toThrow(
      throwsCode('INVALID_INPUT', /longer than maxDurationSec=0.02/),
    )
    expect(() => decodeFlac(mono, { offset: 0.025 })).toThrow(
      throwsCode('INVALID_OPTION', /offset=0.025 must be less/),
    )
  })

  test('CORRUPT_DATA for a file that is cut anywhere', () => {
    for (let length = 4; length < mono.length; length++) {
      expect(() => decodeFlac(mono.subarray(0, length)), `cut at ${length}`).toThrow(
        throwsCode('CORRUPT_DATA'),
      )
    }
  })

  test('CORRUPT_DATA if any byte of a frame is changed', () => {
    for (let i = start; i < mono.length; i++) {
      const bytes = mono.slice()
      bytes[i]! ^= 1 << (i & 7)
      expect(() => decodeFlac(bytes), `byte ${i}`).toThrow(throwsCode('CORRUPT_DATA'))
    }
  })

  test('CORRUPT_DATA if any frame is missing, doubled, or out of order', () => {
    expect(frames).toHaveLength(4)
    for (let i = 0; i < frames.length; i++) {
      const missing = frames.toSpliced(i, 1)
      const doubled = frames.toSpliced(i, 0, frames[i]!)
      const rotated = [...frames.slice(i + 1), ...frames.slice(0, i + 1)]
      for (const broken of i < 3 ? [missing, doubled, rotated] : [missing, doubled]) {
        expect(() => decodeFlac(fileOf(broken))).toThrow(throwsCode('CORRUPT_DATA'))
      }
    }
  })

  test.each<[string, Uint8Array, RegExp]>([
    ['a rate of 0', packed(0, 1, 24), /rate is 0 Hz/],
    ['another rate', packed(16000, 1, 24), /at 8000 Hz, STREAMINFO states 1 channels of 24 bits at 16000/],
    ['another number of channels', packed(8000, 2, 24), /has 1 channels of 24 bits .* STREAMINFO states 2/],
    ['another width', packed(8000, 1, 16), /STREAMINFO states 1 channels of 16/],
    ['too few bits', packed(8000, 1, 3), /bitDepth=3, expected at least 4/],
    ['more samples', patched((view) => view.setUint32(22, 201)), /ends after 200 samples, expected 201/],
    [
      'fewer samples',
      patched((view) => view.setUint32(22, 199)),
      /ends at sample 200, but the sound has 199/,
    ],
    ['fewer frames', patched((view) => view.setUint32(22, 192)), /bytes follow the last frame/],
    [
      'more than fits',
      patched((view) => view.setUint32(22, 0x7ffffffe)),
      /2147483646 samples, at most \d+ fit/,
    ],
    ['no STREAMINFO', patched((view) => view.setUint8(4, 1)), /first metadata block is not STREAMINFO/],
    ['a block of 16 MB', patched((view) => view.setUint32(42, 0x04ffffff)), /metadata block states 16777215/],
    ['no frames', endless.subarray(0, start), /the file holds no sound/],
    [
      '4097 blocks',
      Uint8Array.of(...mono.subarray(0, 4), 0, ...mono.subarray(5, 42), ...new Uint8Array(4 * 4096)),
      /more than 4096 metadata blocks/,
    ],
    ['bytes after the last frame', Uint8Array.of(...mono, 0), /1 bytes follow the last frame/],
  ])('CORRUPT_DATA: %s', (_, bytes, message) => {
    expect(() => decodeFlac(bytes, { maxDurationSec: 1e9 })).toThrow(throwsCode('CORRUPT_DATA', message))
  })

  test('UNSUPPORTED_FORMAT for another file', () => {
    expect(() => decodeFlac(fixture('mono-u8.wav'))).toThrow(throwsCode('UNSUPPORTED_FORMAT'))
  })

  test('accepts checksums that were computed bit by bit', () => {
    const bytes = mono.slice()
    for (const offset of frameStarts(mono)) bytes.fill(0, offset + 6, offset + 7)
    expect(() => decodeFlac(bytes)).toThrow(throwsCode('CORRUPT_DATA'))
    repairFrames(bytes, mono)
    expect(bytes).toEqual(mono)
  })
})
