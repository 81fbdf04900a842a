/** Calls of `@esc/edge`. */
import * as root from '@esc/edge'
import * as node from '@esc/edge/node'
import { ortRuntime } from '@esc/onnx/node'
import { type Call, type Entry, given, inNode } from './calls.js'
import { folder } from './folder.js'
import {
  clip as aClip,
  model as aModel,
  onnxModel as anOnnxModel,
  features,
  graph,
  onnxBytes,
  files as someFiles,
} from './things.js'

// Not seen by the type checker: its types are those of a page, and these here are Node's.
const place: string = '@esc/edge/browser'
const browser: Pick<typeof node, 'calibrate' | 'createClassifier' | 'packModel' | 'unpackModel'> =
  await import(place)

const model = given('model', aModel)
const onnxModel = given('onnxModel', anOnnxModel)
const files = given('files', someFiles)
const runtime = given('service', ortRuntime)
const signal = given('signal', undefined)
const onProgress = given('optionalCallback', undefined)
const data = new Float32Array(graph.input.shape.reduce((a, b) => a * b))
const tensor = { type: 'float32' as const, dims: [1, ...graph.input.shape], data }
// Of a list of promises, each is waited for.
const batches = [given('tensor', tensor, 'a promise')]
const int8 = { calibrateOn: given('set', features), indices: given('indices', Int32Array.of(0)) }
const pack = { signal, onProgress, int8, split: { train: given('numbers', [0], 'a number') } }
const evaluation = { accuracy: given('number', 0.5), macro: { f1: 0.5 } }
const dir = `${folder}/model`
await node.writeModelFiles(dir, someFiles)
const session = await ortRuntime.createSession(onnxBytes)
const ranges = await node.calibrate(anOnnxModel, [tensor])

const classify = (
  open: () => Promise<Pick<root.Classifier, 'classify' | 'release'>>,
  ...fits: string[]
): Call => [
  async (clip: never, options: never) => {
    const classifier = await open()
    try {
      return await classifier.classify(clip, options)
    } finally {
      await classifier.release()
    }
  },
  { clip: given('clip', aClip, ...fits), options: { topK: given('count', 1, 'undefined'), signal } },
]

export const edgeEntries: Readonly<Record<string, Entry>> = {
  edge: {
    exports: root,
    calls: {
      measureLatency: [
        root.measureLatency,
        {
          session: given('service', session),
          inputs: batches,
          options: { runs: given('count', 1, 'undefined'), warmup: 0, signal },
        },
      ],
      'measureLatency inputs': [
        (inputs: never) => root.measureLatency(session, inputs, { runs: 1, warmup: 0 }),
        { inputs: given('list', [tensor]) },
      ],
      createClassifier: [root.createClassifier, { files, options: { runtime } }],
      'createClassifier classify': classify(() => root.createClassifier(someFiles, { runtime: ortRuntime })),
      exportModel: [root.exportModel, { model }],
      readManifest: [root.readManifest, { files }],
      unpackModel: [root.unpackModel, { files }],
      packModel: [root.packModel, { model, options: { runtime, ...pack } }],
      withEvaluation: [root.withEvaluation, { files, figures: { float: evaluation } }],
      compareLogits: [
        root.compareLogits,
        {
          reference: given('samples', Float32Array.of(0, 1)),
          candidate: given('samples', Float32Array.of(0, 1)),
          classes: given('count', 2),
        },
      ],
      calibrate: [
        root.calibrate,
        {
          model: onnxModel,
          batches,
          options: { runtime, signal, onProgress: given('optionalCallback', undefined) },
        },
      ],
      'calibrate batches': [
        (batches: never) => root.calibrate(anOnnxModel, batches, { runtime: ortRuntime }),
        { batches: given('list', [tensor]) },
      ],
      quantizeStatic: [root.quantizeStatic, { model: onnxModel, ranges: given('map', ranges) }],
    },
  },
  'edge/node': {
    exports: node,
    calls: {
      unpackModel: [node.unpackModel, { files }],
      writeModelFiles: [node.writeModelFiles, { dir: given('path', dir), files }],
      createClassifier: [node.createClassifier, { files }],
      'createClassifier classify': classify(() => node.createClassifier(someFiles) as never, 'a text'),
      openClassifier: [node.openClassifier, { dir: given('path', dir) }],
      'openClassifier classify': classify(() => node.openClassifier(dir) as never, 'a text'),
      loadModel: [node.loadModel, { dir: given('path', dir) }],
      saveModel: [
        node.saveModel,
        { dir: given('path', `${folder}/saved`), model, options: { ...pack, overwrite: true } },
      ],
      packModel: [node.packModel, { model, options: pack }],
      calibrate: [node.calibrate, { model: onnxModel, batches, options: { signal } }],
    },
  },
  'edge/browser': {
    exports: browser,
    calls: {
      unpackModel: [browser.unpackModel, { files }],
      createClassifier: [inNode(browser.createClassifier), { files }],
      packModel: [inNode(browser.packModel), { model, options: { ...pack, int8: undefined } }],
      calibrate: [inNode(browser.calibrate), { model: onnxModel, batches: [tensor] }],
    },
  },
}
