import { throwsCode } from '@esc/expect'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import wavefile from 'wavefile/dist/wavefile.js'
import { expectSame } from '../../fixtures/tools.js'
import { decodeWav, probeWav } from './decode.js'
import { type EncodeWavOptions, encodeWav } from './encode.js'

/** A WAV file of one channel at 8 kHz, written by wavefile. */
function written(bitDepth: string, samples: ArrayLike<number>): Uint8Array {
  const file = new wavefile.WaveFile()
  file.fromScratch(1, 8000, bitDepth, Float64Array.from(samples))
  return new Uint8Array(file.toBuffer())
}

/** ITU-T G.711 expansion, from its definition: sign, three bits of segment, four of step. */
function expandMuLaw(code: number): number {
  const inverted = ~code & 0xff
  const magnitude = (((inverted & 15) * 2 + 33) << ((inverted >> 4) & 7)) - 33
  return (inverted & 0x80 ? 0 - magnitude : magnitude) * 4
}

function expandALaw(code: number): number {
  const toggled = code ^ 0x55
  const segment = (toggled >> 4) & 7
  const step = (toggled & 15) * 2 + 1
  const magnitude = segment === 0 ? step : (step + 32) << (segment - 1)
  return (toggled & 0x80 ? magnitude : -magnitude) * 8
}

const sampleArrays = fc.float32Array({ noNaN: true, min: -1, max: 1, minLength: 1, maxLength: 64 })

