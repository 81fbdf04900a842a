/** The model that `fit` returns, warnings, and the run that `train` returns. */
import { type Example, type FeatureRecipe, featureSet, fitNormalizer, type TrainedModel } from '@esc/core'
import { classWeights } from '@esc/dataset'
import { createExtractor, logmel64, logmel128 } from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import { given, graph, makeExamples, stubEngine, weightsOf } from '../fixtures/training.js'
import { audioCnn, fit, melCnn, ortEngine, type TrainEvent, train } from '../index.js'

const labels = ['dog', 'rain', 'sea']
const engine = ortEngine({ runtime: ortRuntime, threads: 1 })

/** Features like decibels: their mean is far from 0, and their deviation is large. */
const loud = (examples: readonly Example[]) =>
  examples.map((example) => {
    const { data, bins, frames } = example.features
    return { ...example, features: { data: data.map((value) => 20 * value - 40), bins, frames } }
  })
const [training, validation] = [makeExamples(45, 1), makeExamples(15, 2, 'val')]

describe('the model that fit returns', () => {
  test('has the statistics of the training part, and learns from features as they are', async () => {
    const data = given(loud(training), loud(validation))
    const model = await fit(graph, ...data, { engine, epochs: 12, batchSize: 16 })
    expect(model.normalizer).toEqual(fitNormalizer(loud(training).map(({ features }) => features)))
    expect(model.history[model.bestEpoch - 1]!.validationAccuracy).toBeGreaterThan(0.9)
    // Training on features that were normalised before gives the same weights.
    const { mean, std } = model.normalizer!
    const byHand = (examples: readonly Example[]) =>
      loud(examples).map((example) => {
        const { data, bins, frames } = example.features
        const normal = data.map(
          (value, i) => (value - mean[Math.floor(i / frames)]!) / std[Math.floor(i / frames)]!,
        )
        return { ...example, features: { data: normal, bins, frames } }
      })
    const parts = given(byHand(training), byHand(validation))
    const same = await fit(graph, ...parts, { engine, epochs: 12, batchSize: 16, normalize: null })
    expect(weightsOf(same.graph)).toEqual(weightsOf(model.graph))
    expect(same.normalizer).toBeNull()
  })

  test('has the labels, the activation, and the name of the data set', async () => {
    const set = featureSet(training, { labels, dataset: { name: 'demo', synthetic: true } })
    const options = { engine: stubEngine(), epochs: 1, loss: { kind: 'sigmoid' } as const }
    const {
      graph: trained,
      normalizer: _,
      history,
      ...known
    } = await fit(graph, set, { train: [0, 1, 2] }, options)
    expect(known).toEqual({
      labels,
      recipe: null,
      activation: 'sigmoid',
      temperature: 1,
      windows: null,
      dataset: { name: 'demo', synthetic: true },
      bestEpoch: 1,
      stoppedEarly: false,
    })
    expect(trained.name).toBe('audio-cnn')
    expect(history.length).toBe(1)
  })

  test('has a network that was built for these features, with the seed of the training', async () => {
    const options = { engine: stubEngine(), epochs: 1, seed: 7 }
    const size = { bins: 8, frames: 12, classes: 3, seed: 7 }
    const made = async (network: Parameters<typeof fit>[0]) =>
      (await fit(network, ...given(training), options)).graph
    expect(await made(melCnn)).toEqual(melCnn(size))
    expect(await made((input) => melCnn({ ...input, filters: [4, 8, 16] }))).toEqual(
      melCnn({ ...size, filters: [4, 8, 16] }),
    )
    expect(await made((input) => audioCnn({ ...input, hidden: 5, kernel: 5 }))).toEqual(
      audioCnn({ ...size, hidden: 5, kernel: 5 }),
    )
  })

  test('features made anew each epoch: the training part differs, statistics and validation do not', async () => {
    const [set, split] = given(training, validation)
    const seen: (number | undefined)[] = []
    const noisy: typeof set = {
      ...set,
      get: async (index, context) => {
        seen.push(context?.epoch)
        const { features } = await set.get(index)
        if (!context) return { features }
        return { features: { ...features, data: features.data.map((value) => value + context.rng.normal()) } }
      },
    }
    const options = { engine, epochs: 2, batchSize: 16 }
    const plain = await fit(graph, set, split, options)
    const model = await fit(graph, noisy, split, options)
    expect(model.normalizer).toEqual(plain.normalizer)
    expect(weightsOf(model.graph)).not.toEqual(weightsOf(plain.graph))
    expect(weightsOf((await fit(graph, noisy, split, options)).graph)).toEqual(weightsOf(model.graph))
    const once = seen.slice(0, seen.length / 2)
    expect(once.filter((epoch) => epoch === 1).length).toBe(45)
    // Once for the statistics, and the validation part after each epoch.
    expect(once.filter((epoch) => epoch === undefined).length).toBe(60 + 2 * 15)
  })

  test('does not change if the set changes the list of the training part that it receives', async () => {
    const [set, split] = given(training, validation)
    const options = { engine, epochs: 2, batchSize: 16 }
    const plain = await fit(graph, set, split, options)
    const seen: number[] = []
    const shuffling: typeof set = {
      ...set,
      get: async (index, context) => {
        seen.push(context?.train?.length ?? 0)
        context?.train?.fill(split.validation![0]!)
        return set.get(index)
      },
    }
    expect(weightsOf((await fit(graph, shuffling, split, options)).graph)).toEqual(weightsOf(plain.graph))
    expect(seen.filter((length) => length === 45).length).toBe(90)
  })

  test('is validated by clip, if clips have several windows', async () => {
    const windows = validation.map((example, i) => ({
      ...example,
      clipId: `clip ${i % 3}`,
      labelIndex: i % 3,
    }))
    const [set, split] = given(training, windows)
    const options = { engine, epochs: 12, batchSize: 16 }
    const { history } = await fit(graph, set, split, options)
    for (const { validationAccuracy } of history) expect((3 * validationAccuracy!) % 1).toBeCloseTo(0, 9)
    expect(history.at(-1)!.validationAccuracy).toBe(1)
  })

  test('learns targets of several labels with a sigmoid loss', async () => {
    const both = training.map((example) => {
      const target = Float32Array.of(0, 0, 0)
      target[example.labelIndex] = 1
      target[2] = 1
      return { ...example, target }
    })
    const options = { engine, epochs: 3, batchSize: 16, loss: { kind: 'sigmoid' } as const }
    const { history } = await fit(graph, ...given(both, validation), options)
    expect(history[2]!.trainLoss).toBeLessThan(history[0]!.trainLoss)
  })
})

