/** Words that messages share: counted nouns, and long lists cut short. */

/** A number with its noun, which is in the plural unless the number is 1. @example count(2, 'class') // '2 classes' */
export function count(amount: number, noun: string): string {
  return `${amount} ${amount === 1 ? noun : `${noun}${noun.endsWith('s') ? 'es' : 's'}`}`
}

/** The first few of many, and the number of those that are left. */
export function listSome(items: readonly string[], most = 5): string {
  const more = items.length > most ? ` and ${items.length - most} more` : ''
  return `${items.slice(0, most).join('; ')}${more}`
}
