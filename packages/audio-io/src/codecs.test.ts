import { EscError } from '@esc/core'
import { describe, expect, test } from 'vitest'
import { joinStreams, runDecoder, type WasmDecoder } from './codecs.js'

class Fake implements WasmDecoder {
  freed = 0
  ready: Promise<void>
  constructor(ready: Promise<void> = Promise.resolve()) {
    this.ready = ready
  }
  free(): void {
    this.freed++
  }
}
const decode = (_: Fake, length: number) => {
  if (length < 0) throw new RangeError('unreachable')
  const errors = length === 13 ? [{ message: 'bad packet' }] : []
  return { channelData: [new Float32Array(length)], sampleRate: 8000, errors }
}

describe('runDecoder', () => {
  test('gives a block for each part that gives sound, and frees the decoder', async () => {
    const decoder = new Fake()
    const lengths: number[] = []
    for await (const { channels } of runDecoder(decoder, [3, 0, 4], decode)) lengths.push(channels[0]!.length)
    expect(lengths).toEqual([3, 4])
    expect(decoder.freed).toBe(1)
  })

  test('frees the decoder where the loop is left', async () => {
    const decoder = new Fake()
    for await (const _ of runDecoder(decoder, [3, 4], decode)) break
    expect(decoder.freed).toBe(1)
  })

  test.each<[string, Iterable<number>, number, object]>([
    ['reports an error', [3, 13, 4], 2, { code: 'CORRUPT_DATA', message: 'the decoder failed: bad packet' }],
    ['throws', [3, -1], 1, { code: 'CORRUPT_DATA', message: 'the decoder failed: unreachable' }],
    [
      'has parts that fail',
      (function* () {
        yield 3
        throw new EscError('UNSUPPORTED_FORMAT', 'too large')
      })(),
      1,
      { code: 'UNSUPPORTED_FORMAT', message: 'too large' },
    ],
  ])('frees a decoder that %s, after the sound before', async (_, parts, blocks, error) => {
    const decoder = new Fake()
    const sound = runDecoder(decoder, parts, decode)
    for (let i = 0; i < blocks; i++) expect(await sound.next()).toMatchObject({ done: false })
    await expect(sound.next()).rejects.toMatchObject(error)
    expect(decoder.freed).toBe(1)
  })

  test('does not mind a decoder that traps when it is freed', async () => {
    const decoder = new Fake()
    decoder.free = () => {
      throw new WebAssembly.RuntimeError('unreachable')
    }
    await expect(runDecoder(decoder, [-1], decode).next()).rejects.toMatchObject({ code: 'CORRUPT_DATA' })
  })

  test('IO where WebAssembly cannot be run: the file is not at fault', async () => {
    const decoder = new Fake(Promise.reject(new Error('blocked by policy')))
    await expect(runDecoder(decoder, [1], decode).next()).rejects.toMatchObject({
      code: 'IO',
      message: 'the decoder could not be started: blocked by policy',
    })
  })
})

describe('joinStreams', () => {
  const stream = { payload: new Uint8Array(1), least: 8, most: 8, skip: 0, frames: 8, gain: 1 }

  test('adds up the lengths', () => {
    const part = { stream, channels: 2, sampleRate: 8, warnings: [] }
    expect(joinStreams('opus', [part, part])).toEqual({
      info: {
        container: 'ogg',
        codec: 'opus',
        sampleRate: 8,
        channels: 2,
        frames: 16,
        durationSec: 2,
        bitDepth: null,
      },
      streams: [stream, stream],
      warnings: [],
    })
  })

  test.each([
    ['channels', 1, 8],
    ['rates', 2, 9],
  ])('UNSUPPORTED_FORMAT where %s differ', (_, channels, sampleRate) => {
    const parts = [
      { stream, channels: 2, sampleRate: 8, warnings: [] },
      { stream, channels, sampleRate, warnings: [] },
    ]
    expect(() => joinStreams('opus', parts)).toThrowError(
      expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }),
    )
  })
})
