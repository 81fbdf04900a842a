/** The whole audit of a data set: its folder, its table, its clips, and a split of it. */

import type { DecodedAudio } from '@esc/audio-io'
import {
  assertCallback,
  assertKnown,
  assertSignal,
  type ClipWindowsOptions,
  EscError,
  type FeatureRecipe,
  hasField,
  isEscError,
  type OnProgress,
  resolveWindows,
  type Split,
  wrongValue,
} from '@esc/core'
import { parseRecipe } from '@esc/core/recipe'
import { assertDataset } from '../check.js'
import type { Dataset } from '../record.js'
import type { ClipAudit, UnreadableClip } from './clip-audit.js'
import { auditClips } from './clips.js'
import { type Finding, sortFindings } from './finding.js'
import type { FolderAudit } from './folder.js'
import { type ClipFacts, measureClip } from './measure.js'
import { auditSplit, type SplitAudit } from './split.js'
import { auditTable, type TableAudit } from './table.js'

/** Result of {@link auditFacts}: plain JSON. */
export interface DatasetAudit {
  name: string
  synthetic: boolean
  table: TableAudit
  clips: ClipAudit
  /** `null` if no split was given. */
  split: SplitAudit | null
  /** `null` if the clips are from no folder. */
  folder: FolderAudit | null
  /**
   * All findings: of the folder, the table, the clips and the split, the worst first. A program that has shown `folder.findings`
   * and `table.findings` before needs only `clips.findings` and `split.findings`.
   */
  findings: Finding[]
}

/** A decoded clip, or the reason why it could not be decoded. `id` is the id of its record. */
export type AuditInput = ({ id: string; codec?: string | null } & DecodedAudio) | UnreadableClip

/** Options of {@link auditFacts}. */
export interface AuditFactsOptions {
  /**
   * An earlier result of {@link auditTable}, which is then not computed again. It may be of a longer table with the same labels,
   * from which clips that cannot be read were removed.
   *
   * @defaultValue the audit of the data set's table
   */
  table?: TableAudit
  /** Clips whose files are there but could not be decoded. @defaultValue none */
  unreadable?: readonly UnreadableClip[]
  /** Indices into the data set's records. @defaultValue `null`: none */
  split?: Split | null | undefined
  /** The files of the data set's folder: `opened.folder`. @defaultValue `null` */
  folder?: FolderAudit | null | undefined
  /** The recipe that the clips are for: the audit then says which clips it cuts or pads. @defaultValue `null` */
  recipe?: FeatureRecipe | null | undefined
  /** How clips are cut into windows. Their length replaces the recipe's duration. @defaultValue `null` */
  windows?: ClipWindowsOptions | null | undefined
}

/** Options of {@link auditDataset}. */
export interface AuditDatasetOptions extends Omit<AuditFactsOptions, 'unreadable'> {
  /** Aborts the audit. @defaultValue none */
  signal?: AbortSignal
  /** Gets each clip that was measured. @defaultValue none */
  onProgress?: OnProgress
}

/**
 * Audits a data set clip by clip, with one decoded clip at a time in memory: the table (see {@link auditTable}), missing and
 * unreadable clips, durations, sample rates, channels, codecs, clipping, DC offset, silence, levels, effective bandwidth, exact
 * and near duplicates, clips that a recipe cuts, classes that were recorded in another way, and the leaks of a split.
 *
 * @param clips - Each clip once, in any order. A record whose clip never comes is missing. A clip that cannot be
 *   measured, such as one with NaN in it, counts as unreadable.
 * @returns The audit, and the facts it rests on: with them {@link auditFacts} audits another split at once. Both plain
 *   JSON.
 * @throws EscError INVALID_INPUT if a clip is not in the table or comes twice, or the split has an index without a
 *   record; INVALID_OPTION if `table` is no audit of a table with the data set's labels; the signal's reason; what `clips`
 *   throws.
 * @example
 * const { audit } = await auditDataset(dataset, clips, { split })
 * console.log(formatAudit(audit))
 */
