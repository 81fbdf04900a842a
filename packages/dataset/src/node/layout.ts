/** Where things lie in a data set's folder. */
import { join } from 'node:path'

/** The file that says a folder's sounds are computed, by which options, and whether all are there. */
export function markerPath(dir: string): string {
  return join(dir, 'meta', 'SYNTHETIC.json')
}
