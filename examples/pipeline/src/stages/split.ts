/** Chooses training, validation and test clips. */
import { EscError, isEscError, type Split } from '@esc/core'
import { type ClipRecord, findLeaks, stratifiedGroupSplit, stratifiedSplit, trainValTest } from '@esc/dataset'
import type { SplitName } from '../command.js'
import type { RunOptions } from '../options.js'
import { plural } from './context.js'

/** A split, and how it was chosen. */
export interface ChosenSplit {
  name: SplitName
  /** Indices of the data set's records. */
  split: Required<Split>
  testFold: number | null
  validationFold: number | null
  /** Test clips with a sibling (another clip of the same recording) in training; `null` if no groups are known. */
  leakedTestClips: number | null
}

/** The part of a data set's table that a split needs. */
interface Table {
  labels: readonly string[]
  records: readonly ClipRecord[]
}

type SplitOptions = Pick<RunOptions, 'split' | 'testFold' | 'validationFold' | 'seed'>

/**
 * Splits the clips as `--split` says, or else as the data set allows.
 *
 * @param groupsKnown - True if any two clips share a group.
 * @throws EscError INVALID_INPUT if a fold does not exist, a part would be empty, or a class has no clip in training. The error
 *   names the class, its clips, and how many clips it needs.
 */
export function chooseSplit(dataset: Table, groupsKnown: boolean, options: SplitOptions): ChosenSplit {
  const { records } = dataset
  assertClasses(dataset)
  const hasFolds = records.every(({ fold }) => fold !== null)
  const name = options.split ?? (hasFolds ? 'folds' : 'stratified-group')
  if (name === 'folds' && !hasFolds) {
    throw new EscError(
      'INVALID_INPUT',
      'this data set has no folds of its own; use --split stratified-group, without --test-fold and --val-fold',
    )
  }
  const testFold = name === 'folds' ? (options.testFold ?? 1) : null
  const split =
    name === 'folds'
      ? splitByFolds(dataset, testFold!, options)
      : splitAtRandom(dataset, name, groupsKnown, options)
  return {
    name,
    split,
    testFold,
    validationFold: testFold === null ? null : records[split.validation[0]!]!.fold,
    leakedTestClips: groupsKnown ? findLeaks(split, dataset).leakedTestClips : null,
  }
}

function splitByFolds(dataset: Table, testFold: number, { validationFold }: SplitOptions): Required<Split> {
  const folds = [...new Set(dataset.records.map(({ fold }) => fold!))].sort((a, b) => a - b)
  if (folds.length < 3) {
    const found = `this data set has ${plural(folds.length, 'fold')}, and a split by folds needs 3`
    throw new EscError('INVALID_INPUT', `${found}; use --split stratified-group`)
  }
  for (const [flag, fold] of Object.entries({ 'test-fold': testFold, 'val-fold': validationFold })) {
    if (fold === null || folds.includes(fold)) continue
    const message = `--${flag} ${fold} is not a fold of this data set; its folds are ${folds.join(', ')}`
    throw new EscError('INVALID_OPTION', message)
  }
  const split = trainValTest(dataset, { testFold, ...(validationFold === null ? {} : { validationFold }) })
  const unlearnt = unlearntClass(dataset, split)
  if (unlearnt === null) return split
  throw new EscError(
    'INVALID_INPUT',
    `class ${unlearnt} has no training clip in this split; choose another fold, or another --split`,
  )
}

function splitAtRandom(
  dataset: Table,
  name: 'stratified' | 'stratified-group',
  groupsKnown: boolean,
  { seed }: SplitOptions,
): Required<Split> {
  const attempt = (records: readonly ClipRecord[]): Required<Split> => {
    const { train, validation, test } =
      name === 'stratified'
        ? stratifiedSplit({ records }, { seed })
        : stratifiedGroupSplit({ records }, { seed })
    const split = { train, validation: validation!, test }
    const unlearnt = unlearntClass({ labels: dataset.labels, records }, split)
    if (unlearnt === null) return split
    throw new EscError(
      'INVALID_INPUT',
      `class ${unlearnt} has no training clip in this split; choose another --seed`,
      { detail: { unlearnt } },
    )
  }
  try {
    return attempt(dataset.records)
  } catch (cause) {
    if (!isEscError(cause)) throw cause
    const { unlearnt } = cause.detail
    if (!groupsKnown || name === 'stratified') throw tooFew(dataset, name, attempt) ?? cause
    // More sources of other classes would not help this class.
    if (typeof unlearnt === 'string') throw classOfFewSources(dataset, unlearnt) ?? cause
    throw tooFewSources(dataset, attempt) ?? cause
  }
}