export async function auditDataset(
  dataset: Dataset,
  clips: AsyncIterable<AuditInput> | Iterable<AuditInput>,
  options: AuditDatasetOptions = {},
): Promise<{ audit: DatasetAudit; facts: ClipFacts[] }> {
  assertKnown('auditDataset', options, { ...factsOptions, signal: true, onProgress: true })
  const { signal, onProgress, ...rest } = options
  assertDataset('dataset', dataset)
  const { table = auditTable(dataset) } = options
  assertSignal(signal)
  assertCallback('onProgress', onProgress)
  assertClips(clips)
  assertTableOf(dataset, table)
  const facts: ClipFacts[] = []
  const unreadable: UnreadableClip[] = []
  const total = dataset.records.length
  signal?.throwIfAborted()
  for await (const clip of clips) {
    signal?.throwIfAborted()
    const result = tryMeasure(clip)
    if ('reason' in result) unreadable.push(result)
    else facts.push(result)
    onProgress?.({ stage: 'audit clips', done: facts.length + unreadable.length, total, detail: clip.id })
  }
  return { audit: joinAudits(dataset, facts, { ...rest, table, unreadable }), facts }
}

/**
 * The same audit of facts that {@link measureClip} measured earlier, such as those of another program or thread.
 *
 * @throws EscError INVALID_INPUT, INVALID_OPTION as {@link auditDataset}.
 * @example
 * const table = auditTable(dataset)
 * auditFacts(dataset, facts, { table, split }).split?.leakRate
 */
export function auditFacts(
  dataset: Dataset,
  facts: readonly ClipFacts[],
  options: AuditFactsOptions = {},
): DatasetAudit {
  assertKnown('auditFacts', options, { ...factsOptions, unreadable: true })
  assertDataset('dataset', dataset)
  const isList = Array.isArray(facts) && (facts as readonly unknown[]).every((clip) => hasField(clip, 'id'))
  if (!isList) {
    throw wrongValue('facts', facts, 'a list of what measureClip returns')
  }
  const { table = auditTable(dataset), unreadable = [], ...rest } = options
  assertTableOf(dataset, table)
  return joinAudits(dataset, facts, { ...rest, table, unreadable })
}

type FactsOptions = AuditFactsOptions & Required<Pick<AuditFactsOptions, 'table' | 'unreadable'>>

const factsOptions = { table: true, split: true, folder: true, recipe: true, windows: true } as const

function joinAudits(
  dataset: Dataset,
  facts: readonly ClipFacts[],
  { table, unreadable, split = null, folder = null, recipe = null, windows = null }: FactsOptions,
): DatasetAudit {
  const clips = auditClips(dataset, facts, unreadable, {
    recipe: recipe && parseRecipe(recipe),
    windows: windows && resolveWindows(windows),
  })
  const parts = split === null ? null : auditSplit(dataset, split, clips)
  return {
    name: dataset.name,
    synthetic: dataset.synthetic,
    table,
    clips,
    split: parts,
    folder,
    findings: sortFindings([
      ...(folder?.findings ?? []),
      ...table.findings,
      ...clips.findings,
      ...(parts?.findings ?? []),
    ]),
  }
}

/** @throws EscError INVALID_OPTION unless `table` is an audit, and has the data set's labels. */
function assertTableOf({ labels }: Dataset, table: TableAudit): void {
  const { classes, findings } = (table ?? {}) as Partial<TableAudit>
  const isAudit = Array.isArray(classes) && Array.isArray(findings)
  const fits =
    isAudit && classes.length === labels.length && classes.every(({ label }, i) => label === labels[i])
  if (fits) return
  const found = isAudit ? 'has other labels than the data set' : 'is no audit'
  throw new EscError('INVALID_OPTION', `table ${found}; pass what auditTable returned for its table`)
}

function assertClips(clips: unknown): void {
  const { [Symbol.iterator]: each, [Symbol.asyncIterator]: eachLater } = Object(clips ?? {})
  if (typeof clips !== 'string' && (typeof each === 'function' || typeof eachLater === 'function')) return
  throw wrongValue(
    'clips',
    clips,
    'a list of decoded clips, { id, channels, sampleRate }, or a generator of them',
  )
}

function tryMeasure(clip: AuditInput): ClipFacts | UnreadableClip {
  if (!hasField(clip, 'id')) throw wrongValue('each of the clips', clip, '{ id, channels, sampleRate }')
  if ('reason' in clip) return clip
  try {
    return measureClip(clip.id, clip)
  } catch (cause) {
    if (!isEscError(cause)) throw cause
    return { id: clip.id, reason: cause.message }
  }
}
