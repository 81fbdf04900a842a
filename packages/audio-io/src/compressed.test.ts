import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import type { DecodedAudio } from './audio.js'
import type { AudioDecoder, CompressedFile } from './codecs.js'
import { decodeCompressed, streamCompressed } from './compressed.js'

const SAMPLE_RATE = 1000
const ramp = (length: number, start = 0) => Float32Array.from({ length }, (_, i) => start + i)
const payload = new Uint8Array(1)

/** A file of one stream that decodes to `10 + frames + 5` samples, of which the middle `frames` are kept. */
function fileOf(frames: number, changes: Partial<CompressedFile['streams'][0]> = {}): CompressedFile {
  const total = frames + 15
  const stream = { payload, least: total, most: total, skip: 10, frames, gain: 1, ...changes }
  const info = { container: 'ogg', codec: 'opus', sampleRate: SAMPLE_RATE, channels: 2, bitDepth: null }
  return { info: { ...info, frames, durationSec: frames / SAMPLE_RATE }, streams: [stream], warnings: [] }
}

interface Fake {
  decode: AudioDecoder
  /** Number of blocks that were requested. */
  asked: number
  freed: boolean
}

/** A decoder that yields a ramp from 0 in blocks of these lengths, and then throws `failure` if there is one. */
function fake(lengths: readonly number[], failure?: Error, audio: Partial<DecodedAudio> = {}): Fake {
  const state: Fake = {
    asked: 0,
    freed: false,
    decode: async function* () {
      let start = 0
      try {
        for (const length of lengths) {
          state.asked++
          const left = ramp(length, start)
          yield { channels: [left, left.map((x) => -x)], sampleRate: SAMPLE_RATE, ...audio }
          start += length
        }
        if (failure) throw failure
      } finally {
        state.freed = true
      }
    },
  }
  return state
}

const lengths = [7, 100, 0, 30, 200, 178]

describe('decodeCompressed', () => {
  test.each<[string, object, number, number]>([
    ['all', {}, 0, 500],
    ['a part', { offset: 0.1, duration: 0.2 }, 100, 200],
    ['the first sample', { duration: 0.001 }, 0, 1],
    ['the last sample', { offset: 0.499 }, 499, 1],
    ['no more than the file holds', { offset: 0.4, duration: 9 }, 400, 100],
  ])('returns %s', async (_, limits, start, length) => {
    const { decode } = fake(lengths)
    const expected = ramp(length, 10 + start)
    expect(await decodeCompressed(fileOf(500), decode, limits)).toEqual({
      channels: [expected, expected.map((x) => -x)],
      sampleRate: SAMPLE_RATE,
    })
  })

  test('multiplies by the gain', async () => {
    const { channels } = await decodeCompressed(fileOf(500, { gain: 0.3 }), fake(lengths).decode, {})
    expect(channels[0]).toEqual(ramp(500, 10).map((x) => x * 0.3))
  })

  test('joins the streams of a chained file', async () => {
    const one = fileOf(500)
    const two = { ...one, info: { ...one.info, frames: 1000 }, streams: [one.streams[0]!, one.streams[0]!] }
    const { channels } = await decodeCompressed(two, fake(lengths).decode, { offset: 0.4, duration: 0.2 })
    expect(channels[0]).toEqual(Float32Array.of(...ramp(100, 410), ...ramp(100, 10)))
  })

  test('decodes a whole file to its end to count its samples, but a part only to its end', async () => {
    const [all, part, failed] = [fake(lengths), fake(lengths), fake(lengths)]
    await decodeCompressed(fileOf(490, { least: 515, most: 515 }), all.decode, {})
    await decodeCompressed(fileOf(500), part.decode, { duration: 0.01 })
    await expect(decodeCompressed(fileOf(10), failed.decode, {})).rejects.toThrow(
      throwsCode('CORRUPT_DATA', /more than 25/),
    )
    expect([all, part, failed]).toMatchObject([
      { asked: 6, freed: true },
      { asked: 2, freed: true },
      { asked: 2, freed: true },
    ])
  })

  const failure = new Error('trap')
  test.each<[string, Fake, RegExp]>([
    [
      'fewer samples',
      fake(lengths.slice(0, -1)),
      /returned 337 samples per channel, the file's headers state 515/,
    ],
    ['no samples', fake([]), /returned 0 samples/],
    ['another rate', fake(lengths, undefined, { sampleRate: 999 }), /2 channels of 7 samples at 999 Hz/],
    [
      'another number of channels',
      fake(lengths, undefined, { channels: [ramp(7)] }),
      /1 channels of 7 samples/,
    ],
    [
      'channels of two lengths',
      fake(lengths, undefined, { channels: [ramp(7), ramp(6)] }),
      /2 channels of 7/,
    ],
    ['NaN', fake([515], undefined, { channels: [ramp(515), ramp(515).fill(Number.NaN, 99)] }), /NaN/],
    ['an error', fake(lengths.slice(0, 2), failure), /the decoder failed: trap/],
  ])('CORRUPT_DATA if the decoder returns %s', async (_, { decode }, message) => {
    await expect(decodeCompressed(fileOf(500), decode, {})).rejects.toThrow(
      throwsCode('CORRUPT_DATA', message),
    )
  })

  test('INVALID_INPUT for more than maxDurationSec, before anything is decoded', async () => {
    const decoder = fake(lengths)
    await expect(decodeCompressed(fileOf(500), decoder.decode, { maxDurationSec: 0.1 })).rejects.toThrow(
      throwsCode('INVALID_INPUT'),
    )
    expect(decoder.asked).toBe(0)
  })

  describe('tolerant', () => {
    const tolerant = true
    test.each<[string, Fake, number, string[] | undefined]>([
      [
        'fewer samples',
        fake(lengths.slice(0, -1)),
        327,
        ["the decoder returned 337 samples per channel, the file's headers state 515"],
      ],
      ['more samples', fake([...lengths, 99]), 500, undefined],
      [
        'an error',
        fake(lengths.slice(0, 2), failure),
        97,
        ['decoding stopped at 0.097 s, and the rest of the sound was left out: the decoder failed: trap'],
      ],
    ])('keeps the sound if the decoder returns %s', async (_, { decode }, length, warnings) => {
      const audio = await decodeCompressed(fileOf(500), decode, { tolerant })
      expect(audio.channels[0]).toEqual(ramp(length, 10))
      expect(audio.warnings).toEqual(warnings)
    })

    test('sets samples that are no numbers to 0, and warns after the warnings of the reader', async () => {
      const bad = ramp(515).fill(Number.NaN, 20, 22).fill(Number.POSITIVE_INFINITY, 22, 23)
      const { decode } = fake([515], undefined, { channels: [bad, bad] })
      const file = { ...fileOf(500), warnings: ['a page was lost'] }
      const { channels, warnings } = await decodeCompressed(file, decode, { tolerant })
      expect(channels[0]).toEqual(ramp(500, 10).fill(0, 10, 13))
      expect(warnings).toEqual(['a page was lost', '6 samples were NaN or infinite and were set to 0'])
    })

    test.each([
      ['an error first', fake([], failure), /trap/],
      ['nothing', fake([]), /returned no sound/],
      ['less than is skipped', fake([10]), /returned no sound/],
    ])('CORRUPT_DATA if the decoder returns %s', async (_, { decode }, message) => {
      await expect(decodeCompressed(fileOf(500), decode, { tolerant })).rejects.toThrow(
        throwsCode('CORRUPT_DATA', message),
      )
    })
  })
})