/** The search for a sufficient number ends here. No split needs more. */
const mostNeeded = 100

/**
 * Makes the error for classes that are too small. It tries the split with added clips to find how many clips each class needs. Returns
 * `null` if more clips would not help.
 */
function tooFew(
  { labels, records }: Table,
  name: SplitName,
  attempt: (records: readonly ClipRecord[]) => unknown,
): EscError | null {
  const counts = labels.map((_, index) => records.filter(({ labelIndex }) => labelIndex === index).length)
  const least = Math.min(...counts)
  const smallest = labels[counts.indexOf(least)]!
  for (let need = least + 1; need <= mostNeeded; need++) {
    const added = labels.flatMap((label, labelIndex) =>
      Array.from({ length: Math.max(0, need - counts[labelIndex]!) }, (_, i): ClipRecord => {
        // The name starts with a NUL, which no name in a table does.
        const id = `\0${labelIndex}-${i}`
        return { id, filename: id, fold: null, labelIndex, label, group: id }
      }),
    )
    try {
      attempt([...records, ...added])
    } catch {
      continue
    }
    const others = counts.filter((count) => count < need).length - 1
    const more =
      others > 0 ? ` (${plural(others, 'other class has', 'other classes have')} too few, too)` : ''
    const found = `class ${smallest} has ${plural(least, 'clip')}${more}`
    const sources = name === 'stratified-group' ? ' from as many sources' : ''
    return new EscError(
      'INVALID_INPUT',
      `${found}; --split ${name} needs ${need} of each class${sources}: add clips, or remove the class`,
      { detail: { label: smallest, clips: least, need } },
    )
  }
  return null
}

/** Makes the error for a class with fewer sources than parts. Returns `null` if it has enough, so that another seed may help. */
function classOfFewSources({ records }: Table, label: string): EscError | null {
  const sources = new Set(records.filter((record) => record.label === label).map(({ group }) => group)).size
  if (sources >= 3) return null
  const found = `class ${label} comes from ${plural(sources, 'source')}, and a source stays on one side of a split`
  const advice = 'add recordings from other sources, or name other groups with --group'
  return new EscError(
    'INVALID_INPUT',
    `${found}: --split stratified-group needs 3 of each class; ${advice}`,
    {
      detail: { label, sources },
    },
  )
}

/**
 * Makes the error for too few sources. It tries the split with added sources, each with a clip of every class, to find how many are
 * needed. Returns `null` if more would not help.
 */
function tooFewSources(
  { labels, records }: Table,
  attempt: (records: readonly ClipRecord[]) => unknown,
): EscError | null {
  const sources = new Set(records.map(({ group }) => group)).size
  for (let more = 1; more <= mostNeeded; more++) {
    const added = Array.from({ length: more }, (_, i) =>
      labels.map((label, labelIndex): ClipRecord => {
        const id = `\0${i}-${labelIndex}`
        return { id, filename: id, fold: null, labelIndex, label, group: `\0${i}` }
      }),
    ).flat()
    try {
      attempt([...records, ...added])
    } catch {
      continue
    }
    const found = `the clips come from ${plural(sources, 'source')}, and a source stays on one side of a split`
    const advice = 'add recordings from other sources, or name other groups with --group'
    return new EscError(
      'INVALID_INPUT',
      `${found}: --split stratified-group needs about ${sources + more}; ${advice}`,
      {
        detail: { sources, need: sources + more },
      },
    )
  }
  return null
}

/** The first class without a training clip, or `null`. */
function unlearntClass({ labels, records }: Table, { train }: Split): string | null {
  const learnt = new Set(Array.from(train, (index) => records[index]!.labelIndex))
  return labels.find((_, index) => !learnt.has(index)) ?? null
}

function assertClasses({ labels, records }: Table): void {
  const counts = labels.map((_, index) => records.filter(({ labelIndex }) => labelIndex === index).length)
  const small = counts.findIndex((count) => count < 2)
  if (small < 0) return
  const clips = counts[small] === 1 ? '1 clip' : 'no clip'
  throw new EscError(
    'INVALID_INPUT',
    `class ${labels[small]} has ${clips} that can be read; add clips, or remove the class`,
  )
}
