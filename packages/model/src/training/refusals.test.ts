/** Wrong options, sets, splits, networks and features, and numbers that stop being finite, are refused with a clear error. */
import { type Example, type Weight, withWeights } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import { bins, classes, frames, given, graph, makeExamples, stubEngine } from '../fixtures/training.js'
import { audioCnn, fit, ortEngine, type StepBatch, type TrainOptions, train } from '../index.js'

const engine = ortEngine({ runtime: ortRuntime, threads: 1 })
const training = makeExamples(45, 1)
const validation = makeExamples(15, 2, 'val')

describe('refusals', () => {
  const features = (data: Float32Array, width = frames) => ({ data, bins, frames: width })
  const wide = { ...training[0]!, id: 'wide', features: features(new Float32Array(8 * 13), 13) }
  const alien = { ...training[0]!, id: 'alien', labelIndex: 3 }
  test.each<[string, Example[], Example[], RegExp]>([
    ['no examples', [], validation, /^training needs at least one example/],
    ['a wrong shape', [...training, wide], [], /^example 'wide' has features 8 × 13/],
    ['a wrong label', [alien], [], /^example 'alien' has label 3/],
    ['a wrong shape in validation', training, [wide], /^example 'wide'/],
  ])('%s, before an engine is made', async (_name, train, validation, message) => {
    const unused = () => Promise.reject(new Error('an engine was made'))
    await expect(fit(graph, ...given(train, validation), { engine: unused })).rejects.toThrow(
      throwsCode('INVALID_INPUT', message),
    )
  })

  test.each<[string, Partial<TrainOptions>, RegExp]>([
    ['no epochs', { epochs: 0 }, /epochs=0/],
    ['half a clip', { batchSize: 1.5 }, /batchSize=1.5/],
    ['no learning rate', { learningRate: Number.NaN }, /learningRate=NaN/],
    ['a schedule below 0', { learningRate: (epoch) => 0.4 - epoch }, /learningRate\(0.5\)=-0.0/],
    ['no patience', { earlyStopping: { patience: 0 } }, /earlyStopping.patience=0/],
    ['a seed below 0', { seed: -1 }, /seed=-1/],
    ['no engine', { engine: undefined as never }, /^engine is of type undefined; it must be /],
    [
      'an engine that was made',
      { engine: {} as never },
      /ortEngine\(…\) or tfjsEngine\(\); train of @esc\/model\/node needs no engine/,
    ],
    [
      'a path as checkpoint',
      { checkpoint: 'a.safetensors' as never },
      /checkpoint is of type string; .*checkpointFile\(path\)/,
    ],
    [
      'a checkpoint that cannot write',
      { checkpoint: { read: async () => null } as never },
      /checkpointFile\(path\)/,
    ],
    [
      'a rate as text',
      { learningRate: '1e-3' as never },
      /learningRate is of type string; it must be a number, or a function/,
    ],
    [
      'an optimizer by name',
      { optimizer: 'sgd' as never },
      /optimizer is of type string; it must be an object/,
    ],
    ['an array as optimizer', { optimizer: [] as never }, /optimizer is of type array/],
    ['no loss', { loss: null as never }, /loss takes an object of options, not null/],
    [
      'an unknown option',
      { batchsize: 4 } as never,
      /training has no option 'batchsize' \(write batchSize\); it has .*epochs, batchSize, /,
    ],
    [
      "an option of Adam's for SGD",
      { optimizer: { kind: 'sgd', beta1: 0.9 } as never },
      /optimizer of kind 'sgd' has no option 'beta1'; it has kind, momentum, /,
    ],
    [
      "an option of SGD's for Adam",
      { optimizer: { momentum: 0.9 } as never },
      /optimizer of kind 'adam' has no option 'momentum'; it has kind, beta1, /,
    ],
    [
      'an unknown optimizer',
      { optimizer: { kind: 'lion' } as never },
      /optimizer.kind=lion must be one of adam, adamw, sgd/,
    ],
    [
      'an unknown option of the loss',
      { loss: { smoothing: 0.1 } as never },
      /loss has no option 'smoothing'; it has kind, labelSmoothing, /,
    ],
    ['no options', 'none' as never, /training has no option '0'/],
  ])('%s', async (_name, options, message) => {
    const settings = { engine: stubEngine(), batchSize: 23, ...options }
    await expect(fit(graph, ...given(training), settings)).rejects.toThrow(
      throwsCode('INVALID_OPTION', message),
    )
  })

  test('no options at all', async () => {
    const none = undefined as unknown as TrainOptions
    await expect(train(graph, ...given(training), none).result()).rejects.toThrow(
      throwsCode('INVALID_OPTION', /^options is of type undefined; it must be an object/),
    )
    await expect(fit(graph, ...given(training), none)).rejects.toThrow(
      throwsCode('INVALID_OPTION', /^engine is of type/),
    )
  })

  const [set, split] = given(training, validation)
  test.each<[string, unknown, unknown, RegExp]>([
    [
      'an array of examples for a set',
      training,
      split,
      /the set is of type array; a feature set is what featureSet/,
    ],
    ['no set', undefined, split, /the set is of type undefined/],
    ['a set without labels', { ...set, labels: [] }, split, /the set has no labels/],
    [
      'a set of fewer labels',
      { ...set, labels: ['dog', 'rain'] },
      split,
      /has label 2, not an integer in \[0, 2\)/,
    ],
    [
      'a set of more labels',
      { ...set, labels: ['a', 'b', 'c', 'd'] },
      split,
      /the network has 3 outputs, the set 4 labels/,
    ],
    [
      'an id twice',
      { ...set, records: set.records.map((record) => ({ ...record, id: 'x' })) },
      split,
      /two examples with id 'x'/,
    ],
    ['no split', set, undefined, /split is of type undefined; it must be \{ train, validation \}/],
    [
      'an index outside the set',
      set,
      { train: [0, 60] },
      /split.train\[1\]=60 is not an index of the set's 60 examples/,
    ],
    [
      'a part that is no list',
      set,
      { train: 3 },
      /split.train is of type number; it must be a list of indices/,
    ],
    [
      'another part that is none',
      set,
      { train: [0], validation: 'all' },
      /split.validation is of type string/,
    ],
    [
      'an example in two parts',
      set,
      { train: [0, 1], validation: [1] },
      /clip 'clip1' is in split.train and in split.validation; split this set/,
    ],
    ['features that are none', { ...set, get: () => ({}) }, split, /example 'clip0' has no features/],
    ['nothing at all', { ...set, get: () => undefined }, split, /example 'clip0' has no features/],
    [
      'a set of mixed shapes',
      given([...training, wide])[0],
      { train: [0, 45] },
      /example 'wide' has features 8 × 13 .* need windows/,
    ],
    [
      'a target of fewer classes',
      withTarget(Float32Array.of(1, 0)),
      split,
      /'clip0' has a target of 2 classes, not 3/,
    ],
    [
      'a target that is no share',
      withTarget(Float32Array.of(1, 1, 0)),
      split,
      /'clip0' has the target \[1, 1, 0\]; with softmax/,
    ],
    [
      'a target of NaN',
      withTarget(Float32Array.of(Number.NaN, 1, 0)),
      split,
      /'clip0' has the target \[NaN, 1, 0\]/,
    ],
  ])('%s: INVALID_INPUT', async (_name, givenSet, givenSplit, message) => {
    const unused = () => Promise.reject(new Error('an engine was made'))
    await expect(fit(graph, givenSet as never, givenSplit as never, { engine: unused })).rejects.toThrow(
      throwsCode('INVALID_INPUT', message),
    )
  })

  function withTarget(target: Float32Array) {
    return { ...set, get: (index: number) => ({ ...training[index]!, target }) }
  }

  test.each<[string, unknown, RegExp]>([
    [
      'nothing',
      undefined,
      /network is of type undefined; it must be a NetworkGraph, a trained model, or a function/,
    ],
    ['a name', 'mel-cnn', /network is of type string/],
    [
      'a function that makes none',
      () => undefined,
      /the network's function returned no NetworkGraph: it is of type undefined/,
    ],
    [
      'a function that makes a trained model',
      () => ({ graph }),
      /function returned no NetworkGraph: it is a trained model; pass model.graph/,
    ],
    ['nodes alone', { nodes: [] }, /a network must have input: \{ name, shape \}/],
    ['a list of nothing', { ...graph, nodes: [null] }, /node 'undefined' is incomplete/],
    [
      'a network of another size',
      audioCnn({ bins: 9, frames, classes }),
      /'clip0' has features 8 × 12 .* \[1,9,12\] are needed/,
    ],
  ])('a network that is %s: INVALID_INPUT', async (_name, network, message) => {
    await expect(fit(network as never, set, split, { engine: stubEngine() })).rejects.toThrow(
      throwsCode('INVALID_INPUT', message),
    )
  })

  test.each<[string, object, RegExp]>([
    [
      'weights of no label',
      { loss: { classWeights: new Map([['a', 3]]) } },
      /has a weight for 'a'; each key/,
    ],
    ['a weight of a label beyond', { loss: { classWeights: new Map([[7, 3]]) } }, /has a weight for '7'/],
    ['weights with a hole', { loss: { classWeights: [1, undefined, 1] } }, /classWeights is \[1,,1\]/],
    [
      'a rate that is a text',
      { learningRate: () => '0.001' },
      /learningRate\(0\)=0.001 must be a finite number/,
    ],
  ])('%s: INVALID_OPTION', async (_name, options, message) => {
    await expect(fit(graph, set, split, { engine: stubEngine(), ...options } as never)).rejects.toThrow(
      throwsCode('INVALID_OPTION', message),
    )
  })

  test('a loss that is not finite ends training; the error names the step and where it began', async () => {
    const asked: StepBatch[] = []
    const broken = stubEngine({
      step: async ({ target }) => ({
        loss: Number.POSITIVE_INFINITY,
        logits: new Float32Array(target.data.length),
      }),
      findNonFinite: async (batch) => {
        asked.push({
          ...batch,
          input: { ...batch.input, data: batch.input.data.slice() } as StepBatch['input'],
        })
        return "layer 'conv2'"
      },
    })
    const options = { engine: broken, batchSize: 20, learningRate: 0.5, normalize: null }
    await expect(fit(graph, ...given(training), options)).rejects.toThrow(
      throwsCode(
        'DIVERGED',
        /^loss=Infinity at epoch 1, step 1 of 3; first not finite: layer 'conv2'; lower the learning rate \(0\.5\), or leave out normalize: null$/,
      ),
    )
    // The engine gets the batch of the broken step, although the next batch is already prepared.
    expect(asked[0]!.input.dims).toEqual([20, 1, bins, frames])
    expect(asked[0]!.learningRate).toBe(0.5)
    const values = new Set(training.flatMap(({ features }) => [...features.data]))
    expect(asked[0]!.input.data.every((value) => values.has(Number(value)))).toBe(true)
  })

  test('the engine on ONNX Runtime names the layer', async () => {
    const kernel = graph.nodes.find(({ name }) => name === 'conv2')!.weights as { kernel: Weight }
    const huge = withWeights(graph, { 'conv2.kernel': kernel.kernel.data.map(() => 3e38) })
    await expect(fit(huge, ...given(training), { engine })).rejects.toThrow(
      throwsCode('DIVERGED', /^loss=NaN at epoch 1, step 1 of 2; first not finite: layer 'conv2'; lower/),
    )
  })

  test('features that are not finite are named by their example, before an engine is made', async () => {
    const unused = () => Promise.reject(new Error('an engine was made'))
    const broken = (value: number) => ({
      ...training[7]!,
      id: 'bad',
      features: features(training[7]!.features.data.with(50, value)),
    })
    const infinite = broken(Number.NEGATIVE_INFINITY)
    const message = /^example 'bad' has features that are not finite: (NaN|-Infinity) at bin 4, frame 2; /
    for (const parts of [
      given(training.with(7, broken(Number.NaN))),
      given(training.with(7, infinite)),
      given(training, [...validation, infinite]),
    ]) {
      await expect(fit(graph, ...parts, { engine: unused })).rejects.toThrow(
        throwsCode('INVALID_INPUT', message),
      )
    }
  })

  test('weights or moments that the last step broke are never returned', async () => {
    // With this rate the weights go beyond the range of float32.
    const options = { engine, epochs: 1, batchSize: 64, learningRate: 1e39 }
    await expect(fit(graph, ...given(training), options)).rejects.toThrow(
      throwsCode('DIVERGED', /^weight '.*' is not finite after epoch 1; lower the learning rate \(1e\+39\)/),
    )
    const state = async () => ({
      steps: 1,
      values: { 'v/conv1.bias': Float32Array.of(0, Number.POSITIVE_INFINITY) },
    })
    await expect(fit(graph, ...given(training), { engine: stubEngine({ state }) })).rejects.toThrow(
      throwsCode('DIVERGED', /^weight 'v\/conv1.bias' is not finite after epoch 1/),
    )
  })

  test('a validation loss that is not a number', async () => {
    const predict = async () => Float32Array.from({ length: 45 }, (_, i) => (i === 20 ? Number.NaN : 0))
    const options = { engine: stubEngine({ predict }), epochs: 1 }
    await expect(fit(graph, ...given(training, validation), options)).rejects.toThrow(
      throwsCode('DIVERGED', /^validation loss=NaN, first at example 'val6'; lower the learning rate$/),
    )
  })

  test('a layer without a gradient rule is named', async () => {
    const nodes = [{ ...graph.nodes[0]!, op: 'Spline' as never }, ...graph.nodes.slice(1)]
    await expect(fit({ ...graph, nodes }, ...given(training), { engine })).rejects.toThrow(
      throwsCode('UNSUPPORTED_LAYER', /^.*conv1.*Spline/),
    )
  })
})
