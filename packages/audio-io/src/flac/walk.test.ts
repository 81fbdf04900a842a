import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { cpuMs } from '../../fixtures/cpu-time.js'
import {
  bitsOf,
  encodeFile,
  encodeFrame,
  encodeSubframe,
  frameStarts,
  startOfFrames,
} from '../../fixtures/flac-frames.js'
import { fixture } from '../../fixtures/load.js'
import { expectSame } from '../../fixtures/tools.js'
import type { DecodedAudio } from '../audio.js'
import { readBytes } from '../reading.js'
import { decodeFlac, probeFlac } from './decode.js'
import { readFlacInfo } from './info.js'
import { unwrapOggFlac } from './ogg.js'

const mono = fixture('mono-s24.flac')
const whole = decodeFlac(mono).channels[0]!
const stereo = decodeFlac(fixture('stereo-s16.flac')).channels[0]!

const start = startOfFrames(mono)
const frames = frameStarts(mono).map((from, i, all) => mono.slice(from, all[i + 1]))
const fileOf = (parts: readonly Uint8Array[]) =>
  Uint8Array.of(...mono.subarray(0, start), ...parts.flatMap((part) => [...part]))

function patched(change: (view: DataView) => void): Uint8Array {
  const bytes = mono.slice()
  change(new DataView(bytes.buffer))
  return bytes
}

/** `samples` with silence in place of some blocks of 64 samples. */
function silenced(samples: Float32Array, blocks: readonly number[]): Float32Array {
  return samples.map((sample, i) => (blocks.includes(Math.floor(i / 64)) ? 0 : sample))
}

function expectSound(audio: DecodedAudio, samples: Float32Array, warnings: readonly string[]): void {
  expectSame(audio.channels.slice(0, 1), [samples])
  expect(audio.warnings ?? []).toEqual(warnings)
}

describe('decodeFlac, tolerant', () => {
  const lenient = { tolerant: true }

  test('any damage of any frame becomes silence', () => {
    for (let i = start; i < mono.length; i++) {
      const bytes = mono.slice()
      bytes[i]! ^= 1 << (i & 7)
      const frame = frameStarts(mono).findLastIndex((from) => from <= i)
      const { channels, warnings } = decodeFlac(bytes, lenient)
      expectSame(channels, [frame === 3 ? whole.slice(0, 192) : silenced(whole, [frame])])
      const sentence =
        frame === 3
          ? 'the last 0.001 s are missing or damaged: the sound ends at 0.024 s'
          : `0.008 s from ${frame * 0.008} s on were damaged and are silent`
      expect(warnings).toEqual([sentence])
    }
  })

  test('missing frames become silence, surplus frames are skipped', () => {
    const missing = fileOf([frames[0]!, frames[3]!])
    expectSound(decodeFlac(missing, lenient), silenced(whole, [1, 2]), [
      '0.016 s from 0.008 s on were damaged and are silent',
    ])
    expectSound(decodeFlac(missing, { ...lenient, offset: 0.01, duration: 0.01 }), new Float32Array(80), [
      '0.01 s from 0.01 s on were damaged and are silent',
    ])
    const doubled = fileOf([frames[0]!, frames[1]!, frames[1]!, ...frames.slice(2)])
    expectSound(decodeFlac(doubled, lenient), whole, [
      `${frames[1]!.length} bytes before 0.016 s are no sound and were skipped`,
    ])
  })

  test('a cut file ends with its last whole frame', () => {
    const ends = [...frameStarts(mono).slice(1), mono.length]
    for (let length = ends[0]!; length < mono.length; length++) {
      const whole64 = ends.filter((end) => end <= length).length * 64
      const { channels, warnings } = decodeFlac(mono.subarray(0, length), lenient)
      expectSame(channels, [whole.slice(0, whole64)], `cut at ${length}`)
      expect(warnings).toHaveLength(1)
    }
    expect(() => decodeFlac(mono.subarray(0, ends[0]! - 1), lenient)).toThrow(
      throwsCode('CORRUPT_DATA', /the file holds no whole frame/),
    )
  })

  test('frames are found although the header is damaged', () => {
    const lost = patched((view) => view.setUint32(42, 0x04ffffff))
    const { channels, warnings } = decodeFlac(lost, lenient)
    expect(channels[0]).toEqual(whole)
    expect(warnings?.[0]).toMatch(/the header was damaged: a metadata block states 16777215 bytes/)
    expectSound(
      decodeFlac(
        patched((view) => view.setUint32(22, 64)),
        lenient,
      ),
      whole,
      ['the header states 0.008 s, the file holds 0.025 s'],
    )
  })

  test.each<[string, Uint8Array, Float32Array]>([
    ['a length in the header', mono, whole],
    ['none', patched((view) => view.setUint32(22, 0)), whole],
    ['none, in Ogg', unwrapOggFlac(fixture('stereo-flac.oga'), true).bytes, stereo],
  ])('%s: a warning reports bytes after the last whole frame', (_, bytes, expected) => {
    const junk = Uint8Array.of(...bytes, ...mono.subarray(start + 1, start + 41))
    const sentence = '40 bytes after the last whole frame, at 0.025 s, were left out'
    expectSound(decodeFlac(junk, lenient), expected, [sentence])
    expectSound(decodeFlac(junk, { ...lenient, offset: 192 / 8000 }), expected.slice(192), [sentence])
    expectSound(decodeFlac(junk, { ...lenient, duration: 0.01 }), expected.slice(0, 80), [])
    expect(() => decodeFlac(junk)).toThrow(throwsCode('CORRUPT_DATA'))
  })

  test('a cut file without a length in the header: a warning reports the rest of a frame', () => {
    const endless = patched((view) => view.setUint32(22, 0))
    const ends = [...frameStarts(mono).slice(1), mono.length]
    for (let length = ends[0]!; length < mono.length; length++) {
      const count = ends.filter((end) => end <= length).length
      const rest = length - ends[count - 1]!
      const time = (count * 64) / 8000
      expectSound(
        decodeFlac(endless.subarray(0, length), lenient),
        whole.slice(0, count * 64),
        rest === 0 ? [] : [`${rest} bytes after the last whole frame, at ${time} s, were left out`],
      )
    }
  })

  test('damage may be longer than the part that is searched at a time', () => {
    const subframe = [
      encodeSubframe(
        Array.from({ length: 64 }, (_, i) => i),
        16,
      ),
    ]
    const before = encodeFrame(subframe, { number: 0 })
    const after = encodeFrame(subframe, { number: 9 })
    const file = encodeFile([before, new Array(300_000).fill(255), after], {
      channels: 1,
      bitDepth: 16,
      length: 640,
    })
    const sound = decodeFlac(file, lenient).channels[0]!
    expect(sound).toHaveLength(640)
    expect(sound.slice(576)).toEqual(sound.slice(0, 64))
    expect(sound.slice(64, 576)).toEqual(new Float32Array(512))
    expect(readBytes(file, readFlacInfo(file.length)).frames).toBe(640)
  })
})

