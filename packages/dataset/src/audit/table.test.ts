import { describe, expect, test } from 'vitest'
import type { ClipRecord, Dataset } from '../record.js'
import { auditTable } from './table.js'

function datasetOf(...rows: [id: string, label: string, fold: number | null, group: string][]): Dataset {
  const labels = ['dog', 'rain', 'saw']
  const records = rows.map(
    ([id, label, fold, group]): ClipRecord => ({
      id,
      filename: `${id}.wav`,
      fold,
      labelIndex: labels.indexOf(label),
      label,
      group,
    }),
  )
  return { name: 'test', labels, records, synthetic: false }
}

describe('auditTable', () => {
  test('counts classes, folds and sources, and finds what is wrong with them', () => {
    const audit = auditTable(
      datasetOf(
        ['a', 'dog', 2, 's1'],
        ['b', 'dog', 1, 's1'],
        ['c', 'dog', 1, 's2'],
        ['c', 'rain', 1, 's3'],
        ['e', 'rain', 1, 's3'],
        ['f', 'saw', null, 's4'],
      ),
    )
    expect(audit).toMatchObject({
      clips: 6,
      classes: [
        { label: 'dog', clips: 3 },
        { label: 'rain', clips: 2 },
        { label: 'saw', clips: 1 },
      ],
      folds: [
        { fold: 1, clips: 4 },
        { fold: 2, clips: 1 },
      ],
      sources: 4,
      groupsKnown: true,
      clipsSharingSource: 4,
      crossingSources: [{ group: 's1', folds: [1, 2], ids: ['a', 'b'] }],
    })
    expect(audit.findings.map(({ severity, code, ids }) => [severity, code, ids])).toEqual([
      ['error', 'DUPLICATE_NAME', ['c']],
      ['warning', 'SOURCE_CROSSES_FOLDS', ['a', 'b']],
      ['warning', 'SMALL_CLASS', ['f']],
      ['warning', 'CLASS_IMBALANCE', []],
      ['warning', 'FOLD_IMBALANCE', []],
      ['info', 'SHARED_SOURCE', ['a', 'b', 'c', 'e']],
    ])
    expect(JSON.parse(JSON.stringify(audit))).toEqual(audit)
  })

  test('has nothing to say about a balanced table without siblings', () => {
    const audit = auditTable(
      datasetOf(
        ['a', 'dog', 1, '1'],
        ['b', 'dog', 2, '2'],
        ['c', 'rain', 1, '3'],
        ['d', 'rain', 2, '4'],
        ['e', 'saw', 1, '5'],
        ['f', 'saw', 2, '6'],
      ),
    )
    expect(audit.findings).toEqual([])
    expect(audit.crossingSources).toEqual([])
    // It looks the same as a table without groups.
    expect(audit.groupsKnown).toBe(false)
  })

  test('names all classes of no clip in one finding, and all of one clip in another', () => {
    const { findings } = auditTable(datasetOf(['a', 'dog', 1, '1'], ['b', 'dog', 1, '2']))
    expect(findings.map(({ code, message }) => [code, message])).toEqual([
      ['EMPTY_CLASS', 'classes without a clip, which can be neither learned nor tested: rain; saw'],
      ['CLASS_IMBALANCE', 'class dog has 2 clips, class rain only 0'],
    ])
    const small = auditTable(datasetOf(['a', 'dog', 1, '1'], ['a', 'rain', 1, '2'])).findings
    expect(small.map(({ code, message, ids }) => [code, message, ids])).toContainEqual([
      'SMALL_CLASS',
      'classes of one clip, which cannot be both learned and tested: dog; rain',
      ['a', 'a'],
    ])
  })
})
