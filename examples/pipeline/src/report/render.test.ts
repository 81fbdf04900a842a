import fc from 'fast-check'
import { parseHTML } from 'linkedom'
import { describe, expect, test } from 'vitest'
import { parseOptions } from '../options.js'
import { describeRecipe } from './features.js'
import { type FixtureOptions, makeResults } from './fixture.js'
import { html } from './html.js'
import { commandWords } from './provenance.js'
import { renderReport } from './render.js'

const sections = ['summary', 'data', 'features', 'split', 'training', 'confusion', 'classes', 'models', 'run']
const payload = `<script>alert("1")</script><img src=x onerror='alert(2)'>&amp;`

const parse = (page: string) => parseHTML(page).document
const textOf = (element: Element | null) => (element?.textContent ?? '').replaceAll(/[\s\u00a0]+/g, ' ')
const all = (root: ParentNode, selector: string) => Array.from(root.querySelectorAll(selector))

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
    expect(all(document, 'figure')).toHaveLength(7)
    expect(all(document, 'th:not([scope])')).toHaveLength(0)
    expect(all(document, 'table').every((table) => textOf(table.querySelector('caption')) !== '')).toBe(true)
  })

  test('leads with the figures', () => {
    expect(all(document, '.value').map(textOf)).toEqual([
      '83.8 % float (74.2 % to 90.3 %)',
      '86.3 % int8 (77.0 % to 92.1 %)',
      '0.836 float',
      '0.857 int8',
      '184 kB float',
      '58.9 kB int8',
      '0.221 ms float',
      '0.352 ms int8',
      '0 of 80',
    ])
  })

  test('lists scores, models and findings in full', () => {
    const rows = (id: string) =>
      all(document, `#${id} tbody tr`).map((row) => Array.from(row.children, (cell) => textOf(cell).trim()))
    expect(rows('classes')[2]).toEqual(['sea_waves', '0.667', '0.750', '0.706', '8'])
    expect(rows('classes')).toHaveLength(10)
    expect(rows('models')).toEqual([
      ['file', 'model.onnx', 'model.int8.onnx'],
      ['bytes', '184,321', '58,904'],
      ['size', '184 kB', '58.9 kB'],
      ['size relative to float', '100.0 %', '32.0 %'],
      ['accuracy', '83.8 %', '86.3 %'],
      ['macro F1', '0.836', '0.857'],
      ['latency, median', '0.221 ms', '0.352 ms'],
      ['latency, 95th percentile', '0.313 ms', '0.440 ms'],
      ['same class as float', '–', '98.8 %'],
      ['largest logit difference to float', '–', '0.41'],
      ['mean logit difference to float', '–', '0.0523'],
      ['largest logit error of the export', '2.9e-6', '–'],
    ])
    // The worst first.
    expect(rows('data').map(([first]) => first)).toEqual([
      ...['error', 'warning', 'info'],
      ...['duration', 'sample rate', 'channels', 'level', 'effective bandwidth', 'silence'],
      ...['exact copies', 'near copies'],
      'clip-5-1',
      '1-100032-A-0.wav',
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
})

describe('synthetic clips', () => {
  test('are announced at the top and beside every headline figure', () => {
    const document = parse(renderReport(makeResults({ synthetic: true })))
    expect(textOf(document.querySelector('header .banner'))).toMatch(
      /synthesised by a program.*nothing about real sound/,
    )
    const values = all(document, '.value')
    expect(values).toHaveLength(9)
    expect(values.map((value) => textOf(value.querySelector('.mark')))).toEqual(values.map(() => 'synthetic'))
  })

  test('are not spoken of where there are none', () => {
    expect(renderReport(makeResults()).replace(/<style>.*<\/style>/s, '')).not.toMatch(
      /synthe|class="mark"|banner/,
    )
  })
})

test('leaked test clips are a warning that says what it means', () => {
  const results = makeResults()
  results.metrics.split.leakedTestClips = 7
  const document = parse(renderReport(results))
  expect(textOf(document.querySelector('header .banner'))).toMatch(
    /^Leaking split\. 7 of 80 test clips were cut from/,
  )
  expect(all(document, '#summary .warning, #split .warning')).toHaveLength(2)
})

test('copies of training clips among the test clips are a warning, though no source leaks', () => {
  const results = makeResults()
  results.metrics.audit.split!.copiedTestClips = 2
  const document = parse(renderReport(results))
  expect(all(document, '#split .warning').map(textOf)).toEqual(['2 copied test clips'])
})

test('a class without a test clip has dashes, a note, and an empty row in the matrix', () => {
  const document = parse(renderReport(makeResults({ untested: [2] })))
  const row = all(document, '#classes tbody tr')[2]!
  expect(Array.from(row.children, textOf)).toEqual(['sea_waves', '–', '–', '–', '0'])
  expect(textOf(document.querySelector('#classes .warning'))).toMatch(/count as 0 in the macro average/)
  expect(textOf(document.querySelector('#summary'))).toContain('1 class without a test clip: counted as 0.')
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
    })
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
    expect(textOf(parse(renderReport(results)).querySelector('#data'))).toMatch(/audit .* found nothing/)
  })
})

test('the recipe in words', () => {
  const { recipe } = makeResults().metrics
  expect(describeRecipe(recipe).map((step) => step.replaceAll('\u00a0', ' '))).toEqual([
    'Mix to mono and resample to 22,050 Hz.',
    'Scale the samples so that the peak is 1.',
    'Pad with zeros at the end, or cut, to 5 s.',
    'Short-time Fourier transform: nFft 2,048 (92.9 ms), hop 512 (23.2 ms), hann window of 2,048, frames centred, constant padding.',
    '128 mel bands of the power spectrum, 0 Hz to 11,025 Hz, Slaney scale, Slaney normalisation.',
    "Decibels relative to the clip's maximum, floored 80 dB below the peak.",
    '13 cepstral coefficients: DCT type 2, orthonormal, no lifter.',
  ])
})

describe('the command', () => {
  test('repeats the run, whatever the folder is called', () => {
    const { metrics } = makeResults()
    const data = `it's; rm -rf "$HOME"`
    expect(commandWords({ ...metrics, options: { ...metrics.options, data } })).toEqual([
      'npm start --',
      `--data 'it'\\''s; rm -rf "$HOME"'`,
      '--subset esc10',
      '--model audio-cnn',
      '--split folds',
      '--test-fold 5',
      '--val-fold 4',
      '--epochs 30',
      '--seed 42',
      '--skip-bad',
    ])
  })

  test.each([true, false])('has flags that the program takes (synthetic: %s)', (synthetic) => {
    const { metrics } = makeResults({ synthetic })
    const [, ...words] = commandWords(metrics)
    const { subset, model, split, epochs, seed } = metrics.options
    expect(parseOptions(words.join(' ').split(' '), '/data')).toMatchObject({
      data: synthetic ? null : '/data/ESC-50',
      subset,
      model,
      split,
      epochs,
      seed,
      testFold: metrics.split.testFold,
      validationFold: metrics.split.validationFold,
      skipBad: true,
    })
  })
})

test('html escapes for text and attributes, and leaves its own markup alone', () => {
  const inner = html`<b>${'<&>"\''}</b>`
  expect(html`<p title="${'"'}">${inner}${[inner]}${null}${3}</p>`.markup).toBe(
    '<p title="&quot;"><b>&lt;&amp;&gt;&quot;&#39;</b><b>&lt;&amp;&gt;&quot;&#39;</b>3</p>',
  )
})