/** Frames of 122 bytes that decode to eight channels of 65535 samples: a predictor of order 32 over zeros. */
function bombs(count: number, change: (frame: number[]) => number[]): number[][] {
  const channel = `0${bitsOf(63, 6)}1${bitsOf(1, 15)}${bitsOf(0, 32 + 4 + 5 + 32)}${bitsOf(0, 6)}${bitsOf(15, 4)}${bitsOf(0, 5)}`
  const subframes = new Array<string>(8).fill(channel)
  return Array.from({ length: count }, (_, i) =>
    change(encodeFrame(subframes, { number: i % 128, blockSize: 65535 })),
  )
}

describe('files that take long', () => {
  const wrongSum = (frame: number[]) => [...frame.slice(0, -1), frame.at(-1)! ^ 1]
  // Zeros after a frame do not change its checksum.
  const followed = (frame: number[]) => [...frame, 0]
  const shape = { channels: 8, bitDepth: 16, sampleRate: 655350, blockSize: 65535 }
  const slow = /too many places look like frames and are not/
  test.each<[string, Uint8Array]>([
    ['100 wrong checksums', encodeFile(bombs(100, wrongSum), { ...shape, length: 0 })],
    ['5000 wrong checksums', encodeFile(bombs(5000, wrongSum), { ...shape, length: 0 })],
    ['100 wrong checksums, a length', encodeFile(bombs(100, wrongSum), shape)],
  ])('refuses %s within a second of processor time', async (_, bytes) => {
    for (const tolerant of [false, true]) {
      const decode = () => decodeFlac(bytes, { tolerant, maxDurationSec: 1e9 })
      expect(await cpuMs(() => expect(decode).toThrow(throwsCode('CORRUPT_DATA')))).toBeLessThan(1000)
    }
    expect(() => decodeFlac(bytes, { tolerant: true })).toThrow(throwsCode('CORRUPT_DATA', slow))
  })

  test('refuses whole frames that do not end where the file ends, within a second of processor time', async () => {
    const bytes = encodeFile(bombs(100, followed), { ...shape, length: 0 })
    expect(
      await cpuMs(() => expect(() => probeFlac(bytes)).toThrow(throwsCode('CORRUPT_DATA', slow))),
    ).toBeLessThan(1000)
  })
})
