/** Whether a clip's features are in the store, whole and up to date. */
import { hashFile } from '@esc/core/node'
import {
  type EntryPaths,
  entryPaths,
  type FeatureEntry,
  readEntry,
  readStored,
  type SoundFacts,
  writeEntry,
} from './files.js'
import type { ClipJob, RunSetup, StoreSetup } from './job.js'
import { soundFacts } from './task.js'

/**
 * Looks a clip up in the store.
 *
 * @returns Its entry, if its features are whole and up to date. Otherwise the reason to compute them: `computed` if they are not there, or
 *   of another recipe, version or sound; `rebuilt` if their files are damaged.
 * @param verify - Hashes the sound even if its size and its time of last change are the same.
 * @throws EscError IO if something that is there cannot be read.
 */
export async function inspectEntry(
  { id, path }: ClipJob,
  setup: RunSetup & { store: StoreSetup },
  verify: boolean,
): Promise<FeatureEntry | 'computed' | 'rebuilt'> {
  const { store, recipe } = setup
  const paths = entryPaths(store.dir, id, recipe)
  const entry = await readEntry(paths.entry)
  if (entry === 'absent') return 'computed'
  if (entry === 'damaged') return 'rebuilt'
  const isOurs = entry.id === id && entry.recipeHash === store.recipeHash && entry.library === store.library
  if (!isOurs || isIncomplete(entry, setup)) return 'computed'
  // This run wants no damaged sound: the clip is decoded again, and its error reported.
  if (entry.tolerant && !setup.tolerant && entry.warnings.length > 0) return 'computed'
  const sound = await compareSound(path, entry.sound, verify)
  if (sound === null) return 'computed'
  if (!(await isWhole(paths, entry, setup))) return 'rebuilt'
  // With the new path and time in the entry, the next run need not hash the sound.
  if (sound !== entry.sound) writeEntry(paths.entry, { ...entry, sound })
  return { ...entry, sound }
}

/** Whether this run asks for something that the run that computed the entry did not keep. */
function isIncomplete(entry: FeatureEntry, { spectrogram, facts }: RunSetup): boolean {
  return (spectrogram && entry.spectrogram === null) || (facts && entry.facts === null)
}

async function isWhole(
  paths: EntryPaths,
  { features, spectrogram }: FeatureEntry,
  setup: RunSetup,
): Promise<boolean> {
  if ((await readStored(paths.features, features)) === null) return false
  // A spectrogram that this run does not ask for may be damaged: a run with another recipe removes it.
  return (
    !setup.spectrogram || spectrogram === null || (await readStored(paths.spectrogram, spectrogram)) !== null
  )
}

/** Facts of the sound as it is now, or `null` if it is another, or gone. */
async function compareSound(path: string, known: SoundFacts, verify: boolean): Promise<SoundFacts | null> {
  try {
    const found = soundFacts(path)
    if (found.bytes !== known.bytes) return null
    const isSame = found.path === known.path && found.modifiedMs === known.modifiedMs
    if (isSame && !verify) return known
    return (await hashFile(path)) === known.sha256 ? { ...found, sha256: known.sha256 } : null
  } catch {
    // The sound is computed again, and that reports the error.
    return null
  }
}
