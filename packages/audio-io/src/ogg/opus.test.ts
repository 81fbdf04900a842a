import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { fixture } from '../../fixtures/load.js'
import { join, pagesOf } from '../../fixtures/ogg-pages.js'
import { opus } from '../codecs/opus.js'
import { decodeCompressed } from '../compressed.js'
import { readOggOpus } from './opus.js'
import { noEnd } from './positions.js'
import { writeOgg } from './repair.js'

const mono = fixture('mono-opus.opus')

/** Changes one page of a file, and makes its checksum right again. */
function patched(page: number, change: (view: DataView) => void, file = mono): Uint8Array {
  const pages = pagesOf(file)
  change(new DataView(pages.at(page)!.buffer))
  return join(pages)
}
// The first packet of a page that holds one follows its header of 27 bytes and one segment.
const HEAD = 28

/** A header of mapping family 1, in front of the same packets. */
function surround(channels: number, streams: number, coupled: number, ...mapping: number[]): Uint8Array {
  const pages = pagesOf(mono)
  const tail = [1, streams, coupled, ...mapping]
  const head = Uint8Array.of(...pages[0]!.subarray(0, HEAD + 18), ...tail)
  head[26 + 1] = head.length - HEAD
  head[HEAD + 9] = channels
  return join([head, ...pages.slice(1)])
}

describe('readOggOpus', () => {
  test.each([
    ['mono-opus.opus', 1, 2400, 0.05],
    ['stereo-opus.opus', 2, 1440, 0.03],
  ])('reads the headers of %s', (name, channels, frames, durationSec) => {
    const { info, streams } = readOggOpus(fixture(name))
    const stated = { channels, frames, durationSec, sampleRate: 48000, bitDepth: null }
    expect(info).toEqual({ container: 'ogg', codec: 'opus', ...stated })
    expect(streams).toMatchObject([{ frames, gain: 1 }])
  })

  test('CORRUPT_DATA for a file that is cut anywhere; a cut between two pages with sound gives a warning', () => {
    const ends = new Set([3, 4].map((count) => join(pagesOf(mono).slice(0, count)).length))
    for (let length = 0; length < mono.length; length++) {
      const read = () => readOggOpus(mono.subarray(0, length))
      if (ends.has(length)) expect(read().warnings, `cut at ${length}`).toEqual([noEnd])
      else expect(read, `cut at ${length}`).toThrow(throwsCode('CORRUPT_DATA'))
    }
  })

  test('CORRUPT_DATA if any byte is changed', () => {
    for (let i = 0; i < mono.length; i++) {
      const bytes = mono.slice()
      bytes[i]! ^= 1 << (i & 7)
      expect(() => readOggOpus(bytes), `byte ${i}`).toThrow(throwsCode('CORRUPT_DATA'))
    }
  })

  test.each<[string, Uint8Array, RegExp]>([
    ['no channels', patched(0, (view) => view.setUint8(HEAD + 9, 0)), /channels=0, expected 1 to 2/],
    ['three channels of family 0', patched(0, (view) => view.setUint8(HEAD + 9, 3)), /channels=3/],
    [
      'nine channels of family 1',
      surround(9, 9, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8),
      /channels=9, expected 1 to 8/,
    ],
    ['no streams', surround(1, 0, 0, 255), /0 streams/],
    ['more coupled streams than streams', surround(1, 1, 2, 0), /1 streams, 2 of them stereo/],
    ['a channel of no stream', surround(2, 1, 0, 0, 1), /the channel mapping \[0,1\] does not fit/],
    ['no mapping', surround(2, 1, 1), /OpusHead has 21 bytes, expected 23/],
    ['no OpusTags', patched(1, (view) => view.setUint8(HEAD, 0)), /second packet is not OpusTags/],
    [
      'nothing but pre-skip',
      patched(0, (view) => view.setUint16(HEAD + 10, 9999, true)),
      /leaves -\d+ samples/,
    ],
    [
      'a last position past its packets',
      patched(-1, (view) => view.setBigInt64(6, 99999n, true)),
      /states sample 99999 as its end, its packets end at 2880/,
    ],
    [
      'a packet without frames',
      patched(2, (view) => view.setUint16(27 + view.getUint8(26), 0xfb00)),
      /packet 2 has no frames, or more than 120 ms/,
    ],
    [
      'a packet of 63 frames',
      patched(2, (view) => view.setUint16(27 + view.getUint8(26), 0xfb3f)),
      /packet 2 has no frames, or more than 120 ms/,
    ],
  ])('CORRUPT_DATA: %s', (_, bytes, message) => {
    expect(() => readOggOpus(bytes)).toThrow(throwsCode('CORRUPT_DATA', message))
  })

  test.each<[string, Uint8Array, RegExp]>([
    ['version 16', patched(0, (view) => view.setUint8(HEAD + 8, 16)), /version 16/],
    ['ambisonics', patched(0, (view) => view.setUint8(HEAD + 18, 2)), /mapping family 2/],
    ['mono and stereo chained', Uint8Array.of(...mono, ...fixture('stereo-opus.opus')), /chained/],
    ['multiplexed', join([pagesOf(mono)[0]!, ...pagesOf(mono)]), /begins another logical stream/],
  ])('UNSUPPORTED_FORMAT: %s', (_, bytes, message) => {
    expect(() => readOggOpus(bytes)).toThrow(throwsCode('UNSUPPORTED_FORMAT', message))
  })
})

