/** No export takes an option that it does not know. */
import type { TrainedModel } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import * as browser from './browser/index.js'
import { given, graph, makeExamples, stubEngine } from './fixtures/training.js'
import * as root from './index.js'
import * as node from './node/index.js'
import * as tfjs from './tfjs/index.js'

/** Stands for an options object of any type, with a misspelt option. */
type Unknown = never
type Call = (options: Unknown) => unknown

const [set, split] = given(makeExamples(6, 1))
const model: TrainedModel = {
  graph,
  labels: set.labels,
  recipe: null,
  normalizer: null,
  activation: 'softmax',
  temperature: 1,
  windows: null,
  dataset: null,
  history: [],
  bestEpoch: 0,
  stoppedEarly: false,
}
const size = { bins: 16, frames: 16, classes: 3 }
const merged = <T extends object>(rest: T, options: Unknown): T => ({ ...rest, ...(options as object) })
const run = (training: { result(): Promise<unknown> }) => training.result()
const session = { run() {}, inputNames: ['x'] } as never

const two = [0.5, 0.5, 0.25, 0.75]

const calls: Readonly<Record<string, readonly Call[]>> = {
  accuracyInterval: [(o) => root.accuracyInterval([0, 1], [0, 1], ['a', 'b'], o)],
  audioCnn: [(o) => root.audioCnn(merged(size, o))],
  bootstrapInterval: [(o) => root.bootstrapInterval(['a', 'b'], () => 1, o)],
  calibrationError: [(o) => root.calibrationError([0, 1], two, 2, o)],
  confusedPairs: [(o) => root.confusedPairs([[1]], ['a'], o)],
  cosine: [(o) => root.cosine(1, merged({ epochs: 1 }, o))],
  createEarlyStopping: [(o) => root.createEarlyStopping(o)],
  evaluate: [
    (o) => root.evaluate(model, set, [0], merged({ runtime: ortRuntime }, o)),
    (o) => node.evaluate(model, set, [0], o),
    (o) => browser.evaluate(model, set, [0], o),
  ],
  evaluateSession: [(o) => root.evaluateSession(session, set, [0], o)],
  fit: [
    (o) => root.fit(graph, set, split, merged({ engine: stubEngine() }, o)),
    (o) =>
      root.fit(graph, set, split, merged({ engine: stubEngine(), optimizer: o, loss: o }, {} as Unknown)),
    (o) => root.fit(graph, set, split, merged({ engine: stubEngine(), earlyStopping: o }, {} as Unknown)),
    (o) => node.fit(graph, set, split, o),
    (o) => browser.fit(graph, set, split, o),
  ],
  fitTemperature: [(o) => root.fitTemperature(new Float32Array(4), [0, 1], merged({ classes: 2 }, o))],
  forward: [(o) => tfjs.forward(graph, {} as never, {} as never, merged({ training: false }, o) as never)],
  linearProbe: [(o) => root.linearProbe(null, set, split, o)],
  melCnn: [(o) => root.melCnn(merged(size, o))],
  oneCycle: [(o) => root.oneCycle(1, merged({ epochs: 1 }, o))],
  nodeEngine: [(o) => node.nodeEngine(o)],
  ortEngine: [(o) => root.ortEngine(merged({ runtime: ortRuntime }, o))],
  reduceOnPlateau: [(o) => root.reduceOnPlateau(1, o)],
  stepDecay: [(o) => root.stepDecay(1, merged({ every: 1 }, o))],
  warmUp: [(o) => root.warmUp(1, merged({ epochs: 1 }, o))],
  functional: [(o) => root.functional(() => undefined as never, merged(size, o))],
  sequential: [
    (o) => root.sequential([], merged(size, o)),
    ...Object.values(root.layers).map((layer) => (o: Unknown) => layer(o)),
  ],
  predict: [
    (o) => root.predict(model, set, [0], merged({ runtime: ortRuntime }, o)),
    (o) => node.predict(model, set, [0], o),
    (o) => browser.predict(model, set, [0], o),
  ],
  topKAccuracy: [(o) => root.topKAccuracy([0, 1], two, 2, o)],
  train: [
    (o) => run(root.train(graph, set, split, merged({ engine: stubEngine() }, o))),
    (o) => run(node.train(graph, set, split, o)),
    (o) => run(browser.train(graph, set, split, o)),
  ],
  withTemperature: [
    (o) => root.withTemperature(model, set, [0], merged({ runtime: ortRuntime }, o)),
    (o) => node.withTemperature(model, set, [0], o),
    (o) => browser.withTemperature(model, set, [0], o),
  ],
}

const withoutOptions = [
  'argmaxRows',
  'averagePrecision',
  'balancedAccuracy',
  'brierScore',
  'checkpointFile',
  'classificationReport',
  'confusionMatrix',
  'constant',
  'crossEntropy',
  'fromLayersModel',
  'logLoss',
  'mcnemarTest',
  'rankClasses',
  'rocAuc',
  'tfjsEngine',
  'toLayersModel',
]

const cases = Object.entries(calls).flatMap(([name, all]) => all.map((call, i) => [name, i, call] as const))

describe('an unknown option', () => {
  test.each(cases)('%s (form %i) refuses it by name', async (_name, _form, call) => {
    await expect((async () => call({ no_such_option: 2 } as Unknown))()).rejects.toThrow(
      throwsCode('INVALID_OPTION', /\b[\w' ]+ has no option 'no_such_option'.*; it has \w/),
    )
  })

  test.each(cases)('%s (form %i) refuses options that are not an object', async (_name, form, call) => {
    // Calls that merge objects cannot pass anything else.
    const source = String(call)
    if (source.includes('merged')) return
    await expect((async () => call(7 as never))(), `form ${form}`).rejects.toThrow(
      throwsCode('INVALID_OPTION'),
    )
  })
})

test('every function is in one of the lists', () => {
  const functions = [root, node, browser, tfjs].flatMap((entry) =>
    Object.entries(entry).flatMap(([name, value]) => (typeof value === 'function' ? [name] : [])),
  )
  expect([...Object.keys(calls), ...withoutOptions].sort()).toEqual([...new Set(functions)].sort())
})
