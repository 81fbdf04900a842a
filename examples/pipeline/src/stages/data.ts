/** The first part of a run: table, audit, features and split. */
import { createHash } from 'node:crypto'
import { EscError, type FeatureRecipe, isEscError, type Split } from '@esc/core'
import { auditFacts, auditTable, type Dataset, type DatasetAudit, type TableAudit } from '@esc/dataset'
import { type ExtractedFeatures, extractFeatures } from '@esc/dataset/node'
import { framesOfWindow } from '@esc/dsp'
import { assertWritable, type PendingFolder } from '../files.js'
import { printFindings } from '../flag-words.js'
import { networks } from '../networks.js'
import { outputFolder } from '../options.js'
import type { SkippedClip } from '../results.js'
import { plural, type RunContext } from './context.js'
import { type ClipSource, openSource } from './source.js'
import { type ChosenSplit, chooseSplit } from './split.js'

/** A data set whose table was read and audited. No feature is computed yet. */
export interface RunSource extends ClipSource {
  table: TableAudit
  /** Absolute path of the folder of the results. */
  out: string
}

/** Features of all clips, the audit, and the three parts of the split. */
export interface RunData {
  /** The clips that could be read. */
  dataset: Dataset
  /** The part of ESC-50; `null` for any other data set. */
  subset: string | null
  recipe: FeatureRecipe
  sounds: ClipSource['sounds']
  features: ExtractedFeatures
  audit: DatasetAudit
  /** The split of clips: indices of the data set's records. */
  chosen: ChosenSplit
  /** The same split of examples, which are clips or windows of clips: indices of the features. */
  parts: Required<Split>
  skipped: SkippedClip[]
  /** SHA-256 over ids, labels and the hashes of the sounds, hexadecimal. */
  hash: string
}

/**
 * Opens the data set and audits its table. It reports a fold that does not exist, a class that is too small, or a folder that cannot
 * be written now, and not after minutes of decoding.
 *
 * @throws EscError naming the file, row, class or fold that is wrong.
 */
export async function openData({ options, console, cwd }: RunContext): Promise<RunSource> {
  const source = await console.stage('read the table', async () => {
    const opened = await openSource(options)
    const { records, labels, name } = opened.dataset
    return {
      ...opened,
      summary: `${name}: ${plural(records.length, 'clip')}, ${plural(labels.length, 'class', 'classes')}`,
    }
  })
  const { dataset, sounds } = source
  if ('folder' in sounds) printFindings(sounds.folder.findings, console.line)
  const { table } = await console.stage('audit the table', async () => {
    const audit = auditTable(dataset)
    const advice =
      options.group === null ? '--group names the groups' : '--group gave each clip a group of its own'
    const groups = audit.groupsKnown
      ? `${plural(audit.sources, 'source')}, ${plural(audit.clipsSharingSource, 'clip')} ${audit.clipsSharingSource === 1 ? 'shares' : 'share'} a source with another`
      : `no groups are known, so a leak between clips of one recording cannot be seen; ${advice}`
    return { table: audit, summary: groups }
  })
  printFindings(table.findings, console.line)
  const chosen = chooseSplit(dataset, table.groupsKnown, options)
  assertNetwork(options, dataset.labels.length)
  if (options.split === null && chosen.name !== 'folds') {
    console.line(`  the data set has no folds of its own: split ${chosen.name}`)
  }
  const out = outputFolder(options, chosen, cwd)
  await assertWritable(out)
  return { ...source, table, out }
}

/**
 * Computes features and splits.
 *
 * @param processed - With `--save-audio` it gets the clips as the features see them.
 * @throws EscError naming the file that is wrong.
 */
