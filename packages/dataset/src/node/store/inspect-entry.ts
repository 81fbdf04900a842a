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
 * What is in the store of a clip: its entry where that is whole and up to date. Else why it is to be computed: `computed` if it was
 * not, or by another recipe, version or of another sound; `rebuilt` if its files are damaged.
 *
 * @param verify - Hashes the sound even if its size and time of last change are as they were.
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
  // Whoever does not ask for damaged sounds is to be told of them.
  if (entry.tolerant && !setup.tolerant && entry.warnings.length > 0) return 'computed'
  const sound = await compareSound(path, entry.sound, verify)
  if (sound === null) return 'computed'
  if (!(await isWhole(paths, entry, setup))) return 'rebuilt'
  // So that the next run need not hash it.
  if (sound !== entry.sound) writeEntry(paths.entry, { ...entry, sound })
  return { ...entry, sound }
}

/** Whether something is asked for now that was not when it was computed. */
function isIncomplete(entry: FeatureEntry, { spectrogram, facts }: RunSetup): boolean {
  return (spectrogram && entry.spectrogram === null) || (facts && entry.facts === null)
}

async function isWhole(
  paths: EntryPaths,
  { features, spectrogram }: FeatureEntry,
  setup: RunSetup,
): Promise<boolean> {
  if ((await readStored(paths.features, features)) === null) return false
  // Another recipe's run removes what nobody asks for now.
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
    // Whoever computes it says what is wrong with it.
    return null
  }
}
