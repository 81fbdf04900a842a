import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { assertNoLeaks, findLeaks } from './leaks.js'

//              0    1    2    3    4    5    6    7
const groups = ['a', 'a', 'b', 'b', 'c', 'd', 'd', 'c']

describe('findLeaks', () => {
  test('lists each group that is torn apart, and counts test clips with a sibling in training', () => {
    const split = {
      train: Int32Array.of(0, 2, 3),
      validation: Int32Array.of(4, 5),
      test: Int32Array.of(1, 6, 7),
    }
    expect(findLeaks(split, groups)).toEqual({
      leaks: [
        { group: 'a', train: [0], validation: [], test: [1] },
        { group: 'c', train: [], validation: [4], test: [7] },
        { group: 'd', train: [], validation: [5], test: [6] },
      ],
      leakedTestClips: 1,
    })
  })

  test('finds none where groups stay whole, with numbers for groups too', () => {
    const split = { train: Int32Array.of(0, 1, 2), test: Int32Array.of(3) }
    expect(findLeaks(split, [7, 7, 8, 9])).toEqual({ leaks: [], leakedTestClips: 0 })
  })

  test('refuses an index that has no group', () => {
    const split = { train: Int32Array.of(0), test: Int32Array.of(8) }
    expect(() => findLeaks(split, groups)).toThrow(throwsCode('INVALID_INPUT'))
  })
})

describe('assertNoLeaks', () => {
  test.each([
    ['nothing', undefined],
    ['a generator of splits', (function* () {})()],
    ['no parts', {}],
  ])('%s is no split', (_, split) => {
    expect(() => assertNoLeaks(split as never, ['a', 'a'])).toThrow(throwsCode('INVALID_INPUT'))
  })

  test('passes a clean split', () => {
    const split = { train: Int32Array.of(0, 1), test: Int32Array.of(2, 3) }
    expect(() => assertNoLeaks(split, groups)).not.toThrow()
  })

  test('names the groups that leak', () => {
    const split = { train: Int32Array.of(0, 4), test: Int32Array.of(1, 7, 2) }
    expect(() => assertNoLeaks(split, groups)).toThrow(throwsCode('GROUP_LEAK'))
    expect(() => assertNoLeaks(split, groups)).toThrow(/2 groups .*: a, c; 2 test clips/)
  })
})
