import { createRng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { encodeFile, encodeFrame, encodeSubframe, frameStarts } from '../../fixtures/flac-frames.js'
import { fixture } from '../../fixtures/load.js'
import { expectSame } from '../../fixtures/tools.js'
import type { DecodedAudio, DecodeLimits } from '../audio.js'
import { type ByteSource, bytesSource, readSource } from '../reading.js'
import { decodeFlac, flacInfoOf, probeFlac } from './decode.js'
import { openFlac } from './open.js'
import { type FlacStreamOptions, streamFlac } from './stream.js'

const names = ['mono-s8.flac', 'mono-s24.flac', 'stereo-s16.flac', 'six-s16.flac']

async function collect(source: ByteSource, options: FlacStreamOptions): Promise<DecodedAudio[]> {
  const blocks: DecodedAudio[] = []
  for await (const block of streamFlac(source, options)) blocks.push(block)
  return blocks
}

function joined(blocks: readonly DecodedAudio[]): Float32Array[] {
  const length = blocks.reduce((sum, { channels }) => sum + channels[0]!.length, 0)
  return blocks[0]!.channels.map((_, channel) => {
    const all = new Float32Array(length)
    let at = 0
    for (const { channels } of blocks) {
      all.set(channels[channel]!, at)
      at += channels[channel]!.length
    }
    return all
  })
}

/** A source that records the length of each read. */
function counting(bytes: Uint8Array): ByteSource & { reads: number[] } {
  const reads: number[] = []
  const read = async (offset: number, length: number) => {
    const part = bytes.slice(offset, offset + length)
    reads.push(part.length)
    return part
  }
  return { size: bytes.length, reads, read }
}

/** A file of 0.6 MB: 32 frames of 4608 samples of two channels of noise. */
function buildLongFile(): Uint8Array {
  const rng = createRng(7)
  const blockSize = 4608
  const subframes = Array.from({ length: 2 }, () =>
    encodeSubframe(
      Array.from({ length: blockSize }, () => rng.integer(65536) - 32768),
      16,
    ),
  )
  const built = Array.from({ length: 32 }, (_, number) => encodeFrame(subframes, { number, blockSize }))
  return encodeFile(built, { channels: 2, bitDepth: 16, sampleRate: 44100, blockSize })
}
const longFile = buildLongFile()

describe('streamFlac', () => {
  test.each(names)('%s: blocks of any size and any part equal the result of decodeFlac', async (name) => {
    const bytes = fixture(name)
    const damaged = bytes.slice()
    damaged[frameStarts(bytes)[1]! + 20]! ^= 1
    const parts: DecodeLimits[] = [
      {},
      { offset: 0.01 },
      { offset: 70 / 8000, duration: 0.01 },
      { duration: 1 / 8000 },
    ]
    for (const [file, tolerant] of [
      [bytes, false],
      [bytes, true],
      [damaged, true],
    ] as const) {
      for (const part of parts) {
        const expected = decodeFlac(file, { ...part, tolerant })
        const length = expected.channels[0]!.length
        for (const blockFrames of [1, 7, 64, 100, 65536]) {
          const blocks = await collect(bytesSource(file), { ...part, tolerant, blockFrames })
          expectSame(joined(blocks), expected.channels)
          const sizes = blocks.map(({ channels }) => channels[0]!.length)
          expect(sizes.slice(0, -1).every((size) => size === blockFrames)).toBe(true)
          expect(sizes).toHaveLength(Math.ceil(length / blockFrames))
          expect(blocks.flatMap(({ warnings = [] }) => warnings)).toEqual(expected.warnings ?? [])
        }
      }
    }
  })

  test('reads a long file once, piece by piece, and only as far as needed', async () => {
    const bytes = longFile
    const source = counting(bytes)
    const blocks = await collect(source, { blockFrames: 10_000 })
    expectSame(joined(blocks), decodeFlac(bytes).channels)
    expect(Math.max(...source.reads)).toBeLessThanOrEqual(2 ** 18)
    const total = source.reads.reduce((sum, length) => sum + length, 0)
    expect(total).toBeLessThan(1.6 * bytes.length)

    const stopped = counting(bytes)
    for await (const { channels } of streamFlac(stopped, { blockFrames: 4608 })) {
      expect(channels[0]).toHaveLength(4608)
      break
    }
    expect(stopped.reads.length).toBeLessThan(5)
    const part = counting(bytes)
    await collect(part, { duration: 0.1 })
    expect(part.reads.length).toBeLessThan(5)
  })

  test('probing reads only the header', async () => {
    const bytes = longFile
    const source = counting(bytes)
    const file = await readSource(source, openFlac(source.size, false))
    expect(flacInfoOf(file)).toEqual(probeFlac(bytes))
    expect(bytes.length).toBeGreaterThan(500_000)
    expect(source.reads.reduce((sum, length) => sum + length, 0)).toBeLessThan(20_000)
  })

  test('each block has arrays of its own', async () => {
    const blocks = await collect(bytesSource(fixture('mono-s24.flac')), { blockFrames: 50 })
    expect(new Set(blocks.map(({ channels }) => channels[0]!.buffer)).size).toBe(4)
  })

  test('yields the sound before the damage, then throws CORRUPT_DATA', async () => {
    const bytes = fixture('mono-s24.flac')
    bytes[frameStarts(bytes)[2]! + 20]! ^= 1
    let samples = 0
    const run = async () => {
      for await (const { channels } of streamFlac(bytesSource(bytes), { blockFrames: 32 })) {
        samples += channels[0]!.length
      }
    }
    await expect(run()).rejects.toThrow(
      throwsCode('CORRUPT_DATA', /frame 2, from byte \d+: its checksum is wrong/),
    )
    expect(samples).toBe(128)
  })

  test('INVALID_OPTION', async () => {
    const source = bytesSource(fixture('mono-s24.flac'))
    for (const options of [{ blockFrames: 0 }, { blockFrames: 1.5 }, { offset: 1 }, { duration: 0 }]) {
      await expect(collect(source, options)).rejects.toThrow(throwsCode('INVALID_OPTION'))
    }
  })
})
