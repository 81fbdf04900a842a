/** A network's weights and the optimiser's state, in two sets of arrays that take turns. */
import { EscError, type NetworkGraph, namedWeights } from '@esc/core'
import { type OptimizerOptions, optimizerSlots, type Tensor } from '@esc/onnx'
import type { EngineState } from './engine.js'

/** A tensor of floats. */
export type FloatTensor = Extract<Tensor, { type: 'float32' }>

/** Tensors by name: `node.weight` and `slot/node.weight`. */
export type Values = Readonly<Record<string, FloatTensor>>

/** The values that a step reads, and the arrays that it writes. */
export interface Parameters {
  /** Values before the next step. */
  readonly present: Values
  /** Values before the last step; if there was no step yet, the present values. */
  readonly previous: Values
  /** Arrays for the results of the next step, as `next/…`. They are the set that is not `present`. */
  readonly next: Values
  /** Number of steps so far. */
  readonly steps: number
  /** Grows whenever the present values change. */
  readonly version: number
  /** Makes the arrays of `next` the present values, after a step has written them. */
  advance(): void
  /** A copy of the present values. */
  state(): EngineState
  /**
   * Replaces the present values.
   *
   * @throws EscError INVALID_INPUT naming a value that is missing, is unknown, or has another length.
   */
  restore(state: EngineState): void
}

/** Starts with a copy of the graph's weights, and with zeros in the optimiser's arrays. */
export function createParameters(graph: NetworkGraph, optimizer: OptimizerOptions = {}): Parameters {
  const sets = [emptyValues(graph, optimizer), emptyValues(graph, optimizer)] as const
  const places = sets.map(
    (set): Values =>
      Object.fromEntries(Object.entries(set).map(([name, tensor]) => [`next/${name}`, tensor])),
  )
  for (const { name, weight } of namedWeights(graph)) sets[0][name]!.data.set(weight.data)
  let current = 0
  let previous = 0
  let steps = 0
  let version = 0
  return {
    get present() {
      return sets[current]!
    },
    get previous() {
      return sets[previous]!
    },
    get next() {
      return places[1 - current]!
    },
    get steps() {
      return steps
    },
    get version() {
      return version
    },
    advance() {
      previous = current
      current = 1 - current
      steps++
      version++
    },
    state() {
      const values = Object.entries(sets[current]!).map(([name, { data }]) => [name, data.slice()])
      return { steps, values: Object.fromEntries(values) }
    },
    restore(saved) {
      const target = sets[current]!
      assertState(graph, target, saved)
      for (const [name, { data }] of Object.entries(target)) data.set(saved.values[name]!)
      steps = saved.steps
      previous = current
      version++
    },
  }
}

function emptyValues(graph: NetworkGraph, optimizer: OptimizerOptions): Values {
  const values: Record<string, FloatTensor> = {}
  for (const { name, weight, trainable } of namedWeights(graph)) {
    const { shape, data } = weight
    const prefixes = ['', ...(trainable ? optimizerSlots(optimizer).map((slot) => `${slot}/`) : [])]
    for (const prefix of prefixes) {
      values[`${prefix}${name}`] = { type: 'float32', dims: shape, data: new Float32Array(data.length) }
    }
  }
  return values
}

function assertState(
  { name: network }: NetworkGraph,
  expected: Values,
  { steps, values }: EngineState,
): void {
  if (!(Number.isSafeInteger(steps) && steps >= 0)) {
    throw new EscError('INVALID_INPUT', `state has steps=${steps}, which must be an integer >= 0`)
  }
  const unknown = Object.keys(values).find((name) => !Object.hasOwn(expected, name))
  if (unknown !== undefined) {
    throw new EscError(
      'INVALID_INPUT',
      `state has values '${unknown}', which '${network}' and its optimiser do not have`,
    )
  }
  for (const [name, { data }] of Object.entries(expected)) {
    const found = values[name]?.length ?? 'no'
    if (found !== data.length) {
      throw new EscError(
        'INVALID_INPUT',
        `state has ${found} values '${name}'; '${network}' needs ${data.length}`,
      )
    }
  }
}
