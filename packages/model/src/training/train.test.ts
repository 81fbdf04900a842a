/** Training: what it learns, its events, teachers, and that it frees its engine. */
import { EscError, type EscErrorCode, type FeatureSet, featureSet, type TrainedModel } from '@esc/core'
import { oneHot } from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { floatData, type OnnxRuntime, type Tensor } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import { audioCnn } from '../architectures/audio-cnn.js'
import {
  augmented,
  bins,
  classes,
  frames,
  given,
  graph,
  makeExamples,
  stubEngine,
  weightsOf,
} from '../fixtures/training.js'
import {
  evaluate,
  fit,
  ortEngine,
  predict,
  type StepBatch,
  type TrainEvent,
  type TrainOptions,
  train,
} from '../index.js'
import { openTeacher } from './teacher.js'

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
      epochs: 40,
      batchSize: 16,
      learningRate: (epoch) => 2e-3 * (0.5 + 0.5 * Math.cos((Math.PI * epoch) / 40)),
      optimizer: { kind: 'adamw', clipNorm: 1 },
      loss: { kind: 'sigmoid' },
    }
    const { history, bestEpoch } = await fit(graph, ...augmented(given(training, validation)), options)
    expect(history[bestEpoch - 1]!.validationAccuracy).toBeGreaterThan(0.9)
  })

  test('the same seed gives the same bytes, another seed does not', async () => {
    const train = async (seed: number) => {
      const options = { engine, epochs: 2, batchSize: 16, seed }
      return weightsOf((await fit(graph, ...augmented(given(training)), options)).graph)
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
    const options = { engine, epochs: 30, batchSize: 16, earlyStopping: { patience: 2 } }
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
    // Each example belongs mostly to its own class. The logits equal the target.
    const [set, split] = given(training)
    const mixed: FeatureSet = {
      ...set,
      get: (index) => ({
        features: training[index]!.features,
        target: oneHot(training[index]!.labelIndex, classes).map((share) => 0.4 * share + 0.2),
      }),
    }
    const step = async ({ target }: StepBatch) => ({ loss: 1, logits: (target.data as Float32Array).slice() })
    const { history } = await fit(graph, mixed, split, { engine: stubEngine({ step }), epochs: 1 })
    expect(history[0]).toMatchObject({ trainAccuracy: 1, trainLoss: 1 })
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

describe('teachers', () => {
  const loss = { distillation: { temperature: 2, weight: 0.5 } }
  const teach = async (seed: number) =>
    fit(audioCnn({ bins, frames, classes, seed }), ...given(training), { engine, epochs: 1, seed })

  test('give logits for each batch as it was made, augmented and mixed', async () => {
    const teacher = await teach(2)
    const batches: StepBatch[] = []
    const step = async (batch: StepBatch) => {
      const copy = (tensor: Tensor) => ({ ...tensor, data: tensor.data.slice() }) as StepBatch['input']
      batches.push({ ...batch, input: copy(batch.input), teacherLogits: copy(batch.teacherLogits!) })
      return { loss: 1, logits: new Float32Array(batch.target.data.length) }
    }
    // Without a normaliser of its own, the network gets the features as the teacher does.
    const options = {
      engine: stubEngine({ step }),
      runtime: ortRuntime,
      epochs: 1,
      loss,
      teacher,
      normalize: null,
    }
    await fit(graph, ...augmented(given(training)), options)
    expect(batches.length).toBe(2)
    for (const { input, teacherLogits } of batches) {
      const size = bins * frames
      const rows = Array.from({ length: input.dims[0]! }, (_, row) => ({
        id: `${row}`,
        features: { data: (input.data as Float32Array).slice(row * size, (row + 1) * size), bins, frames },
        labelIndex: 0,
      }))
      const asSet = featureSet(rows, { labels: ['dog', 'rain', 'sea'] })
      const { logits } = await evaluate(teacher, asSet, null, { runtime: ortRuntime })
      for (const [i, logit] of logits.entries()) {
        expect(Math.abs(floatData({ t: teacherLogits! }, 't')[i]! - logit)).toBeLessThan(1e-5)
      }
    }
  })

  test('several count by their mean scores', async () => {
    const teachers = [await teach(2), await teach(3)]
    const opened = await openTeacher(teachers, ortRuntime)
    const data = training[0]!.features.data
    const mean = await opened.logits({ type: 'float32', dims: [1, 1, bins, frames], data })
    await opened.release()
    const [set] = given(training)
    const scores = []
    for (const teacher of teachers)
      scores.push((await predict(teacher, set, [0], { runtime: ortRuntime }))[0]!.scores)
    const sum = mean.reduce((total, logit) => total + Math.exp(logit), 0)
    for (const [i, logit] of mean.entries()) {
      expect(Math.exp(logit) / sum).toBeCloseTo((scores[0]![i]! + scores[1]![i]!) / 2, 5)
    }
  })

  test('a small network learns from a teacher alone', async () => {
    const teacher = await fit(graph, ...given(training, validation), { engine, epochs: 12, batchSize: 16 })
    const options = { engine, runtime: ortRuntime, epochs: 12, batchSize: 16, teacher }
    const alone = { distillation: { temperature: 1, weight: 1 } }
    // The labels of the examples are wrong: only the teacher knows the classes.
    const [set, split] = given(
      training.map((example) => ({ ...example, labelIndex: 0 })),
      validation,
    )
    const student = await fit(graph, ...augmented([set, split]), {
      ...options,
      loss: alone,
      earlyStopping: null,
    })
    expect(student.history.at(-1)!.validationAccuracy).toBeGreaterThan(0.8)
  })

  const teacher = teach(2)
  test.each<[string, (teacher: TrainedModel) => Partial<TrainOptions>, EscErrorCode, RegExp]>([
    [
      'a teacher for nothing',
      (teacher) => ({ teacher }),
      'INVALID_OPTION',
      /^teacher and loss.distillation go/,
    ],
    ['no teacher', () => ({ loss }), 'INVALID_OPTION', /^teacher and loss.distillation go together/],
    ['an empty list', () => ({ loss, teacher: [] }), 'INVALID_OPTION', /^teacher and loss.distillation/],
    [
      'no runtime',
      (teacher) => ({ loss, teacher, runtime: undefined }),
      'INVALID_OPTION',
      /runtime|ONNX Runtime/,
    ],
    ['no model', () => ({ loss, teacher: {} as never }), 'INVALID_INPUT', /^the model /],
    [
      'other labels',
      (teacher) => ({ loss, teacher: { ...teacher, labels: ['dog', 'sea', 'rain'] } }),
      'INCOMPATIBLE_MODEL',
      /^teacher has the labels dog, sea, rain; the set has dog, rain, sea, and they must be equal, in the same order$/,
    ],
    [
      'another shape',
      (teacher) => ({
        loss,
        teacher: [teacher, { ...teacher, graph: audioCnn({ bins, frames: 13, classes }) }],
      }),
      'INCOMPATIBLE_MODEL',
      /^teacher\[1\] reads \[1,8,13\]; the network that learns reads \[1,8,12\]$/,
    ],
  ])('%s: refused', async (_name, options, code, message) => {
    const settings = { engine: stubEngine(), runtime: ortRuntime, ...options(await teacher) }
    await expect(fit(graph, ...given(training), settings)).rejects.toThrow(throwsCode(code, message))
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
    const [set, split] = given(training)
    const failing: FeatureSet = {
      ...set,
      get(index, context) {
        if (context && ++seen > 20) throw new Error('cannot augment')
        return set.get(index)
      },
    }
    const options = { engine: stub, batchSize: 20 }
    await expect(fit(graph, failing, split, options)).rejects.toThrow('cannot augment')
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
