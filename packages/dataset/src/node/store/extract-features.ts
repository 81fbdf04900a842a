/** Computes the features of a data set in parallel: `extractFeatures`. */
import { realpath } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import {
  assertCallback,
  assertInteger,
  assertKnown,
  assertSignal,
  assertText,
  type ClipWindows,
  EscError,
  type FeatureRecipe,
  hasField,
  resolveWindows,
  wrongValue,
} from '@esc/core'
import { parseRecipe } from '@esc/core/recipe'
import { createExtractor } from '@esc/dsp'
import { version as library } from '../../../package.json'
import { assertDataset } from '../../check.js'
import type { ClipRecord, SoundSource } from '../../record.js'
import type { OpenedDataset } from '../open/open-files.js'
import { createClipTask } from './clip-features.js'
import type { ExtractedFeatures, ExtractFeaturesOptions } from './extracted-features.js'
import { computeAll, createRun, readAll } from './extraction.js'
import { hashRecipe } from './files.js'
import type { RunSetup, StoreSetup } from './job.js'

const optionNames: Record<keyof ExtractFeaturesOptions, true> = {
  dir: true,
  windows: true,
  workers: true,
  spectrogram: true,
  facts: true,
  audioDir: true,
  verify: true,
  tolerant: true,
  skipBad: true,
  signal: true,
  onProgress: true,
}

/**
 * Computes the features of every clip of a data set, several at a time.
 *
 * With `dir` it keeps them as float32 `.npy` files of shape [bins, frames] ([windows, bins, frames] with `windows`):
 * `<id>_mfcc.npy`, or `<id>_logmel.npy` for a recipe without MFCC. If an id is no file name on some system, the file gets a similar
 * name with a hash. Beside each file is a `.json` with the hashes of its sound, its recipe and its bytes; `index.json` has the recipe.
 *
 * Features that are there are computed again only if the sound, the recipe or the version of this package has changed, or the file is
 * damaged. Every clip is complete on its own. So after an abort, a full disk or kill -9 the next run goes on where the run was, and
 * two processes may work on one folder. After a loss of power, files that had not reached the disk are found damaged. If a sound
 * changes and its size and time of last change do not, only a run with `verify` notices it.
 *
 * @param source - The result of `openDataset`, `openFolderDataset` or `openCsvDataset`; or a table and a function that reads sounds.
 * @param recipe - Every step from a clip to its features; `mfcc13`, `logmel64` and others of `@esc/dsp`, or one of your own.
 * @returns The set, which `fit`, `evaluate` and the splitters take. Clips that were skipped are not in it.
 * @throws EscError IO naming the path if a sound is missing (unless `skipBad`), the store cannot be written, or threads cannot be
 *   started; the code of what is wrong with a clip, naming its file, unless `skipBad` (`detail.skippable` is true); CORRUPT_DATA if
 *   `index.json` is not of a store; INVALID_INPUT if two clips have one id, or none could be read; INVALID_INPUT or
 *   INVALID_OPTION naming the parameter of the recipe, or the option, that is wrong; the signal's reason.
 * @example
 * const dataset = await openDataset('ESC-50', { subset: 'esc10' })
 * const features = await extractFeatures(dataset, logmel64, { dir: 'features' })
 */