test('class weights are a list, or the result of classWeights', async () => {
  const [set, split] = given(training, validation)
  const trained = async (classWeights: number[] | Map<number, number>) =>
    weightsOf((await fit(graph, set, split, { engine, epochs: 1, loss: { classWeights } })).graph)
  const map = classWeights(set, { indices: Int32Array.from(split.train) })
  expect(await trained(map)).toEqual(await trained([0, 1, 2].map((label) => map.get(label)!)))
  expect(await trained(new Map([[0, 3]]))).toEqual(await trained([3, 1, 1]))
  for (const wrong of [[1, 2], 'even', [1, 2, 0], new Set([1])]) {
    await expect(trained(wrong as never)).rejects.toThrow(
      throwsCode(
        'INVALID_OPTION',
        /loss.classWeights is .*; it must be 'balanced', 3 numbers > 0, or what classWeights\(set/,
      ),
    )
  }
})

test('a clip whose windows a split tears apart is refused', async () => {
  const windows = training.map((example, i) => ({
    ...example,
    clipId: `clip ${Math.floor(i / 3)}`,
    labelIndex: 1,
  }))
  const [set] = given(windows)
  for (const split of [
    { train: [0, 1], validation: [2] },
    { train: [0, 1], test: [2, 3] },
  ]) {
    await expect(fit(graph, set, split, { engine: stubEngine() })).rejects.toThrow(
      throwsCode(
        'INVALID_INPUT',
        /clip 'clip 0' is in split.train and in split.\w+; split this set itself, not its table/,
      ),
    )
  }
})

test('an error says which wrong thing was passed', async () => {
  const [set, split] = given(training)
  const options = { engine: stubEngine(), epochs: 1 }
  const model = await fit(graph, set, split, options)
  expect((await fit(model.graph, set, split, options)).history.length).toBe(1)
  await expect(fit(graph, Promise.resolve(set) as never, split, options)).rejects.toThrow(
    throwsCode('INVALID_INPUT', /the set is of type promise \(await it\)/),
  )
  await expect(
    fit(graph, set, split, { ...options, signal: new AbortController() as never }),
  ).rejects.toThrow(throwsCode('INVALID_OPTION', /signal is an AbortController; it must be an AbortSignal/))
  await expect(fit(graph, set, split, { ...options, loss: { kind: 'bce' as never } })).rejects.toThrow(
    throwsCode('INVALID_OPTION', /loss.kind=bce must be one of softmax, sigmoid/),
  )
})

describe('recipe and windows', () => {
  const small = (recipe: FeatureRecipe): FeatureRecipe => ({ ...recipe, mel: { ...recipe.mel, nMels: 16 } })
  const extract = (recipe: FeatureRecipe, seconds: number) => {
    const samples = Float32Array.from({ length: Math.round(seconds * recipe.sampleRate) }, (_, i) =>
      Math.sin(i / 7),
    )
    return createExtractor(recipe).extract({ samples, sampleRate: recipe.sampleRate })
  }
  const setOf = (recipe: FeatureRecipe, seconds: number, more = {}) =>
    featureSet(
      [0, 1, 2].map((i) => ({ id: `${i}`, features: extract(recipe, seconds), labelIndex: i })),
      { labels, recipe, ...more },
    )
  const options = { engine: stubEngine(), epochs: 1 }
  const trained = (set: ReturnType<typeof setOf>) => fit(melCnn, set, { train: [0, 1, 2] }, options)

  test('a recipe with a duration: the windows are as long', async () => {
    expect((await trained(setOf(small({ ...logmel128, durationSec: 1 }), 1))).windows).toEqual({
      windowSec: 1,
      hopSec: 0.5,
    })
  })

  test('a recipe without a duration: the windows are as long as the clips', async () => {
    const { windows } = await trained(setOf(small(logmel64), 1))
    expect(windows!.windowSec).toBeCloseTo(1, 1)
  })

  test('the set says how clips were cut', async () => {
    const windows = { windowSec: 1, hopSec: 0.25 }
    expect((await trained(setOf(small(logmel64), 1, { windows }))).windows).toEqual(windows)
  })

  test('a recipe that does not fit the features is refused before training', async () => {
    await expect(trained(setOf(small(logmel64), 1, { windows: { windowSec: 2 } }))).rejects.toThrow(
      throwsCode('INVALID_INPUT', /the set's windows make 8\d frames; the features have 4\d/),
    )
    const other = featureSet([{ id: 'a', features: extract(small(logmel64), 1), labelIndex: 0 }], {
      labels,
      recipe: logmel64,
    })
    await expect(fit(melCnn, other, { train: [0] }, options)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /a recipe of 64 bins for a network that reads \[1,16,/),
    )
    const longer = featureSet([{ id: 'a', features: extract(small(logmel64), 1), labelIndex: 0 }], {
      labels,
      recipe: { ...small(logmel64), durationSec: 3 },
    })
    await expect(fit(melCnn, longer, { train: [0] }, options)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /the recipe makes 128 frames; the features have 42/),
    )
  })
})

describe('a warning', () => {
  const warnings = async (examples: readonly Example[], normalize: 'per-bin' | null) => {
    const seen: TrainEvent[] = []
    const options = {
      engine: stubEngine(),
      epochs: 2,
      normalize,
      onEvent: (event: TrainEvent) => seen.push(event),
    }
    await fit(graph, ...given(examples), options)
    return seen.flatMap((event) => (event.type === 'warning' ? [event.message] : []))
  }

  test('comes once, of features far from zero mean and unit variance that are left as they are', async () => {
    const [message, ...more] = await warnings(loud(training), null)
    expect(message).toMatch(
      /mean -\d+(\.\d+)? and standard deviation \d+(\.\d+)?, and normalize is null: .* leave normalize out/,
    )
    expect(more).toEqual([])
  })

  test('does not come otherwise', async () => {
    expect(await warnings(training, null)).toEqual([])
    expect(await warnings(loud(training), 'per-bin')).toEqual([])
  })
})

describe('train', () => {
  const options = { engine, epochs: 3, batchSize: 16 }
  const data = given(training, validation)
  const outcome = ({ graph: trained, history, ...rest }: TrainedModel) => {
    return { ...rest, weights: weightsOf(trained), losses: history.map(({ trainLoss }) => trainLoss) }
  }
  const whole = fit(graph, ...data, options)

  test('its events end with the model that fit returns', async () => {
    const run = train(graph, ...data, options)
    const types = new Set<string>()
    for await (const { type } of run) types.add(type)
    expect(types).toEqual(new Set(['step', 'epoch']))
    expect(outcome(await run.result())).toEqual(outcome(await whole))
    expect(await run.result()).toBe(await run.result())
  })

  test('result alone runs to the end', async () => {
    expect(outcome(await train(graph, ...data, options).result())).toEqual(outcome(await whole))
  })

  test('result in the middle runs the rest; no event comes twice', async () => {
    const run = train(graph, ...data, options)
    let epochs = 0
    for await (const event of run) {
      if (event.type !== 'epoch') continue
      epochs++
      expect((await run.result()).history.length).toBe(3)
    }
    expect(epochs).toBe(1)
  })

  test('after a break it is the best model so far', async () => {
    let released = 0
    const counting: typeof engine = async (...given) => {
      const made = await engine(...given)
      return { ...made, release: () => made.release().then(() => void released++) }
    }
    const run = train(graph, ...data, { ...options, engine: counting })
    for await (const event of run) if (event.type === 'epoch' && event.epoch === 2) break
    expect(released).toBe(1)
    const model = await run.result()
    expect(model.history.length).toBe(2)
    expect(outcome(model).losses).toEqual(outcome(await whole).losses.slice(0, 2))
  })

  test('after an abort, too; the reason comes through to whoever reads the events', async () => {
    const stop = new AbortController()
    const run = train(graph, ...data, { ...options, signal: stop.signal })
    const read = async () => {
      for await (const event of run) if (event.type === 'epoch') stop.abort('enough')
    }
    await expect(read()).rejects.toBe('enough')
    expect((await run.result()).history.length).toBe(1)
  })

  test('before the end of the first epoch there is no model: INVALID_STATE', async () => {
    const run = train(graph, ...data, options)
    for await (const _ of run) break
    await expect(run.result()).rejects.toThrow(
      throwsCode('INVALID_STATE', /before its first epoch was finished/),
    )
    const aborted = train(graph, ...data, { ...options, signal: AbortSignal.abort('no') })
    await expect(aborted.result()).rejects.toThrow(throwsCode('INVALID_STATE', /there is no model yet/))
  })

  test('after an error it rejects with that, again and again', async () => {
    const broken = stubEngine({ step: async () => Promise.reject(new Error('no memory')) })
    const run = train(graph, ...data, { ...options, engine: broken })
    await expect(run.result()).rejects.toThrow('no memory')
    await expect(run.result()).rejects.toThrow('no memory')
    const other = train(graph, ...data, { ...options, epochs: 0 })
    await expect(other[Symbol.asyncIterator]().next()).rejects.toThrow(
      throwsCode('INVALID_OPTION', /epochs=0/),
    )
    await expect(other.result()).rejects.toThrow(throwsCode('INVALID_OPTION', /epochs=0/))
  })

  test('fit refuses an onEvent that is not a function', async () => {
    await expect(fit(graph, ...data, { ...options, onEvent: 'log' as never })).rejects.toThrow(
      throwsCode('INVALID_OPTION', /onEvent is of type string; it must be a function/),
    )
  })
})
