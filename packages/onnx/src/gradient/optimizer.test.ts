import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import reference from '../../fixtures/optimizers.json' with { type: 'json' }
import {
  floatData,
  floatTensor,
  type OnnxModel,
  type OptimizerOptions,
  optimizerScalars,
  optimizerSlots,
  type Session,
  scalar,
  type Tensor,
  writeModel,
} from '../index.js'
import { checkModel } from '../inspect/index.js'
import { ortRuntime } from '../node/index.js'
import { writeOptimizer } from './optimizer.js'
import { createStepBuilder } from './step-builder.js'

const shapes: Readonly<Record<string, readonly number[]>> = reference.shapes
const names = Object.keys(shapes)

/** A model of the update alone: it takes weights and `gradient/…`, and returns `next/…`. */
function updateModel(options?: OptimizerOptions): OnnxModel {
  const g = createStepBuilder('update')
  const declare = (name: string, shape: readonly number[]) => g.input({ name, type: 'float32', dims: shape })
  const weights = Object.entries(shapes).map(([name, shape]) => {
    declare(name, shape)
    return { name, shape, gradient: declare(`gradient/${name}`, shape) }
  })
  writeOptimizer(g, weights, options)
  return g.build()
}

const openUpdate = (options?: OptimizerOptions) =>
  ortRuntime.createSession(writeModel(updateModel(options)), { threads: 1 })

/** Turns arrays by name into tensors with the shapes of their weights. */
function tensors(values: Readonly<Record<string, readonly number[]>>, prefix = ''): Record<string, Tensor> {
  const all = Object.entries(values).map(([name, data]) => [
    `${prefix}${name}`,
    floatTensor(data, shapes[name]),
  ])
  return Object.fromEntries(all)
}

function startState(options: OptimizerOptions): Record<string, Tensor> {
  const state = tensors(reference.start)
  for (const slot of optimizerSlots(options)) {
    for (const name of names) {
      state[`${slot}/${name}`] = floatTensor(
        new Float32Array(reference.start[name as 'dense.bias'].length),
        shapes[name],
      )
    }
  }
  return state
}

async function step(
  session: Session,
  state: Readonly<Record<string, Tensor>>,
  gradients: Readonly<Record<string, readonly number[]>>,
  scalars: Readonly<Record<string, number>>,
): Promise<Record<string, Tensor>> {
  const inputs = Object.entries(scalars).map(([name, value]) => [name, scalar(value)] as const)
  const outputs = await session.run({
    ...state,
    ...tensors(gradients, 'gradient/'),
    ...Object.fromEntries(inputs),
  })
  return Object.fromEntries(
    Object.entries(outputs).map(([name, tensor]) => [name.slice('next/'.length), tensor]),
  )
}

describe('PyTorch', () => {
  const { learningRates, gradients, cases } = reference
  const table = cases.map(({ options, values }) => {
    return [JSON.stringify(options), options as OptimizerOptions, values as Record<string, number[]>] as const
  })
  test.each(table)(
    '%s: six steps are equal to 1e-6 of the largest value of each array',
    async (_, options, expected) => {
      const session = await openUpdate(options)
      let state = startState(options)
      for (const [i, learningRate] of learningRates.entries()) {
        state = await step(session, state, gradients[i]!, {
          learningRate,
          ...optimizerScalars(options, i + 1),
        })
      }
      await session.release()
      expect(Object.keys(state).sort()).toEqual(Object.keys(expected).sort())
      for (const [name, values] of Object.entries(expected)) {
        const tolerance = 1e-6 * Math.max(...values.map(Math.abs))
        floatData(state, name).forEach((value, i) => {
          expect(Math.abs(value - values[i]!), `${name}[${i}] = ${value}, not ${values[i]}`).toBeLessThan(
            tolerance,
          )
        })
      }
    },
  )
})

describe('the graph', () => {
  const corrections = ['biasCorrection1', 'biasCorrection2']
  test.each<[OptimizerOptions, string[], string[]]>([
    [{}, corrections, ['m', 'v']],
    [{ kind: 'adamw', clipNorm: 1 }, corrections, ['m', 'v']],
    [{ kind: 'sgd' }, [], []],
    [{ kind: 'sgd', weightDecay: 0.1, clipNorm: 1 }, [], []],
    [{ kind: 'sgd', momentum: 0.9, nesterov: true }, [], ['momentum']],
  ])('%j is checked and has the scalar inputs %j and the slots %j', (options, scalars, slots) => {
    const model = updateModel(options)
    checkModel(model)
    expect(optimizerSlots(options)).toEqual(slots)
    expect(Object.keys(optimizerScalars(options, 1))).toEqual(scalars)
    const state = names.flatMap((name) => [name, ...slots.map((slot) => `${slot}/${name}`)])
    const inputs = ['learningRate', ...scalars, ...names.map((name) => `gradient/${name}`), ...state]
    expect(model.graph.inputs.map(({ name }) => name).sort()).toEqual(inputs.sort())
    expect(model.graph.outputs.map(({ name }) => name).sort()).toEqual(
      state.map((name) => `next/${name}`).sort(),
    )
  })

  test('an option that is off leaves the graph as it is', () => {
    expect(updateModel({ kind: 'adam', weightDecay: 0, clipNorm: null })).toEqual(updateModel())
    expect(updateModel({ kind: 'adamw', weightDecay: 0 })).toEqual(updateModel())
    const off = { momentum: 0, nesterov: false, weightDecay: 0 }
    expect(updateModel({ kind: 'sgd', ...off })).toEqual(updateModel({ kind: 'sgd' }))
  })
})