export async function prepareData(
  { options, console, signal }: RunContext,
  { sounds, dataset, table, subset }: RunSource,
  processed: PendingFolder,
): Promise<RunData> {
  const { recipe } = networks[options.model]
  const { features } = await console.stage('compute features', async () => {
    const extracted = await extractFeatures(sounds, recipe, {
      dir: options.features,
      facts: true,
      audioDir: options.saveAudio ? await processed.open() : null,
      ...{ skipBad: options.skipBad, tolerant: options.tolerant, windows: options.windows },
      signal,
      onProgress: console.progress,
    })
    const [first] = [await extracted.get(0)]
    const { failed, cached } = extracted.summary
    const shape = `${recipe.mfcc ? 'MFCC' : 'log-mel'} ${first.features.bins} × ${first.features.frames}`
    const taken = cached > 0 ? `, ${cached} of them from ${options.features}` : ''
    const left = failed.length > 0 ? `, ${plural(failed.length, 'clip')} skipped` : ''
    const cut =
      options.windows === null
        ? ''
        : `, ${plural(extracted.records.length, 'window')} of ${plural(extracted.clips.length, 'clip')}`
    return { features: extracted, summary: `${shape}${cut}${taken}${left}` }
  })
  const filenames = new Map(dataset.records.map(({ id, filename }) => [id, filename]))
  const skipped = features.summary.failed.map(({ id, reason }) => {
    const filename = filenames.get(id)!
    return { filename, reason: reason.replace(`${filename}: `, '') }
  })
  for (const { filename, reason } of skipped) console.line(`  skipped ${filename}: ${reason}`)

  const readable = { ...dataset, records: readRecords(dataset, features) }
  const chosen = await console.stage('split', async () => {
    const result = chooseSplit(readable, table.groupsKnown, options)
    return { ...result, summary: describeSplit(result) }
  })
  const { audit } = await console.stage('audit the clips', async () => {
    const facts = features.clips.map((clip) => clip.facts!)
    const folder = 'folder' in sounds ? sounds.folder : null
    const { windows } = options
    const result = auditFacts(readable, facts, { table, split: chosen.split, folder, recipe, windows })
    const { duplicates, nearDuplicates } = result.clips
    const summary = `${plural(duplicates.length, 'set')} of equal clips, ${plural(nearDuplicates.length, 'pair')} of nearly equal clips`
    return { audit: result, summary }
  })
  printFindings([...audit.clips.findings, ...(audit.split?.findings ?? [])], console.line)
  return {
    dataset: readable,
    subset,
    recipe,
    sounds,
    features,
    audit,
    chosen,
    parts: partsOf(chosen.split, readable, features),
    skipped,
    hash: hashOf(readable, features),
  }
}

/** Refuses windows that are too short for the network, before minutes of decoding. */
function assertNetwork({ model, windows, seed }: RunContext['options'], classes: number): void {
  if (windows === null) return
  const { recipe, network } = networks[model]
  const bins = recipe.mfcc?.nMfcc ?? recipe.mel!.nMels
  const frames = framesOfWindow(recipe, windows)
  try {
    network({ bins, frames, classes, seed })
  } catch (cause) {
    if (!isEscError(cause)) throw cause
    const found = `--windows ${windows.windowSec} makes ${plural(frames, 'frame')}, too few for ${model}`
    throw new EscError('INVALID_OPTION', `${found} (${cause.message}); use longer windows`, { cause })
  }
}

/** Turns a split of clips into a split of examples: all windows of a clip are in the clip's part. */
function partsOf(split: Required<Split>, { records }: Dataset, features: ExtractedFeatures): Required<Split> {
  const examplesOf = new Map<string, number[]>(records.map(({ id }) => [id, []]))
  for (const [i, { clipId }] of features.records.entries()) examplesOf.get(clipId)!.push(i)
  const expand = (part: Int32Array) =>
    Int32Array.from([...part].flatMap((clip) => examplesOf.get(records[clip]!.id)!))
  return { train: expand(split.train), validation: expand(split.validation), test: expand(split.test) }
}

function readRecords({ records }: Dataset, features: ExtractedFeatures): Dataset['records'] {
  const read = new Set(features.clips.map(({ id }) => id))
  return records.filter(({ id }) => read.has(id))
}

function hashOf({ records }: Dataset, { clips }: ExtractedFeatures): string {
  const hash = createHash('sha256')
  for (const [i, { id, label }] of records.entries()) hash.update(`${id}\0${label}\0${clips[i]!.sha256}\0`)
  return hash.digest('hex')
}

function describeSplit({ name, split, testFold, validationFold, leakedTestClips }: ChosenSplit): string {
  const folds = testFold === null ? '' : ` (test on ${testFold}, validate on ${validationFold})`
  const sizes = `${split.train.length} train, ${split.validation.length} validation, ${split.test.length} test`
  const leaks =
    leakedTestClips === null ? 'it is not known if test clips leak' : `leaked test clips: ${leakedTestClips}`
  return `${name}${folds}: ${sizes}; ${leaks}`
}
