import { createRng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import {
  bitsOf,
  encodeFile,
  encodeFrame,
  encodeSubframe,
  type Subframe,
  splitPair,
} from '../../fixtures/flac-frames.js'
import { decodeFlac } from './decode.js'

const rng = createRng(1)
const BLOCK = 64

/** Smooth and near full scale, so that the residual of predictors is small. */
function smooth(bitDepth: number, phase = 0): number[] {
  const top = 2 ** (bitDepth - 1) - 1
  return Array.from({ length: BLOCK }, (_, i) => Math.round(top * Math.cos(i / 500 + phase)))
}

function noise(bitDepth: number): number[] {
  const top = 2 ** (bitDepth - 1)
  const values = Array.from({ length: BLOCK }, () => Math.floor(2 * top * rng.uniform()) - top)
  return [top - 1, -top, top - 1, ...values.slice(3)]
}

function decodeOne(subframes: readonly string[], bitDepth: number, channelCode?: number): Float32Array[] {
  const frame = encodeFrame(subframes, channelCode === undefined ? {} : { channelCode })
  return decodeFlac(encodeFile([frame], { channels: subframes.length, bitDepth })).channels
}

const scaled = (samples: readonly number[], bitDepth: number) =>
  Float32Array.from(samples, (sample) => sample / 2 ** (bitDepth - 1))

// Sums with these coefficients need up to 52 bits.
const longest = Array.from({ length: 32 }, (_, i) => (i % 2 === 0 ? 16383 : -16384))
const line = { coefficients: [2 * 4096, -4096], shift: 12 }

const SUBFRAMES: [string, Subframe][] = [
  ['verbatim', {}],
  ['fixed 0, plain residual', { predictor: 0, rice: null }],
  ['fixed 1', { predictor: 1, rice: 20 }],
  ['fixed 2', { predictor: 2, rice: 10 }],
  ['fixed 3', { predictor: 3, rice: 3 }],
  ['fixed 4', { predictor: 4, rice: 0 }],
  ['fixed 2 in partitions', { predictor: 2, rice: 12, partitionOrder: 4 }],
  ['fixed 2, parameters of 4 bits', { predictor: 2, rice: 14, method: 0 }],
  ['linear 2', { predictor: line, rice: 12 }],
  ['linear 2, plain residual', { predictor: line, rice: null, partitionOrder: 2 }],
]

describe('decodeFlacFrame', () => {
  test.each(SUBFRAMES)('decodes %s at every width', (name, options) => {
    for (let bitDepth = 4; bitDepth <= 32; bitDepth++) {
      const isPlain = options.predictor === 0 && bitDepth === 32
      const samples = isPlain ? smooth(30) : smooth(bitDepth)
      expect(
        decodeOne([encodeSubframe(samples, bitDepth, options)], bitDepth),
        `${name} ${bitDepth}`,
      ).toEqual([scaled(samples, bitDepth)])
    }
  })

  test.each([8, 16, 24, 31, 32])('decodes full-scale noise of %i bits, stored as any pair', (bitDepth) => {
    const pair = [noise(bitDepth), noise(bitDepth)] as const
    pair[1][0] = -(2 ** (bitDepth - 1))
    for (const channelCode of [8, 9, 10]) {
      const subframes = splitPair(...pair, channelCode).map((samples, i) =>
        encodeSubframe(samples, bitDepth + ((channelCode === 9) === (i === 0) ? 1 : 0)),
      )
      expect(decodeOne(subframes, bitDepth, channelCode), `${channelCode}`).toEqual(
        pair.map((samples) => scaled(samples, bitDepth)),
      )
    }
  })

  test.each([16, 24, 32])('decodes a predicted side channel of one bit more than %i', (bitDepth) => {
    const left = smooth(bitDepth)
    const right = left.map((sample) => -sample)
    for (const [name, options] of SUBFRAMES) {
      if (options.predictor === 0) continue
      const [mid, side] = splitPair(left, right, 10)
      const subframes = [encodeSubframe(mid!, bitDepth), encodeSubframe(side!, bitDepth + 1, options)]
      expect(decodeOne(subframes, bitDepth, 10), name).toEqual([left, right].map((s) => scaled(s, bitDepth)))
    }
  })

  test('decodes 32 coefficients of 15 bits, with sums that fit in 32 bits and sums that do not', () => {
    for (const bitDepth of [8, 16, 24, 32]) {
      const samples = noise(bitDepth).map((value) => Math.floor(value / 16))
      const predictor = { coefficients: longest, shift: 15 }
      const coded = encodeSubframe(samples, bitDepth, { predictor, rice: Math.max(0, bitDepth - 3) })
      expect(decodeOne([coded], bitDepth)).toEqual([scaled(samples, bitDepth)])
    }
  })

  test.each([1, 5, 15])('decodes %i wasted bits', (wasted) => {
    const samples = smooth(16 - wasted).map((sample) => sample * 2 ** wasted)
    for (const [name, options] of SUBFRAMES) {
      const coded = encodeSubframe(samples, 16, { ...options, wasted })
      expect(decodeOne([coded], 16), name).toEqual([scaled(samples, 16)])
    }
  })

  test('decodes a block of one value', () => {
    expect(decodeOne([`00000000${bitsOf(-100, 16)}`], 16)).toEqual([
      new Float32Array(BLOCK).fill(-100 / 32768),
    ])
  })

  const rest = '0'.repeat(2000)
  const corrupted: [string, string, RegExp][] = [
    ['a first bit of 1', '1', /does not begin with a 0/],
    ['a reserved type', '00000100', /type 2 is reserved/],
    ['a fixed predictor of order 5', '00011010', /type 13 is reserved/],
    ['more wasted bits than there are', `000000110${'0'.repeat(15)}1`, /of 16 bits are wasted/],
    ['a linear predictor of no precision', `01000000${bitsOf(0, 16)}1111`, /code 15, which is not allowed/],
    ['a negative shift', `01000000${bitsOf(0, 16)}000111111`, /shifted by -1/],
    ['a reserved residual', `0001000010${'0000'}`, /method 2 is reserved/],
    ['partitions that do not divide the block', '00010000000111', /7 partitions do not fit a block of 64/],
    [
      'partitions smaller than the order',
      `00010100${bitsOf(0, 32)}000110`,
      /6 partitions do not fit a block of 64 .* of order 2/,
    ],
    ['a quotient without end', '000100000000000001', /the data ends inside it/],
  ]
  test.each(corrupted)('CORRUPT_DATA: %s', (_, bits, message) => {
    expect(() => decodeOne([bits + rest], 16)).toThrow(throwsCode('CORRUPT_DATA', message))
  })

  test('CORRUPT_DATA: samples of more bits than STREAMINFO states', () => {
    const loud = [32767, 32767, 32767, 32767, ...Array.from({ length: 60 }, () => 40000)]
    for (const predictor of [1, 2, line] as const) {
      const coded = encodeSubframe(loud, 16, { predictor, rice: 15 })
      expect(() => decodeOne([coded], 16)).toThrow(throwsCode('CORRUPT_DATA', /more bits than STREAMINFO/))
    }
    const predictor = { coefficients: Array.from({ length: 32 }, () => 16383), shift: 0 }
    const unstable = encodeSubframe(new Array(BLOCK).fill(0), 32, { predictor, rice: 0 })
    // The first sample is 1, not 0. The predictor multiplies it until it overflows.
    const bits = `${unstable.slice(0, 8)}${bitsOf(1, 32)}${unstable.slice(40)}`
    expect(() => decodeOne([bits], 32)).toThrow(throwsCode('CORRUPT_DATA', /more bits than STREAMINFO/))
  })
})