export async function extractFeatures(
  source: (Pick<OpenedDataset, 'dataset' | 'pathOf'> & Partial<Pick<OpenedDataset, 'missing'>>) | SoundSource,
  recipe: FeatureRecipe,
  options: ExtractFeaturesOptions = {},
): Promise<ExtractedFeatures> {
  assertKnown('extractFeatures', options, optionNames)
  const { workers = availableParallelism(), signal, dir = null } = options
  assertInteger('workers', workers, 0, 1024)
  assertSignal(signal)
  assertCallback('onProgress', options.onProgress)
  assertSource(source)
  const setup = planRun(recipe, options)
  // It throws if the recipe is out of range, before a folder is made.
  createClipTask(setup)
  assertUnique(source.dataset.records)
  signal?.throwIfAborted()
  const run = createRun(source.dataset, options)
  if ('read' in source) {
    if (dir !== null) {
      throw new EscError(
        'INVALID_OPTION',
        'dir goes with sounds that are files; leave it out, or write the sounds first',
      )
    }
    await readAll(source, setup, run, signal)
  } else {
    assertPresent(source, options)
    if (setup.audioDir !== null) await assertApart(source, setup.audioDir)
    await computeAll(source, setup, workers, run, options)
  }
  signal?.throwIfAborted()
  return run.finish(setup)
}

function assertSource(source: unknown): void {
  const must = 'what openDataset returned, or { dataset, read }'
  if (!hasField(source, 'dataset')) {
    const advice = 'this is a table without its sounds: pass { dataset, read }'
    throw wrongValue('source', source, must, { advice: { 'a data set': advice } })
  }
  assertDataset('source.dataset', source.dataset)
  const { pathOf, read } = source as Record<string, unknown>
  if (typeof pathOf === 'function' || typeof read === 'function') return
  throw wrongValue('source.read', read, `a function: source must be ${must}`)
}

function planRun(given: FeatureRecipe, options: ExtractFeaturesOptions): RunSetup {
  const { dir = null, windows = null, spectrogram = false, facts = false, audioDir = null } = options
  const { tolerant = false } = options
  if (dir !== null) assertText('dir', dir)
  if (audioDir !== null) assertText('audioDir', audioDir)
  if (spectrogram && dir === null) {
    throw new EscError('INVALID_OPTION', 'spectrogram goes with dir, the folder that it is kept in')
  }
  // This names the parameter that is wrong. The schema below knows only the types of parameters.
  createExtractor(given)
  const recipe = parseRecipe(given)
  const cut: ClipWindows | null = windows === null ? null : resolveWindows(windows)
  const store: StoreSetup | null =
    dir === null ? null : { dir: resolve(dir), recipeHash: hashRecipe(recipe, cut), library }
  return {
    recipe,
    windows: cut,
    spectrogram,
    facts,
    tolerant,
    store,
    audioDir: audioDir === null ? null : resolve(audioDir),
  }
}

function assertUnique(records: readonly ClipRecord[]): void {
  const ids = new Set<string>()
  for (const { id } of records) {
    if (ids.has(id)) {
      throw new EscError(
        'INVALID_INPUT',
        `id=${JSON.stringify(id)} must be unique: its features have one file`,
      )
    }
    ids.add(id)
  }
}

/** A clip's waveform has the name of its sound. In the same folder it would replace the sound. */
async function assertApart(
  { dataset, pathOf }: Pick<OpenedDataset, 'dataset' | 'pathOf'>,
  audioDir: string,
): Promise<void> {
  const real = (path: string) => realpath(path).catch(() => path)
  const target = await real(audioDir)
  for (const folder of new Set(dataset.records.map((record) => dirname(pathOf(record))))) {
    if ((await real(folder)) !== target) continue
    throw new EscError('INVALID_OPTION', `audioDir=${audioDir} is a folder of the sounds; choose another`)
  }
}

/** A missing sound is reported before an hour of computing, and not after it. */
function assertPresent(
  { missing = [], pathOf }: Pick<OpenedDataset, 'pathOf'> & Partial<Pick<OpenedDataset, 'missing'>>,
  { skipBad = false }: ExtractFeaturesOptions,
): void {
  const [first] = missing
  if (!first || skipBad) return
  const more = missing.length > 1 ? ` (and ${missing.length - 1} more)` : ''
  const path = pathOf(first)
  throw new EscError(
    'IO',
    `${path} is in the table and not in the folder${more}; add it, remove its row, or skip it`,
    {
      detail: { id: first.id, path, skippable: true },
    },
  )
}
