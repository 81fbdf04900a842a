/** Gives the clips of a data set groups that its own table does not have: `regroup`. */
import { describeValue, EscError } from '@esc/core'
import { assertDataset } from './check.js'
import type { ClipRecord, Dataset } from './record.js'

/** A column of the table, a pattern with a capture group for the file's bare name, or a function of the record. */
export type GroupRule = string | RegExp | ((record: ClipRecord) => string)

/**
 * The same data set with other groups: clips of one group (a recording, a site, a speaker) are siblings, and a split must
 * keep them together.
 *
 * @param by - A column's name; a pattern, whose first capture group in the file's bare name (without folders) is the group; or a
 *   function.
 * @throws EscError INVALID_INPUT naming the first clip without such a column, that the pattern does not fit, or whose group is no
 *   text; INVALID_OPTION if the pattern has no capture group.
 * @example const dataset = regroup(opened.dataset, /^([^_]+)_/) // 'north' of 'north_3.wav'
 */
export function regroup(dataset: Dataset, by: GroupRule): Dataset {
  assertDataset('dataset', dataset)
  const groupOf = ruleOf(by)
  const records = dataset.records.map((record) => {
    const group = groupOf(record)
    if (typeof group === 'string' && group !== '') return { ...record, group }
    throw new EscError('INVALID_INPUT', describe(by, record), { detail: { id: record.id } })
  })
  return { ...dataset, records }
}

function ruleOf(by: GroupRule): (record: ClipRecord) => string | undefined {
  if (typeof by === 'function') return by
  if (typeof by === 'string')
    return ({ columns }) => (columns && Object.hasOwn(columns, by) ? columns[by] : undefined)
  if (!(by instanceof RegExp)) {
    const found = `by is ${describeValue(by)}`
    throw new EscError('INVALID_OPTION', `${found}; groups are given by a column, a RegExp or a function`)
  }
  // With an empty alternative the pattern matches any text, and the match shows how many capture groups there are.
  if (new RegExp(`${by.source}|`, by.flags).exec('')!.length < 2) {
    throw new EscError(
      'INVALID_OPTION',
      `${by} has no capture group; write the group in brackets, as in /^([^_]+)_/`,
    )
  }
  // Without `g` and `y`: a pattern with them begins where the last search ended.
  const pattern = new RegExp(by.source, by.flags.replace(/[gy]/g, ''))
  return ({ filename }) => pattern.exec(filename.slice(filename.lastIndexOf('/') + 1))?.[1]
}

function describe(by: GroupRule, { filename, columns }: ClipRecord): string {
  if (typeof by === 'function') return `${filename} has no group by the function given`
  if (by instanceof RegExp) {
    return `${filename} has no group by ${by}; the pattern must fit each file's bare name, without its folders`
  }
  const names = Object.keys(columns ?? {})
  if (names.includes(by)) return `${filename} has no group in column '${by}': its cell is empty`
  const known = names.length > 0 ? `the table has ${names.join(', ')}` : 'the table has no other columns'
  return `${filename} has no group in column '${by}'; ${known}. A pattern for file names needs brackets, as in '^([^_]+)_'`
}
