import { expect, test } from 'vitest'
import { controlCharacterOf, describeCharacter, likenessOf, spell } from './characters.js'

test.each([
  ['dog', 'Dog'],
  ['rain', 'rain '],
  ['rain', ' rain\u00a0'],
  ['rain', 'ra\u200bin'],
  ['rain', 'r\u0430in'],
  ['v\u00f6gel', 'vo\u0308gel'],
  ['sea_waves', 'Sea waves'],
  ['chain-saw', 'chainsaw'],
  ['stra\u00dfe', 'STRASSE'],
  ['Horn', '\u041dorn'],
  ['dog', 'dog\u3164'],
  ['-1', '\u22121'],
  ['\uff41lpha', 'alpha'],
])('%j and %j are alike', (a, b) => {
  expect(likenessOf(a)).toBe(likenessOf(b))
})

test.each([
  ['dog', 'dogs'],
  ['vogel', 'v\u00f6gel'],
  ['1-2', '12'],
  ['-1', '1'],
  ['gain -5', 'gain 5'],
  ['a1', 'a2'],
  ['\u72ac', '\u732b'],
])('%j and %j are not', (a, b) => {
  expect(likenessOf(a)).not.toBe(likenessOf(b))
})

test('a text is spelled so that what cannot be seen can', () => {
  expect(spell('rain')).toBe("'rain'")
  expect(spell('rain ')).toBe("'rain '")
  expect(spell('r\u0430in\u00a0\u200b\n')).toBe("'r<U+0430>in<U+00A0><U+200B><U+000A>'")
  expect(spell('v\u00f6gel \u72ac')).toBe("'v\u00f6gel \u72ac'")
  expect(describeCharacter('\t')).toBe('U+0009, a tab')
  expect(describeCharacter('\u0001')).toBe('U+0001, a control character')
  expect(describeCharacter('\ud83d\ude00')).toBe('\ud83d\ude00 (U+1F600)')
  expect(controlCharacterOf('a\u2028b')).toBe('U+2028, a control character')
  expect(controlCharacterOf('a b\u00a0')).toBe(null)
})
