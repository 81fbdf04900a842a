/** Reads the metadata table of UrbanSound8K: `parseUrbanSound8k`. */
import * as z from 'zod/mini'
import { assertCsvText } from '../check.js'
import type { Dataset } from '../record.js'
import { bareFilename, plainText, toId, wholeNumber } from './cells.js'
import { readCsv, readRows } from './csv.js'
import { assertOneTarget, assertUniqueIds, labelsByTarget, type TargetClip, toDataset } from './to-dataset.js'

const schema = z.object({
  slice_file_name: bareFilename,
  fsID: plainText,
  fold: wholeNumber,
  classID: wholeNumber,
  class: plainText,
})

/**
 * Reads UrbanSound8K's `metadata/UrbanSound8K.csv`: the columns `slice_file_name fsID fold classID class`. The other columns
 * (`start end salience`) are kept in each record's `columns`. It understands a byte-order mark and CRLF.
 *
 * A record's file is `fold{N}/{slice_file_name}`, its id the name without extension, its group the Freesound recording
 * (`fsID`) that it was cut from. Labels are sorted by `classID`. File names may be hostile, as in `parseEsc50`.
 *
 * Use the authors' ten folds as they are: siblings lie in one fold, and shuffled folds would leak.
 *
 * @param csvText - The whole file.
 * @returns The table, named `urbansound8k`; records in the file's order.
 * @throws EscError CORRUPT_DATA naming the line, if the text is not CSV or a row has too few or too many cells;
 *   INVALID_INPUT naming line and column, if a column is missing or occurs twice, a cell is bad, a file name repeats, a
 *   `classID` has two classes or a class two `classID`s, or there is no row.
 * @see J. Salamon, C. Jacoby, J. P. Bello, A Dataset and Taxonomy for Urban Sound Research, ACM MM 2014;
 *   urbansounddataset.weebly.com/urbansound8k.html.
 * @example
 * const text = await readFile('UrbanSound8K/metadata/UrbanSound8K.csv', 'utf8')
 * parseUrbanSound8k(text).records[0].filename // 'fold5/100032-3-0-0.wav'
 */
export function parseUrbanSound8k(csvText: string): Dataset {
  assertCsvText(csvText)
  const names = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, name]))
  const clips = readRows(readCsv(csvText), schema, names).map(({ line, values, columns }): TargetClip => {
    return {
      line,
      id: toId(values.slice_file_name),
      filename: `fold${values.fold}/${values.slice_file_name}`,
      fold: values.fold,
      target: values.classID,
      label: values.class,
      group: values.fsID,
      ...(columns && { columns }),
    }
  })
  assertUniqueIds(clips, 'slice_file_name', ({ filename }) => filename.replace(/^.*\//, ''))
  assertOneTarget(clips, 'class')
  return toDataset('urbansound8k', clips, labelsByTarget(clips))
}
