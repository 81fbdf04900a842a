/** Characters that people cannot see, and texts that look alike to them. */

const characterNames: Readonly<Record<string, string>> = {
  '\0': 'a null character',
  '\t': 'a tab',
  '\n': 'a line break',
  '\r': 'a carriage return',
  '\x1b': 'an escape character',
  '\x7f': 'a delete character',
  ' ': 'a space',
  '\u00a0': 'a no-break space',
  '\u200b': 'a zero-width space',
  '\u200c': 'a zero-width non-joiner',
  '\u200d': 'a zero-width joiner',
  '\ufeff': 'a byte-order mark',
  '\ufffd': 'a replacement character',
}

/** @example describeCharacter('\n') // "U+000A, a line break" */
export function describeCharacter(character: string): string {
  const code = `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
  const name =
    characterNames[character] ??
    (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(character) ? 'a control character' : null)
  return name === null ? `${character} (${code})` : `${code}, ${name}`
}

/** The first control character of a text, in words; `null` where it has none. */
export function controlCharacterOf(text: string): string | null {
  const found = /[\p{Cc}\u2028\u2029]/u.exec(text)
  return found && describeCharacter(found[0])
}

/** Letters of Cyrillic and Greek, and the letters of Latin that look like them. */
const [strange, latin] = [
  'аеорсухіјѕһԁԛԝкмтвнАЕОРСУХІЈЅВКМНТΑΒΕΖΗΙΚΜΝΟΡΤΥΧονυι',
  'aeopcyxijshdqwkmtbhAEOPCYXIJSBKMHTABEZHIKMNOPTYXovui',
]
const looksLike = new Map(Array.from(strange, (letter, i) => [letter, latin[i]!]))

/**
 * A text without the differences that a person does not see or mean: Unicode forms, case, spaces and joining marks, letters of
 * another script that look the same. Two texts look alike if this gives one text for both.
 *
 * @example likenessOf('Rain ') === likenessOf('rain') // true
 */
export function likenessOf(text: string): string {
  const plain = text.normalize('NFKC').replaceAll(/[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/gu, '')
  // '-1' is not '1'.
  const signed = plain.replaceAll(/(^|[\s\p{Z}])[-\u2212](?=\d)/gu, '$1\u2212')
  const joined = signed.replaceAll(
    /(\d?)[\s\p{Z}_.\-\u2010-\u2015]+(\d?)/gu,
    (_, before: string, after: string) =>
      // '1-2' is not '12'.
      before && after ? `${before} ${after}` : `${before}${after}`,
  )
  const letters = Array.from(joined, (letter) => looksLike.get(letter) ?? letter).join('')
  return letters.toUpperCase().toLowerCase().normalize('NFC')
}

/**
 * A text in quotes. A character that cannot be seen, or that looks like another, is written as its number.
 *
 * @example spell('rain\u00a0') // "'rain<U+00A0>'"
 */
export function spell(text: string): string {
  const parts = Array.from(text, (character) => {
    const isPlain =
      character === ' ' || !/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u.test(character)
    if (isPlain && !looksLike.has(character)) return character
    return `<U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`
  })
  return `'${parts.join('')}'`
}
