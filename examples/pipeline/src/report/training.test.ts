/** Curves and hyperparameters of the training. */
import { expect, test } from 'vitest'
import type { RunMetrics } from '../results.js'
import { type FixtureOptions, makeResults } from './fixture.js'
import { all, parse, payload, rowsOf, textOf } from './parse-page.js'
import { renderTraining } from './training.js'

function render(changes: Partial<RunMetrics['options']> = {}, fixture: FixtureOptions = {}) {
  const results = makeResults(fixture)
  Object.assign(results.metrics.options, changes)
  const { markup } = renderTraining(results)
  return { document: parse(`<body>${markup}</body>`), markup }
}

const valuesOf = ({ document }: ReturnType<typeof render>) =>
  Object.fromEntries(rowsOf(document, 'table') as [string, string][])

test('the hyperparameters of a run with the defaults', () => {
  expect(valuesOf(render())).toEqual({
    optimiser: 'Adam',
    'learning rate': '0.001',
    'batch size': '32 clips',
    'epochs, at most': '30',
    patience: '10 epochs without a lower validation loss',
    'weight decay': 'none',
    'class weights': 'none',
    augmentation: 'none',
    loss: 'softmax cross-entropy',
    seed: '42',
    network: 'audio-cnn',
    parameters: '44,826',
    input: '1 × 13 × 431',
    normalisation: 'per bin: mean and standard deviation, fitted on the training part',
    'windows when classifying': '5 s long, a new one every 2.5 s',
    groups: "the data set's own",
  })
})

test('hyperparameters that were chosen stand as they were given', () => {
  const page = render({
    learningRate: 0.00012345678,
    batchSize: 1,
    patience: null,
    weightDecay: 1e-7,
    classWeights: true,
    augment: 'strong',
    seed: 123456,
    group: 'site',
  })
  expect(valuesOf(page)).toMatchObject({
    'learning rate': '0.00012345678',
    'batch size': '1 clip',
    patience: 'none: training never stops early',
    'weight decay': '1e-7',
    'class weights': 'rare classes have more weight',
    augmentation: '--augment strong',
    loss: 'softmax cross-entropy, weighted by class',
    seed: '123456',
    groups: '--group site',
  })
  expect(textOf(page.document.querySelector('.note'))).toMatch(/Class weights are in the training loss/)
  expect(textOf(render().document.querySelector('.note'))).not.toMatch(/[Cc]lass weights/)
})

test('groups that nobody knows are said to be none', () => {
  expect(valuesOf(render({}, { groupsKnown: false })).groups).toBe('none are known')
})

test('a group rule is text, and what is no number is a dash', () => {
  const { document, markup } = render({ group: payload, learningRate: Number.NaN, weightDecay: Number.NaN })
  expect(markup).not.toMatch(/<script|<img|NaN/i)
  expect(all(document, 'code').map(({ textContent }) => textContent)).toEqual([`--group ${payload}`])
})
