/** Places in a data set's folder. */
import { join } from 'node:path'

/** Path of the file that marks a synthetic data set. It has the options, and says whether all sounds are there. */
export function markerPath(dir: string): string {
  return join(dir, 'meta', 'SYNTHETIC.json')
}
