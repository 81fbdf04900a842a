/** One remark of an audit, for a terminal, a report, or a program. */
export interface Finding {
  /** `error` makes results wrong, `warning` may, `info` is good to know. */
  severity: 'info' | 'warning' | 'error'
  /** Its kind, for programs, such as `SOURCE_CROSSES_FOLDS`. No other finding of one audit has the same. */
  code: string
  message: string
  /** Clips it is about; empty where it is about none in particular. */
  ids: string[]
  /** Files it is about that are no clips, as paths in the data set's folder; absent where it is about none. */
  files?: string[]
}

/** `1 clip`, `2 clips`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}

/** The first few of many, and how many more there are. */
export function listSome(items: readonly string[], most = 5): string {
  const more = items.length > most ? ` and ${items.length - most} more` : ''
  return `${items.slice(0, most).join('; ')}${more}`
}

/** Worst first; those of one severity stay in order. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const rank = { error: 0, warning: 1, info: 2 }
  return [...findings].sort((a, b) => rank[a.severity] - rank[b.severity])
}
