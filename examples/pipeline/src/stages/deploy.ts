/** The last part of a run: exports the model's files, and verifies them in ONNX Runtime. */
import { applyNormalizer, EscError, type FeatureSet, featureBatches, type TrainedModel } from '@esc/core'
import {
  compareLogits,
  type Latency,
  type ModelFiles,
  measureLatency,
  type Parity,
  withEvaluation,
} from '@esc/edge'
import { packModel } from '@esc/edge/node'
import { evaluateSession, type SoftmaxEvaluation } from '@esc/model'
import { evaluate } from '@esc/model/node'
import type { Session, SessionOptions, Tensor } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { percent, plural, type RunContext } from './context.js'
import type { RunData } from './data.js'

/** Names of the model files in a run's folder. */
export const modelFiles = { float: 'model.onnx', int8: 'model.int8.onnx' } as const

/** A model file and its results on the test clips. */
export interface VerifiedModel {
  bytes: Uint8Array
  evaluation: SoftmaxEvaluation
  /** Measured on single clips, with one thread. */
  latency: Latency
}

/** The verified files of the model. */
export interface DeployedModel {
  files: ModelFiles
  float: VerifiedModel
  /** `null` with `--no-int8`. */
  int8: VerifiedModel | null
  /** How well int8 agrees with float. */
  parity: Parity | null
  /** Largest difference of a logit between the trained network and the float file. */
  exportMaxLogitError: number
}

/** If the logits of a file differ from the network's by more than this share of their size, the file is wrong. */
const exportTolerance = 1e-3

/** Exports the model, quantises it with training clips, and runs the files on the test clips. */
export async function deployModel(
  context: RunContext,
  data: RunData,
  model: TrainedModel,
): Promise<DeployedModel> {
  const { console, options, signal } = context
  const { features, chosen, parts } = data
  const packed = await console.stage('export ONNX', async () => {
    const files = await packModel(model, {
      int8: options.int8 ? { calibrateOn: features, indices: parts.train } : null,
      dataset: { name: data.dataset.name, clips: features.clips.length, hash: data.hash },
      split: { ...splitFacts(chosen), seed: options.seed },
      signal,
      onProgress: console.progress,
    })
    const sizes = Object.values(modelFiles).flatMap((name) => {
      return files[name] ? [`${name} ${kilobytes(files[name])}`] : []
    })
    const calibrated = options.int8
      ? `; calibrated on ${plural(chosen.split.train.length, 'training clip')}`
      : ''
    return { files, summary: `${sizes.join(', ')}${calibrated}` }
  })
  return console.stage('verify in ONNX Runtime', async () => {
    const { files } = packed
    const float = await verify(files[modelFiles.float]!, context, data)
    const int8Bytes = files[modelFiles.int8]
    const int8 = int8Bytes ? await verify(int8Bytes, context, data) : null
    const classes = model.labels.length
    const parity = int8 && compareLogits(float.evaluation.logits, int8.evaluation.logits, classes)
    const exportMaxLogitError = await exportError(model, data, float.evaluation.logits)
    const figures = {
      float: float.evaluation,
      int8: int8?.evaluation ?? null,
      agreement: parity?.agreement ?? null,
    }
    const agreement =
      int8 && parity
        ? `, int8 ${percent(int8.evaluation.accuracy)}; same class for ${percent(parity.agreement)}`
        : ''
    return {
      ...{ files: withEvaluation(files, figures), float, int8, parity, exportMaxLogitError },
      summary: `test accuracy float ${percent(float.evaluation.accuracy)}${agreement}`,
    }
  })
}

function splitFacts({ name, split, testFold, validationFold, leakedTestClips }: RunData['chosen']) {
  return { ...split, name, testFold, validationFold, leakedTestClips }
}

async function verify(
  bytes: Uint8Array,
  { signal }: RunContext,
  { features, parts: { test } }: RunData,
): Promise<VerifiedModel> {
  const evaluation = await withSession(bytes, {}, (session) =>
    evaluateSession(session, features, test, { signal }),
  )
  if (evaluation.activation !== 'softmax') throw new TypeError('the pipeline trains softmax models only')
  const single: Tensor[] = []
  for await (const { dims, data } of featureBatches(features, test.slice(0, 16), { batchSize: 1 })) {
    single.push({ type: 'float32', dims, data })
  }
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

/** Compares the file, which holds the normaliser, with the network on features that are already normalised. */
async function exportError(
  model: TrainedModel,
  { features, parts }: RunData,
  exported: Float32Array,
): Promise<number> {
  const normalized: FeatureSet = {
    ...features,
    async get(index) {
      const drawn = await features.get(index)
      return {
        features: model.normalizer ? applyNormalizer(drawn.features, model.normalizer) : drawn.features,
      }
    },
  }
  const { logits } = await evaluate({ ...model, normalizer: null }, normalized, parts.test)
  const { maxLogitError } = compareLogits(logits, exported, model.labels.length)
  const largest = logits.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  if (!(maxLogitError <= exportTolerance * (1 + largest))) {
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      `${modelFiles.float} differs from the trained network by up to ${maxLogitError} in a logit, so nothing was written`,
    )
  }
  return maxLogitError
}

function kilobytes({ length }: Uint8Array): string {
  return `${(length / 1000).toLocaleString('en', { maximumFractionDigits: 1 })} kB`
}
