/** Every export refuses an option that it does not know. `browser/unknown-options.test.ts` tests `/browser`. */

import type { NetworkGraph } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import * as onnx from './index.js'
import * as inspect from './inspect/index.js'
import * as node from './node/index.js'

/** Stands for an options object of any type with a misspelt option. */
type Unknown = never
type Call = (options: Unknown) => unknown

const graph: NetworkGraph = {
  name: 'flat',
  input: { name: 'input', shape: [1, 1, 2] },
  nodes: [
    { op: 'Flatten', name: 'flat', inputs: ['input'], attributes: {}, weights: {} },
    {
      op: 'Dense',
      name: 'dense',
      inputs: ['flat'],
      attributes: {},
      weights: {
        kernel: { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) },
        bias: { shape: [2], data: Float32Array.of(0, 0) },
      },
    },
  ],
  output: 'dense',
}
const model = onnx.writeModel(onnx.lowerNetwork(graph))
const named = <T extends object>(rest: T, options: Unknown): T => ({ ...rest, ...(options as object) })
const distillation = { temperature: 1, weight: 0.5 }

const lossOf = (build: (options: { loss: never }) => unknown): Call[] => [
  (o) => build({ loss: o }),
  (o) => build({ loss: { distillation: named(distillation, o) } as never }),
]
const optimizerOf = (build: (options: { optimizer: never }) => unknown): Call[] => [
  (o) => build({ optimizer: o }),
  (o) => build({ optimizer: named({ kind: 'adamw' }, o) as never }),
  (o) => build({ optimizer: named({ kind: 'sgd' }, o) as never }),
]

/** By name of the function: every way to give it options. */
const calls: Readonly<Record<string, readonly Call[]>> = {
  buildGradientModel: [
    (o) => onnx.buildGradientModel(graph, o),
    ...lossOf((options) => onnx.buildGradientModel(graph, options)),
  ],
  buildProbeModel: [
    (o) => onnx.buildProbeModel(graph, o),
    ...lossOf((options) => onnx.buildProbeModel(graph, options)),
  ],
  buildTrainingModel: [
    (o) => onnx.buildTrainingModel(graph, o),
    ...lossOf((options) => onnx.buildTrainingModel(graph, options)),
    ...optimizerOf((options) => onnx.buildTrainingModel(graph, options)),
  ],
  buildUpdateModel: [
    (o) => onnx.buildUpdateModel(graph, o),
    ...optimizerOf((options) => onnx.buildUpdateModel(graph, options)),
  ],
  createGraphBuilder: [(o) => onnx.createGraphBuilder(named({ name: 'empty' }, o))],
  lowerNetwork: [(o) => onnx.lowerNetwork(graph, o)],
  optimizerScalars: [
    (o) => onnx.optimizerScalars(o, 1),
    (o) => onnx.optimizerScalars(named({ kind: 'sgd' as const }, o), 1),
  ],
  optimizerSlots: [
    (o) => onnx.optimizerSlots(o),
    (o) => onnx.optimizerSlots(named({ kind: 'sgd' as const }, o)),
  ],
  createSession: [(o) => node.ortRuntime.createSession(model, o)],
}

const withoutOptions = [
  'assertOnnxModel',
  'assertRuntime',
  'assertSession',
  'assertTensor',
  'channelBlock',
  'checkModel',
  'dataInputs',
  'elementCode',
  'floatData',
  'floatTensor',
  'frozenLayers',
  'inferTypes',
  'int64Vector',
  'operatorSignature',
  'printGraph',
  'readModel',
  'scalar',
  'singleInputName',
  'sizeOf',
  'trainedWeights',
  'writeModel',
]

const cases = Object.entries(calls).flatMap(([name, all]) => all.map((call, i) => [name, i, call] as const))

describe('an option that is unknown', () => {
  test.each(cases)('%s (form %i) refuses it by name', async (name, _form, call) => {
    await expect((async () => call({ no_such_option: 1 } as Unknown))()).rejects.toEqual(
      throwsCode('INVALID_OPTION', new RegExp(`\\b${name} has no option 'no_such_option'; it has \\w`)),
    )
  })

  test('is reported with the right name', () => {
    const loss = { label_smoothing: 0.1 } as Unknown
    expect(() => onnx.buildTrainingModel(graph, { loss })).toThrow(
      "loss of buildTrainingModel has no option 'label_smoothing' (write labelSmoothing); it has kind, labelSmoothing,",
    )
    const optimizer = { kind: 'sgd', beta1: 0.9 } as Unknown
    expect(() => onnx.buildTrainingModel(graph, { optimizer })).toThrow(
      "optimizer of buildTrainingModel has no option 'beta1'; it has kind, momentum, nesterov, weightDecay, clipNorm",
    )
  })

  test('createSession refuses as a promise', async () => {
    const refused = node.ortRuntime.createSession(model, { intra_op_num_threads: 1 } as Unknown)
    await expect(refused).rejects.toThrow(throwsCode('INVALID_OPTION', 'it has threads, training'))
  })
})

test('every function is in one of the lists', () => {
  /** The names of exported functions, and of functions in exported objects. */
  const functionsOf = (exports: object): string[] =>
    Object.entries(exports).flatMap(([name, value]) => {
      if (typeof value === 'function') return [name]
      return typeof value === 'object' && value !== null ? functionsOf(value) : []
    })
  const functions = [...functionsOf(onnx), ...functionsOf(inspect), ...functionsOf(node)]
  expect([...Object.keys(calls), ...withoutOptions].sort()).toEqual(functions.sort())
})