describe('decodeWav', () => {
  test('divides every 16-bit level by 32768', () => {
    const levels = Int16Array.from({ length: 65536 }, (_, i) => i - 32768)
    const { channels, sampleRate } = decodeWav(written('16', levels))
    expect(sampleRate).toBe(8000)
    expectSame(channels, [Float32Array.from(levels, (level) => level / 32768)])
  })

  test.each([
    ['8', [0, 1, 127, 128, 129, 255], [-1, -127 / 128, -1 / 128, 0, 1 / 128, 127 / 128]],
    ['24', [-8388608, -1, 0, 1, 8388607], [-1, -(2 ** -23), 0, 2 ** -23, 1 - 2 ** -23]],
    ['32', [-2147483648, -65536, 0, 65536, 2147483392], [-1, -(2 ** -15), 0, 2 ** -15, 1 - 2 ** -23]],
    ['32f', [-1.5, -0, 0.1, 1], [-1.5, -0, Math.fround(0.1), 1]],
    ['64', [-1.5, 0.1, 1e-40], [-1.5, Math.fround(0.1), Math.fround(1e-40)]],
  ])('reads the extremes of %s', (bitDepth, stored, expected) => {
    expect(decodeWav(written(bitDepth, stored)).channels).toEqual([Float32Array.from(expected)])
  })

  test.each([
    [6, expandALaw],
    [7, expandMuLaw],
  ])('expands every code of encoding %i as G.711 does', (tag, expand) => {
    const codes = Uint8Array.from({ length: 256 }, (_, code) => code)
    const bytes = written('8', codes)
    new DataView(bytes.buffer).setUint16(20, tag, true)
    expect(decodeWav(bytes).channels).toEqual([Float32Array.from(codes, (code) => expand(code) / 32768)])
  })

  test('drops the padding below the valid bits', () => {
    const bytes = written('16', [0x7fff, -1, 0x0010])
    new DataView(bytes.buffer).setUint16(34, 12, true)
    expect(decodeWav(bytes).channels).toEqual([Float32Array.of(0x7ff0 / 32768, -16 / 32768, 16 / 32768)])
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'refuses a sample of %d',
    (value) => {
      const bytes = encodeWav({ samples: Float32Array.of(0, 0, 0), sampleRate: 8000 }, { bitDepth: 32 })
      new DataView(bytes.buffer).setFloat32(58 + 4, value, true)
      const decode = () => decodeWav(bytes)
      expect(decode).toThrow(throwsCode('CORRUPT_DATA'))
      expect(decode).toThrow(expect.objectContaining({ detail: { channel: 0, sample: 1 } }))
    },
  )

  test('refuses a double that float32 cannot hold', () => {
    expect(() => decodeWav(written('64', [1e300]))).toThrow(throwsCode('CORRUPT_DATA'))
  })

  test('limits the duration', () => {
    const bytes = encodeWav({ samples: new Float32Array(801), sampleRate: 8000 })
    expect(() => decodeWav(bytes, { maxDurationSec: 0.1 })).toThrow(throwsCode('INVALID_INPUT'))
    expect(decodeWav(bytes, { maxDurationSec: 801 / 8000 }).channels[0]).toHaveLength(801)
  })

  test.each([0, -1, Number.NaN])('refuses maxDurationSec=%d', (maxDurationSec) => {
    const bytes = encodeWav({ samples: new Float32Array(1), sampleRate: 8000 })
    expect(() => decodeWav(bytes, { maxDurationSec })).toThrow(throwsCode('INVALID_OPTION'))
  })
})

describe('probeWav', () => {
  test.each([
    [16, 'pcm_s16le'],
    [24, 'pcm_s24le'],
    [32, 'pcm_f32le'],
  ] as const)('reads a file of %i bits', (bitDepth, codec) => {
    const audio = { channels: [new Float32Array(1200), new Float32Array(1200)], sampleRate: 48000 }
    expect(probeWav(encodeWav(audio, { bitDepth }))).toEqual({
      container: 'wav',
      codec,
      sampleRate: 48000,
      channels: 2,
      durationSec: 0.025,
      frames: 1200,
      bitDepth,
    })
  })

  test('returns the valid bits, not the stored ones', () => {
    const bytes = written('16', [1, 2, 3])
    new DataView(bytes.buffer).setUint16(34, 12, true)
    expect(probeWav(bytes)).toMatchObject({ codec: 'pcm_s16le', bitDepth: 12 })
  })

  test('checks the sizes, but not the samples', () => {
    const bytes = encodeWav({ samples: new Float32Array(3), sampleRate: 8000 }, { bitDepth: 32 })
    new DataView(bytes.buffer).setFloat32(58, Number.NaN, true)
    expect(probeWav(bytes).frames).toBe(3)
    expect(() => probeWav(bytes.subarray(0, -4))).toThrow(throwsCode('CORRUPT_DATA'))
  })
})

describe('encodeWav', () => {
  test.each([16, 24] as const)('keeps samples to half a step at %i bits', (bitDepth) => {
    const step = 2 ** (1 - bitDepth)
    fc.assert(
      fc.property(sampleArrays, (samples) => {
        const decoded = decodeWav(encodeWav({ samples, sampleRate: 22050 }, { bitDepth })).channels[0]!
        for (const [i, sample] of samples.entries()) {
          const clipped = Math.min(sample, 1 - step)
          expect(Math.abs(decoded[i]! - clipped)).toBeLessThanOrEqual(step / 2)
        }
      }),
    )
  })

  test.each([16, 24] as const)('keeps the samples of a %i-bit file, bit for bit', (bitDepth) => {
    const top = 2 ** (bitDepth - 1)
    const levels = fc.array(fc.integer({ min: -top, max: top - 1 }), { minLength: 1, maxLength: 64 })
    fc.assert(
      fc.property(levels, (values) => {
        const bytes = written(String(bitDepth), values)
        const samples = decodeWav(bytes).channels[0]!
        expect(decodeWav(encodeWav({ samples, sampleRate: 8000 }, { bitDepth })).channels).toEqual([samples])
      }),
    )
  })

  test('keeps 32-bit float exact, for any number of channels', () => {
    const channels = fc
      .integer({ min: 1, max: 6 })
      .chain((count) =>
        fc
          .integer({ min: 1, max: 32 })
          .chain((frames) =>
            fc.array(
              fc.float32Array({ noNaN: true, noDefaultInfinity: true, minLength: frames, maxLength: frames }),
              { minLength: count, maxLength: count },
            ),
          ),
      )
    fc.assert(
      fc.property(channels, fc.integer({ min: 1, max: 192000 }), (arrays, sampleRate) => {
        const audio = { channels: arrays, sampleRate }
        expect(decodeWav(encodeWav(audio, { bitDepth: 32 }))).toEqual(audio)
      }),
    )
  })

  test.each([
    ['16', 16, 32768],
    ['24', 24, 8388608],
  ] as const)('writes the same bytes as wavefile at %s bits', (name, bitDepth, scale) => {
    const samples = Float32Array.from({ length: 100 }, (_, i) => Math.sin(i * i))
    const expected = written(
      name,
      Array.from(samples, (sample) => Math.round(sample * scale)),
    )
    expect(encodeWav({ samples, sampleRate: 8000 }, { bitDepth })).toEqual(expected)
  })

  test('clips samples that PCM cannot hold', () => {
    const samples = Float32Array.of(-7, -1, 1, 7)
    const decoded = decodeWav(encodeWav({ samples, sampleRate: 8000 })).channels[0]
    expect(decoded).toEqual(Float32Array.of(-1, -1, 32767 / 32768, 32767 / 32768))
  })

  test('pads an odd number of bytes, and does not change its input', () => {
    const samples = Float32Array.of(0.3, -0.3, 2)
    const bytes = encodeWav({ samples, sampleRate: 8000 }, { bitDepth: 24 })
    expect(bytes.length).toBe(44 + 9 + 1)
    expect(samples).toEqual(Float32Array.of(0.3, -0.3, 2))
  })

  test.each<[string, Float32Array[], RegExp]>([
    ['no channel', [], /0 channels/],
    ['no samples', [new Float32Array(0)], /0 samples/],
    ['65 channels', Array.from({ length: 65 }, () => new Float32Array(1)), /65 channels/],
    [
      'unequal channels',
      [new Float32Array(2), new Float32Array(1)],
      /channel 1 has 1 samples, channel 0 has 2/,
    ],
    ['NaN', [Float32Array.of(0, Number.NaN)], /sample 1 of channel 0 is NaN/],
    ['infinity', [Float32Array.of(Number.POSITIVE_INFINITY)], /is Infinity/],
  ])('INVALID_INPUT: %s', (_, channels, message) => {
    expect(() => encodeWav({ channels, sampleRate: 8000 })).toThrow(throwsCode('INVALID_INPUT', message))
  })

  test.each([0, -1, 0.5, Number.NaN, 2 ** 32])('INVALID_OPTION: sampleRate=%d', (sampleRate) => {
    expect(() => encodeWav({ samples: new Float32Array(1), sampleRate })).toThrow(
      throwsCode('INVALID_OPTION'),
    )
  })

  test('INVALID_OPTION: another bit depth', () => {
    const options = { bitDepth: 8 } as unknown as EncodeWavOptions
    expect(() => encodeWav({ samples: new Float32Array(1), sampleRate: 8000 }, options)).toThrow(
      throwsCode('INVALID_OPTION'),
    )
  })
})
