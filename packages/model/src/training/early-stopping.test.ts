/** Early stopping: what counts as an improvement, and which weights the model gets. */
import { throwsCode } from '@esc/expect'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import { classes, given, graph, makeExamples, memoryStore, weightsOf } from '../fixtures/training.js'
import { createEarlyStopping, type EarlyStoppingOptions, fit, ortEngine } from '../index.js'

const training = makeExamples(45, 1)
// The validation labels contradict the training labels, so learning makes the validation loss worse.
const contrary = makeExamples(15, 2, 'val').map((example) => ({
  ...example,
  labelIndex: (example.labelIndex + 1) % classes,
}))
const engine = ortEngine({ runtime: ortRuntime, threads: 1 })
const options = { engine, epochs: 8, batchSize: 16 }
const data = given(training, contrary)

describe('createEarlyStopping', () => {
  /** One letter an epoch: b if it was the best, s if training should stop, a point otherwise. */
  const run = (given: EarlyStoppingOptions, losses: number[], accuracies = losses.map(() => 0)) => {
    const stopping = createEarlyStopping(given)
    return losses
      .map((validationLoss, i) => {
        const { best, stop } = stopping.observe({ validationLoss, validationAccuracy: accuracies[i]! })
        return best ? 'b' : stop ? 's' : '.'
      })
      .join('')
  }
  const { NaN: nan } = Number

  test.each<[string, EarlyStoppingOptions, number[], string]>([
    ['the lowest loss', { patience: 2 }, [3, 2, 2, 1, 1, 2, 1], 'bb.b.ss'],
    ['improvements of more than minDelta', { patience: 2, minDelta: 1 }, [3, 2.5, 1.9, 1, 0.9], 'b.b.s'],
    ['NaN is no improvement', { patience: 2 }, [nan, 1, nan, nan, 0.5], '.b.sb'],
    ['NaN alone stops', { patience: 2 }, [nan, nan], '.s'],
    ['no patience: it never stops', { patience: null }, [1, ...Array(20).fill(1)], `b${'.'.repeat(20)}`],
    ['10 epochs by default', {}, [1, ...Array(10).fill(1)], `b${'.'.repeat(9)}s`],
  ])('%s', (_, given, losses, expected) => {
    expect(run(given, losses)).toBe(expected)
  })

  test('the accuracy should rise', () => {
    const watched: EarlyStoppingOptions = { patience: 2, monitor: 'validationAccuracy', minDelta: 0.05 }
    expect(run(watched, [1, 2, 3, 4, 5], [0.5, 0.6, 0.64, 0.66, 0.66])).toBe('bb.b.')
  })

  test('without validation, each epoch is the best', () => {
    const stopping = createEarlyStopping({ patience: 1 })
    const record = { validationLoss: null, validationAccuracy: null }
    expect([1, 2, 3].map(() => stopping.observe(record))).toEqual(Array(3).fill({ best: true, stop: false }))
  })

  test.each<[EarlyStoppingOptions, RegExp]>([
    [{ patience: 0 }, /earlyStopping.patience=0/],
    [{ patience: Number.NaN }, /earlyStopping.patience=NaN/],
    [{ minDelta: -1 }, /earlyStopping.minDelta=-1 must be a number >= 0/],
    [{ minDelta: Number.NaN }, /earlyStopping.minDelta=NaN/],
    [{ monitor: 'loss' as never }, /earlyStopping.monitor/],
    [{ restoreBestWeights: 1 as never }, /earlyStopping.restoreBestWeights=1 must be true or false/],
    [{ delta: 1 } as never, /earlyStopping has no option 'delta'/],
  ])('refuses %o', async (given, message) => {
    const refused = throwsCode('INVALID_OPTION', message)
    expect(() => createEarlyStopping(given)).toThrow(refused)
    await expect(fit(graph, ...data, { ...options, earlyStopping: given })).rejects.toThrow(refused)
  })
})

describe('fit', () => {
  test('restoreBestWeights: false gives the weights of the last epoch, also after a resume', async () => {
    const last = { ...options, earlyStopping: { patience: 3, restoreBestWeights: false } }
    const stopped = await fit(graph, ...data, last)
    const epochs = stopped.history.length
    expect(stopped.stoppedEarly).toBe(true)
    expect(stopped.bestEpoch).toBe(epochs)
    // Without validation, training makes the same steps and keeps the last epoch.
    const plain = await fit(graph, ...given(training), { ...options, epochs })
    expect(weightsOf(stopped.graph)).toEqual(weightsOf(plain.graph))
    const restored = await fit(graph, ...data, { ...options, earlyStopping: { patience: 3 } })
    expect(restored.bestEpoch).toBe(epochs - 3)
    expect(weightsOf(restored.graph)).not.toEqual(weightsOf(stopped.graph))

    const checkpoint = memoryStore()
    await fit(graph, ...data, { ...last, epochs: 2, checkpoint })
    const resumed = await fit(graph, ...data, { ...last, checkpoint })
    expect(resumed.history).toEqual(stopped.history)
    expect(weightsOf(resumed.graph)).toEqual(weightsOf(stopped.graph))
  })

  test('null never stops, and keeps the epoch with the lowest loss', async () => {
    const { history, bestEpoch, stoppedEarly } = await fit(graph, ...data, {
      ...options,
      earlyStopping: null,
    })
    const losses = history.map(({ validationLoss }) => validationLoss!)
    expect([history.length, stoppedEarly]).toEqual([8, false])
    expect(bestEpoch).toBe(losses.indexOf(Math.min(...losses)) + 1)
  })
})
