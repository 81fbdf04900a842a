import { expect, test } from 'vitest'
import { count, listSome } from './words.js'

test('counts a noun in the singular and in the plural', () => {
  expect([0, 1, 2].map((n) => count(n, 'clip'))).toEqual(['0 clips', '1 clip', '2 clips'])
  expect([1, 2].map((n) => count(n, 'class'))).toEqual(['1 class', '2 classes'])
})

test('lists the first items and counts the others', () => {
  expect(listSome(['a', 'b'])).toBe('a; b')
  expect(listSome(['a', 'b', 'c'], 2)).toBe('a; b and 1 more')
})