describe('clipNorm', () => {
  test('never makes the norm larger, keeps the direction, and does not change a single bit of short gradients', async () => {
    const clipNorm = 0.5
    const sessions = await Promise.all([openUpdate({ kind: 'sgd', clipNorm }), openUpdate({ kind: 'sgd' })])
    const zeros = tensors({ 'dense.kernel': Array(6).fill(0), 'dense.bias': [0, 0] })
    const valuesTo = (length: number, reach: number) =>
      fc.array(fc.float({ min: -reach, max: reach, noNaN: true }), { minLength: length, maxLength: length })
    const anyGradients = fc.constantFrom(0.125, 1, 1e6).chain((reach) => {
      return fc.record({ 'dense.kernel': valuesTo(6, reach), 'dense.bias': valuesTo(2, reach) })
    })
    const property = fc.asyncProperty(anyGradients, async (gradients) => {
      // With weights of 0 and a learning rate of 1, the next weights are the negative gradients.
      const runs = sessions.map(async (session) => {
        const state = await step(session, zeros, gradients, { learningRate: 1 })
        return names.flatMap((name) => [...floatData(state, name)])
      })
      const [clipped, plain] = (await Promise.all(runs)) as [number[], number[]]
      const norm = Math.hypot(...plain)
      expect(Math.hypot(...clipped)).toBeLessThanOrEqual(Math.min(norm, clipNorm) * (1 + 1e-6))
      const factor = Math.min(1, clipNorm / (norm + 1e-6))
      const tolerance = norm < clipNorm - 2e-6 ? 0 : 1e-6 * clipNorm
      clipped.forEach((value, i) => {
        expect(Math.abs(value - plain[i]! * factor)).toBeLessThanOrEqual(tolerance)
      })
    })
    await fc.assert(property, { numRuns: 200 })
    for (const session of sessions) await session.release()
  })

  test('gradients whose norm is too large for float32 count as 0, as in PyTorch, and leave no NaN', async () => {
    for (const kind of ['adam', 'adamw'] as const) {
      const options: OptimizerOptions = { kind, clipNorm: 1, weightDecay: 0 }
      const session = await openUpdate(options)
      const start = startState(options)
      const gradients = { 'dense.kernel': Array(6).fill(1e25), 'dense.bias': [0, -1e25] }
      const scalars = { learningRate: 1, ...optimizerScalars(options, 1) }
      const state = await step(session, start, gradients, scalars)
      await session.release()
      for (const name of Object.keys(start)) expect(floatData(state, name), name).toEqual(start[name]!.data)
    }
  })
})

describe('refusals', () => {
  test.each<[object, string]>([
    [{ kind: 'rmsprop' }, 'optimizer.kind=rmsprop'],
    [{ beta1: 1 }, 'beta1=1'],
    [{ beta2: -0.1 }, 'beta2=-0.1'],
    [{ beta1: Number.NaN }, 'beta1=NaN'],
    [{ epsilon: 0 }, 'epsilon=0'],
    [{ kind: 'adamw', weightDecay: -1 }, 'weightDecay=-1'],
    [{ kind: 'sgd', weightDecay: Number.NaN }, 'weightDecay=NaN'],
    [{ clipNorm: 0 }, 'clipNorm=0'],
    [{ kind: 'sgd', clipNorm: Number.POSITIVE_INFINITY }, 'clipNorm=Infinity'],
    [{ kind: 'sgd', momentum: 1 }, 'momentum=1'],
    [{ kind: 'sgd', momentum: -0.5 }, 'momentum=-0.5'],
    [{ kind: 'sgd', nesterov: true }, 'nesterov=true needs momentum > 0'],
  ])('%j: INVALID_OPTION', (options, message) => {
    expect(() => updateModel(options)).toThrow(throwsCode('INVALID_OPTION', message))
  })

  test.each([0, -1, 1.5, Number.NaN])('step %d is INVALID_OPTION', (number) => {
    expect(() => optimizerScalars({}, number)).toThrow(throwsCode('INVALID_OPTION', 'step='))
  })
})
