/** A made-up but plausible run, for the report's tests. */
import type { EpochRecord, FeatureRecipe } from '@esc/core'
import {
  accuracyInterval,
  balancedAccuracy,
  brierScore,
  calibrationError,
  classificationReport,
  confusedPairs,
  rankClasses,
  topKAccuracy,
} from '@esc/model'
import type { RunMetrics, RunResults, TestFigures, TestPrediction } from '../results.js'
import { makeAudit } from './fixture-audit.js'

/** The first ten are those of ESC-10, then the others of ESC-50. */
const esc50Labels =
  `dog rain sea_waves crying_baby clock_tick sneezing helicopter chainsaw rooster crackling_fire
airplane breathing brushing_teeth can_opening car_horn cat chirping_birds church_bells clapping clock_alarm coughing
cow crickets crow door_wood_creaks door_wood_knock drinking_sipping engine fireworks footsteps frog glass_breaking
hand_saw hen insects keyboard_typing laughing mouse_click pig pouring_water sheep siren snoring thunderstorm
toilet_flush train vacuum_cleaner washing_machine water_drops wind`.split(/\s+/)

const recipe: FeatureRecipe = {
  version: 1,
  sampleRate: 22050,
  denoise: null,
  trim: null,
  normalize: 'inf',
  durationSec: 5,
  stft: { nFft: 2048, hopLength: 512, winLength: 2048, window: 'hann', center: true, padMode: 'constant' },
  mel: { nMels: 128, fmin: 0, fmax: null, htk: false, norm: 'slaney', power: 2 },
  db: { ref: 'max', amin: 1e-10, topDb: 80 },
  log: null,
  mfcc: { nMfcc: 13, dctType: 2, norm: 'ortho', lifter: 0 },
}

/** What a test wants to be different. */
export interface FixtureOptions {
  /** 1 to 50 (default 10); ignored where `labels` are given. */
  classes?: number
  labels?: readonly string[]
  synthetic?: boolean
  /** Classes without a test clip. */
  untested?: readonly number[]
  epochs?: number
  validated?: boolean
  /** `differs` answers a few clips otherwise than float (default), `equal` none; with `none` there is no int8 model. */
  int8?: 'differs' | 'equal' | 'none'
  /** Whether float gets any clip wrong (default true). */
  mistakes?: boolean
  groupsKnown?: boolean
}

/**
 * Results of a run in which class c has 8 test clips, of which float takes c mod 4 for another class.
 *
 * @example renderReport(makeResults({ classes: 50 }))
 */
export function makeResults(options: FixtureOptions = {}): RunResults {
  const { classes = 10, epochs = 30, validated = true } = options
  const labels = options.labels ?? esc50Labels.slice(0, classes)
  const clips = labels.flatMap((_label, labelIndex) =>
    Array.from({ length: 40 - (labelIndex % 4) }, (_clip, i) => ({
      id: `clip-${labelIndex}-${i}`,
      labelIndex,
      durationSec: 5 + 0.4 * Math.sin(labelIndex * 40 + i),
    })),
  )
  const history = makeHistory(epochs, validated)
  return { metrics: makeMetrics(labels, clips.length, history, options), history, clips }
}

function makeHistory(epochs: number, validated: boolean): EpochRecord[] {
  return Array.from({ length: epochs }, (_epoch, i): EpochRecord => {
    const trainLoss = 0.15 + 2.1 * Math.exp(-i / 6)
    const validationLoss = 0.32 + 1.7 * Math.exp(-i / 4) + 0.006 * i + 0.03 * Math.sin(3 * i)
    return {
      epoch: i + 1,
      trainLoss,
      trainAccuracy: Math.exp(-trainLoss / 2.2),
      validationLoss: validated ? validationLoss : null,
      validationAccuracy: validated ? Math.exp(-validationLoss / 3) : null,
      learningRate: 1e-3,
    }
  })
}

/** Class indices of the test clips, and what the models say. */
interface Answers {
  truth: number[]
  float: number[]
  int8: number[] | null
}

function makeAnswers(labels: readonly string[], options: FixtureOptions): Answers {
  const { untested = [], int8 = 'differs', mistakes = true } = options
  const truth = labels.flatMap((_label, c) => (untested.includes(c) ? [] : new Array<number>(8).fill(c)))
  const isMistake = (c: number, i: number) => mistakes && i % 8 < c % 4
  const float = truth.map((c, i) => (isMistake(c, i) ? (c * 3 + 1) % labels.length : c))
  if (int8 === 'none') return { truth, float, int8: null }
  if (int8 === 'equal') return { truth, float, int8: float }
  // int8 gets three of float's mistakes right, and its own first clip wrong.
  const mended = truth.flatMap((c, i) => (c === float[i] ? [] : [i])).slice(0, 3)
  const other = float.map((predicted, i) => (mended.includes(i) ? truth[i]! : predicted))
  other[0] = (truth[0]! + 1) % labels.length
  return { truth, float, int8: other }
}

function makePredictions(labels: readonly string[], { truth, float, int8 }: Answers): TestPrediction[] {
  const score = (i: number, phase: number) => 0.7 + 0.29 * Math.sin(5 * i + phase)
  return truth.map((c, i) => ({
    clipId: `5-${200_000 + 37 * i}-A-${c}`,
    label: labels[c]!,
    float: { label: labels[float[i]!]!, score: score(i, 0) },
    int8: int8 && { label: labels[int8[i]!]!, score: score(i, 0.1) },
  }))
}

