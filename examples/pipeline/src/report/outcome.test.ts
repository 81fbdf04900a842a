/** Confusion matrices, scores of classes, and the comparison of models. */
import { describe, expect, test } from 'vitest'
import { type FixtureOptions, makeResults } from './fixture.js'
import { all, parse, payload, rowsOf, textOf } from './parse-page.js'
import { renderReport } from './render.js'

const render = (options: FixtureOptions = {}) => parse(renderReport(makeResults(options)))

describe('the confusion matrices', () => {
  const cells = (figure: Element) => all(figure, '[aria-label=text] text').map(textOf)

  test('of float and int8 stand side by side, each with a caption', () => {
    const document = render()
    const figures = all(document, '#confusion .pair > figure')
    const captions = figures.map((figure) => textOf(figure.querySelector('figcaption')))
    expect(captions[0]).toMatch(
      /^Float model, test clips\. Most frequent confusions: crying_baby taken for dog/,
    )
    expect(captions[1]).toMatch(
      /^Int8 model, test clips\. Most frequent confusions: crying_baby taken for dog/,
    )
    expect(figures.map((figure) => figure.querySelector('svg')!.getAttribute('aria-label'))).toEqual([
      expect.stringContaining('of the float model'),
      expect.stringContaining('of the int8 model'),
    ])
    const { test: scores, int8Test } = makeResults().metrics
    const counts = [scores, int8Test!].map(({ confusion }) => confusion.flat().filter((clips) => clips > 0))
    expect(figures.map(cells)).toEqual(counts.map((clips) => clips.map(String)))
    expect(cells(figures[0]!)).not.toEqual(cells(figures[1]!))
  })

  test('of many classes stand one below the other', () => {
    const document = render({ classes: 50 })
    expect(all(document, '.pair')).toHaveLength(0)
    expect(all(document, '#confusion > figure')).toHaveLength(2)
  })

  test('that are equal are shown once, and said to be equal', () => {
    const figures = all(render({ int8: 'equal' }), '#confusion figure')
    expect(figures).toHaveLength(1)
    expect(textOf(figures[0]!.querySelector('figcaption'))).toMatch(
      /^Float model, test clips\. The int8 model has the same matrix\. Most/,
    )
  })

  test('of float stands alone where there is no int8 model', () => {
    const document = render({ int8: 'none' })
    expect(all(document, '#confusion figure')).toHaveLength(1)
    expect(textOf(document.querySelector('#confusion'))).not.toContain('nt8')
  })

  test('say so where no clip is in a wrong cell', () => {
    expect(textOf(render({ mistakes: false, int8: 'none' }).querySelector('#confusion figcaption'))).toMatch(
      /No clip was taken for another class\.$/,
    )
  })

  test('escape labels from outside, also those of int8', () => {
    const labels = ['dog', 'rain', 'wind'].map((label) => label + payload)
    const page = renderReport(makeResults({ labels }))
    expect(page).not.toMatch(/<script|<img/i)
    const titles = all(parse(page), '#confusion figure:last-of-type title')
    expect(titles.map(({ textContent }) => textContent)).toContainEqual(expect.stringContaining(payload))
  })
})

describe('without an int8 model', () => {
  const document = render({ int8: 'none' })

  test('headlines are of float alone', () => {
    expect(all(document, '.value').map(textOf)).toEqual([
      '83.8 % float (74.2 % to 90.3 %)',
      '71.3 % linear probe, the bar to beat (60.5 % to 80.0 %)',
      '0.836 float',
      '184 kB float',
      '0.221 ms float',
      '0 of 80',
    ])
    expect(textOf(document.querySelector('#summary'))).toContain('No int8 model was made (--no-int8).')
  })

  test('the last table has one model, and the section a name that fits', () => {
    expect(rowsOf(document, '#models')).toEqual([
      ['file', 'model.onnx'],
      ['bytes', '184,321'],
      ['size', '184 kB'],
      ['accuracy', '83.8 %'],
      ['macro F1', '0.836'],
      ['latency, median', '0.221 ms'],
      ['latency, 95th percentile', '0.313 ms'],
      ['largest logit error of the export', '2.9e-6'],
    ])
    expect(textOf(document.querySelector('#models-title'))).toBe('The model file')
    expect(textOf(document.querySelector('nav a[href="#models"]'))).toBe('The model file')
    expect(textOf(document.querySelector('#models .note'))).toMatch(
      /No int8 model was made.*200 runs of float\./,
    )
  })
})
