import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { chunk, concat, type Fmt, fmt, rf64, riff, samples, text, u32 } from '../../fixtures/riff.js'
import { readBytes } from '../reading.js'
import { pcmRange } from './pcm-file.js'
import { readWav as parse } from './riff.js'

/** The header, and the bytes of the samples. */
function readWav(bytes: Uint8Array, tolerant = false) {
  const { dataOffset, warnings, ...file } = readBytes(bytes, parse(bytes.length, tolerant))
  const { offset, length } = pcmRange({ dataOffset, warnings, ...file }, { start: 0, length: file.frames })
  expect(offset).toBe(dataOffset)
  return { ...file, warnings, data: bytes.slice(offset, offset + length) }
}

describe('readWav', () => {
  test('finds the samples between unknown chunks of odd size', () => {
    const bytes = riff(
      chunk('JUNK', new Uint8Array(3)),
      fmt(),
      chunk('LIST', text('INFO!')),
      chunk('data', Uint8Array.of(1, 2, 3, 4)),
      chunk('id3 ', new Uint8Array(7)),
    )
    expect(readWav(bytes)).toEqual({
      container: 'wav',
      warnings: [],
      format: { encoding: 'int', channels: 1, containerBits: 16, validBits: 16, littleEndian: true },
      sampleRate: 8000,
      frames: 2,
      data: Uint8Array.of(1, 2, 3, 4),
    })
  })

  test('reads bytes that start at any offset of their buffer', () => {
    const bytes = riff(fmt(), chunk('data', Uint8Array.of(1, 2, 3, 4)))
    for (const shift of [1, 2, 3]) {
      const shifted = concat(new Uint8Array(shift), bytes).subarray(shift)
      expect(readWav(shifted)).toEqual(readWav(bytes))
    }
  })

  test('accepts a missing pad byte at the end, whether the RIFF size includes it or not', () => {
    const bytes = riff(fmt({ bits: 8 }), chunk('data', Uint8Array.of(1, 2, 3)))
    expect(readWav(bytes.subarray(0, -1)).frames).toBe(3)
    const uncounted = bytes.slice(0, -1)
    new DataView(uncounted.buffer).setUint32(4, uncounted.length - 8, true)
    expect(readWav(uncounted).frames).toBe(3)
  })

  test('ignores bytes after the RIFF chunk', () => {
    expect(readWav(concat(riff(fmt(), samples), text('TAG trailing'))).frames).toBe(4)
  })

  test.each<[string, Fmt, object]>([
    [
      'extensible PCM',
      { bits: 24, extension: { validBits: 24, subFormat: 1 } },
      { containerBits: 24, validBits: 24 },
    ],
    ['20 valid bits of 24', { bits: 24, extension: { validBits: 20, subFormat: 1 } }, { validBits: 20 }],
    ['valid bits left at 0', { bits: 16, extension: { validBits: 0, subFormat: 1 } }, { validBits: 16 }],
    ['extensible float', { bits: 32, extension: { validBits: 32, subFormat: 3 } }, { encoding: 'float' }],
    ['8-bit PCM', { bits: 8 }, { encoding: 'uint', containerBits: 8 }],
    ['plain 20-bit PCM', { bits: 20 }, { containerBits: 24, validBits: 20 }],
    ['a wrong byte rate', { byteRate: 1 }, { encoding: 'int', containerBits: 16 }],
    [
      'IMA ADPCM',
      { tag: 17, bits: 4, blockAlign: 12, samplesPerBlock: 17 },
      { encoding: 'adpcm_ima_wav', blockAlign: 12, samplesPerBlock: 17 },
    ],
    [
      'MS ADPCM',
      { tag: 2, bits: 4, blockAlign: 8, samplesPerBlock: 4 },
      { encoding: 'adpcm_ms', blockAlign: 8, samplesPerBlock: 4 },
    ],
    [
      'extensible IMA ADPCM',
      { bits: 4, blockAlign: 12, extension: { validBits: 4, subFormat: 17 } },
      { encoding: 'adpcm_ima_wav', samplesPerBlock: 17 },
    ],
    ['plain 12-bit PCM', { bits: 12 }, { containerBits: 16, validBits: 12 }],
    ['64-bit float', { tag: 3, bits: 64 }, { encoding: 'float', containerBits: 64 }],
    ['A-law', { tag: 6, bits: 8 }, { encoding: 'alaw', containerBits: 8 }],
    ['µ-law', { tag: 7, bits: 8 }, { encoding: 'mulaw', containerBits: 8 }],
    ['the most channels', { channels: 64, bits: 8 }, { channels: 64 }],
  ])('accepts %s', (_, options, expected) => {
    const bytes = riff(fmt(options), chunk('data', new Uint8Array(192)))
    expect(readWav(bytes).format).toMatchObject(expected)
  })

  test.each(['RF64', 'BW64'])('takes the size of the samples of %s from "ds64"', (id) => {
    const data = chunk('data', Uint8Array.of(1, 2, 3, 4), 0xffffffff)
    const bytes = rf64(id, 4n, fmt(), data, chunk('bext', new Uint8Array(9)))
    expect(readWav(bytes)).toMatchObject({ frames: 2, data: Uint8Array.of(1, 2, 3, 4) })
  })

  test('reads RIFX with every number big-endian', () => {
    const data = chunk('data', Uint8Array.of(1, 2, 3, 4), 4, false)
    const extension = { validBits: 20, subFormat: 1 }
    const body = concat(text('WAVE'), fmt({ bits: 32, extension, littleEndian: false }), data)
    expect(readWav(concat(text('RIFX'), u32(body.length, false), body))).toEqual({
      container: 'wav',
      warnings: [],
      format: { encoding: 'int', channels: 1, containerBits: 32, validBits: 20, littleEndian: false },
      sampleRate: 8000,
      frames: 1,
      data: Uint8Array.of(1, 2, 3, 4),
    })
  })

  test('counts the samples of whole ADPCM blocks', () => {
    const format = fmt({ tag: 17, bits: 4, blockAlign: 12, samplesPerBlock: 17 })
    expect(readWav(riff(format, chunk('data', new Uint8Array(36)))).frames).toBe(51)
  })

  test.each([0xffffffff, 0x7ffff000])(
    'reads a pipe of size %i up to the last whole block of the file',
    (size) => {
      const data = chunk('data', Uint8Array.of(1, 2, 3, 4, 5, 6), size)
      const bytes = concat(text('RIFF'), u32(size), text('WAVE'), fmt({ channels: 2 }), data)
      expect(readWav(bytes)).toMatchObject({ frames: 1, data: Uint8Array.of(1, 2, 3, 4) })
    },
  )

  test.each([
    ['a cut chunk header', text('LIS')],
    ['a cut chunk', chunk('LIST', text('INFO'), 100)],
    ['garbage', Uint8Array.from({ length: 50 }, (_, i) => 255 - i)],
  ])('ignores %s after the samples', (_, rest) => {
    const bytes = riff(fmt(), samples, rest)
    expect(readWav(bytes).frames).toBe(4)
    new DataView(bytes.buffer).setUint32(4, bytes.length + 1000, true)
    expect(readWav(bytes).frames).toBe(4)
  })

  test.each<[string, Uint8Array, RegExp]>([
    ['no channels', riff(fmt({ channels: 0 }), samples), /channels=0 must lie in \[1, 64\]/],
    ['65535 channels', riff(fmt({ channels: 65535 }), samples), /channels=65535 must lie/],
    ['a rate of 0', riff(fmt({ rate: 0 }), samples), /sampleRate=0 must be > 0/],
    [
      'a wrong block align',
      riff(fmt({ blockAlign: 4 }), samples),
      /blockAlign=4, expected 1 channels of 2 bytes/,
    ],
    [
      'a cut frame',
      riff(fmt(), chunk('data', new Uint8Array(7))),
      /7 bytes, which is not a multiple of the block align 2/,
    ],
    ['no samples', riff(fmt(), chunk('data', new Uint8Array(0))), /holds no samples/],
    ['no fmt chunk', riff(samples), /no chunk "fmt "/],
    ['no data chunk', riff(fmt()), /no chunk "data"/],
    ['two data chunks', riff(fmt(), samples, samples), /a second chunk "data"/],
    ['two fmt chunks', riff(fmt(), fmt(), samples), /a second chunk "fmt "/],
    ['a short fmt chunk', riff(chunk('fmt ', new Uint8Array(14)), samples), /14 bytes, expected at least 16/],
    [
      'too much data',
      riff(fmt(), chunk('data', new Uint8Array(8), 9)),
      /states a size of 9 bytes, but only 8 bytes follow/,
    ],
    [
      'a cut chunk before the samples',
      riff(fmt(), chunk('LIST', text('INFO'), 100)),
      /states a size of 100 bytes, but only 4/,
    ],
    [
      'a chunk of 4 GB',
      riff(fmt(), chunk('LIST', text('INFO'), 0xffffffff), samples),
      /states a size of 4294967295/,
    ],
    ['a pipe without samples', riff(fmt(), chunk('data', new Uint8Array(0), 0xffffffff)), /no samples/],
    ['RF64 without sizes', concat(text('RF64'), riff(fmt(), samples).subarray(4)), /needs a chunk "ds64"/],
    [
      'RF64 of more than the file',
      rf64('RF64', 2n ** 33n, fmt(), chunk('data', new Uint8Array(8), 0xffffffff)),
      /states a size of 8589934592 bytes, but only 8 bytes follow/,
    ],
    [
      'RIFF renamed RIFX',
      concat(text('RIFX'), riff(fmt(), samples).subarray(4)),
      /chunk "fmt " at byte 12 states a size of/,
    ],
    [
      'ADPCM blocks of another length',
      riff(fmt({ tag: 17, bits: 4, blockAlign: 12, samplesPerBlock: 16 }), chunk('data', new Uint8Array(12))),
      /samplesPerBlock=16, expected 17 from blockAlign=12/,
    ],
    [
      'ADPCM blocks without room for steps',
      riff(fmt({ tag: 2, bits: 4, blockAlign: 6, samplesPerBlock: 0 }), samples),
      /blockAlign=6 is too small for 1 channels/,
    ],
    [
      'a cut ADPCM block',
      riff(fmt({ tag: 17, bits: 4, blockAlign: 12, samplesPerBlock: 17 }), chunk('data', new Uint8Array(20))),
      /20 bytes, which is not a multiple of the block align 12/,
    ],
    [
      'more valid bits than stored',
      riff(fmt({ bits: 16, extension: { validBits: 20, subFormat: 1 } }), samples),
      /validBits=20 does not fit pcm samples of 16 bits/,
    ],
    [
      'a short extension',
      riff(fmt({ extension: { validBits: 16, subFormat: 1, size: 10 } }), samples),
      /10 of them extension, expected at least 40 and 22/,
    ],
  ])('CORRUPT_DATA: %s', (_, bytes, message) => {
    expect(() => readWav(bytes)).toThrow(throwsCode('CORRUPT_DATA', message))
  })

  test('CORRUPT_DATA for a file that is cut anywhere after its first 12 bytes', () => {
    const bytes = riff(fmt(), samples)
    for (let length = 12; length < bytes.length; length++) {
      expect(() => readWav(bytes.subarray(0, length)), `cut at ${length}`).toThrow(throwsCode('CORRUPT_DATA'))
    }
  })

  test.each<[string, Uint8Array, RegExp]>([
    ['GSM', riff(fmt({ tag: 49, bits: 0 }), samples), /encoding 49 \(GSM 6.10\)/],
    ['8-bit ADPCM', riff(fmt({ tag: 2, bits: 8 }), samples), /bitsPerSample=8 is not supported for adpcm_ms/],
    ['an unknown tag', riff(fmt({ tag: 4242 }), samples), /encoding 4242 \(unknown\)/],
    ['64-bit PCM', riff(fmt({ bits: 64 }), samples), /bitsPerSample=64 is not supported for pcm/],
    ['0 bits', riff(fmt({ bits: 0 }), samples), /bitsPerSample=0 is not supported for pcm/],
    ['16-bit float', riff(fmt({ tag: 3 }), samples), /bitsPerSample=16 is not supported for float/],
    ['another GUID', riff(fmt({ extension: { validBits: 16, subFormat: 1, tail: 0 } }), samples), /GUID/],
    ['AVI', text('RIFF\0\0\0\0AVI '), /not a RIFF\/WAVE file/],
    ['11 bytes', text('RIFF\0\0\0\0WAV'), /not a RIFF\/WAVE file/],
  ])('UNSUPPORTED_FORMAT: %s', (_, bytes, message) => {
    expect(() => readWav(bytes)).toThrow(throwsCode('UNSUPPORTED_FORMAT', message))
  })

  test.each<[string, Uint8Array, number, RegExp]>([
    [
      'a cut file',
      riff(fmt(), chunk('data', new Uint8Array(8), 12)),
      4,
      /states a size of 12 bytes, but only 8 bytes follow: the rest/,
    ],
    [
      'a file cut within a frame',
      riff(fmt(), chunk('data', new Uint8Array(7), 12)).subarray(0, -1),
      3,
      /states a size of 12 /,
    ],
    [
      'a last frame in part',
      riff(fmt(), chunk('data', new Uint8Array(7))),
      3,
      /the last 1 bytes were left out/,
    ],
    ['two data chunks', riff(fmt(), samples, samples), 4, /a second chunk "data" at byte 52 was left out/],
  ])('with tolerant, reads %s', (_, bytes, frames, warning) => {
    expect(() => readWav(bytes)).toThrow(throwsCode('CORRUPT_DATA'))
    const file = readWav(bytes, true)
    expect(file.frames).toBe(frames)
    expect(file.warnings.join()).toMatch(warning)
  })

  test.each<[string, Uint8Array]>([
    ['no fmt chunk', riff(samples)],
    ['no samples', riff(fmt(), chunk('data', new Uint8Array(0)))],
    ['no data chunk', riff(fmt())],
    ['a wrong block align', riff(fmt({ blockAlign: 4 }), samples)],
  ])('refuses %s also with tolerant: nothing can be read', (_, bytes) => {
    expect(() => readWav(bytes, true)).toThrow(throwsCode('CORRUPT_DATA'))
  })

  test('reads only the headers of chunks', () => {
    const bytes = riff(chunk('JUNK', new Uint8Array(100_000)), fmt(), chunk('data', new Uint8Array(100_000)))
    const reading = parse(bytes.length)
    let fetched = 0
    for (let step = reading.next(); !step.done; ) {
      const { offset, length } = step.value
      fetched += length
      step = reading.next(new DataView(bytes.buffer, offset, Math.min(length, bytes.length - offset)))
    }
    expect(fetched).toBeLessThan(150)
  })

  test('CORRUPT_DATA for a file of empty chunks only', () => {
    const bytes = riff(new Uint8Array(8 * 70_000))
    expect(() => readWav(bytes)).toThrow(throwsCode('CORRUPT_DATA', /more than 65536 chunks/))
  })
})
