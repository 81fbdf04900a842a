import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checksum, frameStarts, repairFrames, startOfFrames } from '../fixtures/flac-frames.js'
import { readFlac } from './flac.js'
import { decodeAudio } from './load.js'
import { nodeCodecs } from './node/codecs.js'

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)))
const mono = fixture('mono-s24.flac')
const corrupt = expect.objectContaining({ code: 'CORRUPT_DATA' })

const start = startOfFrames(mono)
const head = mono.slice(0, start)
const frames = frameStarts(mono).map((from, i, all) => mono.slice(from, all[i + 1]))

/** The same frame, as an encoder writes it that varies the size of its blocks. */
function byFirstSample(frame: Uint8Array, sample: number): number[] {
  const number = sample < 128 ? [sample] : [0xc0 | (sample >> 6), 0x80 | (sample & 63)]
  const header = [0xff, 0xf9, frame[2]!, frame[3]!, ...number, frame[5]!]
  const body = [...header, checksum(header, 8, 0x07), ...frame.subarray(7, -2)]
  const crc = checksum(body, 16, 0x8005)
  return [...body, crc >> 8, crc & 255]
}

describe('readFlac', () => {
  it.each([
    ['mono-s24.flac', 1, 24],
    ['stereo-s16.flac', 2, 16],
  ])('reads what %s promises', (name, channels, bitDepth) => {
    const { info, decodedFrames } = readFlac(fixture(name))
    const stated = { channels, bitDepth, sampleRate: 8000, frames: 200, durationSec: 0.025 }
    expect(info).toEqual({ container: 'flac', codec: 'flac', ...stated })
    expect(decodedFrames).toEqual([200])
  })

  it('CORRUPT_DATA for a file cut anywhere', () => {
    for (let length = 4; length < mono.length; length++) {
      expect(() => readFlac(mono.subarray(0, length)), `cut at ${length}`).toThrowError(corrupt)
    }
  })

  it('CORRUPT_DATA for any byte of a frame changed', () => {
    for (let i = start; i < mono.length; i++) {
      const bytes = mono.slice()
      bytes[i]! ^= 1 << (i & 7)
      expect(() => readFlac(bytes), `byte ${i}`).toThrowError(corrupt)
    }
  })

  it('CORRUPT_DATA for any frame missing, doubled, or out of order', () => {
    expect(frames).toHaveLength(4)
    for (let i = 0; i < frames.length; i++) {
      const missing = frames.toSpliced(i, 1)
      const doubled = frames.toSpliced(i, 0, frames[i]!)
      const rotated = [...frames.slice(i + 1), ...frames.slice(0, i + 1)]
      for (const broken of i < 3 ? [missing, doubled, rotated] : [missing, doubled]) {
        expect(() => readFlac(Uint8Array.of(...head, ...broken.flatMap((f) => [...f])))).toThrowError(corrupt)
      }
    }
  })

  /** Changes STREAMINFO, whose packed rate, channels, bits and length begin at byte 18. */
  function patched(change: (view: DataView) => void): Uint8Array {
    const bytes = mono.slice()
    change(new DataView(bytes.buffer))
    return bytes
  }
  const packed = (rate: number, channels: number, bits: number) =>
    patched((view) => view.setUint32(18, rate * 4096 + (channels - 1) * 512 + (bits - 1) * 16))

  it.each<[string, Uint8Array, RegExp]>([
    ['a rate of 0', packed(0, 1, 24), /rate is 0 Hz/],
    ['another rate', packed(16000, 1, 24), /at 8000 Hz, STREAMINFO 1 of 24 at 16000/],
    ['another number of channels', packed(8000, 2, 24), /has 1 channels of 24 bits .* STREAMINFO 2/],
    ['another width', packed(8000, 1, 16), /STREAMINFO 1 of 16/],
    ['too few bits', packed(8000, 1, 3), /bitDepth=3, expected at least 4/],
    ['another length', patched((view) => view.setUint32(22, 201)), /200 samples, STREAMINFO promises 201/],
    ['no STREAMINFO', patched((view) => view.setUint8(4, 1)), /first metadata block is not STREAMINFO/],
    [
      'a metadata block of 16 MB',
      patched((view) => view.setUint32(42, 0x04ffffff)),
      /metadata block has 16777215/,
    ],
    ['no frames', patched((view) => view.setUint32(22, 0)).subarray(0, start), /0 samples/],
  ])('CORRUPT_DATA: %s', (_, bytes, message) => {
    expect(() => readFlac(bytes)).toThrowError(
      expect.objectContaining({ code: 'CORRUPT_DATA', message: expect.stringMatching(message) }),
    )
  })

  it('takes checksums computed the slow way', () => {
    const bytes = mono.slice()
    for (const offset of frameStarts(mono)) bytes.fill(0, offset + 6, offset + 7)
    expect(() => readFlac(bytes)).toThrowError(corrupt)
    repairFrames(bytes, mono)
    expect(bytes).toEqual(mono)
  })

  it('takes frames numbered by their first sample', async () => {
    const bytes = Uint8Array.of(...head, ...frames.flatMap((frame, i) => byFirstSample(frame, 64 * i)))
    expect(readFlac(bytes).info.frames).toBe(200)
    const codecs = nodeCodecs()
    expect(await decodeAudio(bytes, { codecs })).toEqual(await decodeAudio(mono, { codecs }))
  })

  it('counts the samples itself where STREAMINFO does not', () => {
    expect(readFlac(patched((view) => view.setUint32(22, 0))).info.frames).toBe(200)
  })

  it('UNSUPPORTED_FORMAT for 32 bits', () => {
    expect(() => readFlac(packed(8000, 1, 32))).toThrowError(
      expect.objectContaining({ code: 'UNSUPPORTED_FORMAT', message: expect.stringMatching(/bitDepth=32/) }),
    )
  })
})

describe('decodeAudio of FLAC', () => {
  it.each([
    ['mono-s24.flac', 'mono-s24le.wav'],
    ['stereo-s16.flac', 'stereo-s16le.wav'],
  ])('%s is %s, bit by bit', async (flac, wav) => {
    expect(await decodeAudio(fixture(flac), { codecs: nodeCodecs() })).toEqual(
      await decodeAudio(fixture(wav)),
    )
  })
})
