/** Training: what it learns, its events, distillation, and that it frees its engine. */
import { EscError, type EscErrorCode } from '@esc/core'
import { mixup, specAugment } from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { floatData, type OnnxRuntime } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import {
  bins,
  classes,
  frames,
  given,
  graph,
  makeExamples,
  stubEngine,
  weightsOf,
} from '../fixtures/training.js'
import { fit, ortEngine, type StepBatch, type TrainEvent, type TrainOptions, train } from '../index.js'

const engine = ortEngine({ runtime: ortRuntime, threads: 1 })
const training = makeExamples(45, 1)
const validation = makeExamples(15, 2, 'val')

describe('fit', () => {
  test('learns, and keeps the epoch with the lowest validation loss', async () => {
    const result = await fit(graph, ...given(training, validation), { engine, epochs: 12, batchSize: 16 })
    expect(result.history.at(-1)!.trainLoss).toBeLessThan(0.5 * result.history[0]!.trainLoss)
    const losses = result.history.map(({ validationLoss }) => validationLoss!)
    expect(result.bestEpoch).toBe(losses.indexOf(Math.min(...losses)) + 1)
    expect(result.history[result.bestEpoch - 1]!.validationAccuracy).toBeGreaterThan(0.9)
  })

  test('learns with augmentation, mixing, a schedule, AdamW and a sigmoid loss, too', async () => {
    const options: TrainOptions = {
      engine,
      epochs: 20,
      batchSize: 16,
      learningRate: (epoch) => 2e-3 * (0.5 + 0.5 * Math.cos((Math.PI * epoch) / 20)),
      optimizer: { kind: 'adamw', clipNorm: 1 },
      loss: { kind: 'sigmoid' },
      augment: specAugment({ maxBins: 1, maxFrames: 2 }),
      mix: mixup,
    }
    const { history, bestEpoch } = await fit(graph, ...given(training, validation), options)
    expect(history[bestEpoch - 1]!.validationAccuracy).toBeGreaterThan(0.9)
  })

  test('the same seed gives the same bytes, another seed does not', async () => {
    const train = async (seed: number) => {
      const options = { engine, epochs: 2, batchSize: 16, seed, augment: specAugment(), mix: mixup }
      return weightsOf((await fit(graph, ...given(training), options)).graph)
    }
    const [first, again, other] = [await train(5), await train(5), await train(6)]
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
  })

  test('does not change the graph that it was given', async () => {
    const before = weightsOf(graph).map((data) => Float32Array.from(data))
    await fit(graph, ...given(training), { engine, epochs: 1 })
    expect(weightsOf(graph)).toEqual(before)
  })

  test('stops early when validation gets no better', async () => {
    // The validation labels contradict the training labels, so learning makes the validation loss worse.
    const contrary = validation.map((example) => ({
      ...example,
      labelIndex: (example.labelIndex + 1) % classes,
    }))
    const options = { engine, epochs: 30, batchSize: 16, patience: 2 }
    const result = await fit(graph, ...given(training, contrary), options)
    expect(result.stoppedEarly).toBe(true)
    expect(result.history.length).toBe(result.bestEpoch + 2)
  })
})

describe('events', () => {
  const collect = async (options: Partial<TrainOptions>, examples = training) => {
    const seen: TrainEvent[] = []
    const settings = { engine: stubEngine(), epochs: 2, batchSize: 20, ...options }
    for await (const event of train(graph, ...given(examples), settings)) seen.push(event)
    return seen
  }

  test('every step and every epoch in order', async () => {
    const seen = (await collect({ engine })).map((event) =>
      event.type === 'step' ? `${event.epoch}/${event.step} of ${event.steps}` : event.type,
    )
    const steps = (epoch: number) => [1, 2, 3].map((step) => `${epoch}/${step} of 3`)
    expect(seen).toEqual([...steps(1), 'epoch', ...steps(2), 'epoch'])
  })

  test('the learning rate may depend on the epoch as a fraction', async () => {
    const asked: number[] = []
    const step = async ({ target, learningRate }: StepBatch) => {
      asked.push(learningRate)
      return { loss: 1, logits: new Float32Array(target.data.length) }
    }
    const seen = await collect({
      engine: stubEngine({ step }),
      batchSize: 12,
      learningRate: (epoch) => epoch,
    })
    expect(asked).toEqual([0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75])
    expect(seen.flatMap((event) => (event.type === 'step' ? [event.learningRate] : []))).toEqual(asked)
    expect(seen.flatMap((event) => (event.type === 'epoch' ? [event.learningRate] : []))).toEqual([0, 1])
  })

  test("training accuracy is against the target's largest class", async () => {
    // Each mixture belongs mostly to the class of its first example. The logits equal the target.
    const mix: TrainOptions['mix'] = (a, b) => ({
      features: a.features,
      label: a.label.map((share, i) => 0.6 * share + 0.4 * b.label[i]!),
    })
    const step = async ({ target }: StepBatch) => ({ loss: 1, logits: (target.data as Float32Array).slice() })
    const [event] = (await collect({ engine: stubEngine({ step }), mix })).filter(
      ({ type }) => type === 'epoch',
    )
    expect(event).toMatchObject({ trainAccuracy: 1, trainLoss: 1 })
  })

  test('the validation loss is plain cross-entropy of its kind', async () => {
    const logits = Float32Array.of(2, -1, 0.5, 0, 3, 100)
    const predict = async () => logits
    const examples = given(training, [validation[1]!, validation[2]!])
    const lossOf = async (kind: 'softmax' | 'sigmoid') => {
      const loss = { kind, labelSmoothing: 0.2, classWeights: [1, 2, 3], focalGamma: 2 }
      const options = { engine: stubEngine({ predict }), epochs: 1, loss }
      return (await fit(graph, ...examples, options)).history[0]
    }
    // F.cross_entropy(torch.tensor([[2, -1, .5], [0, 3, 100]]), torch.tensor([1, 2])) and
    // F.binary_cross_entropy_with_logits(…, torch.eye(3)[[1, 2]]) of PyTorch 1.13.
    expect(await lossOf('softmax')).toMatchObject({ validationAccuracy: 0.5 })
    expect((await lossOf('softmax'))!.validationLoss).toBeCloseTo(1.6206556, 6)
    expect((await lossOf('sigmoid'))!.validationLoss).toBeCloseTo(1.3593335, 6)
  })
})

