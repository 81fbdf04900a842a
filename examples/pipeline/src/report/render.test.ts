/** The whole page: its sections, its figures, and strings that could break it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FixtureOptions, makeResults } from './fixture.js'
import { all, parse, payload, rowsOf, textOf } from './parse-page.js'
import { renderReport } from './render.js'

const sections = 'summary data features split training confusion classes quality mistakes models run'.split(
  ' ',
)

/** Every string in `value`, replaced; keys stay. */
function mapStrings<T>(value: T, change: (text: string) => string): T {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) =>
    typeof part === 'string' ? change(part) : part,
  ) as T
}

/** The same with `NaN` for every number. */
function withoutNumbers<T>(value: T): T {
  if (typeof value === 'number') return Number.NaN as T
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutNumbers) as T
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutNumbers(part)])) as T
}

describe('a report', () => {
  const page = renderReport(makeResults())
  const document = parse(page)

  test('has every section, and links that lead to them', () => {
    expect(all(document, 'main > section').map((section) => section.id)).toEqual(sections)
    expect(all(document, 'nav a').map((link) => link.getAttribute('href'))).toEqual(
      sections.map((id) => `#${id}`),
    )
    expect(all(document, 'h1')).toHaveLength(1)
    expect(all(document, 'main > section > h2')).toHaveLength(sections.length)
    const ids = all(document, '[id]').map((element) => element.id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('stands alone: no script, no request', () => {
    expect(page).not.toMatch(/<script|https?:\/\/|url\(|@import|\ssrc=|\son\w+=/i)
    expect(all(document, 'script, link, img, iframe, object, embed, base, form')).toHaveLength(0)
    expect(page).toContain("default-src 'none'")
  })

  test('can be read without seeing it', () => {
    expect(document.documentElement.getAttribute('lang')).toBe('en')
    for (const figure of all(document, 'figure')) {
      expect(figure.querySelector('svg')?.getAttribute('role')).toBe('img')
      expect(figure.querySelector('svg')?.getAttribute('aria-label')).toMatch(/^\w.{10,}/)
      expect(textOf(figure.querySelector('figcaption'))).not.toBe('')
    }
    expect(all(document, 'figure')).toHaveLength(10)
    expect(all(document, 'th:not([scope])')).toHaveLength(0)
    expect(all(document, 'table').every((table) => textOf(table.querySelector('caption')) !== '')).toBe(true)
  })

  test('leads with the figures', () => {
    expect(all(document, '.value').map(textOf)).toEqual([
      '83.8 % float (74.2 % to 90.3 %)',
      '86.3 % int8 (77.0 % to 92.1 %)',
      '71.3 % linear probe, the bar to beat (60.5 % to 80.0 %)',
      '0.836 float',
      '0.860 int8',
      '184 kB float',
      '58.9 kB int8',
      '0.221 ms float',
      '0.352 ms int8',
      '0 of 80',
    ])
  })

  test('lists scores, models and findings in full', () => {
    const rows = (id: string) => rowsOf(document, `#${id}`)
    expect(rows('classes')[2]).toEqual(['sea_waves', '0.667', '0.750', '0.706', '8'])
    expect(rows('classes')).toHaveLength(10)
    expect(rows('models')).toEqual([
      ['file', 'model.onnx', 'model.int8.onnx'],
      ['bytes', '184,321', '58,904'],
      ['size', '184 kB', '58.9 kB'],
      ['size relative to float', '100.0 %', '32.0 %'],
      ['accuracy', '83.8 %', '86.3 %'],
      ['macro F1', '0.836', '0.860'],
      ['latency, median', '0.221 ms', '0.352 ms'],
      ['latency, 95th percentile', '0.313 ms', '0.440 ms'],
      ['same class as float', '–', '95.0 %'],
      ['largest logit difference from float', '–', '0.41'],
      ['mean logit difference from float', '–', '0.0523'],
      ['largest logit error of the export', '2.9e-6', '–'],
    ])
    // The worst first.
    expect(rows('data').map(([first]) => first)).toEqual([
      ...['error', 'warning', 'warning', 'info'],
      ...['duration', 'sample rate', 'channels', 'stored as', 'level', 'effective bandwidth', 'silence'],
      ...['exact copies', 'near copies'],
      'clip-5-1',
      '1-100032-A-0.wav',
    ])
    expect(rows('mistakes')).toHaveLength(14)
    expect(rows('mistakes')[0]).toEqual([
      ...['5-202664-A-9', 'crackling_fire', 'rooster', '0.978', 'rooster', '0.968'],
    ])
    expect(rows('data').find(([first]) => first === 'clip-5-1')).toEqual([
      'clip-5-1',
      'clip-5-9',
      '0.64 s',
      '3.94 s',
      '13.3 %',
    ])
  })

  test('is the same for the same results', () => {
    expect(renderReport(makeResults())).toBe(page)
  })
})

test('strings from outside change the text, never the structure', () => {
  const clean = makeResults()
  const metrics = { ...mapStrings(clean.metrics, (text) => text + payload), recipe: clean.metrics.recipe }
  const page = renderReport({ ...clean, metrics })
  const tags = (markup: string) => all(parse(markup), '*').map((element) => element.tagName)
  expect(tags(page)).toEqual(tags(renderReport(clean)))
  expect(page).not.toMatch(/<script|<img/i)
  const document = parse(page)
  expect(document.querySelector('h1')?.textContent).toBe(`ESC-10${payload}`)
  expect(all(document, '#classes tbody th').map(({ textContent }) => textContent)).toEqual(
    metrics.dataset.labels,
  )
  expect(all(document, '#confusion title')[0]?.textContent).toContain(payload)
  const [first] = rowsOf(document, '#mistakes')
  expect(first!.filter((cell) => cell.endsWith(payload))).toHaveLength(4)
})

test('a class without a test clip has dashes, a note, and an empty row in the matrix', () => {
  const document = parse(renderReport(makeResults({ untested: [2] })))
  const row = all(document, '#classes tbody tr')[2]!
  expect(Array.from(row.children, textOf)).toEqual(['sea_waves', '–', '–', '–', '0'])
  expect(textOf(document.querySelector('#classes .warning'))).toMatch(/count as 0 in the macro average/)
  expect(textOf(document.querySelector('#summary'))).toContain(
    '1 class without a test clip: each counts as 0.',
  )
})

test('fifty classes: two figures of each kind, every label whole in a table', () => {
  const results = makeResults({ classes: 50 })
  const document = parse(renderReport(results))
  expect(all(document, '#data figure')).toHaveLength(7)
  expect(all(document, '#classes tbody th').map(textOf)).toEqual(results.metrics.dataset.labels)
})

test('long labels with one beginning stay two classes', () => {
  const labels = [`${'x'.repeat(80)}a`, `${'x'.repeat(80)}b`]
  const document = parse(renderReport(makeResults({ labels })))
  expect(all(document, '#data figure')[0]!.querySelectorAll('rect')).toHaveLength(2)
  expect(all(document, '#classes tbody th').map(textOf)).toEqual(labels)
})

describe('never shows what is not a number', () => {
  const bad = /NaN|undefined|Infinity|\[object/

  test('whatever the run was like', () => {
    const options = fc.record({
      classes: fc.integer({ min: 2, max: 8 }),
      untested: fc.subarray([1, 2, 3]),
      synthetic: fc.boolean(),
      epochs: fc.integer({ min: 0, max: 3 }),
      validated: fc.boolean(),
      int8: fc.constantFrom('differs', 'equal', 'none'),
      mistakes: fc.boolean(),
      groupsKnown: fc.boolean(),
    }) satisfies fc.Arbitrary<FixtureOptions>
    const check = (given: FixtureOptions) => {
      expect(bad.exec(renderReport(makeResults(given)))).toBeNull()
    }
    fc.assert(fc.property(options, check), { numRuns: 15 })
  })

  test('where nothing was measured', () => {
    const { metrics, history } = makeResults({ epochs: 3 })
    const { test: scores, float, int8, parity, times, training } = metrics
    const unmeasured = {
      ...metrics,
      test: { ...withoutNumbers(scores), perClass: scores.perClass, confusion: scores.confusion },
      int8Test: metrics.int8Test && { ...metrics.int8Test, loss: Number.NaN },
      predictions: metrics.predictions.map((prediction) => ({
        ...prediction,
        float: { ...prediction.float, score: Number.NaN },
        int8: { label: 'wind', score: Number.NaN },
      })),
      options: { ...metrics.options, learningRate: Number.NaN, weightDecay: Number.NaN },
      windows: withoutNumbers(metrics.windows),
      linearProbe: withoutNumbers(metrics.linearProbe),
      float: withoutNumbers(float),
      int8: withoutNumbers(int8),
      parity: withoutNumbers(parity),
      times: withoutNumbers(times),
      training: { ...withoutNumbers(training), epochs: 3, bestEpoch: 1 },
    }
    const lost = history.map((record) => ({ ...withoutNumbers(record), epoch: record.epoch }))
    expect(bad.exec(renderReport({ metrics: unmeasured, history: lost, clips: [] }))).toBeNull()
  })

  test('with nothing found and nothing skipped', () => {
    const results = makeResults()
    results.metrics.dataset.skipped = []
    results.metrics.audit.findings = []
    expect(textOf(parse(renderReport(results)).querySelector('#data'))).toContain(
      'The audit found no problem in the table, the clips or the split.',
    )
  })
})
