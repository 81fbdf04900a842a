/** Checks of arguments: data sets and texts of tables. */
import { hasField, typeOf, wrongValue } from '@esc/core'
import type { Dataset } from './record.js'

/** @throws EscError INVALID_INPUT unless it has labels and records, each with an id. @example assertDataset('dataset', dataset) */
export function assertDataset(
  name: string,
  dataset: unknown,
): asserts dataset is Pick<Dataset, 'labels' | 'records'> {
  if (!hasField(dataset, 'records')) {
    throw wrongValue(name, dataset, 'a data set: pass the dataset that an opener returned, opened.dataset', {
      advice: { numbers: 'labels alone do not say which clips there are' },
    })
  }
  const { records, labels } = dataset as unknown as Dataset
  if (!Array.isArray(records)) throw wrongValue(`${name}.records`, records, 'an array')
  if (!Array.isArray(labels)) throw wrongValue(`${name}.labels`, labels, 'an array of texts')
  const odd = labels.find((label) => typeof label !== 'string')
  if (odd !== undefined) throw wrongValue(`each of ${name}.labels`, odd, 'a text')
  for (const [i, record] of records.entries()) {
    if (typeOf(record) === 'object' && typeof record.id === 'string') continue
    throw wrongValue(`${name}.records[${i}]`, record, 'a record with an id')
  }
}

/** @throws EscError INVALID_INPUT unless it is a text, which may be empty. @example assertCsvText(csvText) */
export function assertCsvText(csvText: unknown): asserts csvText is string {
  if (typeof csvText === 'string') return
  throw wrongValue('csvText', csvText, 'the text of a table', {
    advice: { numbers: 'decode its bytes: new TextDecoder().decode(bytes)' },
  })
}
