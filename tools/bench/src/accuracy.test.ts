import { expect, test } from 'vitest'
import { formatAccuracyRows } from './accuracy.js'

test('the table has means, and the mean difference with its standard error', () => {
  const lines = formatAccuracyRows([
    { case: 'both', ours: [0.5, 0.7, 0.6], peer: [0.4, 0.7, 0.7] },
    { case: 'ours alone', ours: [0.5, 0.75], peer: null },
  ]).split('\n')
  // Differences 0.1, 0 and -0.1: deviation 0.1, error 0.1 / √3.
  expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
    ['case', 'ours %', 'PyTorch %', 'difference'],
    ['both', '60.0', '60.0', '0.0 ± 5.8'],
    ['ours alone', '62.5', 'did not run', '–'],
  ])
})
