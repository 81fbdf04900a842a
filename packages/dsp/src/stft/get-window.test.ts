import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { getWindow, type WindowName } from './get-window.js'

const names: readonly WindowName[] = ['hann', 'hamming', 'blackman', 'boxcar']

describe('getWindow', () => {
  test('returns the textbook values', () => {
    const close = (values: number[]) => values.map((value) => expect.closeTo(value, 12))
    expect([...getWindow('hann', 4)]).toEqual(close([0, 0.5, 1, 0.5]))
    expect([...getWindow('hann', 5, { fftbins: false })]).toEqual(close([0, 0.5, 1, 0.5, 0]))
    expect([...getWindow('hamming', 4)]).toEqual(close([0.08, 0.54, 1, 0.54]))
    expect([...getWindow('blackman', 4)]).toEqual(close([0, 0.34, 1, 0.34]))
    expect([...getWindow('boxcar', 3)]).toEqual([1, 1, 1])
  })

  test.each(names)('makes %s periodic by leaving out the last value of the symmetric one', (name) => {
    const symmetric = getWindow(name, 65, { fftbins: false })
    expect([...getWindow(name, 64)]).toEqual([...symmetric.subarray(0, 64)])
    for (let i = 0; i < 65; i++) expect(symmetric[i]).toBeCloseTo(symmetric[64 - i]!, 12)
    expect([...getWindow(name, 1)]).toEqual([1])
  })

  test('adds up to a constant with a hop of a quarter of its length (hann)', () => {
    const window = getWindow('hann', 64)
    for (let i = 0; i < 16; i++) {
      expect(window[i]! + window[i + 16]! + window[i + 32]! + window[i + 48]!).toBeCloseTo(2, 12)
    }
  })

  test('refuses unknown names and lengths', () => {
    const refused = throwsCode('INVALID_OPTION')
    expect(() => getWindow('kaiser' as 'hann', 4)).toThrow(refused)
    expect(() => getWindow('hann', 0)).toThrow(refused)
    expect(() => getWindow('hann', 2.5)).toThrow(refused)
  })
})
