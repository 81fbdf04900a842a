import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import reference from '../../fixtures/losses.json' with { type: 'json' }
import { floatData, floatTensor, type LossOptions, type OnnxModel, writeModel } from '../index.js'
import { checkModel } from '../inspect/index.js'
import { ortRuntime } from '../node/index.js'
import { type Batch, gradient64, loss64 } from './fixtures/loss64.js'
import { writeLoss } from './loss.js'
import { createStepBuilder } from './step-builder.js'

/** A model that takes logits and returns the loss and its gradient. */
function lossModel(classes: number, options?: LossOptions): OnnxModel {
  const g = createStepBuilder('loss')
  const logits = g.input({ name: 'logits', type: 'float32', dims: ['N', classes] })
  g.nodeWithOutputs('Identity', [writeLoss(g, logits, classes, options)], ['gradient'])
  g.output({ name: 'gradient', type: 'float32', dims: ['N', classes] })
  return g.build()
}

async function run({ classes, ...batch }: Batch, options: LossOptions) {
  const session = await ortRuntime.createSession(writeModel(lossModel(classes, options)), { threads: 1 })
  try {
    const dims = [batch.logits.length / classes, classes]
    const inputs = Object.entries(batch).filter(([name]) => session.inputNames.includes(name))
    const feeds = inputs.map(([name, values]) => [name, floatTensor(values, dims)] as const)
    const outputs = await session.run(Object.fromEntries(feeds))
    return { loss: floatData(outputs, 'loss')[0]!, gradient: [...floatData(outputs, 'gradient')] }
  } finally {
    await session.release()
  }
}

/** The largest difference, divided by the largest expected value, or by `least` if all are smaller. */
function maxError(actual: readonly number[], expected: readonly number[], least = 0.1): number {
  expect(actual.length).toBe(expected.length)
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), least)
  // Written so that NaN counts as the largest.
  return expected.reduce((worst, value, i) => {
    const error = Math.abs(value - actual[i]!) / scale
    return error <= worst ? worst : error
  }, 0)
}

describe('PyTorch', () => {
  const { classes, logits, teacherLogits, probabilities, several, cases } = reference
  test.each(cases.map(({ options, ...expected }) => [JSON.stringify(options), options, expected] as const))(
    '%s: loss and gradients to 1e-6 of the largest',
    async (_, options, expected) => {
      const target = 'kind' in options ? several : probabilities
      const { loss, gradient } = await run({ classes, logits, target, teacherLogits }, options as LossOptions)
      expect(Math.abs(loss / expected.loss - 1)).toBeLessThan(1e-6)
      expect(maxError(gradient, expected.gradient)).toBeLessThan(1e-6)
    },
  )
})

const float32 = (min: number, max: number) => fc.float({ min, max, noNaN: true })

const optionsOf = (classes: number): fc.Arbitrary<LossOptions> => {
  const shared = {
    labelSmoothing: fc.constantFrom(0, 0.1, 0.5),
    classWeights: fc.option(fc.array(float32(0, 4), { minLength: classes, maxLength: classes }), {
      nil: null,
    }),
    focalGamma: fc.constantFrom(0, 0.125, 0.5, 1, 2, 5),
  }
  const distillation = fc.record({
    temperature: fc.constantFrom(0.5, 1, 4),
    weight: fc.constantFrom(0, 0.3, 1),
  })
  return fc.oneof(
    fc.record({ kind: fc.constant('sigmoid' as const), ...shared }),
    fc.record({
      kind: fc.constant('softmax' as const),
      ...shared,
      distillation: fc.option(distillation, { nil: null }),
    }),
  )
}

/** Rows of probabilities. Some rows are one label. */
const rowOf = (classes: number) =>
  fc.oneof(
    fc
      .nat({ max: classes - 1 })
      .map((label) => Array.from({ length: classes }, (_, i) => (i === label ? 1 : 0))),
    fc.array(fc.nat({ max: 3 }), { minLength: classes, maxLength: classes }).map((counts) => {
      const total = counts.reduce((sum, count) => sum + count, 0)
      return counts.map((count) => (total === 0 ? 1 / classes : count / total))
    }),
  )

const batchOf = (reach: number): fc.Arbitrary<Batch> =>
  fc
    .record({ classes: fc.integer({ min: 2, max: 5 }), rows: fc.integer({ min: 1, max: 3 }) })
    .chain(({ classes, rows }) => {
      const values = fc.array(fc.oneof(float32(-reach, reach), fc.constantFrom(-reach, reach)), {
        minLength: rows * classes,
        maxLength: rows * classes,
      })
      return fc.record({
        classes: fc.constant(classes),
        logits: values,
        target: fc.array(rowOf(classes), { minLength: rows, maxLength: rows }).map((all) => all.flat()),
        teacherLogits: values,
      })
    })

