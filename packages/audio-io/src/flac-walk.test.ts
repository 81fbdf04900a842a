import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  encodeFile,
  encodeFrame,
  encodeSubframe,
  frameStarts,
  startOfFrames,
} from '../fixtures/flac-frames.js'
import type { DecodedAudio } from './audio.js'
import { decodeFlac, readFlacInfo } from './flac.js'
import { readBytes } from './reading.js'

const mono = new Uint8Array(readFileSync(new URL('../fixtures/mono-s24.flac', import.meta.url)))
const whole = decodeFlac(mono).channels[0]!

const start = startOfFrames(mono)
const frames = frameStarts(mono).map((from, i, all) => mono.slice(from, all[i + 1]))
const fileOf = (parts: readonly Uint8Array[]) =>
  Uint8Array.of(...mono.subarray(0, start), ...parts.flatMap((part) => [...part]))

function patched(change: (view: DataView) => void): Uint8Array {
  const bytes = mono.slice()
  change(new DataView(bytes.buffer))
  return bytes
}

/** `audio` with silence in the place of some blocks of 64 samples. */
function silenced(samples: Float32Array, blocks: readonly number[]): Float32Array {
  return samples.map((sample, i) => (blocks.includes(Math.floor(i / 64)) ? 0 : sample))
}

function expectSound(audio: DecodedAudio, samples: Float32Array, warnings: readonly string[]): void {
  expect(audio.channels[0]).toEqual(samples)
  expect(audio.warnings ?? []).toEqual(warnings)
}

describe('decodeFlac, tolerant', () => {
  const lenient = { tolerant: true }

  it('silence for any frame with any damage', () => {
    for (let i = start; i < mono.length; i++) {
      const bytes = mono.slice()
      bytes[i]! ^= 1 << (i & 7)
      const frame = frameStarts(mono).findLastIndex((from) => from <= i)
      const { channels, warnings } = decodeFlac(bytes, lenient)
      expect(channels[0]).toEqual(frame === 3 ? whole.slice(0, 192) : silenced(whole, [frame]))
      const sentence =
        frame === 3
          ? 'the last 0.001 s were missing or damaged: it ends at 0.024 s'
          : `0.008 s from ${frame * 0.008} s on were damaged and are silent`
      expect(warnings).toEqual([sentence])
    }
  })

  it('silence for frames that are missing, nothing for frames too many', () => {
    const missing = fileOf([frames[0]!, frames[3]!])
    expectSound(decodeFlac(missing, lenient), silenced(whole, [1, 2]), [
      '0.016 s from 0.008 s on were damaged and are silent',
    ])
    expectSound(decodeFlac(missing, { ...lenient, offset: 0.01, duration: 0.01 }), new Float32Array(80), [
      '0.01 s from 0.01 s on were damaged and are silent',
    ])
    const doubled = fileOf([frames[0]!, frames[1]!, frames[1]!, ...frames.slice(2)])
    expectSound(decodeFlac(doubled, lenient), whole, [
      `${frames[1]!.length} bytes before 0.016 s were no sound and were skipped`,
    ])
  })

  it('a cut file ends with its last whole frame', () => {
    const ends = [...frameStarts(mono).slice(1), mono.length]
    for (let length = ends[0]!; length < mono.length; length++) {
      const whole64 = ends.filter((end) => end <= length).length * 64
      const { channels, warnings } = decodeFlac(mono.subarray(0, length), lenient)
      expect(channels[0], `cut at ${length}`).toEqual(whole.slice(0, whole64))
      expect(warnings).toHaveLength(1)
    }
    expect(() => decodeFlac(mono.subarray(0, ends[0]! - 1), lenient)).toThrowError(/there is no whole frame/)
  })

  it('frames are found where the header does not lead to them', () => {
    const lost = patched((view) => view.setUint32(42, 0x04ffffff))
    const { channels, warnings } = decodeFlac(lost, lenient)
    expect(channels[0]).toEqual(whole)
    expect(warnings?.[0]).toMatch(/the header was damaged: a metadata block has 16777215 bytes/)
    expectSound(
      decodeFlac(
        patched((view) => view.setUint32(22, 64)),
        lenient,
      ),
      whole,
      ['the header promises 0.008 s, there are 0.025 s'],
    )
  })

  it('damage longer than what is looked through at a time', () => {
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
