/** Every export refuses an option that it does not know. */
import { throwsCode } from '@esc/expect'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import { calibration, makeClip, model } from './fixtures/tiny-model.js'
import * as root from './index.js'
import * as node from './node/index.js'

/** Stands for an options object of any type with a misspelt option. */
type Unknown = never
type Call = (options: Unknown) => unknown

// The type checker must not see this entry: it uses the types of a page, and this file uses Node's.
const place: string = './browser/index.js'
const browser: typeof node = await import(place)
const runtime = ortRuntime
const merged = <T extends object>(rest: T, options: Unknown): T => ({ ...rest, ...(options as object) })
const onnx = root.exportModel(model)
const files = () => node.packModel(model)
const classified = async (classifier: Promise<Pick<root.Classifier, 'classify'>>, options: Unknown) =>
  (await classifier).classify(makeClip(0.1), options)

const calls: Readonly<Record<string, readonly Call[]>> = {
  calibrate: [
    (o) => root.calibrate(onnx, [], merged({ runtime }, o)),
    (o) => node.calibrate(onnx, [], o),
    (o) => browser.calibrate(onnx, [], o),
  ],
  createClassifier: [
    async (o) => root.createClassifier(await files(), merged({ runtime }, o)),
    async (o) => node.createClassifier(await files(), o),
    async (o) => browser.createClassifier(await files(), o),
    async (o) => classified(node.createClassifier(await files()), o),
  ],
  exportModel: [(o) => root.exportModel(model, o)],
  measureLatency: [(o) => root.measureLatency({ inputNames: ['x'] } as never, [], o)],
  openClassifier: [(o) => node.openClassifier('nowhere', o)],
  packModel: [
    (o) => root.packModel(model, merged({ runtime }, o)),
    (o) => root.packModel(model, { runtime, int8: merged({ calibrateOn: calibration }, o) }),
    (o) => root.packModel(model, { runtime, split: merged({ train: 1 }, o) }),
    (o) => root.packModel(model, { runtime, dataset: merged({ name: 'x' }, o) }),
    (o) => node.packModel(model, o),
    (o) => browser.packModel(model, o),
  ],
  quantizeStatic: [(o) => root.quantizeStatic(onnx, new Map(), o)],
  saveModel: [(o) => node.saveModel('nowhere', model, o)],
  writeModelFiles: [async (o) => node.writeModelFiles('nowhere', await files(), o)],
}

const withoutOptions = ['compareLogits', 'loadModel', 'readManifest', 'unpackModel', 'withEvaluation']

const cases = Object.entries(calls).flatMap(([name, all]) => all.map((call, i) => [name, i, call] as const))

describe('an option that is unknown', () => {
  test.each(cases)('%s (form %i) refuses it by name', async (_name, _form, call) => {
    const refusal = throwsCode('INVALID_OPTION', /\w has no option 'no_such_option'.*; it has \w/)
    await expect((async () => call({ no_such_option: 2 } as Unknown))()).rejects.toEqual(refusal)
  })

  test.each(cases)('%s (form %i) refuses options that are not an object', async (_name, form, call) => {
    // Forms that merge objects cannot pass on anything else.
    if (String(call).includes('merged')) return
    await expect((async () => call(7 as never))(), `form ${form}`).rejects.toThrow(
      throwsCode('INVALID_OPTION'),
    )
  })
})

test('an option that an entry brings itself cannot be given', async () => {
  const bound = { runtime } as never
  const packed = await files()
  for (const { packModel, calibrate, createClassifier } of [node, browser]) {
    for (const call of [
      packModel(model, bound),
      calibrate(onnx, [], bound),
      createClassifier(packed, bound),
    ]) {
      const refusal = throwsCode('INVALID_OPTION', /has no option 'runtime'; it has (?!runtime)/)
      await expect(call).rejects.toThrow(refusal)
    }
  }
})

test('every function is in one of the lists', () => {
  const functions = [root, node, browser].flatMap((entry) =>
    Object.entries(entry).flatMap(([name, value]) => (typeof value === 'function' ? [name] : [])),
  )
  expect([...Object.keys(calls), ...withoutOptions].sort()).toEqual([...new Set(functions)].sort())
})
