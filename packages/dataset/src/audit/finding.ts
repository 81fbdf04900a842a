/** Findings of an audit. */

/** One remark of an audit, for a terminal, a report, or a program. */
export interface Finding {
  /** An `error` makes results wrong, a `warning` may make them wrong, an `info` is good to know. */
  severity: 'info' | 'warning' | 'error'
  /** The kind of finding, for programs, such as `SOURCE_CROSSES_FOLDS`. No two findings of one audit have the same code. */
  code: string
  message: string
  /** Ids of the clips that it is about; empty if it is about none in particular. */
  ids: string[]
  /** Files that it is about and that are no clips, as paths in the data set's folder; absent if there are none. */
  files?: string[]
}

/** Sorts findings, the worst first. Those of one severity keep their order. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const rank = { error: 0, warning: 1, info: 2 }
  return [...findings].sort((a, b) => rank[a.severity] - rank[b.severity])
}