describe('Opus decoded', () => {
  const decode = async (bytes: Uint8Array) => (await decodeCompressed(readOggOpus(bytes), opus, {})).channels

  test("applies the header's output gain", async () => {
    const [plain] = await decode(mono)
    const louder = patched(0, (view) => view.setInt16(HEAD + 16, 6 * 256, true))
    const [loud] = await decode(louder)
    expect(loud).toEqual(plain!.map((sample) => sample * 10 ** (6 / 20)))
  })

  test("ignores positions that are wrong by a packet's length, as ffmpeg writes them", async () => {
    const ahead = patched(2, (view) => view.setBigInt64(6, 960n + 488n, true))
    expect(await decode(ahead)).toEqual(await decode(mono))
  })

  test('decodes mapping family 1 with silent channels', async () => {
    const [plain] = await decode(mono)
    expect(await decode(surround(3, 1, 0, 0, 255, 0))).toEqual([plain, new Float32Array(2400), plain])
  })

  test('with tolerant, a wrong last position gives a warning, and the packets decide', () => {
    const ahead = patched(-1, (view) => view.setBigInt64(6, 99_999n, true))
    expect(() => readOggOpus(ahead)).toThrow(throwsCode('CORRUPT_DATA'))
    const { info, warnings } = readOggOpus(ahead, true)
    expect(info.frames).toBe(3 * 960 - 312)
    expect(warnings).toEqual(['Opus: page 4 states sample 99999 as its end, its packets end at 2880'])
  })

  test('joins chained files', async () => {
    const [plain] = await decode(mono)
    const [twice] = await decode(Uint8Array.of(...mono, ...mono))
    expect(twice).toEqual(Float32Array.of(...plain!, ...plain!))
  })

  test('trims the start and the end of a file with all its sound on one page', async () => {
    const [head, tags, ...sound] = pagesOf(mono)
    const packets = sound.map((page) => page.subarray(27 + page[26]!))
    const table = packets.flatMap(({ length }) => [
      ...Array(Math.floor(length / 255)).fill(255),
      length % 255,
    ])
    const start = Uint8Array.from(sound.at(-1)!.subarray(0, 27)).with(18, 2).with(26, table.length)
    const page = Uint8Array.of(...start, ...table, ...packets.flatMap((packet) => Array.from(packet)))
    expect(await decode(join([head!, tags!, page]))).toEqual(await decode(mono))
  })

  test('UNSUPPORTED_FORMAT for a packet that is too large for the decoder', async () => {
    const [head, tags] = pagesOf(mono).map((page) => page.subarray(27 + page[26]!))
    // Two frames of 20 ms.
    const packet = new Uint8Array(3841).fill(0xf9, 0, 1)
    const bytes = writeOgg([head!, tags!, packet])
    await expect(opus(bytes).next()).rejects.toThrow(throwsCode('UNSUPPORTED_FORMAT', /3841 bytes/))
  })
})
