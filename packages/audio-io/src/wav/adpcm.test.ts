import { createRng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AdpcmFormat, adpcmSamplesPerBlock, decodeAdpcm } from './adpcm.js'

function format(encoding: AdpcmFormat['encoding'], channels: number, blockAlign: number): AdpcmFormat {
  const samplesPerBlock = adpcmSamplesPerBlock(encoding, blockAlign, channels)
  return { encoding, channels, blockAlign, samplesPerBlock }
}

/** One block of one channel: a valid header, and random steps. */
function monoBlock(encoding: AdpcmFormat['encoding'], blockAlign: number, seed: number): Uint8Array {
  const rng = createRng(seed)
  const block = Uint8Array.from({ length: blockAlign }, () => rng.integer(256))
  if (encoding === 'adpcm_ms') block[0] = rng.integer(7)
  else block.set([rng.integer(89), 0], 2)
  return block
}

/** One block of several channels: four bytes of each in turn. */
function interleaveIma(blocks: readonly Uint8Array[]): Uint8Array {
  const words = blocks[0]!.length / 4
  const out: number[] = []
  for (let word = 0; word < words; word++) {
    for (const block of blocks) out.push(...block.subarray(4 * word, 4 * word + 4))
  }
  return Uint8Array.from(out)
}

/** One block of several channels: each field of the header, then each nibble, for all channels in turn. */
function interleaveMs(blocks: readonly Uint8Array[]): Uint8Array {
  const out: number[] = blocks.map((block) => block[0]!)
  for (const field of [1, 3, 5]) for (const block of blocks) out.push(block[field]!, block[field + 1]!)
  const nibbles: number[] = []
  for (let byte = 7; byte < blocks[0]!.length; byte++) {
    for (const shift of [4, 0]) for (const block of blocks) nibbles.push((block[byte]! >> shift) & 15)
  }
  for (let i = 0; i < nibbles.length; i += 2) out.push(16 * nibbles[i]! + nibbles[i + 1]!)
  return Uint8Array.from(out)
}

describe('adpcmSamplesPerBlock', () => {
  // The values that ffmpeg and sox write for these block sizes.
  test.each([
    ['adpcm_ima_wav', 1024, 1, 2041],
    ['adpcm_ima_wav', 1024, 2, 1017],
    ['adpcm_ima_wav', 512, 2, 505],
    ['adpcm_ima_wav', 1536, 6, 505],
    ['adpcm_ms', 1024, 1, 2036],
    ['adpcm_ms', 512, 2, 500],
    ['adpcm_ms', 1536, 6, 500],
  ] as const)('%s, %i bytes, %i channels: %i samples', (encoding, blockAlign, channels, expected) => {
    expect(adpcmSamplesPerBlock(encoding, blockAlign, channels)).toBe(expected)
  })
})

describe('decodeAdpcm', () => {
  test('equals IMA steps that were computed by hand', () => {
    // Level 100, step index 16 (34): nibble 3 adds 7 * 34 / 8, nibble 15 then takes 15 * 31 / 8.
    const block = Uint8Array.of(100, 0, 16, 0, 0xf3, 0, 0, 0)
    const samples = decodeAdpcm(block, format('adpcm_ima_wav', 1, 8)).channels[0]!
    expect(samples).toHaveLength(9)
    expect(samples.slice(0, 3)).toEqual(Float32Array.of(100, 129, 71).map((level) => level / 32768))
  })

  test('equals Microsoft steps that were computed by hand', () => {
    // Predictor 1 extrapolates the line through the last two samples: 20, 30, then 40 + 2 * 16, then 114 - 1 * 16.
    const block = Uint8Array.of(1, 16, 0, 30, 0, 20, 0, 0x2f)
    const samples = decodeAdpcm(block, format('adpcm_ms', 1, 8)).channels[0]!
    expect(samples).toEqual(Float32Array.of(20, 30, 72, 98).map((level) => level / 32768))
  })

  test.each([
    ['adpcm_ima_wav', interleaveIma],
    ['adpcm_ms', interleaveMs],
  ] as const)('%s: several channels are each decoded as a single one', (encoding, interleave) => {
    const words = fc.integer({ min: 2, max: 9 })
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), words, fc.nat(), (channels, length, seed) => {
        const blocks = Array.from({ length: channels }, (_, i) => monoBlock(encoding, 4 * length, seed + i))
        const alone = blocks.map((block) => decodeAdpcm(block, format(encoding, 1, 4 * length)).channels[0])
        const together = decodeAdpcm(
          interleave(blocks),
          format(encoding, channels, 4 * length * channels),
        ).channels
        expect(together).toEqual(alone)
      }),
    )
  })

  test.each(['adpcm_ima_wav', 'adpcm_ms'] as const)('%s: blocks do not depend on each other', (encoding) => {
    const blocks = [1, 2, 3].map((seed) => monoBlock(encoding, 32, seed))
    const one = format(encoding, 1, 32)
    const alone = blocks.flatMap((block) => Array.from(decodeAdpcm(block, one).channels[0]!))
    const shifted = Uint8Array.from([0, ...blocks.flatMap((block) => Array.from(block))]).subarray(1)
    expect(decodeAdpcm(shifted, one).channels).toEqual([Float32Array.from(alone)])
  })

  test('stays in range if every nibble makes the Microsoft step three times larger', () => {
    const block = new Uint8Array(2048).fill(0x88)
    block.set([0, 0xff, 0x7f, 0, 0, 0, 0])
    const samples = decodeAdpcm(block, format('adpcm_ms', 1, 2048)).channels[0]!
    expect(samples.every((sample) => sample >= -1 && sample < 1)).toBe(true)
    expect(samples.subarray(2).every((sample) => sample === -1)).toBe(true)
  })

  test.each([
    ['adpcm_ima_wav', 2, 89, /step index 89 at byte 2 must be <= 88/],
    ['adpcm_ms', 0, 7, /predictor 7 at byte 0 does not exist/],
  ] as const)('CORRUPT_DATA: %s with byte %i = %i', (encoding, at, value, message) => {
    const block = new Uint8Array(32)
    block[at] = value
    expect(() => decodeAdpcm(block, format(encoding, 1, 32))).toThrow(throwsCode('CORRUPT_DATA', message))
  })
})
