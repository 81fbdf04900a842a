/** A made-up but plausible run, for the report's tests. */
import type { FeatureRecipe } from '@esc/core'
import type { Finding } from '@esc/dataset'
import { classificationReport, type EpochRecord } from '@esc/model'
import type { RunMetrics, RunResults } from '../results.js'

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
}

/**
 * Results of a run in which class c has 8 test clips, of which c mod 4 are taken for another class.
 *
 * @example renderReport(makeResults({ classes: 50 }))
 */
export function makeResults(options: FixtureOptions = {}): RunResults {
  const { classes = 10, synthetic = false, untested = [], epochs = 30, validated = true } = options
  const labels = options.labels ?? esc50Labels.slice(0, classes)
  const clips = labels.flatMap((_label, labelIndex) =>
    Array.from({ length: 40 - (labelIndex % 4) }, (_clip, i) => ({
      id: `clip-${labelIndex}-${i}`,
      labelIndex,
      durationSec: 5 + 0.4 * Math.sin(labelIndex * 40 + i),
    })),
  )
  const history = makeHistory(epochs, validated)
  return { metrics: makeMetrics(labels, clips.length, history, synthetic, untested), history, clips }
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
      trainMs: 900,
    }
  })
}

function makeTest(labels: readonly string[], untested: readonly number[]): RunMetrics['test'] {
  const truth = labels.flatMap((_label, c) => (untested.includes(c) ? [] : new Array<number>(8).fill(c)))
  const predicted = truth.map((c, i) => (i % 8 < c % 4 ? (c * 3 + 1) % labels.length : c))
  return { ...classificationReport(truth, predicted, labels), loss: 0.41 }
}

function makeMetrics(
  labels: readonly string[],
  clips: number,
  history: readonly EpochRecord[],
  synthetic: boolean,
  untested: readonly number[],
): RunMetrics {
  const test = makeTest(labels, untested)
  const tested = 8 * (labels.length - untested.length)
  const losses = history.map(({ validationLoss }) => validationLoss ?? Number.POSITIVE_INFINITY)
  const best = Math.min(...losses) === Number.POSITIVE_INFINITY ? null : losses.indexOf(Math.min(...losses))
  const epoch = best === null ? undefined : history[best]
  return {
    version: 1,
    options: {
      data: synthetic ? null : 'ESC-50',
      subset: 'esc10',
      model: 'audio-cnn',
      split: 'folds',
      epochs: 30,
      seed: 42,
    },
    environment: { node: 'v20.20.2', onnxRuntime: '1.30.0', platform: 'linux x64', cpus: 2 },
    dataset: {
      name: synthetic ? 'synthetic ESC-10' : 'ESC-10',
      synthetic,
      clips,
      labels,
      hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      skipped: [{ filename: '1-100032-A-0.wav', reason: 'data chunk is shorter than its header says' }],
    },
    audit: makeAudit(labels, clips),
    recipe,
    split: {
      name: 'folds',
      testFold: 5,
      validationFold: 4,
      train: clips - 2 * tested,
      validation: tested,
      test: tested,
      leakedTestClips: 0,
    },
    model: { architecture: 'audio-cnn', inputShape: [1, 13, 431], parameters: 44_826 },
    training: {
      epochs: history.length,
      bestEpoch: best === null ? history.length : best + 1,
      stoppedEarly: true,
      // What JSON cannot hold, a report must not show.
      validationAccuracy: epoch?.validationAccuracy ?? Number.NaN,
      validationLoss: epoch?.validationLoss ?? Number.NaN,
    },
    test,
    exportMaxLogitError: 2.86e-6,
    float: { file: 'model.onnx', bytes: 184_321, accuracy: test.accuracy, macroF1: test.macro.f1 },
    int8: { file: 'model.int8.onnx', bytes: 58_904, accuracy: 0.8625, macroF1: 0.8571 },
    parity: { agreement: 0.9875, maxLogitError: 0.41, meanLogitError: 0.0523 },
    times: {
      totalSec: 74.6,
      stageSec: { load: 8.31, features: 12.42, train: 48.9, export: 0.41, quantize: 2.9, evaluate: 1.66 },
      medianEpochMs: 912,
      latency: {
        float: { p50Ms: 0.2213, p95Ms: 0.3127, runs: 200 },
        int8: { p50Ms: 0.3519, p95Ms: 0.4402, runs: 200 },
      },
    },
  }
}

function makeAudit(labels: readonly string[], clips: number): RunMetrics['audit'] {
  const spread = (middle: number, width: number) => ({
    p5: middle - width,
    p25: middle - width / 3,
    p50: middle,
    p75: middle + width / 4,
    p95: middle + width / 2,
  })
  const shared: Finding = {
    severity: 'info',
    code: 'SHARED_SOURCE',
    message: '160 clips share 52 sources; split by fold or by group, not at random',
    ids: Array.from({ length: 160 }, (_id, i) => `clip-${i}`),
  }
  const crossing: Finding = {
    severity: 'warning',
    code: 'SOURCE_CROSSES_FOLDS',
    message: '1 sources with 2 clips cross folds: 234879 (folds 1, 3)',
    ids: ['clip-0-0', 'clip-0-1'],
  }
  const silent: Finding = {
    severity: 'error',
    code: 'SILENT_CLIP',
    message: 'no sound at all: 1 clip',
    ids: ['clip-3-3'],
  }
  return {
    name: 'ESC-10',
    synthetic: false,
    table: {
      clips,
      classes: labels.map((label) => ({ label, clips: 40 })),
      folds: [1, 2, 3, 4, 5].map((fold) => ({ fold, clips: clips / 5 })),
      sources: Math.round(clips * 0.7),
      clipsSharingSource: Math.round(clips * 0.4),
      crossingSources: [],
      findings: [shared, crossing],
    },
    clips: {
      clips,
      missing: [],
      unreadable: [],
      durationSec: spread(5, 0.01),
      sampleRates: [{ sampleRate: 44100, clips }],
      channels: [{ channels: 1, clips }],
      silence: { leading: 0.01, trailing: 0.108, inside: 0.018 },
      rmsDb: spread(-21, 14),
      bandwidthHz: spread(19100, 4600),
      // One class has no clip that could be measured.
      classes: labels.map((label, i) => ({
        label,
        clips: i === 1 ? 0 : 40,
        rmsDb: i === 1 ? null : spread(-18 - (i % 7), 8),
        bandwidthHz: i === 1 ? null : spread(15000 + 500 * (i % 9), 3000),
      })),
      duplicates: [['clip-0-2', 'clip-0-3']],
      nearDuplicates: [
        { ids: ['clip-5-1', 'clip-5-9'], offsetSec: 0.64, overlapSec: 3.94, bitErrorRate: 0.1334 },
      ],
      findings: [silent],
    },
    split: {
      train: clips - 160,
      validation: 80,
      test: 80,
      leakedTestClips: 0,
      leakRate: 0,
      copiedTestClips: 0,
    },
    findings: [silent, crossing, shared],
  }
}
