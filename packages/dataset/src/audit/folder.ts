/** What lies in a data set's folder: the clips, and what is no clip. */
import { spell } from '../characters.js'
import { count, type Finding, listSome } from './finding.js'

/**
 * The files of a data set's folder: plain JSON. Nothing vanishes: `clips + unused + notSound`, and the files that the findings
 * name, are all `files`.
 */
export interface FolderAudit {
  /** Files in the folder and below. */
  files: number
  /** Files that clips are read from. */
  clips: number
  /** Files of rows that were not asked for: those of ESC-50 that are not in ESC-10. */
  unused: number
  /**
   * Files that are no sound by their names, and files that systems, version control and these libraries leave: `README.md`,
   * `.DS_Store`, a model's folder, a feature store.
   */
  notSound: number
  /** Each names its files in `files`. */
  findings: Finding[]
}

/** A finding about files that are left out. */
export function leftOut(
  severity: Finding['severity'],
  code: string,
  what: string,
  files: readonly { path: string; why?: string | null }[],
): Finding[] {
  if (files.length === 0) return []
  // One reason of all is not said of each.
  const isOne = new Set(files.map(({ why }) => why)).size === 1
  const names = files.map(({ path, why }, i) => {
    const shown = path.replaceAll(/\p{Cc}/gu, (character) => spell(character).slice(1, -1))
    return why && (!isOne || i === 0) ? `${shown} ${why}` : shown
  })
  const message = `${what}: ${count(files.length, 'file')} (${listSome(names)})`
  return [{ severity, code, message, ids: [], files: files.map(({ path }) => path) }]
}
