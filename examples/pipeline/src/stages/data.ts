/** The first half of a run: table, audit, features, split. */
import type { Example, FeatureRecipe } from '@esc/core'
import { auditFacts, auditTable, type Dataset, type DatasetAudit, type Finding } from '@esc/dataset'
import type { PendingFolder } from '../files.js'
import { networks } from '../networks.js'
import type { RunContext } from './context.js'
import { type PreparedClips, prepareClips } from './prepare.js'
import { openSource } from './source.js'
import { type ChosenSplit, chooseSplit } from './split.js'

/** Features of all clips, what was found on the way, and the three parts. */
export interface RunData {
  dataset: Dataset
  /** Which part of ESC-50 it is; `null` for any other data set. */
  subset: string | null
  recipe: FeatureRecipe
  audit: DatasetAudit
  clips: PreparedClips
  chosen: ChosenSplit
  train: Example[]
  validation: Example[]
  test: Example[]
}

/**
 * Reads, audits, computes features and splits.
 *
 * @param processed - Takes the clips as the features see them, with `--save-audio`.
 * @throws EscError naming the file, row, class or fold that is wrong.
 */
export async function prepareData(
  { options, console, signal }: RunContext,
  processed: PendingFolder,
): Promise<RunData> {
  const { recipe } = networks[options.model]
  const source = await console.stage('read the table', async () => {
    const opened = await openSource(options)
    const { records, labels, name } = opened.dataset
    return { ...opened, summary: `${name}: ${records.length} clips, ${labels.length} classes` }
  })
  const { dataset } = source
  const { audit: table } = await console.stage('audit the table', async () => {
    const audit = auditTable(dataset)
    return { audit, summary: `${audit.sources} sources, ${audit.clipsSharingSource} clips share one` }
  })
  printFindings(table.findings, console.line)
  // A fold that does not exist, or a class too small, is better told before minutes of decoding than after.
  chooseSplit(dataset.records, dataset.labels, options)

  const clips = await console.stage('compute features', async () => {
    const prepared = await prepareClips(source, {
      recipe,
      skipBad: options.skipBad,
      saveTo: options.saveAudio ? await processed.open() : null,
      store: options.features,
      signal,
      onProgress: console.progress,
    })
    const { bins, frames } = prepared.examples[0]!.features
    const skipped = prepared.skipped.length > 0 ? `, ${prepared.skipped.length} clips skipped` : ''
    return { ...prepared, summary: `${recipe.mfcc ? 'MFCC' : 'log-mel'} ${bins} × ${frames}${skipped}` }
  })
  for (const { filename, reason } of clips.skipped) console.line(`  skipped ${filename}: ${reason}`)

  const chosen = await console.stage('split', async () => {
    const result = chooseSplit(clips.records, dataset.labels, options)
    return { ...result, summary: describeSplit(options.split, result) }
  })
  const { audit } = await console.stage('audit the clips', async () => {
    // A split's indices count the clips that could be read.
    const readable = { ...dataset, records: clips.records }
    const result = auditFacts(readable, clips.facts, { split: chosen.split })
    const { duplicates, nearDuplicates } = result.clips
    const summary = `${duplicates.length} exact and ${nearDuplicates.length} near duplicates`
    return { audit: result, summary }
  })
  const told = new Set(table.findings.map(({ message }) => message))
  printFindings(
    audit.findings.filter(({ message }) => !told.has(message)),
    console.line,
  )

  const part = (indices: Int32Array) => Array.from(indices, (index) => clips.examples[index]!)
  return {
    dataset,
    subset: source.subset,
    recipe,
    audit,
    clips,
    chosen,
    train: part(chosen.split.train),
    validation: part(chosen.split.validation),
    test: part(chosen.split.test),
  }
}

function describeSplit(
  name: string,
  { split, testFold, validationFold, leakedTestClips }: ChosenSplit,
): string {
  const folds = testFold === null ? '' : ` (test on ${testFold}, validate on ${validationFold})`
  const sizes = `${split.train.length} train, ${split.validation.length} validation, ${split.test.length} test`
  return `${name}${folds}: ${sizes}; leaked test clips: ${leakedTestClips}`
}

function printFindings(findings: readonly Finding[], line: (text: string) => void): void {
  for (const { severity, message } of findings) line(`  ${severity}: ${message}`)
}
