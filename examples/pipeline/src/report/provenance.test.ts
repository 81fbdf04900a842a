/** The command that repeats a run, and its times. */
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseOptions } from '../options.js'
import type { RunMetrics } from '../results.js'
import { makeResults } from './fixture.js'
import { parse, textOf } from './parse-page.js'
import { commandWords, renderRun } from './provenance.js'

type Options = RunMetrics['options']

/** The words of the command of a run with these options. */
function wordsOf(options: Partial<Options>, split: Partial<RunMetrics['split']> = {}): string[] {
  const { metrics } = makeResults()
  return commandWords({
    ...metrics,
    options: { ...metrics.options, ...options },
    split: { ...metrics.split, ...split },
  })
}

/** What the program is given when the words are typed into a shell. */
function inShell(words: readonly string[]): string[] {
  const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${words.slice(1).join(' ')}`], {
    encoding: 'utf8',
  })
  return printed.split('\0').slice(0, -1)
}

describe('the command', () => {
  test('leaves out what is the default of training', () => {
    expect(wordsOf({})).toEqual([
      'npm start --',
      '--data ESC-50',
      '--subset esc10',
      '--model audio-cnn',
      '--test-fold 5',
      '--val-fold 4',
      '--epochs 30',
      '--seed 42',
      '--skip-bad',
    ])
  })

  test('repeats the run, whatever the folder and the rule of groups are called', () => {
    const words = wordsOf({
      data: `it's; rm -rf "$HOME"`,
      group: '^([^_]+)_',
      split: 'folds',
      learningRate: 3e-4,
      batchSize: 16,
      patience: null,
      weightDecay: 0.01,
      classWeights: true,
      int8: false,
    })
    expect(words).toEqual([
      'npm start --',
      `--data 'it'\\''s; rm -rf "$HOME"'`,
      '--subset esc10',
      "--group '^([^_]+)_'",
      '--model audio-cnn',
      '--split folds',
      '--test-fold 5',
      '--val-fold 4',
      '--epochs 30',
      '--lr 0.0003',
      '--batch-size 16',
      '--patience 0',
      '--weight-decay 0.01',
      '--seed 42',
      '--class-weights',
      '--no-int8',
      '--skip-bad',
    ])
  })

  test('names no fold where the split is not by folds', () => {
    const noFolds = { testFold: null, validationFold: null }
    expect(wordsOf({ split: 'stratified' }, { name: 'stratified', ...noFolds }).slice(3, 6)).toEqual([
      '--model audio-cnn',
      '--split stratified',
      '--epochs 30',
    ])
    expect(wordsOf({}, { name: 'stratified-group', ...noFolds }).join(' ')).not.toMatch(/split|fold/)
  })

  test.each([true, false])('has flags that the program takes (synthetic: %s)', (synthetic) => {
    const { metrics } = makeResults({ synthetic })
    const parsed = parseOptions(inShell(commandWords(metrics)), '/data')
    expect(parsed).toMatchObject({
      ...metrics.options,
      data: synthetic ? null : '/data/ESC-50',
      // A fold implies it.
      split: 'folds',
      testFold: metrics.split.testFold,
      validationFold: metrics.split.validationFold,
      skipBad: true,
    })
  })

  test('gives back every option', () => {
    const text = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).filter((value) => {
      // The command line takes no such values, so no run has them.
      return !value.startsWith('--') && !value.includes('\0')
    })
    const given: fc.Arbitrary<Options> = fc.record({
      data: fc.constantFrom('ESC-50', 'my sounds'),
      subset: fc.constantFrom('esc10', 'esc50', null),
      group: fc.option(text),
      model: fc.constantFrom('audio-cnn', 'mel-cnn'),
      windows: fc.constantFrom(null, { windowSec: 5, hopSec: 2.5 }, { windowSec: 0.96, hopSec: 0.96 }),
      split: fc.constantFrom('folds', 'stratified', 'stratified-group', null),
      epochs: fc.integer({ min: 1, max: 1000 }),
      seed: fc.nat(),
      learningRate: fc.constantFrom(1e-3, 3e-4, 1e-7, 0.1),
      batchSize: fc.constantFrom(32, 1, 64),
      patience: fc.constantFrom(10, 1, null),
      weightDecay: fc.constantFrom(null, 1e-4, 0.5),
      classWeights: fc.boolean(),
      augment: fc.constantFrom(null, 'light' as const, 'strong' as const),
      int8: fc.boolean(),
      skipBad: fc.boolean(),
      tolerant: fc.boolean(),
      nested: fc.boolean(),
    })
    fc.assert(
      fc.property(given, (options) => {
        const isByFolds = options.split === 'folds'
        const folds = isByFolds
          ? { testFold: 0, validationFold: 3 }
          : { testFold: null, validationFold: null }
        const parsed = parseOptions(inShell(wordsOf(options, folds)), '/data')
        expect(parsed).toMatchObject({ ...options, ...folds, data: `/data/${options.data}` })
      }),
      { numRuns: 40 },
    )
  })

  test('leaves out what is not a number', () => {
    expect(wordsOf({ learningRate: Number.NaN, epochs: Number.NaN }).join(' ')).not.toMatch(
      /NaN|--lr|--epochs/,
    )
  })
})

test('a split that was not chosen is marked as the default', () => {
  const { metrics } = makeResults()
  const splitOf = (options: Partial<Options>) => {
    const { markup } = renderRun({ ...metrics, options: { ...metrics.options, ...options } })
    const rows = Array.from(parse(`<body>${markup}</body>`).querySelectorAll('tbody tr'), textOf)
    return rows.find((row) => row.startsWith('split'))
  }
  expect([splitOf({}), splitOf({ split: 'folds' })]).toEqual(['splitfolds (the default)', 'splitfolds'])
})

test('a run that trained no epoch has no time of an epoch', () => {
  const { metrics } = makeResults()
  const note = (medianEpochMs: number | null) => {
    const { markup } = renderRun({ ...metrics, times: { ...metrics.times, medianEpochMs } })
    return textOf(parse(`<body>${markup}</body>`).querySelector('.note'))
  }
  expect(note(912)).toBe('The median time of an epoch was 0.91 s.')
  expect(note(null)).toBe('An earlier run trained all epochs, so this run timed none.')
})
