/** From a set to its clips, and from a split of clips to a split of examples, for all splitters. */
import { EscError, type Split, shown, typeOf, wrongValue } from '@esc/core'
import { count } from '../../words.js'
import { range, type Splits } from './folds.js'
import type { Labels } from './labels.js'

/** The fields of an example that a splitter reads. */
export interface SplitRecord {
  readonly id: string
  /** Id of the example's clip. All windows of a clip have the same. @defaultValue `id` */
  readonly clipId?: string | undefined
  readonly labelIndex: number
  /** The field recording that the clip was cut from. */
  readonly group: string
  /** The data set's own fold number, or `null` if it has none. */
  readonly fold: number | null
}

/**
 * A set to split: a `FeatureSet` of `@esc/core`, a `Dataset` of this package, or your own records.
 *
 * Splitters split clips, in the order of their first examples, and return the indices of the examples. So two windows of one clip are
 * never on two sides. Sizes count clips.
 *
 * @example
 * const records = [{ id: 'a', labelIndex: 0, group: 'a', fold: 1 }, { id: 'b', labelIndex: 1, group: 'b', fold: 2 }]
 * for (const { test } of kFold({ records }, { nSplits: 2 })) console.log(test)
 */
export interface SplitSource {
  readonly records: readonly SplitRecord[]
}

/** The clips of a set, in the order of their first examples. */
export interface Clips {
  ids: string[]
  labels: number[]
  groups: string[]
  folds: (number | null)[]
  /** The clip of each example. */
  clipOf: Int32Array
}

/** The name of the units of a split in messages. */
export type Unit = 'examples' | 'clips' | 'groups'

/** Whether a caller passed a set, and not a list or a number. */
export function isSource(value: unknown): value is SplitSource {
  if (typeOf(value) !== 'object' || ArrayBuffer.isView(value)) return false
  const given = value as object
  if ('dataset' in given && !('records' in given)) {
    throw new EscError(
      'INVALID_INPUT',
      'this is what an opener returned; pass its dataset, or a set of features',
    )
  }
  return 'records' in given || !('length' in given)
}

/**
 * Joins the examples of each clip.
 *
 * @throws EscError INVALID_INPUT if there are no records, one has no id, or two of one clip differ in label, group or fold.
 */
export function clipsOf({ records }: SplitSource): Clips {
  if (!Array.isArray(records)) {
    throw wrongValue('records of the set', records, 'an array')
  }
  if (records.length === 0) throw new EscError('INVALID_INPUT', 'the set has no examples')
  const clipWith = new Map<string, number>()
  const clips: Clips = { ids: [], labels: [], groups: [], folds: [], clipOf: new Int32Array(records.length) }
  for (const [i, record] of (records as readonly SplitRecord[]).entries()) {
    const { id, clipId = id, labelIndex, group, fold } = record ?? {}
    if (typeof clipId !== 'string') {
      throw new EscError('INVALID_INPUT', `record ${i} of the set has id=${shown(id)}; it must be a text`)
    }
    const clip = clipWith.get(clipId) ?? clips.ids.length
    clips.clipOf[i] = clip
    if (clip < clips.ids.length) {
      assertSame(clipId, 'label', clips.labels[clip], labelIndex)
      assertSame(clipId, 'group', clips.groups[clip], group)
      assertSame(clipId, 'fold', clips.folds[clip], fold)
      continue
    }
    clipWith.set(clipId, clip)
    clips.ids.push(clipId)
    clips.labels.push(labelIndex)
    clips.groups.push(group)
    clips.folds.push(fold)
  }
  return clips
}

/**
 * Makes a list with one value for each clip from a list with one value for each example.
 *
 * @param name - The name of the caller's option, for the message.
 * @throws EscError INVALID_INPUT if the list has another length than the set, or two examples of one clip have different ones.
 */
export function labelsOfClips(name: string, values: Labels, { ids, clipOf }: Clips): Labels {
  if (values.length !== clipOf.length) {
    const found = `${count(values.length, 'label')} in ${name} and ${count(clipOf.length, 'example')} of the set`
    throw new EscError('INVALID_INPUT', `${found} must be as many`)
  }
  const found: (number | string)[] = []
  for (let i = 0; i < clipOf.length; i++) {
    const clip = clipOf[i]!
    if (clip < found.length) assertSame(ids[clip]!, name, found[clip], values[i])
    else found.push(values[i]!)
  }
  return found
}

const plain = (value: unknown) => (typeof value === 'string' ? value : shown(value))

function assertSame(clip: string, what: string, first: unknown, other: unknown): void {
  if (Object.is(first, other)) return
  const found = `two examples of clip '${clip}' differ in ${what}: ${plain(first)} and ${plain(other)}`
  throw new EscError('INVALID_INPUT', found, { detail: { clip } })
}

/** Makes a split of examples from a split of clips, indices in ascending order. */
export function expand(clips: Clips, split: Required<Split>): Required<Split>
export function expand(clips: Clips, split: Split): Split
export function expand({ ids, clipOf }: Clips, split: Split): Split {
  // If each clip is one example, a clip's number is its example's index.
  if (ids.length === clipOf.length) return split
  const examplesOf = (part: Int32Array) => {
    const isIn = new Uint8Array(ids.length)
    for (const clip of part) isIn[clip] = 1
    return range(clipOf.length).filter((i) => isIn[clipOf[i]!] === 1)
  }
  const { train, validation, test } = split
  return {
    train: examplesOf(train),
    ...(validation && { validation: examplesOf(validation) }),
    test: examplesOf(test),
  }
}

/** {@link expand} for each split. */
export function* expandEach(clips: Clips, splits: Splits): Splits {
  for (const split of splits) yield expand(clips, split)
}
