/** The audit of a data set's table, without its sounds. */
import { likenessOf, spell } from '../characters.js'
import { assertDataset } from '../check.js'
import type { ClipRecord, Dataset } from '../record.js'
import { count, listSome } from '../words.js'
import type { Finding } from './finding.js'

/** A field recording whose clips lie in more than one fold. */
export interface CrossingSource {
  group: string
  /** Ascending. */
  folds: number[]
  ids: string[]
}

/** Result of {@link auditTable}: plain JSON. */
export interface TableAudit {
  clips: number
  /** In the order of the data set's labels. */
  classes: { label: string; clips: number }[]
  /** In ascending order; clips without a fold are not counted. */
  folds: { fold: number; clips: number }[]
  sources: number
  /**
   * `false` if each clip is a group of its own. A table without groups looks like that, and so does one in which no two clips
   * share a source. No leak can be seen in either.
   */
  groupsKnown: boolean
  /** Clips that have a sibling: another clip of the same source. */
  clipsSharingSource: number
  crossingSources: CrossingSource[]
  findings: Finding[]
}

/**
 * Audits a table without reading a sound: classes and folds of unequal size, clips that share a source, sources that cross folds
 * (results along those folds are then a little too good), classes of one clip or none, repeated names, labels that a person would
 * take for one (`dog` and `Dog`).
 *
 * @returns Plain JSON; `findings` is empty if the audit found no problem.
 * @example
 * auditTable(parseEsc50(text)).crossingSources.map(({ group }) => group)
 * // in ESC-50: 131943, 134049, 209698, 234879
 */
export function auditTable(dataset: Dataset): TableAudit {
  assertDataset('dataset', dataset)
  const { labels, records } = dataset
  const byLabel = groupBy(records, (record) => record.labelIndex)
  const byFold = groupBy(records, (record) => record.fold)
  const bySource = groupBy(records, (record) => record.group)
  const classes = labels.map((label, index) => ({ label, clips: byLabel.get(index)?.length ?? 0 }))
  const folds = [...byFold]
    .flatMap(([fold, { length }]) => (fold === null ? [] : [{ fold, clips: length }]))
    .sort((a, b) => a.fold - b.fold)
  const siblings = [...bySource.values()].filter((clips) => clips.length > 1)
  const crossingSources = siblings.map(toCrossingSource).filter((source) => source.folds.length > 1)
  const findings = [
    ...duplicateNames(records),
    ...alikeLabels(classes),
    ...crossings(crossingSources),
    ...emptyClasses(classes),
    ...smallClasses(classes, byLabel),
    ...imbalance(
      'CLASS_IMBALANCE',
      'class',
      classes.map(({ label, clips }) => [label, clips]),
    ),
    ...imbalance(
      'FOLD_IMBALANCE',
      'fold',
      folds.map(({ fold, clips }) => [String(fold), clips]),
    ),
    ...sharedSources(siblings),
  ]
  return {
    clips: records.length,
    classes,
    folds,
    sources: bySource.size,
    groupsKnown: bySource.size < records.length,
    clipsSharingSource: siblings.flat().length,
    crossingSources,
    findings,
  }
}

/** Items by key, in the order in which the keys appear. */
export function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

function toCrossingSource(clips: readonly ClipRecord[]): CrossingSource {
  const folds = new Set(clips.flatMap(({ fold }) => (fold === null ? [] : [fold])))
  return {
    group: clips[0]!.group,
    folds: [...folds].sort((a, b) => a - b),
    ids: clips.map(({ id }) => id),
  }
}

function duplicateNames(records: readonly ClipRecord[]): Finding[] {
  const repeated = [...groupBy(records, (record) => record.id).entries()].filter(
    ([, { length }]) => length > 1,
  )
  if (repeated.length === 0) return []
  const message = `clip names that occur more than once: ${repeated.length}`
  return [{ severity: 'error', code: 'DUPLICATE_NAME', message, ids: repeated.map(([id]) => id) }]
}

function crossings(sources: readonly CrossingSource[]): Finding[] {
  if (sources.length === 0) return []
  const ids = sources.flatMap((source) => source.ids)
  const names = sources.slice(0, 10).map(({ group, folds }) => `${group} (folds ${folds.join(', ')})`)
  const more = sources.length > 10 ? ` and ${sources.length - 10} more` : ''
  const message = `sources that cross folds: ${names.join('; ')}${more}; ${count(ids.length, 'clip')} in all`
  return [{ severity: 'warning', code: 'SOURCE_CROSSES_FOLDS', message, ids }]
}

function alikeLabels(classes: TableAudit['classes']): Finding[] {
  const alike = [...groupBy(classes, ({ label }) => likenessOf(label)).values()].filter(
    (set) => set.length > 1,
  )
  if (alike.length === 0) return []
  const sets = alike.map((set) =>
    set.map(({ label, clips }) => `${spell(label)} (${count(clips, 'clip')})`).join(' and '),
  )
  const message = `labels that look the same: ${listSome(sets)}; if they are one class, use one spelling`
  return [{ severity: 'warning', code: 'ALIKE_LABELS', message, ids: [] }]
}

function emptyClasses(classes: TableAudit['classes']): Finding[] {
  const labels = classes.filter(({ clips }) => clips === 0).map(({ label }) => label)
  if (labels.length === 0) return []
  const message = `classes without a clip, which can be neither learned nor tested: ${listSome(labels)}`
  return [{ severity: 'warning', code: 'EMPTY_CLASS', message, ids: [] }]
}

function smallClasses(
  classes: TableAudit['classes'],
  byLabel: ReadonlyMap<number, readonly ClipRecord[]>,
): Finding[] {
  const small = classes.flatMap(({ label, clips }, index) => (clips === 1 ? [{ label, index }] : []))
  if (small.length === 0) return []
  const labels = small.map(({ label }) => label)
  const message = `classes of one clip, which cannot be both learned and tested: ${listSome(labels)}`
  const ids = small.map(({ index }) => byLabel.get(index)![0]!.id)
  return [{ severity: 'warning', code: 'SMALL_CLASS', message, ids }]
}

function imbalance(code: string, what: string, sizes: readonly (readonly [string, number])[]): Finding[] {
  const sorted = [...sizes].sort((a, b) => a[1] - b[1])
  const [least, most] = [sorted[0], sorted.at(-1)]
  if (!least || !most || least[1] === most[1]) return []
  const message = `${what} ${most[0]} has ${count(most[1], 'clip')}, ${what} ${least[0]} only ${least[1]}`
  // If a class is less than half of another, accuracy starts to hide the errors in the small class.
  return [{ severity: 2 * least[1] < most[1] ? 'warning' : 'info', code, message, ids: [] }]
}

function sharedSources(siblings: readonly (readonly ClipRecord[])[]): Finding[] {
  if (siblings.length === 0) return []
  const ids = siblings.flat().map(({ id }) => id)
  const what = `${count(ids.length, 'clip')} share their source with another clip (${count(siblings.length, 'source')})`
  const message = `${what}; split by fold or by group, not at random`
  return [{ severity: 'info', code: 'SHARED_SOURCE', message, ids }]
}
