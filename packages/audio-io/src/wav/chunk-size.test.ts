/** Sizes that recorders leave in WAV headers, and files with other chunks around the samples. */
import { throwsCode } from '@esc/expect'
import { expect, test } from 'vitest'
import { decodeAll } from '../../fixtures/decode-all.js'
import { chunk, concat, fmt, riff, text, u32 } from '../../fixtures/riff.js'
import { decodeWav } from './decode.js'

const HEADER = 44
const sound = Uint8Array.from({ length: 400 }, (_, i) => (i * i * 31 + 7 * i + 90) % 256)
const whole = decodeWav(riff(fmt(), chunk('data', sound))).channels
const list = chunk('LIST', text('INFOISFT\x04\0\0\0Lavf'))
const bext = chunk('bext', new Uint8Array(601))
const tag = (size: number) =>
  concat(text('ID3\x04\0\0\0\0'), Uint8Array.of(size >> 7, size & 127), new Uint8Array(size))

/** A file whose data chunk states `size` bytes. */
const stating = (size: number, ...behind: Uint8Array[]) => riff(fmt(), chunk('data', sound, size), ...behind)

test('a right data size is kept, even if bytes of the length of the header follow the samples', async () => {
  for (const junk of [new Uint8Array(HEADER), sound.subarray(7, 7 + HEADER)]) {
    const outcome = await decodeAll(concat(stating(sound.length), junk))
    expect(outcome).toEqual({ channels: whole, warnings: [], error: null, disagreement: null })
  }
})

test.each<[string, number]>([
  ['0', 0],
  ["sox's to a pipe", 0x7ffff000],
  ['INT_MAX', 0x7fffffff],
  ["arecord's", 0x80000000],
  ["ffmpeg's to a pipe", 0xffffffff],
  ['samples plus header', 400 + HEADER],
  ['samples minus header', 400 - HEADER],
])('a data size of %s is computed from the file', async (_, size) => {
  const warnings = [
    `chunk "data" states a size of ${size} bytes, which is wrong: by the size of the file it has 400 bytes`,
  ]
  // Chunks after the samples are not decoded; ffmpeg and sox decode the LIST chunk as 12 more samples.
  const isLess = size === sound.length - HEADER
  for (const behind of [
    ...(isLess ? [] : [[]]),
    [list],
    [bext, list],
    [chunk('id3 ', new Uint8Array(3)), bext],
  ]) {
    const outcome = await decodeAll(stating(size, ...behind))
    expect(outcome).toEqual({ channels: whole, warnings, error: null, disagreement: null })
    const tagged = await decodeAll(concat(tag(300), tag(7), new Uint8Array(20), stating(size, ...behind)))
    expect(tagged).toEqual(outcome)
  }
})

test('a data size that equals the size of the file is computed, with any chunks around the samples', async () => {
  for (const [before, behind] of [
    [[], []],
    [[], [list]],
    [[tag(9)], [list]],
  ] as Uint8Array[][][]) {
    const length = concat(...before!, stating(0, ...behind!)).length
    for (const size of [length, length - concat(...before!).length]) {
      const { channels, warnings } = await decodeAll(concat(...before!, stating(size, ...behind!)))
      expect(channels).toEqual(whole)
      expect(warnings).toEqual([expect.stringContaining(`states a size of ${size} bytes`)])
    }
  }
})

test('an incomplete last frame is left out', () => {
  const cut = concat(riff(fmt({ channels: 2 })), text('data'), u32(0), sound.subarray(0, 399))
  expect(decodeWav(cut).channels[0]).toHaveLength(99)
})

test('letters in the samples are not taken for a chunk', () => {
  const letters = concat(sound, text('LIST'), u32(300), sound)
  const bytes = riff(fmt(), chunk('data', letters, 0))
  expect(decodeWav(bytes).channels[0]).toHaveLength(404)
})

test('an empty data chunk before other chunks holds no samples', () => {
  const bytes = riff(fmt(), chunk('data', new Uint8Array(0)), list)
  expect(() => decodeWav(bytes)).toThrow(
    throwsCode('CORRUPT_DATA', /chunk "data" is empty: the file holds no samples/),
  )
})

test('any other size beyond the file means that it was cut short; tolerant reads the rest', () => {
  for (const excess of [1, 2, 36, 43, 45, 1000, 0x70000000]) {
    expect(() => decodeWav(stating(400 + excess)), `${excess}`).toThrow(
      throwsCode('CORRUPT_DATA', /only 400 bytes follow: the file was cut short/),
    )
    const { channels, warnings } = decodeWav(stating(400 + excess), { tolerant: true })
    expect(channels).toEqual(whole)
    expect(warnings).toHaveLength(1)
  }
})
