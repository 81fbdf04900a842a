/** Banners and tiles at the top of the page. */
import { describe, expect, test } from 'vitest'
import { makeResults } from './fixture.js'
import { all, parse, payload, textOf } from './parse-page.js'
import { renderReport } from './render.js'

describe('synthetic clips', () => {
  test('are announced at the top and beside every headline figure', () => {
    const document = parse(renderReport(makeResults({ synthetic: true })))
    expect(textOf(document.querySelector('header .banner'))).toMatch(
      /A program made these clips.*nothing about real sound/,
    )
    const values = all(document, '.value')
    expect(values).toHaveLength(10)
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
    /^Leaking split\. 7 of 80 test clips come from/,
  )
  expect(all(document, '#summary .warning, #split .warning')).toHaveLength(2)
})

describe('groups that are not known', () => {
  const page = renderReport(makeResults({ groupsKnown: false }))
  const document = parse(page)

  test('are named in the tile and the split, never as 0 leaks, and there is no banner', () => {
    const tile = textOf(all(document, '.tiles > div').at(-1)!)
    expect(tile).toBe(
      'Leaked test clipsnot known No groups are known, so a leak cannot be seen. --group names the groups.',
    )
    const split = textOf(document.querySelector('#split'))
    expect(split).toMatch(/No groups are known, so a leak cannot be seen\. .*name the groups with --group/)
    expect(split).not.toMatch(/0 leaked|No test clip comes/)
    expect(all(document, '.banner')).toHaveLength(0)
    expect(textOf(document.querySelector('#data p'))).toMatch(
      /It is not known which clips come from the same recording\.$/,
    )
  })

  test('are not asked for again if a rule gave each clip a group of its own', () => {
    const results = makeResults({ groupsKnown: false })
    results.metrics.options.group = payload
    const split = parse(renderReport(results)).querySelector('#split')!
    expect(split.textContent).toContain(`The rule --group ${payload} gives each clip a group of its own.`)
    expect(split.textContent).not.toContain('name the groups')
  })
})

test('copies of training clips among the test clips are a warning, though no source leaks', () => {
  const results = makeResults()
  results.metrics.audit.split!.copiedTestClips = 2
  const document = parse(renderReport(results))
  expect(all(document, '#split .warning').map(textOf)).toEqual(['2 copied test clips'])
})

describe('the bar to beat', () => {
  const tileOf = (accuracy: number) => {
    const results = makeResults()
    results.metrics.float.accuracy = 0.8
    results.metrics.linearProbe.accuracy = accuracy
    return all(parse(renderReport(results)), '.tiles > div')[0]!
  }

  test('stands below the test accuracies, with its interval', () => {
    const lines = all(tileOf(0.7125), '.value').map(textOf)
    expect(lines).toHaveLength(3)
    expect(lines[2]).toBe('71.3 % linear probe, the bar to beat (60.5 % to 80.0 %)')
    expect(all(tileOf(0.7125), '.warning')).toHaveLength(0)
  })

  test('is a warning where the network does not beat it', () => {
    expect(textOf(tileOf(0.85).querySelector('.warning'))).toBe(
      'Warning: the network loses to the linear probe: test accuracy 80.0 % against 85.0 %.',
    )
    expect(textOf(tileOf(0.8).querySelector('.warning'))).toMatch(/is only as good as the linear probe/)
  })
})
