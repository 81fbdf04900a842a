/** The plots as SVG: their size, labels and marks. */
import { expect, test } from 'vitest'
import { drawConfusion, fitsBeside } from './confusion.js'
import { drawClassCounts, drawCurve, drawDurations, drawSpreads } from './figures.js'
import { makeResults } from './fixture.js'
import type { Html } from './html.js'
import { parse as parsePage } from './parse-page.js'

const parse = ({ markup }: Html) => parsePage(`<html><body>${markup}</body></html>`)
const numbers = (elements: ArrayLike<Element>, attribute: string) =>
  Array.from(elements, (element) => Number(element.getAttribute(attribute)))

test('bars are as long as the counts, on one scale for all figures', () => {
  const labels = ['dog', 'rain', 'wind']
  const bars = (indices: number[]) =>
    parse(drawClassCounts(labels, [40, 10, 20], indices)).querySelectorAll('rect')
  const [first, second] = [numbers(bars([0, 1]), 'width'), numbers(bars([2]), 'width')]
  expect(first[1]! / first[0]!).toBeCloseTo(10 / 40, 6)
  expect(second[0]! / first[0]!).toBeCloseTo(20 / 40, 6)
})

test('the histogram counts every clip, also the shortest and the longest', () => {
  const heights = numbers(parse(drawDurations([4.6, 5, 5, 5.0001, 5.4])).querySelectorAll('rect'), 'height')
  expect(heights.map((height) => height / heights[0]!)).toEqual([1, 3, 1].map((n) => expect.closeTo(n, 6)))
})

test('spreads stand on one scale in all figures, a class without clips keeps its line', () => {
  const spreads = [
    { p5: -40, p25: -30, p50: -20, p75: -10, p95: 0 },
    null,
    { p5: -30, p25: -30, p50: -30, p75: -30, p95: -30 },
  ]
  const medians = (indices: number[]) => {
    const { length } = indices
    const document = parse(drawSpreads(['dog', 'rain', 'wind'], spreads, indices, 'level (dB)'))
    expect(document.querySelectorAll('[aria-label="y-axis tick label"] text')).toHaveLength(length)
    return numbers(document.querySelectorAll('circle'), 'cx')
  }
  const [dog, wind] = medians([0, 1, 2])
  expect(dog! - wind!).toBeGreaterThan(20)
  expect(medians([2])).toEqual([wind])
})

test('clips of one length make one bar that can be seen', () => {
  const rects = parse(drawDurations([5.001, 5.001, 5.001])).querySelectorAll('rect')
  expect(rects).toHaveLength(1)
  expect(numbers(rects, 'width')[0]).toBeGreaterThan(5)
  expect(numbers(rects, 'height')[0]).toBeGreaterThan(100)
})

test('the confusion matrix shows the count of every cell that has one, in its place', () => {
  const confusion = [
    [7, 1, 0],
    [0, 0, 0],
    [2, 0, 1234],
  ]
  const document = parse(drawConfusion(confusion, ['a', 'b', 'c'], { model: 'int8', isBeside: false }))
  expect(document.querySelector('svg')!.getAttribute('aria-label')).toContain('of the int8 model')
  const texts = Array.from(document.querySelectorAll('[aria-label=text] text'))
  expect(texts.map((text) => text.textContent)).toEqual(['7', '1', '2', '1,234'])
  const places = texts.map((text) => /translate\(([\d.]+),([\d.]+)\)/.exec(text.getAttribute('transform')!)!)
  const [x, y] = [places.map((place) => Number(place[1])), places.map((place) => Number(place[2]))]
  // True class downwards, predicted class to the right.
  expect([x[2], y[1], y[3]]).toEqual([x[0], y[0], y[2]])
  expect(x[1]).toBeGreaterThan(x[0]!)
  expect(y[2]).toBeGreaterThan(y[0]!)
})

test('two matrices share the width of a page where their cells can be read', () => {
  const labels = Array.from({ length: 30 }, (_, i) => `a class of ${i} or more words`)
  const widthOf = (classes: number) => {
    const names = labels.slice(0, classes)
    const confusion = names.map(() => names.map(() => 12))
    const drawn = parse(drawConfusion(confusion, names, { model: 'float', isBeside: fitsBeside(names) }))
    return Number(drawn.querySelector('svg')!.getAttribute('width'))
  }
  expect([2, 10, 11, 30].map((classes) => fitsBeside(labels.slice(0, classes)))).toEqual([
    true,
    true,
    false,
    false,
  ])
  expect(widthOf(10)).toBeLessThanOrEqual(448)
  expect(widthOf(11)).toBeGreaterThan(600)
})

test.each([
  [3, 1234],
  [20, 1234],
  [50, 8],
  [50, 400],
])('numbers in a matrix of %i classes are small enough for %i clips', (classes, clips) => {
  const labels = Array.from({ length: classes }, (_, i) => `c${i}`)
  const confusion = labels.map((_true, t) => labels.map((_predicted, p) => (t === p ? clips : 0)))
  const document = parse(drawConfusion(confusion, labels, { model: 'float', isBeside: false }))
  const cells = numbers(document.querySelectorAll('[aria-label=cell] rect'), 'width')
  const fontSize = Number(document.querySelector('[aria-label=text]')!.getAttribute('font-size'))
  expect(fontSize).toBeLessThanOrEqual(12)
  // A digit is about 0.6 of the font's size wide.
  expect(fontSize * 0.6 * clips.toLocaleString('en').length).toBeLessThan(Math.min(...cells))
})

test('curves: training is dashed, and validation is drawn only where it was measured', () => {
  const strokes = (validated: boolean) => {
    const { history } = makeResults({ epochs: 5, validated })
    const curve = {
      name: 'loss' as const,
      train: (record: (typeof history)[number]) => record.trainLoss,
      validation: (record: (typeof history)[number]) => record.validationLoss,
    }
    const lines = parse(drawCurve(history, 3, curve)).querySelectorAll('[aria-label=line]')
    return Array.from(lines, (line) => [line.getAttribute('stroke'), line.getAttribute('stroke-dasharray')])
  }
  const training = ['var(--orange)', '6,4']
  expect(strokes(true)).toEqual([training, ['var(--blue)', null]])
  expect(strokes(false)).toEqual([training])
})
