/** Calls of `@esc/onnx`. */
import * as onnx from '@esc/onnx'
import * as inspect from '@esc/onnx/inspect'
import * as node from '@esc/onnx/node'
import { type Entry, given } from './calls.js'
import { graph as aGraph, onnxBytes, onnxModel } from './things.js'

// Not seen by the type checker: its types are those of a page, and these here are Node's.
const place: string = '@esc/onnx/browser'
const browser: typeof node = await import(place)

const graph = given('graph', aGraph)
const model = given('onnxModel', onnxModel)
const input = {
  type: 'float32' as const,
  dims: [1, ...aGraph.input.shape],
  data: new Float32Array(aGraph.input.shape.reduce((a, b) => a * b)),
}
const builder = () => onnx.createGraphBuilder({ name: 'empty' })

export const onnxEntries: Readonly<Record<string, Entry>> = {
  onnx: {
    exports: onnx,
    calls: {
      createGraphBuilder: [
        onnx.createGraphBuilder,
        { options: { name: given('path', 'empty'), opset: given('count', 17, 'undefined') } },
      ],
      'createGraphBuilder input': [
        (value: never) => builder().input(value),
        { value: given('valueInfo', { name: 'x', type: 'float32', dims: [1] }) },
      ],
      'createGraphBuilder constant': [
        (tensor: never) => builder().constant('x', tensor),
        { tensor: given('tensor', onnx.floatTensor([1])) },
      ],
      optimizerScalars: [onnx.optimizerScalars, { options: {}, step: given('count', 1) }],
      optimizerSlots: [onnx.optimizerSlots, { options: { kind: given('text', 'sgd', 'undefined') } }],
      buildProbeModel: [onnx.buildProbeModel, { graph }],
      buildGradientModel: [onnx.buildGradientModel, { graph }],
      buildTrainingModel: [onnx.buildTrainingModel, { graph }],
      frozenLayers: [
        onnx.frozenLayers,
        { graph, frozen: given('texts', [], 'undefined', '[]', 'an empty list') },
      ],
      trainedWeights: [
        onnx.trainedWeights,
        { graph, frozen: given('texts', [], 'undefined', '[]', 'an empty list') },
      ],
      buildUpdateModel: [onnx.buildUpdateModel, { graph }],
      lowerNetwork: [
        onnx.lowerNetwork,
        {
          graph,
          options: {
            normalizer: given(
              'normalizer',
              { mean: Array(16).fill(0), std: Array(16).fill(1) },
              'undefined',
              'null',
            ),
            metadata: given('texts by name', { a: 'b' }, 'undefined', '{}', 'an object without a prototype'),
          },
        },
      ],
      readModel: [onnx.readModel, { bytes: given('bytes', onnxBytes) }],
      dataInputs: [onnx.dataInputs, { model }],
      elementCode: [onnx.elementCode, { type: given('text', 'float32') }],
      floatData: [
        onnx.floatData,
        { tensors: given('object', { logits: onnx.floatTensor([1]) }), name: 'logits' },
      ],
      floatTensor: [onnx.floatTensor, { data: given('numbers', [0.5]) }],
      int64Vector: [onnx.int64Vector, { values: given('indices', [1], 'a Uint8Array') }],
      scalar: [onnx.scalar, { value: given('number', 1, 'NaN') }],
      sizeOf: [onnx.sizeOf, { dims: given('numbers', [2, 3]) }],
      writeModel: [onnx.writeModel, { model }],
    },
    others: ['assertOnnxModel', 'assertRuntime', 'assertSession', 'assertTensor', 'singleInputName'],
  },
  'onnx/inspect': {
    exports: inspect,
    calls: {
      checkModel: [inspect.checkModel, { model }],
      inferTypes: [inspect.inferTypes, { model }],
      operatorSignature: [
        inspect.operatorSignature,
        { opType: given('text', 'Relu'), opset: given('count', 17) },
      ],
      printGraph: [inspect.printGraph, { model }],
    },
  },
  'onnx/node': {
    exports: node,
    calls: {
      ortRuntime: [
        node.ortRuntime.createSession,
        { model: given('bytes', onnxBytes), options: { threads: given('count', 1, 'undefined') } },
      ],
      'ortRuntime run': [
        async (feeds: never) => (await node.ortRuntime.createSession(onnxBytes)).run(feeds),
        { feeds: { input: given('tensor', input) } },
      ],
    },
  },
  'onnx/browser': {
    exports: browser,
    calls: {
      ortRuntime: [
        async (model: never) => {
          if ((model as unknown) instanceof Uint8Array) return
          return browser.ortRuntime.createSession(model)
        },
        { model: given('bytes', onnxBytes) },
      ],
    },
  },
}
