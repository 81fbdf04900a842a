/** A folder of this process, for functions that read and write files. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const folder = mkdtempSync(join(tmpdir(), 'esc-values-'))
