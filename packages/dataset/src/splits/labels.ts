/** Turns labels or groups of any kind into whole numbers. */

/** One label or group per example: numbers or strings, in a plain or a typed array. */
export type Labels = ArrayLike<number | string>

/** The distinct values of a {@link Labels}, and for each example which one it has. */
export interface Encoding {
  values: (number | string)[]
  /** Index into `values`, one per example. */
  codes: Int32Array
  /** How many examples have each value. */
  counts: number[]
}

/** Numbers the distinct values in the order in which they appear, so that renaming them changes no code. */
export function encodeByAppearance(labels: Labels): Encoding {
  const codeOf = new Map<number | string, number>()
  const codes = new Int32Array(labels.length)
  const counts: number[] = []
  for (let i = 0; i < labels.length; i++) {
    const code = codeOf.get(labels[i]!) ?? codeOf.size
    codeOf.set(labels[i]!, code)
    codes[i] = code
    counts[code] = (counts[code] ?? 0) + 1
  }
  return { values: [...codeOf.keys()], codes, counts }
}

/** Numbers the distinct values in ascending order, as NumPy's `unique` does. */
export function encodeSorted(labels: Labels): Encoding {
  const { values, codes, counts } = encodeByAppearance(labels)
  const order = values.map((_, code) => code).sort((a, b) => compare(values[a]!, values[b]!))
  const rank = new Int32Array(order.length)
  order.forEach((code, position) => {
    rank[code] = position
  })
  return {
    values: order.map((code) => values[code]!),
    codes: codes.map((code) => rank[code]!),
    counts: order.map((code) => counts[code]!),
  }
}

function compare(a: number | string, b: number | string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