function makeOptions(synthetic: boolean, int8: boolean): RunMetrics['options'] {
  return {
    data: synthetic ? null : 'ESC-50',
    subset: synthetic ? null : 'esc10',
    model: 'audio-cnn',
    windows: null,
    split: null,
    group: null,
    epochs: 30,
    seed: 42,
    learningRate: 1e-3,
    batchSize: 32,
    patience: 10,
    weightDecay: null,
    classWeights: false,
    augment: null,
    int8,
    ...{ skipBad: true, tolerant: false, nested: false },
  }
}

function makeTraining(history: readonly EpochRecord[]): RunMetrics['training'] {
  const losses = history.map(({ validationLoss }) => validationLoss ?? Number.POSITIVE_INFINITY)
  const best = Math.min(...losses) === Number.POSITIVE_INFINITY ? null : losses.indexOf(Math.min(...losses))
  const epoch = best === null ? undefined : history[best]
  return {
    epochs: history.length,
    bestEpoch: best === null ? history.length : best + 1,
    stoppedEarly: true,
    // What JSON cannot hold, a report must not show.
    validationAccuracy: epoch?.validationAccuracy ?? Number.NaN,
    validationLoss: epoch?.validationLoss ?? Number.NaN,
  }
}

/** Scores whose best label is the answer: the less sure, the more of the rest has the true class. */
function makeScores(truth: readonly number[], answers: readonly number[], classes: number): number[] {
  return answers.flatMap((answer, i) => {
    const weights = Array.from({ length: classes }, (_class, c) => 1 + Math.sin(7 * c + 3 * i))
    weights[truth[i]!] = 4
    weights[answer] = 5 + 40 * (0.5 + 0.5 * Math.sin(5 * i))
    const sum = weights.reduce((a, b) => a + b)
    return weights.map((weight) => weight / sum)
  })
}

function makeFigures(
  truth: number[],
  answers: number[],
  labels: readonly string[],
  loss: number,
): TestFigures {
  const scores = makeScores(truth, answers, labels.length)
  const report = classificationReport(truth, answers, labels)
  const { perClass, ...ranking } = rankClasses(truth, scores, labels.length)
  const groups = truth.map((c, i) => `${c}-${(i % 8) >> 1}`)
  return {
    ...report,
    perClass: report.perClass.map((one, c) => ({ ...one, ...perClass[c]! })),
    loss,
    ...ranking,
    brier: brierScore(truth, scores, labels.length),
    balancedAccuracy: balancedAccuracy(truth, answers, labels.length),
    topK: labels.length < 4 ? null : { k: 3, accuracy: topKAccuracy(truth, scores, labels.length, { k: 3 }) },
    ...calibrationError(truth, scores, labels.length),
    confusedPairs: confusedPairs(report.confusion, labels),
    accuracyInterval: new Set(groups).size < 2 ? null : accuracyInterval(truth, answers, groups),
  }
}

/** What the models did on the test clips. */
function makeOutcome(
  labels: readonly string[],
  answers: Answers,
): Pick<RunMetrics, 'test' | 'int8Test' | 'predictions' | 'float' | 'int8' | 'parity'> {
  const { truth, float, int8 } = answers
  const test = makeFigures(truth, float, labels, 0.41)
  const int8Test = int8 && makeFigures(truth, int8, labels, 0.43)
  const figures = ({ accuracy, macro }: RunMetrics['test']) => ({ accuracy, macroF1: macro.f1 })
  return {
    test,
    int8Test,
    predictions: makePredictions(labels, answers),
    float: { file: 'model.onnx', bytes: 184_321, ...figures(test) },
    int8: int8Test && { file: 'model.int8.onnx', bytes: 58_904, ...figures(int8Test) },
    parity: int8 && {
      agreement: float.filter((predicted, i) => predicted === int8[i]).length / float.length,
      maxLogitError: 0.41,
      meanLogitError: 0.0523,
    },
  }
}

function makeMetrics(
  labels: readonly string[],
  clips: number,
  history: readonly EpochRecord[],
  options: FixtureOptions,
): RunMetrics {
  const { synthetic = false, groupsKnown = true } = options
  const answers = makeAnswers(labels, options)
  const tested = answers.truth.length
  return {
    version: 2,
    options: makeOptions(synthetic, answers.int8 !== null),
    environment: { node: 'v20.20.2', onnxRuntime: '1.30.0', platform: 'linux x64', cpus: 2 },
    dataset: {
      name: synthetic ? 'synthetic ESC-10' : 'ESC-10',
      synthetic,
      clips,
      labels,
      hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      skipped: [{ filename: '1-100032-A-0.wav', reason: 'data chunk is shorter than its header says' }],
    },
    audit: makeAudit(labels, clips, groupsKnown),
    recipe,
    windows: { windowSec: 5, hopSec: 2.5 },
    split: {
      name: 'folds',
      testFold: 5,
      validationFold: 4,
      train: clips - 2 * tested,
      validation: tested,
      test: tested,
      leakedTestClips: groupsKnown ? 0 : null,
    },
    model: { architecture: 'audio-cnn', inputShape: [1, 13, 431], parameters: 44_826 },
    training: makeTraining(history),
    linearProbe: { accuracy: 0.7125, macroF1: 0.698 },
    ...makeOutcome(labels, answers),
    exportMaxLogitError: 2.86e-6,
    times: {
      totalSec: 74.6,
      stageSec: { load: 8.31, features: 12.42, train: 48.9, export: 0.41, quantize: 2.9, evaluate: 1.66 },
      medianEpochMs: 912,
      latency: {
        float: { p50Ms: 0.2213, p95Ms: 0.3127, runs: 200 },
        int8: answers.int8 && { p50Ms: 0.3519, p95Ms: 0.4402, runs: 200 },
      },
    },
  }
}
