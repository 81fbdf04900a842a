/** Figures of scores, reliability diagrams and confused pairs. */
import { describe, expect, test } from 'vitest'
import { type FixtureOptions, makeResults } from './fixture.js'
import { all, parse, payload, rowsOf, textOf } from './parse-page.js'
import { drawReliability } from './quality.js'
import { renderReport } from './render.js'

const render = (options: FixtureOptions = {}) => parse(renderReport(makeResults(options)))

test('the table has the figures of both models', () => {
  const { test: float, int8Test } = makeResults().metrics
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  const of = (text: (figures: typeof float) => string) => [float, int8Test!].map(text)
  expect(rowsOf(render(), '#quality')).toEqual([
    ['accuracy', '83.8 %', '86.3 %'],
    [
      '95 % interval by source recording',
      ...of(({ accuracyInterval: found }) => `${percent(found!.lower)} to ${percent(found!.upper)}`),
    ],
    ['balanced accuracy', '83.8 %', '86.3 %'],
    ['top-3 accuracy', ...of(({ topK }) => percent(topK!.accuracy))],
    ['ROC-AUC, macro mean', ...of(({ rocAuc }) => rocAuc.mean!.toFixed(3))],
    ['average precision, macro mean', ...of((figures) => figures.averagePrecision.mean!.toFixed(3))],
    ['log loss (nats)', '0.410', '0.430'],
    ['Brier score', ...of(({ brier }) => brier.toFixed(3))],
    ['expected calibration error', ...of(({ ece }) => percent(ece))],
  ])
  expect(textOf(render().querySelector('#quality .note'))).toMatch(
    /^The interval draws whole source recordings, .* 1,000 resamples of 40 recordings\./,
  )
})

test('without groups the interval is by clip, and nothing points to sources', () => {
  const document = render({ groupsKnown: false })
  expect(rowsOf(document, '#quality')[1]![0]).toBe('95 % interval by clip')
  expect(textOf(document.querySelector('#quality .note'))).toMatch(/draws single clips, because no groups/)
  expect(all(document, '#summary a[href="#quality"]')).toHaveLength(0)
  expect(all(render(), '#summary a[href="#quality"]')).toHaveLength(1)
})

test('means say how many classes they cover, where a class has no test clip', () => {
  const rows = rowsOf(render({ untested: [2], int8: 'none' }), '#quality')
  expect(rows[4]![1]).toMatch(/^0\.\d{3} \(9 of 10 classes\)$/)
})

test('what is not defined is a dash, and three classes have no top 3', () => {
  const rows = rowsOf(render({ classes: 3, untested: [1, 2], int8: 'none', mistakes: false }), '#quality')
  expect(rows.map(([measure]) => measure)).not.toContain('top-3 accuracy')
  expect(rows.find(([measure]) => measure === 'ROC-AUC, macro mean')).toEqual(['ROC-AUC, macro mean', '–'])
  const results = makeResults()
  results.metrics.test.accuracyInterval = null
  expect(rowsOf(parse(renderReport(results)), '#quality')[1]![1]).toBe('–')
})

describe('the reliability diagram', () => {
  const bins = makeResults().metrics.test.reliability
  const drawn = parse(`<body>${drawReliability(bins, 'float').markup}</body>`)

  test('has a bar, a dot and a count for each bin with a clip', () => {
    const full = bins.filter(({ count }) => count > 0)
    expect(all(drawn, '[aria-label=rect] rect')).toHaveLength(full.length)
    expect(all(drawn, '[aria-label=dot] circle')).toHaveLength(full.length)
    expect(all(drawn, '[aria-label=text] text').map(textOf)).toEqual(full.map(({ count }) => `${count}`))
  })

  test('says what a bar stands for', () => {
    expect(textOf(all(drawn, '[aria-label=rect] title')[0]!)).toMatch(
      /^best score above 0\.27, at most 0\.33 3 clips, 33\.3 % right, mean score 0\.3\d\d$/,
    )
  })

  test('stands beside that of int8, or alone', () => {
    const labels = (options: FixtureOptions) =>
      all(render(options), '#quality svg').map((svg) => svg.getAttribute('aria-label'))
    expect(labels({})).toEqual([
      'Reliability diagram of the float model: accuracy against the best score, in 15 bins',
      'Reliability diagram of the int8 model: accuracy against the best score, in 15 bins',
    ])
    expect(labels({ int8: 'none' })).toHaveLength(1)
  })
})

test('the most confused pairs count both directions; without mistakes there is no table', () => {
  expect(rowsOf(render(), '#confusion')[0]).toEqual(['chainsaw', 'sea_waves', '3', '2'])
  expect(all(render({ mistakes: false, int8: 'none' }), '#confusion table')).toHaveLength(0)
  const labels = ['dog', 'rain', 'wind'].map((label) => label + payload)
  const [first] = rowsOf(render({ labels }), '#confusion')
  expect(first!.slice(0, 2).every((label) => label.endsWith(payload))).toBe(true)
})
