/** The list of misclassified clips. */
import { expect, test } from 'vitest'
import type { TestPrediction } from '../results.js'
import { makeResults } from './fixture.js'
import { findMistakes, renderMistakes } from './mistakes.js'
import { all, parse, payload, rowsOf, textOf } from './parse-page.js'

/** The section, for predictions given as `truth float score int8 score`, named a, b, c, … */
function render(lines: readonly string[], change: (text: string) => string = (text) => text) {
  const { metrics } = makeResults()
  const predictions = lines.map((line, i): TestPrediction => {
    const [label, float, floatScore, int8, int8Score] = line.split(' ')
    return {
      clipId: change(String.fromCodePoint(97 + i)),
      label: change(label!),
      float: { label: change(float!), score: Number(floatScore) },
      int8: int8 === undefined ? null : { label: change(int8), score: Number(int8Score) },
    }
  })
  const hasInt8 = predictions.some(({ int8 }) => int8 !== null)
  const { markup } = renderMistakes({ ...metrics, predictions, int8: hasInt8 ? metrics.int8 : null })
  return { document: parse(`<body>${markup}</body>`), markup }
}

const bold = (root: ParentNode) => all(root, 'tbody b').map(textOf)

test('lists what float gets wrong and what only int8 gets wrong, the most confident mistake first', () => {
  const { document } = render([
    'dog dog 0.9 dog 0.8',
    'dog rain 0.5 rain 0.99',
    // Only int8 is wrong: its score counts, not the higher one of float's right answer.
    'rain rain 0.97 dog 0.6',
    'wind dog 0.75 wind 0.7',
  ])
  expect(all(document, 'thead th').map(textOf)).toEqual([
    'clip',
    'true class',
    'float says',
    'float score',
    'int8 says',
    'int8 score',
  ])
  expect(rowsOf(document, 'table')).toEqual([
    ['d', 'wind', 'dog', '0.750', 'wind', '0.700'],
    ['c', 'rain', 'rain', '0.970', 'dog', '0.600'],
    ['b', 'dog', 'rain', '0.500', 'rain', '0.990'],
  ])
  expect(bold(document)).toEqual(['dog', 'dog', 'rain', 'rain'])
  expect(textOf(document.querySelector('p'))).toBe(
    'Of 4 test clips, float gets 2 wrong and int8 gets 2 wrong. Both are wrong on 1 clip.',
  )
  expect(textOf(document.querySelector('caption'))).toMatch(/^3 misclassified clips\. Wrong answers are bold/)
})

test('without an int8 model the list is of float alone', () => {
  const { document } = render(['dog dog 0.9', 'dog rain 0.5', 'rain dog 0.6'])
  expect(rowsOf(document, 'table')).toEqual([
    ['c', 'rain', 'dog', '0.600'],
    ['b', 'dog', 'rain', '0.500'],
  ])
  expect(all(document, 'thead th')).toHaveLength(4)
  expect(textOf(document.querySelector('p'))).toBe('The float model gets 2 of 3 test clips wrong.')
  expect(textOf(document.body)).not.toContain('int8')
})

test('without a mistake there is a sentence and no table', () => {
  const sentence = (lines: string[]) => {
    const { document } = render(lines)
    expect(all(document, 'table')).toHaveLength(0)
    return textOf(document.querySelector('p'))
  }
  expect(sentence(['dog dog 0.9 dog 0.8'])).toBe('Float and int8 find the right class for every test clip.')
  expect(sentence(['dog dog 0.9'])).toBe('The float model finds the right class for every test clip.')
})

test('a list of more than 50 is cut after the most confident 50, and says how many there are', () => {
  const lines = (total: number) => Array.from({ length: total }, (_, i) => `dog rain 0.${100 + i} dog 0.5`)
  const captions = [50, 51].map((total) => {
    const { document } = render(lines(total))
    const rows = rowsOf(document, 'table')
    expect(rows).toHaveLength(50)
    expect(rows[0]![3]).toBe(`0.${100 + total - 1}`)
    expect(rows[49]![3]).toBe(`0.${100 + total - 50}`)
    return textOf(document.querySelector('caption'))
  })
  expect(captions[0]).toMatch(/^50 misclassified clips\. /)
  expect(captions[1]).toMatch(/^51 misclassified clips; the table shows the first 50\. /)
})

test('the order holds for equal scores, and scores that are not numbers come last, as dashes', () => {
  const { document, markup } = render([
    'dog a NaN b NaN',
    'dog b 0.5 c 0.5',
    'dog c 0.5 d 0.5',
    'dog d 0.7 e 1',
  ])
  expect(rowsOf(document, 'table').map(([clip, , , score]) => [clip, score])).toEqual([
    ['d', '0.700'],
    ['b', '0.500'],
    ['c', '0.500'],
    ['a', '–'],
  ])
  expect(markup).not.toContain('NaN')
})

test('the list of a run is that of its confusion matrices', () => {
  const { metrics } = makeResults()
  const mistakes = findMistakes(metrics.predictions)
  const offDiagonal = metrics.test.confusion.flatMap((row, t) => row.filter((_, p) => t !== p))
  const float = mistakes.filter(({ label, float }) => float.label !== label)
  expect(float).toHaveLength(offDiagonal.reduce((sum, clips) => sum + clips, 0))
  expect(mistakes).toHaveLength(14)
})

test('strings from outside are text', () => {
  const lines = ['dog rain 0.5 wind 0.6', 'dog dog 0.5 rain 0.4']
  const clean = render(lines)
  const hostile = render(lines, (text) => text + payload)
  const tags = (document: Document) => all(document, '*').map(({ tagName }) => tagName)
  expect(tags(hostile.document)).toEqual(tags(clean.document))
  expect(hostile.markup).not.toMatch(/<script|<img/i)
  expect(all(hostile.document, 'tbody th').map(({ textContent }) => textContent)).toEqual([
    `a${payload}`,
    `b${payload}`,
  ])
  expect(bold(hostile.document)).toEqual(['rain', 'wind', 'rain'].map((label) => label + payload))
})

test('synthetic clips are called so', () => {
  const { metrics } = makeResults({ synthetic: true })
  const document = parse(`<body>${renderMistakes(metrics).markup}</body>`)
  expect(textOf(document.querySelector('p .mark'))).toBe('synthetic')
})
