import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import wavefile from 'wavefile/dist/wavefile.js'
import { codecName, decodeSamples, type SampleFormat } from './pcm.js'

function format(options: Partial<SampleFormat>): SampleFormat {
  const { containerBits = 16 } = options
  return {
    encoding: 'int',
    channels: 1,
    containerBits,
    validBits: containerBits,
    littleEndian: true,
    ...options,
  }
}

/** The same samples with their bytes in reverse order. */
function swapped(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.map((_, i) => bytes[i - (i % size) + size - 1 - (i % size)]!)
}

const WIDTHS = [
  ['int', 8],
  ['int', 16],
  ['int', 24],
  ['int', 32],
  ['float', 32],
  ['float', 64],
] as const

describe('decodeSamples', () => {
  test.each([
    ['int', 8, [0x80, 0xff, 0, 1, 0x7f], [-1, -1 / 128, 0, 1 / 128, 127 / 128]],
    ['uint', 8, [0, 127, 128, 129, 255], [-1, -1 / 128, 0, 1 / 128, 127 / 128]],
    ['int', 16, [0, 0x80, 0xff, 0xff, 1, 0, 0xff, 0x7f], [-1, -1 / 32768, 1 / 32768, 32767 / 32768]],
    ['int', 24, [0, 0, 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [-1, -(2 ** -23), 1 - 2 ** -23]],
    ['int', 32, [0, 0, 0, 0x80, 0, 0, 0xff, 0xff, 0x80, 0xff, 0xff, 0x7f], [-1, -(2 ** -15), 1 - 2 ** -24]],
    ['float', 32, [0, 0, 0x80, 0x3f, 0, 0, 0xc0, 0xbf], [1, -1.5]],
    ['float', 64, [0, 0, 0, 0, 0, 0, 0xf8, 0xbf], [-1.5]],
  ] as const)('reads %s of %i bits', (encoding, containerBits, bytes, expected) => {
    const samples = decodeSamples(Uint8Array.from(bytes), format({ encoding, containerBits }))
    expect(samples).toEqual([Float32Array.from(expected)])
  })

  test.each(WIDTHS)(
    'reads big-endian %s of %i bits as the same number in little-endian',
    (encoding, containerBits) => {
      const size = containerBits / 8
      fc.assert(
        fc.property(fc.uint8Array({ minLength: 4 * size, maxLength: 4 * size }), (bytes) => {
          const little = decodeSamples(bytes, format({ encoding, containerBits, channels: 2 }))
          const mirrored = format({ encoding, containerBits, channels: 2, littleEndian: false })
          expect(decodeSamples(swapped(bytes, size), mirrored)).toEqual(little)
        }),
      )
    },
  )

  test.each([
    ['alaw', '8a'],
    ['mulaw', '8m'],
  ] as const)('expands every code of %s as wavefile does', (encoding, name) => {
    const codes = Uint8Array.from({ length: 256 }, (_, code) => code)
    const file = new wavefile.WaveFile()
    file.fromScratch(1, 8000, name, codes)
    if (encoding === 'alaw') file.fromALaw()
    else file.fromMuLaw()
    const levels = Int16Array.from(file.getSamples(true, Int16Array))
    const samples = decodeSamples(codes, format({ encoding, containerBits: 8 }))
    expect(samples).toEqual([Float32Array.from(levels, (level) => level / 32768)])
  })

  test('sets the padding of 20 bits in 24 to zero, at either end', () => {
    const padded = { containerBits: 24, validBits: 20 }
    const expected = [Float32Array.of(0x12345 / 524288, -1 / 524288)]
    const little = Uint8Array.of(0x5f, 0x34, 0x12, 0xf7, 0xff, 0xff)
    expect(decodeSamples(little, format(padded))).toEqual(expected)
    expect(decodeSamples(swapped(little, 3), format({ ...padded, littleEndian: false }))).toEqual(expected)
  })

  test('returns the samples of each channel, at any start of the bytes', () => {
    const bytes = Uint8Array.from({ length: 1 + 12 }, (_, i) => i - 1).subarray(1)
    const levels = [0x0100, 0x0302, 0x0504, 0x0706, 0x0908, 0x0b0a].map((level) => level / 32768)
    expect(decodeSamples(bytes, format({ channels: 3 }))).toEqual([
      Float32Array.of(levels[0]!, levels[3]!),
      Float32Array.of(levels[1]!, levels[4]!),
      Float32Array.of(levels[2]!, levels[5]!),
    ])
  })
})

describe('codecName', () => {
  test.each<[Partial<SampleFormat>, string]>([
    [{ encoding: 'uint', containerBits: 8 }, 'pcm_u8'],
    [{ containerBits: 8, littleEndian: false }, 'pcm_s8'],
    [{ containerBits: 24, validBits: 20 }, 'pcm_s24le'],
    [{ encoding: 'float', containerBits: 64, littleEndian: false }, 'pcm_f64be'],
    [{ encoding: 'mulaw', containerBits: 8 }, 'pcm_mulaw'],
  ])('%o is %s', (options, expected) => {
    expect(codecName(format(options))).toBe(expected)
  })
})
