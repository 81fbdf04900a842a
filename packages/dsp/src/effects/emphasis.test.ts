import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { deemphasis, preemphasis } from './emphasis.js'

const lengths = fc.integer({ min: 1, max: 50 })
const coefs = fc.constantFrom(0, 0.5, 0.97, 1)

describe('preemphasis', () => {
  test('subtracts a share of the sample before; before the first one, a straight line continues', () => {
    const samples = Float32Array.of(1, 0.5, 0.25)
    expect([...preemphasis(samples, { coef: 0.5 })]).toEqual([2.5, 0, 0])
    expect([...preemphasis(samples, { coef: 0.5, zi: 0 })]).toEqual([1, 0, 0])
    expect([...preemphasis(Float32Array.of(1))]).toEqual([2])
  })

  test('is undone by deemphasis, for any state before', () => {
    fc.assert(
      fc.property(lengths, coefs, fc.constantFrom(null, 0), (length, coef, zi) => {
        const samples = noise(length, length)
        const back = deemphasis(preemphasis(samples, { coef, zi }), { coef, zi })
        back.forEach((value, i) => {
          expect(value).toBeCloseTo(samples[i]!, 4)
        })
      }),
    )
  })

  test('and deemphasis return the same in blocks', () => {
    fc.assert(
      fc.property(lengths, lengths, coefs, fc.constantFrom('pre', 'de'), (first, rest, coef, which) => {
        const filter = which === 'pre' ? preemphasis : deemphasis
        // The state before the first sample is computed from two samples.
        const length = first + 1
        const samples = noise(length + rest, first + 51 * rest)
        const head = filter(samples.subarray(0, length), { coef, returnZf: true })
        const tail = filter(samples.subarray(length), { coef, zi: head.zf, returnZf: true })
        expect([...head.samples, ...tail.samples]).toEqual([...filter(samples, { coef })])
      }),
    )
  })

  test('and deemphasis refuse bad options and signals', () => {
    for (const filter of [preemphasis, deemphasis]) {
      for (const options of [{ coef: -0.1 }, { coef: 1.1 }, { coef: Number.NaN }, { zi: Number.NaN }]) {
        expect(() => filter(Float32Array.of(1, 2), options)).toThrow(throwsCode('INVALID_OPTION'))
      }
      for (const samples of [new Float32Array(0), Float32Array.of(Number.NaN)]) {
        expect(() => filter(samples)).toThrow(throwsCode('INVALID_INPUT'))
      }
    }
  })
})
