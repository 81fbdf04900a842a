import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { decodeAiff, probeAiff } from './aiff.js'

const text = (value: string) => Array.from(value, (char) => char.charCodeAt(0))
const u16 = (value: number) => [(value >> 8) & 0xff, value & 0xff]
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value)]

/** The 80-bit float 2^`exponent` * 1.`fraction`, `fraction` being the 31 bits below the leading one. */
const float80 = (exponent: number, fraction = 0) => [
  ...u16(16383 + exponent),
  ...u32(0x80000000 + fraction),
  ...u32(0),
]

function chunk(id: string, body: readonly number[], size = body.length): number[] {
  return [...text(id), ...u32(size), ...body, ...(body.length % 2 ? [0] : [])]
}

function form(type: string, ...chunks: number[][]): Uint8Array {
  const body = [...text(type), ...chunks.flat()]
  return Uint8Array.from([...text('FORM'), ...u32(body.length), ...body])
}

interface Common {
  channels?: number
  frames?: number
  bits?: number
  rate?: number[]
  /** Compression type, with its name of no letters: makes it AIFF-C. */
  type?: string
}

function comm({ channels = 1, frames = 2, bits = 16, rate = float80(13), type }: Common = {}): number[] {
  const compression = type === undefined ? [] : [...text(type), 0, 0]
  return chunk('COMM', [...u16(channels), ...u32(frames), ...u16(bits), ...rate, ...compression])
}

function ssnd(samples: readonly number[], offset = 0, blockSize = 0): number[] {
  return chunk('SSND', [
    ...u32(offset),
    ...u32(blockSize),
    ...new Array<number>(offset).fill(0xee),
    ...samples,
  ])
}

const samples = ssnd([0x40, 0, 0xc0, 0])

