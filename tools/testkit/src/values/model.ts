/** Calls of `@esc/model`. */
import * as root from '@esc/model'
import * as node from '@esc/model/node'
import * as tfjs from '@esc/model/tfjs'
import { ortRuntime } from '@esc/onnx/node'
import { type Call, type Entry, given, inNode } from './calls.js'
import { folder } from './folder.js'
import { graph as aGraph, model as aModel, split as aSplit, features, labels, onnxBytes } from './things.js'

// Not seen by the type checker: its types are those of a page, and these here are Node's.
const place: string = '@esc/model/browser'
const browser: Pick<typeof node, 'train' | 'fit' | 'predict' | 'evaluate' | 'withTemperature'> = await import(
  place
)

type Run = (...args: never[]) => unknown

const network = given('graph', aGraph, 'a function', 'a trained model')
const model = given('model', aModel)
const set = given('set', features)
const split = given('split', aSplit)
const indices = given('indices', Int32Array.of(0, 1), 'null')
const signal = given('signal', undefined)
const size = { bins: given('count', 16), frames: given('count', 16), classes: given('count', 2) }
const engine = node.nodeEngine({ workers: 0 })
const checkpoint = { read: async () => null, write: async () => {} }
const training = {
  epochs: 1,
  signal,
  checkpoint: given('service', checkpoint, 'undefined'),
  learningRate: given('number', 1e-3, 'undefined', 'a function'),
  ema: given('number', 0.9, 'null', 'undefined'),
  frozen: given('texts', [], 'undefined', '[]', 'an empty list'),
}
const rate = given('number', 1e-3)
const epochs = given('number', 2)
const logits = given('samples', Float32Array.of(0, 1, 2, 3))
const classes = given('count', 2)
const yTrue = given('classes', [0, 1])

const trainings = (train: Run, fit: Run, options: object): Record<string, Call> => ({
  train: [train, { network, set, split, options }],
  fit: [fit, { network, set, split, options: { ...options, onEvent: given('optionalCallback', undefined) } }],
})
const predictions = (
  predict: Run,
  evaluate: Run,
  withTemperature: Run,
  options: object,
): Record<string, Call> => ({
  predict: [predict, { model, set, indices, options }],
  evaluate: [evaluate, { model, set, indices, options }],
  withTemperature: [withTemperature, { model, set, indices, options }],
})
const runtime = given('service', ortRuntime)
const session = await ortRuntime.createSession(onnxBytes)
const layersModel = tfjs.toLayersModel(aGraph)
/** A network without weights, and a tensor that it reads: any will do. */
const flat = {
  name: 'flat',
  input: { name: 'input', shape: [3, 1, 2] as const },
  nodes: [{ op: 'Flatten' as const, name: 'flat', inputs: ['input'], attributes: {}, weights: {} }],
  output: 'flat',
}
const [kernel] = layersModel.getWeights()

const input = { bins: given('count', 16), frames: given('count', 16), seed: given('count', 1, 'undefined') }
/** Layers are made with options, and called on values. */
const { conv2d, dense, dropout, maxPool, relu, reshape } = root.layers
const layerCalls: Record<string, Call> = {
  'sequential conv2d': [
    conv2d,
    { options: { filters: given('count', 2), groups: given('count', 1, 'undefined') } },
  ],
  'sequential dense': [dense, { options: { units: given('count', 2) } }],
  'sequential dropout': [dropout, { options: { rate: given('number', 0.5, 'undefined') } }],
  'sequential maxPool': [
    maxPool,
    { options: { size: given('count', 2, 'undefined', 'a list of numbers', 'an empty list') } },
  ],
  'sequential relu': [
    (options: never) => relu(options),
    { options: { name: given('text', 'a', 'undefined') } },
  ],
  'sequential reshape': [
    reshape,
    { options: { shape: given('number', [1], '[]', 'a list of numbers', 'an empty list') } },
  ],
}

/** Metrics of two clips. A class or a score may be any number that fits its list. */
const scores = given('numbers', [0.5, 0.5, 0.25, 0.75])
const yPred = given('classes', [0, 1])
const groups = given('texts', ['park', 'beach'])
const bootstrap = { resamples: given('count', 20, 'undefined'), seed: given('count', 1, 'undefined') }
const metricCalls: Record<string, Call> = {
  rocAuc: [root.rocAuc, { yTrue, scores: given('numbers', [0.5, 0.25]) }],
  averagePrecision: [root.averagePrecision, { yTrue, scores: given('numbers', [0.5, 0.25]) }],
  rankClasses: [root.rankClasses, { yTrue, scores, classes }],
  topKAccuracy: [
    root.topKAccuracy,
    { yTrue, scores, classes, options: { k: given('count', 1, 'undefined') } },
  ],
  balancedAccuracy: [root.balancedAccuracy, { yTrue, yPred, classes }],
  logLoss: [root.logLoss, { yTrue, scores, classes }],
  brierScore: [root.brierScore, { yTrue, scores, classes }],
  calibrationError: [
    root.calibrationError,
    { yTrue, scores, classes, options: { bins: given('count', 15, 'undefined') } },
  ],
  confusedPairs: [
    root.confusedPairs,
    {
      confusion: given('list', [
        [1, 2],
        [3, 4],
      ]),
      labels: given('texts', labels),
      options: { limit: given('count', 3, 'undefined', 'null') },
    },
  ],
  bootstrapInterval: [
    root.bootstrapInterval,
    { groups, metric: given('callback', (indices: Int32Array) => indices.length), options: bootstrap },
  ],
  accuracyInterval: [root.accuracyInterval, { yTrue, yPred, groups, options: bootstrap }],
  mcnemarTest: [
    root.mcnemarTest,
    { yTrue, first: given('classes', [0, 1]), second: given('classes', [1, 1]) },
  ],
  fitTemperature: [
    root.fitTemperature,
    {
      logits,
      labels: given('classes', [0, 1]),
      options: { classes, activation: given('text', 'softmax', 'undefined') },
    },
  ],
}

