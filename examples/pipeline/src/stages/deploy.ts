/** The last part of a run: export, quantise, verify in ONNX Runtime. */
import { EscError, type Example } from '@esc/core'
import {
  calibrate,
  compareLogits,
  exportModel,
  type Latency,
  measureLatency,
  type Parity,
  quantizeStatic,
} from '@esc/edge'
import { type Evaluation, evaluate, packInputs } from '@esc/model'
import { type OnnxModel, type Session, type SessionOptions, type Tensor, writeModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { percent, type RunContext } from './context.js'
import type { RunData } from './data.js'
import type { TrainedNetwork } from './train.js'

/** Names of the model files in a run's folder. */
export const modelFiles = { float: 'model.onnx', int8: 'model.int8.onnx' } as const

/** A model file and what it did on the test clips. */
export interface VerifiedModel {
  bytes: Uint8Array
  evaluation: Evaluation
  /** Single clips, one thread. */
  latency: Latency
}

/** Both model files, verified. */
export interface DeployedModels {
  float: VerifiedModel
  int8: VerifiedModel
  /** int8 against float. */
  parity: Parity
  /** Largest difference of a logit between the trained network and the float file. */
  exportMaxLogitError: number
}

/** A file whose logits are further off than this share of their size is not the network that was trained. */
const exportTolerance = 1e-3

/** Exports, quantises with training clips, and runs both files on the test clips. */
export async function deployModels(
  context: RunContext,
  data: RunData,
  trained: TrainedNetwork,
): Promise<DeployedModels> {
  const { console } = context
  const { labels, synthetic } = data.dataset
  const exported = await console.stage('export ONNX', async () => {
    const { normalizer, graph } = trained
    const model = exportModel(graph, { labels, recipe: data.recipe, normalizer, synthetic })
    const bytes = writeModel(model)
    return { model, bytes, summary: `${modelFiles.float}, ${kilobytes(bytes)}` }
  })
  const quantized = await console.stage('quantise to int8', async () => {
    const bytes = await quantize(context, exported.model, data.train, trained)
    const share = Math.round((100 * bytes.length) / exported.bytes.length)
    const calibration = `calibrated on ${data.train.length} training clips`
    return { bytes, summary: `${modelFiles.int8}, ${kilobytes(bytes)} (${share} %), ${calibration}` }
  })
  return console.stage('verify in ONNX Runtime', async () => {
    const float = await verify(exported.bytes, context, data, trained)
    const int8 = await verify(quantized.bytes, context, data, trained)
    const exportMaxLogitError = exportError(trained.testLogits, float.evaluation.logits, labels.length)
    const parity = compareLogits(float.evaluation.logits, int8.evaluation.logits, labels.length)
    const [floatShare, int8Share] = [float, int8].map(({ evaluation }) => percent(evaluation.accuracy))
    const summary = `accuracy float ${floatShare}, int8 ${int8Share}; they agree on ${percent(parity.agreement)}`
    return { float, int8, parity, exportMaxLogitError, summary }
  })
}

async function quantize(
  { console, signal }: RunContext,
  model: OnnxModel,
  train: readonly Example[],
  { graph }: TrainedNetwork,
): Promise<Uint8Array> {
  const batchSize = 16
  const ranges = await calibrate(model, batches(train, batchSize, graph.input.shape), {
    runtime: ortRuntime,
    signal,
    onBatch: (done) =>
      console.progress({ stage: 'calibrate', done, total: Math.ceil(train.length / batchSize) }),
  })
  return writeModel(quantizeStatic(model, ranges))
}

async function verify(
  bytes: Uint8Array,
  { signal }: RunContext,
  { test, dataset }: RunData,
  { graph }: TrainedNetwork,
): Promise<VerifiedModel> {
  const inputShape = graph.input.shape
  const evaluation = await withSession(bytes, {}, (session) =>
    evaluate(session, test, dataset.labels, { inputShape, signal }),
  )
  const single = [...batches(test.slice(0, 16), 1, inputShape)]
  const latency = await withSession(bytes, { threads: 1 }, (session) =>
    measureLatency(session, single, { signal }),
  )
  return { bytes, evaluation, latency }
}

async function withSession<T>(
  bytes: Uint8Array,
  options: SessionOptions,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await ortRuntime.createSession(bytes, options)
  try {
    return await use(session)
  } finally {
    await session.release()
  }
}

function exportError(trained: Float32Array, exported: Float32Array, classes: number): number {
  const { maxLogitError } = compareLogits(trained, exported, classes)
  const largest = trained.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  if (!(maxLogitError <= exportTolerance * (1 + largest))) {
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      `${modelFiles.float} differs from the trained network by up to ${maxLogitError} in a logit; nothing was written`,
    )
  }
  return maxLogitError
}

function* batches(
  examples: readonly Example[],
  size: number,
  inputShape: readonly [number, number, number],
): Generator<Tensor> {
  for (let start = 0; start < examples.length; start += size) {
    const rows = examples.slice(start, start + size)
    yield packInputs(rows, [...rows.keys()], inputShape)
  }
}

function kilobytes({ length }: Uint8Array): string {
  return `${(length / 1000).toLocaleString('en', { maximumFractionDigits: 1 })} kB`
}