describe('streamCompressed', () => {
  async function collect(blocks: AsyncIterable<DecodedAudio>): Promise<DecodedAudio[]> {
    const all: DecodedAudio[] = []
    for await (const block of blocks) all.push(block)
    return all
  }

  test.each([1, 7, 100, 499, 500, 501, 10_000])(
    'blocks of %i samples equal the result of decodeCompressed',
    async (blockFrames) => {
      const part = { offset: 0.003, duration: 0.4 }
      const whole = await decodeCompressed(fileOf(500), fake(lengths).decode, part)
      const blocks = await collect(
        streamCompressed(fileOf(500), fake(lengths).decode, { ...part, blockFrames }),
      )
      for (const [channel, samples] of whole.channels.entries()) {
        const joined = blocks.flatMap((block) => Array.from(block.channels[channel]!))
        expect(joined).toEqual(Array.from(samples))
      }
      const sizes = blocks.map((block) => block.channels[0]!.length)
      expect(sizes.slice(0, -1).every((size) => size === blockFrames)).toBe(true)
      expect(sizes.at(-1)).toBe(400 % blockFrames || Math.min(400, blockFrames))
    },
  )

  test('yields the last block only after the whole file was checked', async () => {
    const blocks = streamCompressed(fileOf(500), fake([...lengths, 1]).decode, { blockFrames: 250 })
    expect((await blocks.next()).value?.channels[0]).toEqual(ramp(250, 10))
    await expect(blocks.next()).rejects.toThrow(throwsCode('CORRUPT_DATA', /more than 515/))
  })

  test('decodes only the requested blocks, and frees the decoder if the loop is left', async () => {
    const decoder = fake(lengths)
    for await (const _ of streamCompressed(fileOf(500), decoder.decode, { blockFrames: 50 })) break
    expect(decoder).toMatchObject({ asked: 2, freed: true })
  })

  test('the first block carries the warnings of the reader, the last block those of the decoder', async () => {
    const file = { ...fileOf(500), warnings: ['a page was lost'] }
    const decoder = fake(lengths.slice(0, 2), new Error('trap'))
    const blocks = await collect(streamCompressed(file, decoder.decode, { blockFrames: 40, tolerant: true }))
    expect(blocks.map((block) => block.channels[0]!.length)).toEqual([40, 40, 17])
    expect(blocks.map((block) => block.warnings?.[0]?.slice(0, 16))).toEqual([
      'a page was lost',
      undefined,
      'decoding stopped',
    ])
  })
})
