/** The files of a data set's folder: clips, and files that are no clips. */
import { spell } from '../characters.js'
import { count, listSome } from '../words.js'
import type { Finding } from './finding.js'

/**
 * The files of a data set's folder: plain JSON. Nothing vanishes: `clips + unused + notSound`, and the files that the findings
 * name, are all `files`.
 */
export interface FolderAudit {
  /** Files in the folder and below. */
  files: number
  /** Files that clips are read from. */
  clips: number
  /** Files of rows that were not selected: with ESC-10, those of the other rows of ESC-50. */
  unused: number
  /**
   * Files whose names say that they are no sounds, and files of systems, version control and these libraries: `README.md`,
   * `.DS_Store`, a model's folder, a feature store.
   */
  notSound: number
  /** Findings about all other files. Each names its files in `files`. */
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
  // If all files have one reason, it is said once.
  const isOne = new Set(files.map(({ why }) => why)).size === 1
  const names = files.map(({ path, why }, i) => {
    const shown = path.replaceAll(/\p{Cc}/gu, (character) => spell(character).slice(1, -1))
    return why && (!isOne || i === 0) ? `${shown} ${why}` : shown
  })
  const message = `${what}: ${count(files.length, 'file')} (${listSome(names)})`
  return [{ severity, code, message, ids: [], files: files.map(({ path }) => path) }]
}
