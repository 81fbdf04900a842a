/** Collects the content of `metrics.json`. */
import { cpus } from 'node:os'
import { basename } from 'node:path'
import { parameterCount } from '@esc/core'
import type { SoftmaxEvaluation } from '@esc/model'
import { ortRuntime } from '@esc/onnx/node'
import type { ModelFigures, RunMetrics, TestFigures, TestPrediction } from './results.js'
import type { RunContext } from './stages/context.js'
import type { RunData } from './stages/data.js'
import { type DeployedModel, modelFiles, type VerifiedModel } from './stages/deploy.js'
import type { ProbeFigures } from './stages/probe.js'
import { bestEpochOf, type TrainedNetwork } from './stages/train.js'

/** Collects all figures of a run. */
export function metricsOf(
  { options, console }: RunContext,
  data: RunData,
  { probe, trained, deployed }: { probe: ProbeFigures; trained: TrainedNetwork; deployed: DeployedModel },
  totalSec: number,
): RunMetrics {
  const { dataset, features, audit, chosen } = data
  const { train, validation, test } = chosen.split
  const { float, int8 } = deployed
  const { model } = trained
  const best = bestEpochOf(model)
  return {
    version: 2,
    options: optionsOf(options, data),
    environment: {
      node: process.version,
      onnxRuntime: ortRuntime.name,
      platform: `${process.platform} ${process.arch}, ${cpus()[0]?.model.trim() ?? 'unknown processor'}`,
      cpus: cpus().length,
    },
    dataset: {
      name: dataset.name,
      synthetic: dataset.synthetic,
      clips: features.clips.length,
      labels: dataset.labels,
      hash: data.hash,
      skipped: data.skipped,
    },
    audit,
    recipe: data.recipe,
    windows: model.windows!,
    split: {
      name: chosen.name,
      testFold: chosen.testFold,
      validationFold: chosen.validationFold,
      train: train.length,
      validation: validation.length,
      test: test.length,
      leakedTestClips: chosen.leakedTestClips,
    },
    model: {
      architecture: model.graph.name,
      inputShape: model.graph.input.shape,
      parameters: parameterCount(model.graph),
    },
    training: {
      epochs: model.history.length,
      bestEpoch: model.bestEpoch,
      stoppedEarly: model.stoppedEarly,
      validationAccuracy: best.validationAccuracy!,
      validationLoss: best.validationLoss!,
    },
    linearProbe: probe,
    test: figuresOfTest(float.evaluation),
    int8Test: int8 && figuresOfTest(int8.evaluation),
    predictions: predictionsOf(dataset.labels, float.evaluation, int8?.evaluation ?? null),
    exportMaxLogitError: deployed.exportMaxLogitError,
    float: figuresOf(modelFiles.float, float),
    int8: int8 && figuresOf(modelFiles.int8, int8),
    parity: deployed.parity,
    times: {
      totalSec,
      stageSec: { ...console.seconds },
      medianEpochMs: median(trained.epochMs),
      latency: { float: float.latency, int8: int8?.latency ?? null },
    },
  }
}

function optionsOf(options: RunContext['options'], { subset }: RunData): RunMetrics['options'] {
  const { data, model, windows, split, group, epochs, seed, learningRate, batchSize, patience, weightDecay } =
    options
  const { classWeights, augment, int8, skipBad, tolerant, nested } = options
  return {
    // Only the folder's name: a whole path would tell readers of the report about the user's machine.
    data: data === null ? null : basename(data),
    ...{ subset, model, windows, split, group, epochs, seed, learningRate, batchSize, patience, weightDecay },
    ...{ classWeights, augment, int8, skipBad, tolerant, nested },
  }
}

function figuresOfTest(evaluation: SoftmaxEvaluation): TestFigures {
  const {
    activation: _activation,
    micro: _micro,
    targets: _targets,
    logits: _,
    clips: _clips,
    ...figures
  } = evaluation
  return figures
}

function predictionsOf(
  labels: readonly string[],
  float: SoftmaxEvaluation,
  int8: SoftmaxEvaluation | null,
): TestPrediction[] {
  const best = ({ clips }: SoftmaxEvaluation, index: number) => {
    const { predictedIndex, scores } = clips[index]!
    return { label: labels[predictedIndex]!, score: scores[predictedIndex]! }
  }
  return float.clips.map(({ clipId, labelIndex }, index) => ({
    clipId,
    label: labels[labelIndex]!,
    float: best(float, index),
    int8: int8 && best(int8, index),
  }))
}

function figuresOf(file: string, { bytes, evaluation }: VerifiedModel): ModelFigures {
  return { file, bytes: bytes.length, accuracy: evaluation.accuracy, macroF1: evaluation.macro.f1 }
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
