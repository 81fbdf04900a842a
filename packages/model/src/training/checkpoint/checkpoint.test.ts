/** Checkpoints: a resumed training, and checkpoints that are refused. */
import { createRng, EscError, type EscErrorCode, type TrainedModel, withWeights } from '@esc/core'
import { readSafetensors, type Safetensors, writeSafetensors } from '@esc/core/safetensors'
import { throwsCode } from '@esc/expect'
import { ortRuntime } from '@esc/onnx/node'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  augmented,
  classes,
  given,
  graph,
  makeExamples,
  memoryStore,
  stubEngine,
  weightsOf,
} from '../../fixtures/training.js'
import { fit, ortEngine, type TrainOptions } from '../../index.js'
import { digestOf } from './checkpoint.js'

const parts = { train: makeExamples(20, 1), validation: makeExamples(6, 2, 'val') }
const examples = augmented(given(parts.train, parts.validation))
// The network also has dropout.
const options: TrainOptions = {
  engine: ortEngine({ runtime: ortRuntime, threads: 1 }),
  epochs: 5,
  batchSize: 8,
  learningRate: (epoch) => 1e-3 / (1 + epoch),
  optimizer: { kind: 'adam', clipNorm: 1 },
}

/** Everything that must be equal. Times are not compared. */
function outcome({ graph: trained, history, ...rest }: TrainedModel) {
  return { ...rest, history, weights: weightsOf(trained) }
}

/** Trains this many epochs and is then aborted. */
async function cutAfter(
  epochs: number,
  store: TrainOptions['checkpoint'],
  settings: TrainOptions,
  data = examples,
) {
  const stop = new AbortController()
  let finished = 0
  const onEvent = ({ type }: { type: string }) => {
    if (type === 'epoch' && ++finished === epochs) stop.abort('cut off')
  }
  const cut = fit(graph, ...data, { ...settings, checkpoint: store, signal: stop.signal, onEvent })
  await expect(cut).rejects.toBe('cut off')
}

/** The bytes of a checkpoint that a test has changed, with the right digest. */
const sealed = async ({ tensors, metadata }: Safetensors) =>
  writeSafetensors({ tensors, metadata: { ...metadata, digest: await digestOf({ tensors, metadata }) } })

describe('a resumed training', () => {
  const uninterrupted = fit(graph, ...examples, options)

  test('gives the same as an uninterrupted training, wherever it was cut off', async () => {
    const whole = outcome(await uninterrupted)
    for (const epochs of [1, 3, 4]) {
      const store = memoryStore()
      await cutAfter(epochs, store, options)
      const events: string[] = []
      const resumed = await fit(graph, ...examples, {
        ...options,
        checkpoint: store,
        onEvent: (event) =>
          events.push(event.type === 'resumed' ? `${event.history.length} done` : event.type),
      })
      expect(outcome(resumed)).toEqual(whole)
      expect(events[0]).toBe(`${epochs} done`)
      expect(events.filter((type) => type === 'epoch').length).toBe(5 - epochs)
    }
  })

  test('gives the same if it was cut off after every epoch', async () => {
    const store = memoryStore()
    for (let cut = 0; cut < 4; cut++) await cutAfter(1, store, options)
    const resumed = await fit(graph, ...examples, { ...options, checkpoint: store })
    expect(outcome(resumed)).toEqual(outcome(await uninterrupted))
  })

  test('gives another result if any part of the state is changed', async () => {
    const whole = weightsOf((await uninterrupted).graph)
    const store = memoryStore()
    await cutAfter(3, store, options)
    const { tensors, metadata } = readSafetensors(store.bytes!)
    const zeroed = (prefix: string) =>
      new Map(
        [...tensors].map(([name, { shape, data }]) => [
          name,
          { shape, data: name.startsWith(prefix) ? data.map(() => 0) : data },
        ]),
      )
    const progress = JSON.parse(metadata.progress!)
    const changed = (part: object) => ({ ...metadata, progress: JSON.stringify({ ...progress, ...part }) })
    for (const part of [
      { tensors: zeroed('state/m/'), metadata },
      { tensors: zeroed('state/v/'), metadata },
      { tensors: zeroed('state/dense1'), metadata },
      { tensors, metadata: changed({ steps: 0 }) },
      { tensors, metadata: changed({ rng: createRng(9).state() }) },
    ]) {
      const resumed = await fit(graph, ...examples, {
        ...options,
        checkpoint: memoryStore(await sealed(part)),
      })
      expect(weightsOf(resumed.graph)).not.toEqual(whole)
    }
  })

  test('stops early when the uninterrupted one does', async () => {
    const contrary = given(
      parts.train,
      parts.validation.map((example) => ({ ...example, labelIndex: (example.labelIndex + 1) % classes })),
    )
    const settings = { ...options, epochs: 30, learningRate: 3e-3, earlyStopping: { patience: 3 } }
    const whole = await fit(graph, ...contrary, settings)
    expect(whole.stoppedEarly).toBe(true)
    const store = memoryStore()
    await cutAfter(whole.bestEpoch + 1, store, settings, contrary)
    expect(outcome(await fit(graph, ...contrary, { ...settings, checkpoint: store }))).toEqual(outcome(whole))
  })

  test('a finished training that is started again returns the same at once; with more epochs it goes on', async () => {
    const store = memoryStore()
    const first = await fit(graph, ...examples, { ...options, epochs: 2, checkpoint: store })
    const engine = () => Promise.reject(new Error('an engine was made'))
    const again = await fit(graph, ...examples, { ...options, epochs: 2, checkpoint: store, engine })
    expect(again).toEqual(first)
    const longer = await fit(graph, ...examples, { ...options, checkpoint: store })
    expect(outcome(longer)).toEqual(outcome(await uninterrupted))
  })

  test('throws the reason of an aborted signal, even if nothing is left to do', async () => {
    const store = memoryStore()
    await fit(graph, ...examples, { ...options, engine: stubEngine(), epochs: 1, checkpoint: store })
    const finished = { ...options, engine: stubEngine(), epochs: 1 }
    const before = fit(graph, ...examples, {
      ...finished,
      checkpoint: store,
      signal: AbortSignal.abort('stop'),
    })
    await expect(before).rejects.toBe('stop')
    const stop = new AbortController()
    const slow = {
      ...store,
      async read() {
        stop.abort('while it was read')
        return store.bytes
      },
    }
    const during = fit(graph, ...examples, { ...finished, checkpoint: slow, signal: stop.signal })
    await expect(during).rejects.toBe('while it was read')
  })

  test('the event of an epoch comes when its checkpoint is written', async () => {
    const store = memoryStore()
    const written: number[] = []
    const onEvent = ({ type }: { type: string }) => {
      if (type === 'epoch')
        written.push(JSON.parse(readSafetensors(store.bytes!).metadata.progress!).history.length)
    }
    await fit(graph, ...examples, { ...options, engine: stubEngine(), epochs: 3, checkpoint: store, onEvent })
    expect(written).toEqual([1, 2, 3])
  })
})

