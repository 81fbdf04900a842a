/** JSON in which equal values give equal texts. */

/** Writes JSON whose names are sorted. @example sortedJson({ b: 1, a: 2 }) // '{"a":2,"b":1}' */
export function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
