/**
 * Compares with the `onnx` package of Python: its full check and its shapes of models that this library writes.
 *
 * One process checks all models. The environment variable ONNX_PYTHON names the interpreter; `/usr/bin/python3` is the default.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRng, type NetworkGraph, type NetworkNode, type Weight } from '@esc/core'
import { describe, expect, test } from 'vitest'
import { describeLike } from '../fixtures/describe.js'
import { readFixture } from '../fixtures/files.js'
import {
  buildGradientModel,
  buildTrainingModel,
  createGraphBuilder,
  int64Vector,
  lowerNetwork,
  type OnnxModel,
  readModel,
  scalar,
  writeModel,
} from './index.js'
import { checkModel, inferTypes } from './inspect/index.js'

const opsets = [13, 14, 15, 16, 17, 18, 19, 20, 21]

const rng = createRng(4)
const draw = (...shape: number[]): Weight => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.5 + rng.uniform()),
})
const plain = { attributes: {}, weights: {} }
const network: NetworkGraph = {
  name: 'network',
  input: { name: 'input', shape: [2, 9, 8] },
  nodes: [
    {
      op: 'Conv2D',
      name: 'conv',
      inputs: ['input'],
      attributes: { padding: 'same' },
      weights: { kernel: draw(4, 2, 3, 3), bias: draw(4) },
    },
    { op: 'ReLU', name: 'relu', inputs: ['conv'], ...plain },
    {
      op: 'BatchNorm',
      name: 'norm',
      inputs: ['relu'],
      attributes: { epsilon: 1e-3, momentum: 0.1 },
      weights: { gamma: draw(4), beta: draw(4), mean: draw(4), variance: draw(4) },
    },
    { op: 'MaxPool', name: 'pool', inputs: ['norm'], attributes: { size: [2, 2] }, weights: {} },
    { op: 'Dropout', name: 'drop', inputs: ['pool'], attributes: { rate: 0.5 }, weights: {} },
    { op: 'GlobalAveragePool', name: 'average', inputs: ['drop'], ...plain },
    {
      op: 'Dense',
      name: 'dense',
      inputs: ['average'],
      attributes: {},
      weights: { kernel: draw(3, 4), bias: draw(3) },
    },
  ] as NetworkNode[],
  output: 'dense',
}
const normalizer = { mean: Array(9).fill(1), std: Array(9).fill(2) }

/** Models of operators whose signature depends on the operator set, and of computed shapes. */
function built(opset: number): OnnxModel {
  const g = createGraphBuilder({ name: 'built', opset })
  const x = g.input({ name: 'x', type: 'float32', dims: ['N', 4, 6] })
  const axes = g.constant('axes', int64Vector([2]))
  const mean =
    opset < 18 ? g.node('ReduceMean', [x], { axes: { ints: [2] } }) : g.node('ReduceMean', [x, axes])
  const batch = g.node('Gather', [g.node('Shape', [x]), g.constant('first', int64Vector([0]))])
  const shape = g.node('Concat', [batch, g.constant('rest', int64Vector([-1]))], { axis: { int: 0 } })
  const rows = g.node('Reshape', [g.node('Sub', [x, mean]), shape])
  const padded = g.node('Pad', [
    rows,
    g.constant('pads', int64Vector([0, 1, 0, 2])),
    g.constant('zero', scalar(0)),
  ])
  g.node('Clip', [padded, '', g.constant('one', scalar(1))], {}, 'y')
  g.output({ name: 'y', type: 'float32', dims: ['N', 27] })
  return g.build({ key: 'value' })
}

const models = new Map<string, OnnxModel>([
  ...opsets.map((opset) => [`built-${opset}`, built(opset)] as const),
  ...opsets.map((opset) => [`network-${opset}`, lowerNetwork(network, { opset, normalizer })] as const),
  ['gradient-17', buildGradientModel(network)],
  ['training-17', buildTrainingModel(network)],
])

const disputed = new Set([
  // onnx 1.12 checks only the first input of operators that take any number of inputs.
  ...['Concat', 'Einsum', 'Max', 'Mean', 'Min', 'Sum'],
  // onnx 1.12 accepts integers here, 1.23 does not.
  'Erf',
  // Both versions: the operator is defined by others that add a float32 constant, whatever type its input has.
  'MeanVarianceNormalization',
  // Both versions: the output would get the type of the input, which the output must not have.
  'RandomNormalLike',
])

