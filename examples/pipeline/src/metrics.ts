/** Puts together `metrics.json` and `model.json`. */
import { cpus } from 'node:os'
import { basename } from 'node:path'
import { type ModelManifest, type Normalizer, parameterCount } from '@esc/core'
import { parseManifest } from '@esc/core/manifest'
import { ortRuntime } from '@esc/onnx/node'
import type { ModelFigures, RunMetrics } from './results.js'
import type { RunContext } from './stages/context.js'
import type { RunData } from './stages/data.js'
import { type DeployedModels, modelFiles, type VerifiedModel } from './stages/deploy.js'
import type { TrainedNetwork } from './stages/train.js'

/** All figures of a run. */
export function metricsOf(
  { options, console }: RunContext,
  data: RunData,
  trained: TrainedNetwork,
  models: DeployedModels,
  totalSec: number,
): RunMetrics {
  const { model, split, epochs, seed } = options
  const { dataset, clips, audit, chosen } = data
  const { accuracy, macro, weighted, perClass, confusion, loss } = models.float.evaluation
  return {
    version: 1,
    // The folder's name alone: a path says more about its owner than a report should.
    options: {
      data: options.data === null ? null : basename(options.data),
      subset: data.subset,
      model,
      split,
      epochs,
      seed,
    },
    environment: {
      node: process.version,
      onnxRuntime: ortRuntime.name,
      platform: `${process.platform} ${process.arch}, ${cpus()[0]?.model.trim() ?? 'unknown processor'}`,
      cpus: cpus().length,
    },
    dataset: {
      name: dataset.name,
      synthetic: dataset.synthetic,
      clips: clips.records.length,
      labels: dataset.labels,
      hash: clips.hash,
      skipped: clips.skipped,
    },
    audit,
    recipe: data.recipe,
    split: {
      name: split,
      testFold: chosen.testFold,
      validationFold: chosen.validationFold,
      train: data.train.length,
      validation: data.validation.length,
      test: data.test.length,
      leakedTestClips: chosen.leakedTestClips,
    },
    model: {
      architecture: trained.graph.name,
      inputShape: trained.graph.input.shape,
      parameters: parameterCount(trained.graph),
    },
    training: {
      epochs: trained.history.length,
      bestEpoch: trained.bestEpoch,
      stoppedEarly: trained.stoppedEarly,
      validationAccuracy: trained.best.validationAccuracy!,
      validationLoss: trained.best.validationLoss!,
    },
    test: { accuracy, macro, weighted, perClass, confusion, loss },
    exportMaxLogitError: models.exportMaxLogitError,
    float: figuresOf(modelFiles.float, models.float),
    int8: figuresOf(modelFiles.int8, models.int8),
    parity: models.parity,
    times: {
      totalSec,
      stageSec: { ...console.seconds },
      medianEpochMs: median(trained.history.map(({ trainMs }) => trainMs)),
      latency: { float: models.float.latency, int8: models.int8.latency },
    },
  }
}

/** `model.json`, checked against its own schema before anybody else reads it. */
export function manifestOf(metrics: RunMetrics, normalizer: Normalizer): ModelManifest {
  const { dataset, split, options, model, recipe, float, int8, parity } = metrics
  return parseManifest({
    version: 1,
    architecture: model.architecture,
    labels: dataset.labels,
    recipe,
    inputShape: model.inputShape,
    normalizer,
    dataset: { name: dataset.name, synthetic: dataset.synthetic, clips: dataset.clips, hash: dataset.hash },
    split: { ...split, seed: options.seed },
    metrics: {
      accuracy: float.accuracy,
      macroF1: float.macroF1,
      int8Accuracy: int8.accuracy,
      agreement: parity.agreement,
    },
    files: { float: float.file, int8: int8.file },
  })
}

function figuresOf(file: string, { bytes, evaluation }: VerifiedModel): ModelFigures {
  return { file, bytes: bytes.length, accuracy: evaluation.accuracy, macroF1: evaluation.macro.f1 }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
