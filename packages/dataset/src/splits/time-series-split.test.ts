import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import fixture from './fixtures/folds.json'
import { timeSeriesSplit } from './time-series-split.js'

const consecutive = (first: number, length: number) => Int32Array.from({ length }, (_, i) => first + i)

describe('timeSeriesSplit', () => {
  for (const { count, options, splits } of fixture.timeSeriesSplit) {
    test(`makes scikit-learn's splits of ${count}: ${JSON.stringify(options)}`, () => {
      expect([...timeSeriesSplit(count, options as Parameters<typeof timeSeriesSplit>[1])]).toEqual(
        splits.map(([trainFirst, trainLength, testFirst, testLength]) => ({
          train: consecutive(trainFirst!, trainLength!),
          test: consecutive(testFirst!, testLength!),
        })),
      )
    })
  }

  test('never trains on what comes after, and leaves the gap', () => {
    const arb = fc.record({
      count: fc.integer({ min: 40, max: 90 }),
      nSplits: fc.integer({ min: 2, max: 4 }),
      testSize: fc.integer({ min: 1, max: 8 }),
      gap: fc.nat(6),
      maxTrainSize: fc.option(fc.integer({ min: 1, max: 30 })),
    })
    fc.assert(
      fc.property(arb, ({ count, ...options }) => {
        const splits = [...timeSeriesSplit(count, options)]
        expect(splits).toHaveLength(options.nSplits)
        expect(splits.at(-1)!.test.at(-1)).toBe(count - 1)
        for (const { train, test } of splits) {
          expect(test[0]! - train.at(-1)!).toBe(options.gap + 1)
          expect(train.length).toBeLessThanOrEqual(options.maxTrainSize ?? count)
          expect(test.length).toBe(options.testSize)
        }
      }),
    )
  })

  test('refuses what scikit-learn refuses', () => {
    expect(() => timeSeriesSplit(5)).toThrow('nSplits=5 must be less than the number of examples, 5')
    expect(() => timeSeriesSplit(5)).toThrow(throwsCode('INVALID_INPUT'))
    const tooMany = () => timeSeriesSplit(20, { nSplits: 3, testSize: 6, gap: 2 })
    expect(tooMany).toThrow('3 test parts of 6 and gap=2 leave none of 20 examples to train on')
    expect(tooMany).toThrow(throwsCode('INVALID_INPUT'))
    for (const options of [
      { nSplits: 1 },
      { gap: -1 },
      { testSize: 0 },
      { maxTrainSize: 0 },
      { gap: Number.NaN },
    ]) {
      expect(() => timeSeriesSplit(20, options)).toThrow(throwsCode('INVALID_OPTION'))
    }
  })
})
