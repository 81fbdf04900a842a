/** Checks of labels, feature sets and lists of indices. They do not read features. */
import { describeValue, shown, typeOf, wrongValue } from '../check/wrong-value.js'
import { EscError } from '../error.js'
import type { DatasetOrigin, FeatureSet } from './feature-set.js'

/**
 * @throws EscError INVALID_OPTION unless `labels` is an array of different texts, at least one.
 * @example assertLabels('labels', ['dog', 'rain'])
 */
export function assertLabels(name: string, labels: unknown): asserts labels is readonly string[] {
  const isList =
    Array.isArray(labels) && labels.length > 0 && labels.every((label) => typeof label === 'string')
  if (!isList) {
    const found = Array.isArray(labels) ? '' : `; it is ${describeValue(labels)}`
    throw new EscError(
      'INVALID_OPTION',
      `${name} must be an array of class names, as in ['dog', 'rain']${found}`,
    )
  }
  const twice = labels.find((label, i) => labels.indexOf(label) !== i)
  if (twice !== undefined) throw new EscError('INVALID_OPTION', `${name} has '${twice}' twice`)
}

/**
 * Checks everything about a set but its features. A set may come from code that was not type-checked.
 *
 * @param name - What the caller calls the set, for the message. @defaultValue `'the set'`
 * @throws EscError INVALID_INPUT naming what is missing, an id that appears twice, an example whose `labelIndex` is not an index of
 *   a label, or a clip whose windows have different labels.
 * @example assertFeatureSet(set)
 */
export function assertFeatureSet(set: FeatureSet, name = 'the set'): void {
  assertSetShape(set, name)
  if (set.records.length === 0) throw noSet('the set has no examples')
  if (!set.labels.every((label) => typeof label === 'string'))
    throw noSet('the set has a label that is not a text')
  if (set.dataset) assertOrigin(set.dataset)
  const ids = new Set<string>()
  const labelOf = new Map<string, number>()
  for (const [i, record] of set.records.entries()) {
    const { id, clipId, labelIndex } = record ?? {}
    for (const [name, value] of Object.entries({ id, clipId })) {
      if (typeof value === 'string') continue
      throw new EscError(
        'INVALID_INPUT',
        `example ${i} of the set has ${name}=${shown(value)}; it must be a text`,
      )
    }
    const label = labelOf.get(clipId) ?? labelIndex
    if (label !== labelIndex) {
      const found = `clip '${clipId}' has windows of label ${label} and of label ${labelIndex}`
      const advice = 'if each window has its own label, give windows different clipIds and the same group'
      throw new EscError('INVALID_INPUT', `${found}; ${advice}`)
    }
    labelOf.set(clipId, labelIndex)
    if (ids.has(id)) throw new EscError('INVALID_INPUT', `the set has two examples with id '${id}'`)
    ids.add(id)
    if (Number.isInteger(labelIndex) && labelIndex >= 0 && labelIndex < set.labels.length) continue
    const range = `an integer in [0, ${set.labels.length})`
    throw new EscError('INVALID_INPUT', `example '${id}' has label ${shown(labelIndex)}, not ${range}`)
  }
}

const noSet = (what: string) =>
  new EscError(
    'INVALID_INPUT',
    `${what}; a feature set is what featureSet, extractFeatures or openFeatures return`,
  )

/** Checks a set in constant time: it looks at the first record and the first label alone. */
export function assertSetShape(set: FeatureSet, name = 'the set'): void {
  if (typeOf(set) !== 'object' || !('records' in set || 'get' in set))
    throw noSet(`${name} is ${describeValue(set)}`)
  const { get, records, labels } = set
  if (typeof get !== 'function') throw noSet(`${name} has no function get: it is ${describeValue(get)}`)
  if (!Array.isArray(records)) throw noSet(`${name} has no array records: it is ${describeValue(records)}`)
  if (!Array.isArray(labels)) throw noSet(`${name} has no labels: it is ${describeValue(labels)}`)
  if (records.length > 0 && typeOf(records[0]) !== 'object') {
    throw noSet(`${name} has no records of examples: the first is ${describeValue(records[0])}`)
  }
  if (typeof labels[0] !== 'string') throw noSet(`${name} has no labels, which are texts`)
}

function assertOrigin({ name, synthetic }: DatasetOrigin): void {
  if (typeof name === 'string' && typeof synthetic === 'boolean') return
  throw new EscError('INVALID_INPUT', 'dataset of a set must be { name, synthetic }, a text and a boolean')
}

/**
 * Checks that a list holds indices of a set's examples.
 *
 * @param name - What the caller calls the list, for the message: `split.train`.
 * @throws EscError INVALID_INPUT if it is not a list of numbers, or if a number is not the index of an example.
 * @example assertIndices('indices', [0, 1], set)
 */
export function assertIndices(name: string, indices: ArrayLike<number>, set: FeatureSet): void {
  assertSetShape(set)
  const { records } = set
  const isList = Array.isArray(indices) || (ArrayBuffer.isView(indices) && 'length' in indices)
  if (!isList) {
    throw wrongValue(name, indices, 'a list of indices, as a splitter returns', {
      advice: { 'a split': 'pass a part of it, such as split.test' },
    })
  }
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!
    if (Number.isInteger(index) && index >= 0 && index < records.length) continue
    throw new EscError(
      'INVALID_INPUT',
      `${name}[${i}]=${shown(index)} is not an index of the set's ${records.length} examples`,
    )
  }
}
