/** Temperature scaling, compared with SciPy. */
import { createRng, scoresOf } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { crossEntropy, fitTemperature } from '../index.js'
import fixture from './fixtures/evaluation.json' with { type: 'json' }

test.each(fixture.temperatures)("$name: SciPy's optimum", (given) => {
  const { classes, windows, labels } = given
  const logits = Float32Array.from(given.logits)
  const clipIds = Array.from({ length: logits.length / classes }, (_, row) => `${Math.floor(row / windows)}`)
  const activation = given.activation as 'softmax' | 'sigmoid'
  const found = fitTemperature(logits, labels, { classes, activation, clipIds })
  expect(Math.abs(found.temperature / given.temperature - 1)).toBeLessThan(1e-6)
  expect(found.loss).toBeCloseTo(given.loss, 12)
  expect(found.lossBefore).toBeCloseTo(given.lossBefore, 12)
  expect(found.atBound).toBe(false)
  if (windows > 1) return
  expect(fitTemperature(logits, labels, { classes, activation })).toEqual(found)
})

const rng = createRng(8)
const labels = Array.from({ length: 200 }, () => rng.integer(4))
const logits = Float32Array.from({ length: 800 }, (_, i) => {
  return 5 * (rng.normal() + (labels[i >> 2] === i % 4 ? 1.5 : 0))
})

test('the loss at the optimum is that of the divided logits, and nearby it is higher', () => {
  const { temperature, loss } = fitTemperature(logits, labels, { classes: 4 })
  const lossAt = (t: number) => {
    const rows = scoresOf(logits, 4, 'softmax', { temperature: t })
    return rows.reduce((sum, row, i) => sum - Math.log(row[labels[i]!]!), 0) / rows.length
  }
  expect(lossAt(temperature)).toBeCloseTo(loss, 12)
  expect(lossAt(1)).toBeCloseTo(crossEntropy(logits, labels, 4), 12)
  for (const factor of [0.99, 1.01]) expect(lossAt(temperature * factor)).toBeGreaterThan(loss)
})

test('logits that are scaled have a temperature that is scaled', () => {
  const { temperature } = fitTemperature(logits, labels, { classes: 4 })
  const twice = fitTemperature(
    logits.map((logit) => 2 * logit),
    labels,
    { classes: 4 },
  )
  expect(twice.temperature / temperature).toBeCloseTo(2, 6)
})

test('separable examples get the lower bound, and logits against the labels the upper one', () => {
  const separable = Float32Array.from({ length: 800 }, (_, i) => (labels[i >> 2] === i % 4 ? 0.1 : 0))
  expect(fitTemperature(separable, labels, { classes: 4 })).toMatchObject({
    temperature: 0.05,
    atBound: true,
  })
  const against = separable.map((logit) => -logit)
  expect(fitTemperature(against, labels, { classes: 4 })).toMatchObject({ temperature: 20, atBound: true })
})

test('logits that no temperature changes, or one class alone, keep a temperature of 1', () => {
  const constant = new Float32Array(800).fill(3)
  expect(fitTemperature(constant, labels, { classes: 4 })).toMatchObject({ temperature: 1, atBound: false })
  expect(fitTemperature(Float32Array.of(1, 2), [0, 0], { classes: 1 }).temperature).toBe(1)
})

test('examples of one class alone are separable', () => {
  const { temperature, atBound } = fitTemperature(Float32Array.of(1, 0, 2, 0), [0, 0], { classes: 2 })
  expect([temperature, atBound]).toEqual([0.05, true])
})

describe('bad input is refused', () => {
  const fit = (given: number[], yTrue: number[], options: object = {}) =>
    fitTemperature(Float32Array.from(given), yTrue, { classes: 2, ...options })
  test.each<[string, () => unknown, 'INVALID_INPUT' | 'INVALID_OPTION', RegExp]>([
    ['a NaN', () => fit([0, Number.NaN], [0]), 'INVALID_INPUT', /logits\[1\]=NaN must be a finite number/],
    ['no rows', () => fit([], []), 'INVALID_INPUT', /logits is empty; give at least one row/],
    [
      'lengths',
      () => fit([0, 1], [0, 1]),
      'INVALID_INPUT',
      /logits has 2 values and labels 2; logits must be 2 rows/,
    ],
    [
      'half a row',
      () => fit([0, 1, 2], [0]),
      'INVALID_INPUT',
      /logits has 3 values and labels 1; logits must be 1 row/,
    ],
    ['a class', () => fit([0, 1], [2]), 'INVALID_INPUT', /labels\[0\]=2 must be an integer in \[0, 2\)/],
    ['no classes', () => fit([0, 1], [0], { classes: 0 }), 'INVALID_OPTION', /classes=0 must be/],
    [
      'another activation',
      () => fit([0, 1], [0], { activation: 'relu' }),
      'INVALID_OPTION',
      /activation=relu/,
    ],
    [
      'a target of 2',
      () => fit([0, 1], [0, 2], { activation: 'sigmoid' }),
      'INVALID_INPUT',
      /labels\[1\]=2 must be in \[0, 1\] with sigmoid/,
    ],
    [
      'a clip of two labels',
      () => fit([0, 1, 0, 1], [0, 1], { clipIds: ['a', 'a'] }),
      'INVALID_INPUT',
      /clip 'a' has rows with different labels/,
    ],
    [
      'too few clips',
      () => fit([0, 1, 0, 1], [0, 1], { clipIds: ['a'] }),
      'INVALID_OPTION',
      /clipIds has 1 values; it must have one text for each of the 2 rows/,
    ],
    [
      'a plain array',
      () => fitTemperature([0, 1] as never, [0], { classes: 2 }),
      'INVALID_INPUT',
      /logits is an Array; it must be a Float32Array|logits is of type array; it must be a Float32Array/,
    ],
  ])('%s', (_, call, code, text) => {
    expect(call).toThrow(throwsCode(code, text))
  })
})