describe('distillation', () => {
  const loss = { distillation: { temperature: 2, weight: 0.5 } }
  const teacherLogits = Float32Array.from({ length: training.length * classes }, (_, i) => i)

  test('each example comes with its own row', async () => {
    const rows: [id: number, row: number[]][] = []
    const step = async ({ input, teacherLogits }: StepBatch) => {
      for (let row = 0; row < input.dims[0]!; row++) {
        const id = training.findIndex(({ features }) => features.data[0] === input.data[row * bins * frames])
        rows.push([id, [...floatData({ t: teacherLogits! }, 't').subarray(3 * row, 3 * row + 3)]])
      }
      return { loss: 1, logits: new Float32Array(input.dims[0]! * classes) }
    }
    await fit(graph, ...given(training), {
      engine: stubEngine({ step }),
      epochs: 1,
      loss,
      teacherLogits,
      normalize: null,
    })
    expect(rows.length).toBe(45)
    for (const [id, row] of rows) expect(row).toEqual([3 * id, 3 * id + 1, 3 * id + 2])
  })

  test.each<[string, Partial<TrainOptions>, EscErrorCode, RegExp]>([
    [
      'a teacher for nothing',
      { teacherLogits },
      'INVALID_OPTION',
      /^teacherLogits and loss.distillation go together/,
    ],
    ['no teacher', { loss }, 'INVALID_OPTION', /^teacherLogits and loss.distillation/],
    [
      'mixtures',
      { loss, teacherLogits, mix: mixup },
      'INVALID_OPTION',
      /^mix cannot be used with teacherLogits/,
    ],
    [
      'a row too few',
      { loss, teacherLogits: teacherLogits.subarray(3) },
      'INVALID_INPUT',
      /^teacherLogits has 132 values; 45 examples of 3 classes need 135/,
    ],
  ])('%s: refused', async (_name, options, code, message) => {
    await expect(fit(graph, ...given(training), { engine: stubEngine(), ...options })).rejects.toThrow(
      throwsCode(code, message),
    )
  })
})

describe('training frees its engine, however it ends', () => {
  test('if onEvent throws, and its error is thrown', async () => {
    let [created, released] = [0, 0]
    const counting: OnnxRuntime = {
      name: 'counting',
      async createSession(model, options) {
        created++
        const session = await ortRuntime.createSession(model, options)
        return {
          ...session,
          release() {
            released++
            return session.release()
          },
        }
      },
    }
    const onEvent = () => {
      throw new Error('no more')
    }
    const options = { engine: ortEngine({ runtime: counting }), onEvent }
    await expect(fit(graph, ...given(training), options)).rejects.toThrow('no more')
    expect(created).toBeGreaterThan(0)
    expect(released).toBe(created)
  })

  test('if it is aborted: no step follows, and the reason is thrown', async () => {
    const controller = new AbortController()
    const reason = new EscError('IO', 'enough')
    const log: string[] = []
    const stub = stubEngine({
      step: async ({ target }) => {
        log.push('step')
        return { loss: 1, logits: new Float32Array(target.data.length) }
      },
      release: async () => void log.push('release'),
    })
    const onEvent = () => controller.abort(reason)
    const options = { engine: stub, batchSize: 20, signal: controller.signal, onEvent }
    await expect(fit(graph, ...given(training), options)).rejects.toBe(reason)
    expect(log).toEqual(['step', 'release'])
  })

  test('if preparing a batch fails, after the running step', async () => {
    const log: string[] = []
    const stub = stubEngine({
      async step({ target }) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        log.push('step ended')
        return { loss: 1, logits: new Float32Array(target.data.length) }
      },
      release: async () => void log.push('release'),
    })
    let seen = 0
    const augment: TrainOptions['augment'] = (features) => {
      if (++seen > 20) throw new Error('cannot augment')
      return features
    }
    const options = { engine: stub, batchSize: 20, augment }
    await expect(fit(graph, ...given(training), options)).rejects.toThrow('cannot augment')
    expect(log).toEqual(['step ended', 'release'])
  })

  test('threads reach every session', async () => {
    const seen: (number | undefined)[] = []
    const spying: OnnxRuntime = {
      name: 'spying',
      createSession(model, options) {
        seen.push(options?.threads)
        return ortRuntime.createSession(model, options)
      },
    }
    await fit(graph, ...given(training, validation), {
      engine: ortEngine({ runtime: spying, threads: 1 }),
      epochs: 1,
    })
    expect(new Set(seen)).toEqual(new Set([1]))
  })
})
