/** One remark of an audit, for a terminal, a report, or a program. */
export interface Finding {
  /** `error` makes results wrong, `warning` may, `info` is good to know. */
  severity: 'info' | 'warning' | 'error'
  /** For programs, such as `SOURCE_CROSSES_FOLDS`. */
  code: string
  message: string
  /** Clips it is about; empty where it is about none in particular. */
  ids: string[]
}

/** `1 clip`, `2 clips`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`
}
