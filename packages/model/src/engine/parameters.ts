/** A network's weights and the optimiser's state, in two sets of arrays that take turns. */
import { EscError, type NetworkGraph } from '@esc/core'
import { optimizerSlots, type TrainedWeight, trainedWeights } from '@esc/onnx'
import { type Averages, averageName, createAverages } from './averages.js'
import type { EngineOptions, EngineState } from './engine.js'
import type { FloatTensor, Values } from './values.js'

/** The values that a step reads, and the arrays that it writes. */
export interface Parameters {
  /** Values before the next step. */
  readonly present: Values
  /** Values before the last step; if there was no step yet, the present values. */
  readonly previous: Values
  /** Arrays for the results of the next step, as `next/…`. They are the set that is not `present`, without frozen weights. */
  readonly next: Values
  /** The weights that predict: their moving averages if the options have `ema`, otherwise the present ones. */
  readonly predicting: Values
  /** Number of steps so far. */
  readonly steps: number
  /** Grows whenever the present values change. */
  readonly version: number
  /** The present values, and with `ema` the averages as `ema/node.weight`. They are no copy. */
  all(): Values
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
export function createParameters(
  graph: NetworkGraph,
  { optimizer = {}, ema = null, frozen = [] }: Pick<EngineOptions, 'optimizer' | 'ema' | 'frozen'> = {},
): Parameters {
  const weights = trainedWeights(graph, frozen)
  const kept = valuesOf(weights.filter(({ change }) => change === 'none').map((each) => ['', each]))
  const changing = weights.filter(({ change }) => change !== 'none')
  const slots = weights.filter(({ change }) => change === 'gradient')
  const names = ['', ...optimizerSlots(optimizer).map((slot) => `${slot}/`)]
  const changed = () =>
    valuesOf(
      names.flatMap((prefix) => (prefix === '' ? changing : slots).map((each) => [prefix, each] as const)),
    )
  const written = [changed(), changed()] as const
  const sets = written.map((values): Values => ({ ...kept, ...values })) as [Values, Values]
  const places = written.map(
    (set): Values =>
      Object.fromEntries(Object.entries(set).map(([name, tensor]) => [`next/${name}`, tensor])),
  )
  for (const { name, weight } of weights) sets[0][name]!.data.set(weight.data)
  const averages: Averages | null = ema === null ? null : createAverages(weights, ema)
  let current = 0
  let previous = 0
  let steps = 0
  let version = 0
  const all = (): Values => {
    const averaged = Object.entries(averages?.values ?? {})
    const named = averaged.map(([name, tensor]): [string, FloatTensor] => [averageName(name), tensor])
    return { ...sets[current]!, ...Object.fromEntries(named) }
  }
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
    get predicting() {
      return averages?.values ?? sets[current]!
    },
    get steps() {
      return steps
    },
    get version() {
      return version
    },
    all,
    advance() {
      previous = current
      current = 1 - current
      steps++
      version++
      averages?.add(sets[current]!, steps)
    },
    state() {
      const values = Object.entries(all()).map(([name, { data }]) => [name, data.slice()])
      return { steps, values: Object.fromEntries(values) }
    },
    restore(saved) {
      const target = all()
      assertState(graph, target, saved)
      for (const [name, { data }] of Object.entries(target)) data.set(saved.values[name]!)
      steps = saved.steps
      previous = current
      version++
    },
  }
}

function valuesOf(weights: readonly (readonly [prefix: string, weight: TrainedWeight])[]): Values {
  const values = weights.map(([prefix, { name, weight }]): [string, FloatTensor] => {
    const { shape, data } = weight
    return [`${prefix}${name}`, { type: 'float32', dims: shape, data: new Float32Array(data.length) }]
  })
  return Object.fromEntries(values)
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