test('the file holds weights, moments and the best weights with their shapes', async () => {
  const store = memoryStore()
  const { graph: best } = await fit(graph, ...augmented(given(parts.train)), {
    ...options,
    epochs: 1,
    checkpoint: store,
  })
  const { tensors } = readSafetensors(store.bytes!)
  const kernel = best.nodes[0]!.weights as { kernel: { shape: number[]; data: Float32Array } }
  expect(tensors.get('best/conv1.kernel')).toEqual(kernel.kernel)
  // Without validation examples the last epoch is the best.
  expect(tensors.get('state/conv1.kernel')).toEqual(kernel.kernel)
  expect(tensors.get('state/v/conv1.kernel')!.shape).toEqual(kernel.kernel.shape)
})

describe('a checkpoint of another run is refused, saying what differs', () => {
  const stub = { ...options, engine: stubEngine(), epochs: 3 }
  const begun = async () => {
    const store = memoryStore()
    await fit(graph, ...examples, { ...stub, epochs: 2, checkpoint: store })
    return store
  }
  const [first, ...others] = parts.train
  const heard = { ...first!, features: { ...first!.features, data: first!.features.data.with(0, 9) } }
  const nodes = graph.nodes.map((node) =>
    node.op === 'Dropout' ? { ...node, attributes: { rate: 0.1 } } : node,
  )
  const advice =
    /Repeat the earlier settings to go on; remove the checkpoint, or choose another one, to start anew$/
  const otherWeights = withWeights(graph, { 'conv1.bias': new Float32Array(16).fill(9) })

  test.each<[string, Partial<TrainOptions>, Partial<typeof parts>, typeof graph, RegExp]>([
    ['seed', { seed: 7 }, {}, graph, /: seed was 42, is 7\. /],
    ['normalising', { normalize: null }, {}, graph, /: normalize was per-bin, is null\. /],
    ['batch size', { batchSize: 4 }, {}, graph, /: batchSize was 8, is 4\. /],
    [
      'early stopping',
      { earlyStopping: null },
      {},
      graph,
      /: earlyStopping was .*"patience":10.*, is .*"patience":null/,
    ],
    [
      'learning rate',
      { learningRate: 1e-3 },
      {},
      graph,
      /: learningRate of epoch 2 was 0\.0005, is 0\.001\. /,
    ],
    [
      'optimiser',
      { optimizer: { clipNorm: 2 } },
      {},
      graph,
      /: optimizer was \{"clipNorm":1,"kind":"adam"\}, is \{"clipNorm":2,"kind":"adam"\}\. /,
    ],
    [
      'loss',
      { loss: { focalGamma: 2 } },
      {},
      graph,
      /: loss was \{"kind":"softmax"\}, is \{"focalGamma":2,"kind":"softmax"\}\. /,
    ],
    ['fewer epochs than were made', { epochs: 1 }, {}, graph, /: epochs was 2 or more, is 1\. /],
    [
      'one example less',
      {},
      { train: others },
      graph,
      /: training examples was 20 \(\w{16}\), is 19 \(\w{16}\)\. /,
    ],
    ['another order', {}, { train: [...others, first!] }, graph, /: training examples was 20 \(\w+\), is 20/],
    ['another value', {}, { train: [heard, ...others] }, graph, /: training examples was 20/],
    [
      'another label',
      {},
      { train: [{ ...first!, labelIndex: 2 }, ...others] },
      graph,
      /: training examples was 20/,
    ],
    ['another name', {}, { train: [{ ...first!, id: 'x' }, ...others] }, graph, /: training examples was 20/],
    [
      'other validation',
      {},
      { validation: parts.validation.toReversed() },
      graph,
      /: validation examples was 6 \(\w+\), is 6/,
    ],
    ['a layer', {}, {}, { ...graph, nodes }, /: network was audio-cnn \(\w+\), is audio-cnn \(\w+\)\. /],
    ['other weights', {}, {}, otherWeights, /: initial weights was \w{16}, is \w{16}\. /],
  ])('%s', async (_name, change, otherExamples, network, message) => {
    const store = await begun()
    const before = store.bytes
    const { train, validation } = { ...parts, ...otherExamples }
    const refused = fit(network, ...augmented(given(train, validation)), {
      ...stub,
      ...change,
      checkpoint: store,
    })
    for (const text of [/^the checkpoint is of another run: /, message, advice]) {
      await expect(refused).rejects.toThrow(throwsCode('INVALID_INPUT', text))
    }
    expect(store.bytes).toBe(before)
  })

  test('another augmentation, or one without an id', async () => {
    const store = await begun()
    const data = given(parts.train, parts.validation)
    for (const [other, code, message] of [
      [
        augmented(data, 'other masks'),
        'INVALID_INPUT',
        /: augmentation was masks and mixup, is other masks\. /,
      ],
      [data, 'INVALID_INPUT', /: augmentation was masks and mixup, is none\. /],
      [
        augmented(data, null),
        'INVALID_OPTION',
        /^checkpoint: .* a function without an id, .* customAugment\(id, function\)/,
      ],
    ] as const) {
      const refused = fit(graph, ...other, { ...stub, checkpoint: store })
      await expect(refused).rejects.toThrow(throwsCode(code, message))
    }
  })

  test.each<[string, TrainOptions['optimizer'], TrainOptions['loss']]>([
    ['the same written in another order', { clipNorm: 1, kind: 'adam' }, {}],
    [
      'the default kind left out, and options that are off set to null',
      { clipNorm: 1 },
      { kind: 'softmax', classWeights: null },
    ],
  ])('%s counts as the same options', async (_, optimizer, loss) => {
    const store = await begun()
    expect(
      (await fit(graph, ...examples, { ...stub, optimizer, loss, checkpoint: store })).history.length,
    ).toBe(3)
  })
})

