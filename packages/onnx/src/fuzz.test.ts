/** Damaged files and models: each works or is an EscError. */
import { createRng, EscError, isEscError } from '@esc/core'
import { expect, test } from 'vitest'
import { modelNames, readFixture } from '../fixtures/files.js'
import { mutatedModel } from '../fixtures/mutants.js'
import { type OnnxModel, readModel, writeModel } from './index.js'
import { checkModel, inferTypes, printGraph } from './inspect/index.js'

const originals = modelNames.map((name) => new Uint8Array(readFixture(name)))
const small = originals.filter(({ length }) => length < 5_000)

const isLong = process.env.VERIFY_LONG === '1'
const rng = createRng(8)
const any = (below: number) => rng.integer(below)

/** Ways to damage a file. */
const damages: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  'flipped bits'(bytes) {
    for (let flips = any(4); flips >= 0; flips--) bytes[any(bytes.length)]! ^= 1 << any(8)
    return bytes
  },
  'its end cut off': (bytes) => bytes.subarray(0, any(bytes.length)),
  'a piece of another file inside'(bytes) {
    const other = small[any(small.length)]!
    const from = any(other.length)
    bytes.set(other.subarray(from, Math.min(other.length, from + any(64), from + bytes.length)), 0)
    return bytes.copyWithin(any(bytes.length), 0, any(64))
  },
  // Lengths and sizes are varints. A byte of ones continues the number and makes it large.
  'large lengths'(bytes) {
    const at = any(bytes.length)
    return bytes.fill(0xff, at, at + 1 + any(4))
  },
  'a piece missing'(bytes) {
    const at = any(bytes.length)
    const gone = 1 + any(8)
    bytes.copyWithin(at, at + gone)
    return bytes.subarray(0, Math.max(at, bytes.length - gone))
  },
}

test.each(Object.keys(damages))('a file with %s is read or throws an EscError', (kind) => {
  const files = isLong ? 5000 : 400
  let refused = 0
  for (let i = 0; i < files; i++) {
    // Large files take more time, but have the same messages.
    const from = i % 25 === 0 ? originals : small
    const bytes = damages[kind]!(from[any(from.length)]!.slice())
    try {
      printGraph(readModel(bytes))
    } catch (error) {
      if (!isEscError(error)) throw new EscError('CORRUPT_DATA', `mutation ${i}: ${error}`, { cause: error })
      expect(['CORRUPT_DATA', 'UNSUPPORTED_FORMAT']).toContain(error.code)
      refused++
    }
  }
  expect(refused).toBeGreaterThan(0.3 * files)
})

/** A model for each operator of a model. The values that the operator reads are inputs or constants. */
function singleOperators(model: OnnxModel): OnnxModel[] {
  const { nodes, initializers } = model.graph
  const types = inferTypes(model)
  const typesOf = (names: readonly string[]) => [...new Set(names)].flatMap((name) => types.get(name) ?? [])
  return nodes.map((node) => {
    const constants = new Map(
      node.inputs.flatMap((name) => (initializers.has(name) ? [[name, initializers.get(name)!]] : [])),
    )
    const inputs = typesOf(node.inputs).filter(({ name }) => !constants.has(name))
    const outputs = typesOf(node.outputs)
    return { ...model, graph: { ...model.graph, nodes: [node], inputs, outputs, initializers: constants } }
  })
}

test('every operator with changed inputs, attributes, sizes and types works or throws an EscError', {
  timeout: 900_000,
}, () => {
  const operators = modelNames
    .filter((name) => name.startsWith('operators'))
    .flatMap((name) => singleOperators(readModel(readFixture(name))))
  expect(operators.length).toBeGreaterThan(900)
  const outcomes = new Map<string, number>()
  for (let i = 0; i < operators.length * (isLong ? 20 : 4); i++) {
    const model = mutatedModel(operators[i % operators.length]!, rng)
    for (const use of [
      checkModel,
      inferTypes,
      printGraph,
      (made: OnnxModel) => readModel(writeModel(made)),
    ]) {
      let outcome = 'works'
      try {
        use(model)
      } catch (error) {
        if (!isEscError(error)) throw new EscError('CORRUPT_DATA', `mutant ${i}: ${error}`, { cause: error })
        outcome = error.code
      }
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
  }
  expect(outcomes.get('works')).toBeGreaterThan(operators.length)
  expect(outcomes.get('CORRUPT_DATA')).toBeGreaterThan(operators.length)
})
