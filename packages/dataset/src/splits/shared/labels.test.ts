import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeByAppearance, encodeSorted, membersByCode } from './labels.js'

const kinds = {
  'whole numbers close together': fc.array(fc.integer({ min: -9, max: 9 })),
  'whole numbers far apart': fc.array(fc.oneof(fc.integer(), fc.integer({ min: 0, max: 3 }))),
  numbers: fc.array(
    fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(-0, 0, 0.5)),
  ),
  strings: fc.array(fc.oneof(fc.string({ unit: 'binary', maxLength: 4 }), fc.constantFrom('', 'a', 'b'))),
  'strings of one beginning': fc
    .array(fc.string({ unit: fc.constantFrom('a', 'b', '\u0000'), maxLength: 40 }))
    .map((all) => all.map((text) => `source-${text}`)),
} satisfies Record<string, fc.Arbitrary<(number | string)[]>>

describe.each(Object.entries(kinds))('of %s', (_, arbitrary) => {
  const labelled = arbitrary as fc.Arbitrary<(number | string)[]>

  test('encodeSorted numbers the values in ascending order', () => {
    fc.assert(
      fc.property(labelled, (labels) => {
        // A set takes -0 for 0.
        const values = [...new Set(labels)].sort((a, b) => (a < b ? -1 : Number(a > b)))
        const found = encodeSorted('labels', labels)
        expect(found.values.map((value) => (value === 0 ? 0 : value))).toEqual(values)
        expect(Array.from(found.codes)).toEqual(labels.map((label) => values.indexOf(label)))
        expect(found.counts).toEqual(values.map((value) => labels.filter((label) => label === value).length))
      }),
    )
  })

  test('encodeByAppearance numbers them as they come, and membersByCode sorts by class', () => {
    fc.assert(
      fc.property(labelled, (labels) => {
        const values = [...new Set(labels)]
        const found = encodeByAppearance('labels', labels)
        expect(Array.from(found.codes)).toEqual(labels.map((label) => values.indexOf(label)))
        const { members, starts } = membersByCode(found)
        const sorted = values.flatMap((value) => [...labels.keys()].filter((i) => labels[i] === value))
        expect(Array.from(members)).toEqual(sorted)
        expect(Array.from(starts)).toEqual(
          [0, ...found.counts].map((_count, k, all) => all.slice(0, k + 1).reduce((a, b) => a + b, 0)),
        )
      }),
    )
  })
})