describe('a damaged checkpoint is an error, and stays as it is', () => {
  const stub = { ...options, engine: stubEngine(), epochs: 2 }
  const written = async () => {
    const store = memoryStore()
    await fit(graph, ...examples, { ...stub, epochs: 1, checkpoint: store })
    return store.bytes!
  }
  const edited = async (change: (metadata: Record<string, string>) => Record<string, string>) => {
    const { tensors, metadata } = readSafetensors(await written())
    return sealed({ tensors, metadata: change({ ...metadata }) })
  }
  const withProgress = (change: object) =>
    edited(({ progress, ...rest }) => ({
      ...rest,
      progress: JSON.stringify({ ...JSON.parse(progress!), ...change }),
    }))

  test.each<[string, () => Promise<Uint8Array>, EscErrorCode, RegExp]>([
    [
      'half of it',
      async () => (await written()).slice(0, 5000),
      'CORRUPT_DATA',
      /^no safetensors file, or a damaged one/,
    ],
    ['nothing', async () => new Uint8Array(0), 'CORRUPT_DATA', /./],
    [
      'another file',
      () => edited(() => ({})),
      'CORRUPT_DATA',
      /^no checkpoint .*: it is another safetensors file/,
    ],
    [
      'a later version',
      () => edited((all) => ({ ...all, version: '9' })),
      'UNSUPPORTED_FORMAT',
      / version "9"/,
    ],
    ['no run', () => edited(({ run: _, ...rest }) => rest), 'CORRUPT_DATA', /'run'/],
    ['no history', () => withProgress({ history: [] }), 'CORRUPT_DATA', /'progress'/],
    ['a generator of five words', () => withProgress({ rng: [1, 2, 3, 4, 5] }), 'CORRUPT_DATA', /'progress'/],
    [
      'no best weights',
      async () => {
        const { tensors, metadata } = readSafetensors(await written())
        const state = [...tensors].filter(([name]) => name.startsWith('state/'))
        return sealed({ tensors: new Map(state), metadata })
      },
      'CORRUPT_DATA',
      /'best\/conv1.kernel'/,
    ],
  ])('%s', async (_name, bytes, code, message) => {
    const store = memoryStore(await bytes())
    const before = store.bytes
    await expect(fit(graph, ...examples, { ...stub, checkpoint: store })).rejects.toThrow(
      throwsCode(code, message),
    )
    expect(store.bytes).toBe(before)
  })

  const one = (value: number) => ({ shape: [1], data: Float32Array.of(value) })
  test.each<[string, string, ReturnType<typeof one> | null, RegExp]>([
    [
      'more moments',
      'state/x',
      one(0),
      /values 'state\/x'|values 'x', which 'audio-cnn' and its optimiser do not/,
    ],
    ['no moment', 'state/m/conv1.kernel', null, /no values 'm\/conv1.kernel'/],
    ['a moment of another length', 'state/v/conv1.kernel', one(0), /1 values 'v\/conv1.kernel'/],
    ['a weight less', 'state/conv1.kernel', null, /it has no values 'state\/conv1.kernel'/],
    ['a weight of another length', 'best/conv1.kernel', one(0), /it has 1 values 'best\/conv1.kernel'/],
    [
      'a moment that is not finite',
      'state/m/conv1.bias',
      one(Number.NaN),
      /value 0 of "state\/m\/conv1.bias" is NaN/,
    ],
    [
      'a weight that is not finite',
      'best/y',
      one(Number.POSITIVE_INFINITY),
      /value 0 of "best\/y" is Infinity/,
    ],
  ])(
    '%s: the checkpoint is at fault, and no training is said to go on',
    async (_name, path, tensor, message) => {
      const store = memoryStore()
      await fit(graph, ...examples, { ...options, epochs: 1, checkpoint: store })
      const { tensors, metadata } = readSafetensors(store.bytes!)
      const edited = new Map(tensors)
      if (tensor) edited.set(path, tensor)
      else edited.delete(path)
      const events: unknown[] = []
      const resumed = { ...options, checkpoint: memoryStore(await sealed({ tensors: edited, metadata })) }
      const refused = fit(graph, ...examples, { ...resumed, onEvent: (event) => events.push(event) })
      for (const text of [/^no checkpoint of a training, or a damaged one: /, message]) {
        await expect(refused).rejects.toThrow(throwsCode('CORRUPT_DATA', text))
      }
      expect(events).toEqual([])
    },
  )

  test('a bit that changed, in a weight, a moment or a text', async () => {
    const bytes = await written()
    const headerEnd = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
    // The position of a digit of a loss, in `\"trainLoss\":1`.
    const loss = /trainLoss\W+\d/.exec(new TextDecoder('latin1').decode(bytes))!
    const digit = loss.index + loss[0].length - 1
    for (const at of [headerEnd, Math.floor((headerEnd + bytes.length) / 2), bytes.length - 4, digit]) {
      const damaged = Uint8Array.from(bytes)
      damaged[at]! ^= 1
      await expect(fit(graph, ...examples, { ...stub, checkpoint: memoryStore(damaged) })).rejects.toThrow(
        throwsCode('CORRUPT_DATA', /its digest does not match its content/),
      )
    }
  })

  test('any other damage gives an error or a training', async () => {
    const bytes = await written()
    const rng = createRng(1)
    const headerEnd = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
    await fc.assert(
      fc.asyncProperty(fc.nat(headerEnd), fc.nat(255), async (at, value) => {
        const damaged = Uint8Array.from(bytes)
        damaged[at] = value
        damaged[rng.integer(damaged.length)]! ^= 1
        try {
          await fit(graph, ...examples, { ...stub, checkpoint: memoryStore(damaged) })
        } catch (error) {
          expect(error).toBeInstanceOf(EscError)
        }
      }),
      { numRuns: 200 },
    )
  })
})