export const modelEntries: Readonly<Record<string, Entry>> = {
  model: {
    exports: root,
    calls: {
      audioCnn: [root.audioCnn, { options: size }],
      melCnn: [root.melCnn, { options: size }],
      sequential: [root.sequential, { layers: [given('callback', root.layers.flatten())], options: input }],
      functional: [root.functional, { build: given('callback', root.layers.flatten()), options: input }],
      ...layerCalls,
      linearProbe: [
        root.linearProbe,
        {
          network: null,
          set,
          split,
          options: {
            C: given('number', 1, 'undefined'),
            tolerance: given('number', 1e-8, 'undefined'),
            maxIterations: given('count', 100, 'undefined'),
            signal,
            onEvent: given('optionalCallback', undefined),
          },
        },
      ],
      createEarlyStopping: [
        root.createEarlyStopping,
        {
          options: {
            patience: given('count', 3, 'null', 'undefined'),
            minDelta: given('number', 0, 'undefined'),
          },
        },
      ],
      constant: [root.constant, { rate }],
      cosine: [root.cosine, { rate, options: { epochs, minRate: given('number', 0, 'undefined') } }],
      oneCycle: [
        root.oneCycle,
        { maxRate: rate, options: { epochs, pctStart: given('number', 0.3, 'undefined') } },
      ],
      reduceOnPlateau: [
        root.reduceOnPlateau,
        {
          rate,
          options: { patience: given('count', 3, 'undefined'), factor: given('number', 0.1, 'undefined') },
        },
      ],
      stepDecay: [
        root.stepDecay,
        { rate, options: { every: epochs, factor: given('number', 0.1, 'undefined') } },
      ],
      warmUp: [
        root.warmUp,
        {
          schedule: given('number', 1e-3, 'a function'),
          options: { epochs, startFactor: given('number', 0.5, 'undefined') },
        },
      ],
      ...predictions(root.predict, root.evaluate, root.withTemperature, { runtime, signal }),
      evaluateSession: [
        root.evaluateSession,
        {
          session: given('service', session),
          set,
          indices,
          options: { signal, temperature: given('number', 2, 'undefined') },
        },
      ],
      ...metricCalls,
      argmaxRows: [root.argmaxRows, { logits, classes }],
      classificationReport: [
        root.classificationReport,
        { yTrue, yPred: given('classes', [0, 1]), labels: given('texts', labels) },
      ],
      confusionMatrix: [root.confusionMatrix, { yTrue, yPred: given('classes', [0, 1]), classes }],
      crossEntropy: [root.crossEntropy, { logits, yTrue, classes }],
      ortEngine: [root.ortEngine, { options: { runtime } }],
      'ortEngine graph': [
        (graph: never) =>
          root
            .ortEngine({ runtime: ortRuntime })(graph, { rng: undefined as never })
            .then((engine) => engine.release()),
        { graph: given('graph', aGraph) },
      ],
      ...trainings(root.train, root.fit, { ...training, engine: given('callback', engine) }),
    },
  },
  'model/node': {
    exports: node,
    calls: {
      checkpointFile: [node.checkpointFile, { path: given('path', `${folder}/training`) }],
      'checkpointFile write': [
        (bytes: never) => node.checkpointFile(`${folder}/training`).write(bytes),
        { bytes: given('bytes', Uint8Array.of(1)) },
      ],
      nodeEngine: [node.nodeEngine, { options: { workers: given('count', 0, 'undefined') } }],
      ...trainings(node.train, node.fit, { ...training, workers: 0 }),
      ...predictions(node.predict, node.evaluate, node.withTemperature, { signal }),
    },
  },
  'model/browser': {
    exports: browser,
    calls: {
      ...trainings(inNode(browser.train), inNode(browser.fit), training),
      ...predictions(inNode(browser.predict), inNode(browser.evaluate), inNode(browser.withTemperature), {
        signal,
      }),
    },
  },
  'model/tfjs': {
    exports: tfjs,
    calls: {
      tfjsEngine: [
        (graph: never) =>
          tfjs
            .tfjsEngine()(graph, { rng: undefined as never })
            .then((engine) => engine.release()),
        { graph: given('graph', aGraph) },
      ],
      forward: [
        tfjs.forward,
        {
          graph: given('graph', flat),
          weights: given('object', {}),
          input: given('service', kernel),
          options: { onValue: given('optionalCallback', undefined) },
        },
      ],
      fromLayersModel: [tfjs.fromLayersModel, { model: given('service', layersModel) }],
      toLayersModel: [tfjs.toLayersModel, { graph: given('graph', aGraph) }],
    },
  },
}