describe('decodeAiff', () => {
  test('finds the samples after an offset, between unknown chunks of odd size', () => {
    const bytes = form(
      'AIFF',
      chunk('NAME', text('dog')),
      comm(),
      chunk('ANNO', text('x')),
      ssnd([0x40, 0, 0xc0, 0], 5),
      chunk('ID3 ', [1]),
    )
    expect(decodeAiff(bytes)).toEqual({ channels: [Float32Array.of(0.5, -0.5)], sampleRate: 8192 })
  })

  test('takes the two chunks in any order, at any start of the bytes', () => {
    const bytes = form('AIFF', samples, comm())
    const shifted = Uint8Array.from([9, ...bytes]).subarray(1)
    expect(decodeAiff(shifted).channels).toEqual([Float32Array.of(0.5, -0.5)])
  })

  test.each<[string, Common, number[], number[]]>([
    ['8 bits, signed', { bits: 8 }, [0x80, 0x40], [-1, 0.5]],
    ['12 bits, of which the rest is padding', { bits: 12 }, [0x40, 0x0f, 0xc0, 0], [0.5, -0.5]],
    ['sowt', { type: 'sowt' }, [0, 0x40, 0, 0xc0], [0.5, -0.5]],
    ['twos', { type: 'twos' }, [0x40, 0, 0xc0, 0], [0.5, -0.5]],
    ['in24', { type: 'in24' }, [0x40, 0, 0, 0xc0, 0, 0], [0.5, -0.5]],
    ['fl32', { type: 'fl32' }, [0x3f, 0, 0, 0, 0xbf, 0, 0, 0], [0.5, -0.5]],
    ['FL64 that states 16 bits', { type: 'FL64', frames: 1 }, [0x3f, 0xe0, 0, 0, 0, 0, 0, 0], [0.5]],
    ['ulaw that states 16 bits', { type: 'ulaw' }, [0x00, 0xff], [-32124 / 32768, 0]],
    ['alaw', { type: 'alaw' }, [0xd5, 0x55], [8 / 32768, -8 / 32768]],
  ])('reads %s', (_, common, stored, expected) => {
    const bytes = form(common.type ? 'AIFC' : 'AIFF', comm(common), ssnd(stored))
    expect(decodeAiff(bytes).channels).toEqual([Float32Array.from(expected)])
  })

  test.each([
    [44100, float80(15, 0x2c440000)],
    [96000, float80(16, 0x3b800000)],
    [22255, float80(14, 0x2ddd1745)],
    [1, float80(0)],
  ])('reads a rate of %i Hz, rounded to a whole number', (sampleRate, rate) => {
    expect(decodeAiff(form('AIFF', comm({ rate }), samples)).sampleRate).toBe(sampleRate)
  })

  test.each([
    ['the pad byte counted', [...samples.slice(0, 4), ...u32(13), ...samples.slice(8), 0, 0]],
    ['a last block filled up', ssnd([0x40, 0, 0xc0, 0, 0, 0, 0, 0], 0, 8)],
    ['a cut chunk after the samples', [...samples, ...chunk('NAME', text('dog'), 100)]],
    ['garbage after the samples', [...samples, 255, 254, 253, 252, 251, 250, 249, 248, 247]],
  ])('ignores %s', (_, rest) => {
    expect(decodeAiff(form('AIFF', comm(), rest)).channels).toEqual([Float32Array.of(0.5, -0.5)])
  })

  test.each<[string, Uint8Array, RegExp]>([
    ['no COMM', form('AIFF', samples), /no chunk "COMM"/],
    ['no SSND', form('AIFF', comm()), /no chunk "SSND"/],
    ['two COMM', form('AIFF', comm(), comm(), samples), /a second chunk "COMM" at byte 38/],
    ['a short COMM', form('AIFC', comm(), samples), /18 bytes, expected at least 22/],
    ['a short SSND', form('AIFF', comm(), chunk('SSND', [0, 0])), /2 bytes, expected at least 8/],
    [
      'a cut SSND',
      form('AIFF', comm(), chunk('SSND', u32(0), 12)),
      /states a size of 12 bytes, but only 4 bytes follow/,
    ],
    [
      'a chunk of 4 GB',
      form('AIFF', chunk('ANNO', [], 0xffffffff), comm(), samples),
      /states a size of 4294967295/,
    ],
    ['no channels', form('AIFF', comm({ channels: 0 }), samples), /channels=0 must lie in \[1, 64\]/],
    ['65535 channels', form('AIFF', comm({ channels: 65535 }), samples), /channels=-1 must lie/],
    ['no samples', form('AIFF', comm({ frames: 0 }), ssnd([])), /holds no samples/],
    ['fewer samples', form('AIFF', comm({ frames: 3 }), samples), /frames=3 need 6 bytes.*holds 4/i],
    ['an offset past the end', form('AIFF', comm(), chunk('SSND', [...u32(99), ...u32(0)])), /holds -99/],
    ['0 bits', form('AIFF', comm({ bits: 0 }), samples), /sampleSize=0 must lie in \[1, 32\]/],
    ['64-bit PCM', form('AIFF', comm({ bits: 64 }), samples), /sampleSize=64 must lie/],
    [
      'a rate of 0',
      form('AIFF', comm({ rate: new Array<number>(10).fill(0) }), samples),
      /sampleRate=0 must/,
    ],
    ['an infinite rate', form('AIFF', comm({ rate: float80(16384) }), samples), /sampleRate=Infinity must/],
    [
      'a negative rate',
      form('AIFF', comm({ rate: [0xff, ...float80(13).slice(1)] }), samples),
      /sampleRate=/,
    ],
    [
      'NaN',
      form('AIFC', comm({ type: 'fl32', frames: 1 }), ssnd([0x7f, 0xc0, 0, 0])),
      /sample 0 of channel 0 is NaN/,
    ],
  ])('CORRUPT_DATA: %s', (_, bytes, message) => {
    expect(() => decodeAiff(bytes)).toThrow(throwsCode('CORRUPT_DATA', message))
  })

  test('CORRUPT_DATA for a file that is cut anywhere after its first 12 bytes', () => {
    const bytes = form('AIFF', comm(), samples)
    for (let length = 12; length < bytes.length; length++) {
      expect(() => decodeAiff(bytes.subarray(0, length)), `cut at ${length}`).toThrow(
        throwsCode('CORRUPT_DATA'),
      )
    }
  })

  test.each<[string, Uint8Array, number, RegExp]>([
    [
      'a cut file',
      form('AIFF', comm(), samples).subarray(0, -2),
      1,
      /states a size of 12 bytes, but only 10 bytes follow.*need 4 bytes.*1 samples were read/s,
    ],
    [
      'fewer samples',
      form('AIFF', comm({ frames: 3 }), samples),
      2,
      /Frames=3 need 6 bytes.*2 samples were read/,
    ],
    [
      'more samples',
      form('AIFF', comm({ frames: 1 }), samples),
      2,
      /Frames=1 is wrong: by its size, chunk "SSND" holds 2 samples/,
    ],
    ['two COMM', form('AIFF', comm(), comm(), samples), 2, /a second chunk "COMM" at byte 38 was left out/],
  ])('with tolerant, reads %s', (_, bytes, frames, warning) => {
    const { channels, warnings } = decodeAiff(bytes, { tolerant: true })
    expect(channels).toEqual([Float32Array.of(0.5, -0.5).subarray(0, frames)])
    expect(warnings!.join()).toMatch(warning)
  })

  test.each<[string, Uint8Array, RegExp]>([
    ['IMA ADPCM', form('AIFC', comm({ type: 'ima4' }), samples), /compression "ima4" is not supported/],
    ['MACE', form('AIFC', comm({ type: 'MAC6' }), samples), /compression "MAC6"/],
    ['8SVX', form('8SVX', comm(), samples), /not an AIFF file/],
    ['11 bytes', Uint8Array.from(text('FORM\0\0\0\0AIF')), /not an AIFF file/],
  ])('UNSUPPORTED_FORMAT: %s', (_, bytes, message) => {
    expect(() => decodeAiff(bytes)).toThrow(throwsCode('UNSUPPORTED_FORMAT', message))
  })

  test('limits the duration', () => {
    const bytes = form('AIFF', comm(), samples)
    expect(() => decodeAiff(bytes, { maxDurationSec: 1 / 8192 })).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => decodeAiff(bytes, { maxDurationSec: Number.NaN })).toThrow(throwsCode('INVALID_OPTION'))
    expect(decodeAiff(bytes, { maxDurationSec: 2 / 8192 }).channels[0]).toHaveLength(2)
  })
})

describe('probeAiff', () => {
  test('returns the length and the valid bits', () => {
    expect(probeAiff(form('AIFF', comm({ bits: 12 }), samples))).toEqual({
      container: 'aiff',
      codec: 'pcm_s16be',
      sampleRate: 8192,
      channels: 1,
      durationSec: 2 / 8192,
      frames: 2,
      bitDepth: 12,
    })
  })

  test('does not check the samples', () => {
    const bytes = form('AIFC', comm({ type: 'fl32', frames: 1 }), ssnd([0x7f, 0xc0, 0, 0]))
    expect(probeAiff(bytes)).toMatchObject({ codec: 'pcm_f32be', frames: 1, bitDepth: 32 })
  })
})