/**
 * The first call of each operator in `operators-17` with changed types: once all inputs with the type of the first one are
 * changed, and once for each later input that input alone.
 */
function retypedCalls(): [string, OnnxModel][] {
  const model = readModel(readFixture('operators-17'))
  const known = inferTypes(model)
  const first = new Map([...model.graph.nodes].reverse().map((node) => [node.opType, node]))
  return [...first.values()].flatMap((node) => {
    const values = [...new Set(node.inputs.filter(Boolean))].map((name) => known.get(name)!)
    // Python's check needs a shape for every input.
    const isAsked = values.length > 0 && values.every(({ dims }) => dims !== null)
    if (!isAsked || disputed.has(node.opType)) return []
    const like = values.filter(({ type }) => type === values[0]!.type).map(({ name }) => name)
    const changes = [
      ...(['float64', 'bfloat16', 'int16', 'uint32', 'bool'] as const).map((type) => ({ names: like, type })),
      ...values.slice(1).flatMap(({ name }) => {
        return (['float64', 'int32'] as const).map((type) => ({ names: [name], type }))
      }),
    ]
    return changes.map(({ names, type }, index): [string, OnnxModel] => {
      const g = createGraphBuilder({ name: 'call', opset: model.opset })
      for (const value of values) g.input(names.includes(value.name) ? { ...value, type } : value)
      g.nodeWithOutputs(node.opType, node.inputs, node.outputs, node.attributes)
      // The graph returns another value, since the type of the operator's output changes, too.
      g.node('Identity', [g.input({ name: 'kept', type: 'float32', dims: [1] })], {}, 'returned')
      g.output({ name: 'returned', type: 'float32', dims: [1] })
      return [`${node.opType}-${index}-${type}`, g.build()]
    })
  })
}

const calls = new Map(retypedCalls())

interface Reference {
  version: string
  newest: number
  results: Record<string, { types: Record<string, string>; error?: undefined } | { error: string } | null>
}

function askPython(): Reference | null {
  const folder = mkdtempSync(join(tmpdir(), 'esc-onnx-'))
  for (const [name, model] of [...models, ...calls]) {
    writeFileSync(join(folder, `${name}.onnx`), writeModel(model))
  }
  const script = fileURLToPath(new URL('../fixtures/make.py', import.meta.url))
  const python = process.env.ONNX_PYTHON ?? '/usr/bin/python3'
  const { status, stdout } = spawnSync(python, [script, 'check', folder], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  rmSync(folder, { recursive: true })
  return status === 0 ? (JSON.parse(stdout) as Reference) : null
}

const reference = askPython()
const who = reference
  ? `onnx ${reference.version} (operator sets up to ${reference.newest})`
  : 'onnx is not installed for Python'

describe(`full check and shapes of ${who}`, () => {
  for (const [name, model] of models) {
    const result = reference?.results[name]
    const why = result ? '' : reference ? ': SKIPPED, the operator set is newer than this onnx' : ': SKIPPED'
    test.skipIf(!result)(`${name}${why}`, () => {
      if (result?.error !== undefined) expect.fail(result.error)
      checkModel(model)
      const types = inferTypes(model)
      const found = Object.entries(result!.types).map(([value, text]) => [
        value,
        describeLike(text, types.get(value)),
      ])
      expect(Object.fromEntries(found)).toEqual(result!.types)
    })
  }
})

const answers = (reference?.newest ?? 0) >= 17
test.skipIf(!answers)(
  `element types are refused where ${who} refuses them${answers ? '' : ': SKIPPED'}`,
  () => {
    const both = [...calls].map(([name, model]) => {
      return { name, mine: refusalOf(model), theirs: reference!.results[name]!.error }
    })
    expect(both.filter(({ mine, theirs }) => (mine === undefined) !== (theirs === undefined))).toEqual([])
    expect(both.filter(({ mine }) => mine !== undefined).length).toBeGreaterThan(350)
    expect(both.filter(({ mine }) => mine === undefined).length).toBeGreaterThan(200)
  },
)

function refusalOf(model: OnnxModel): string | undefined {
  try {
    checkModel(model)
  } catch (error) {
    return (error as Error).message
  }
}