describe('every combination of options', () => {
  const combinations = (reach: number) =>
    batchOf(reach).chain((batch) => fc.tuple(fc.constant(batch), optionsOf(batch.classes)))

  test('equals its float64 definition to 1e-5, and the gradients equal central differences', async () => {
    const property = fc.asyncProperty(combinations(6), async ([batch, options]) => {
      const { loss, gradient } = await run(batch, options)
      expect(maxError([loss], [loss64(batch, options)], 1)).toBeLessThan(1e-5)
      expect(maxError(gradient, gradient64(batch, options))).toBeLessThan(1e-5)
    })
    await fc.assert(property, { numRuns: 100 })
  })

  test('is right for logits up to ±120, where probabilities round to 0 and 1', async () => {
    const property = fc.asyncProperty(combinations(120), async ([batch, options]) => {
      const { loss, gradient } = await run(batch, options)
      expect(maxError([loss], [loss64(batch, options)], 1)).toBeLessThan(1e-5)
      expect(maxError(gradient, gradient64(batch, options))).toBeLessThan(1e-4)
    })
    await fc.assert(property, { numRuns: 100 })
  })

  test('softmax: each row of the gradient sums to 0', async () => {
    const property = fc.asyncProperty(combinations(20), async ([batch, options]) => {
      const { gradient } = await run(batch, { ...options, kind: 'softmax' })
      for (let start = 0; start < gradient.length; start += batch.classes) {
        const row = gradient.slice(start, start + batch.classes)
        expect(Math.abs(row.reduce((sum, value) => sum + value, 0))).toBeLessThan(1e-5)
      }
    })
    await fc.assert(property, { numRuns: 30 })
  })
})

describe('an option that is off', () => {
  test.each<LossOptions>([
    { kind: 'softmax' },
    { labelSmoothing: 0, classWeights: null, focalGamma: 0, distillation: null },
  ])('%j gives the same graph', (options) => {
    expect(lossModel(3, options)).toEqual(lossModel(3))
  })

  test.each<LossOptions>([{ kind: 'softmax' }, { kind: 'sigmoid' }])(
    '%j: class weights of 1, and a distillation with weight 0, change the loss by less than 1e-6',
    async (plain) => {
      const property = fc.asyncProperty(batchOf(30), async (batch) => {
        const expected = await run(batch, plain)
        const others: LossOptions[] = [{ ...plain, classWeights: Array(batch.classes).fill(1) }]
        if (plain.kind === 'softmax') others.push({ distillation: { temperature: 2, weight: 0 } })
        for (const options of others) {
          const { loss, gradient } = await run(batch, options)
          expect(maxError([loss], [expected.loss])).toBeLessThan(1e-6)
          expect(maxError(gradient, expected.gradient)).toBeLessThan(1e-6)
        }
      })
      await fc.assert(property, { numRuns: 20 })
    },
  )
})

describe('the graph', () => {
  test.each<[LossOptions, string[]]>([
    [{}, ['logits', 'target']],
    [{ kind: 'sigmoid', focalGamma: 2, labelSmoothing: 0.1 }, ['logits', 'target']],
    [{ distillation: { temperature: 2, weight: 0.5 } }, ['logits', 'target', 'teacherLogits']],
  ])('%j is checked and has the inputs %j', (options, inputs) => {
    const model = lossModel(3, options)
    checkModel(model)
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(inputs)
  })
})

describe('refusals', () => {
  const distillation = { temperature: 2, weight: 0.5 }
  test.each<[object, string]>([
    [{ kind: 'hinge' }, 'loss.kind=hinge'],
    [{ labelSmoothing: 1 }, 'labelSmoothing=1'],
    [{ labelSmoothing: -0.1 }, 'labelSmoothing=-0.1'],
    [{ labelSmoothing: Number.NaN }, 'labelSmoothing=NaN'],
    [{ classWeights: [1, 2] }, 'classWeights has 2 factors'],
    [{ classWeights: [1, -2, 1] }, 'classWeights[1]=-2'],
    [{ classWeights: [1, 1, Number.NaN] }, 'classWeights[2]=NaN'],
    [{ classWeights: [Number.POSITIVE_INFINITY, 1, 1] }, 'classWeights[0]=Infinity'],
    [{ focalGamma: -1 }, 'focalGamma=-1'],
    [{ focalGamma: Number.NaN }, 'focalGamma=NaN'],
    [{ distillation: { ...distillation, temperature: 0 } }, 'distillation.temperature=0'],
    [{ distillation: { ...distillation, weight: 1.1 } }, 'distillation.weight=1.1'],
    [{ distillation: { temperature: 2 } }, 'distillation.weight=undefined'],
    [{ kind: 'sigmoid', distillation }, "distillation needs kind='softmax'"],
  ])('%j: INVALID_OPTION', (options, message) => {
    expect(() => lossModel(3, options)).toThrow(throwsCode('INVALID_OPTION', message))
  })
})
