/** Calls of `@esc/dsp`. */
import { createRng } from '@esc/core'
import * as dsp from '@esc/dsp'
import { type Call, type Entry, given } from './calls.js'
import {
  clip as aClip,
  matrix as aMatrix,
  recipe as aRecipe,
  complexMatrix,
  sampleRate,
  samples as someSamples,
} from './things.js'

type Run = (...args: never[]) => unknown

const clip = given('clip', aClip)
const samples = given('samples', someSamples)
const matrix = given('matrix', aMatrix)
const recipe = given('recipe', aRecipe)
const small = { nFft: 256, hopLength: 128 }
const hz = given('number', sampleRate)
const rng = createRng(1)
const anRng = given('rng', rng)
const label = given('samples', dsp.oneHot(0, 2))
const stream = dsp.stm32

/** Of functions whose first argument has this name. */
const calls = (
  name: string,
  arg: unknown,
  rest: object,
  functions: Readonly<Record<string, Run>>,
): [string, Call][] => Object.entries(functions).map(([key, run]) => [key, [run, { [name]: arg, ...rest }]])

/** Of functions that make an augmentation. */
const augments = (
  name: string,
  arg: unknown,
  functions: Readonly<Record<string, () => Run>>,
): [string, Call][] =>
  Object.entries(functions).map(([key, create]) => [
    key,
    [(...args: never[]) => create()(...args), { [name]: arg, rng: anRng }],
  ])

export const dspEntries: Readonly<Record<string, Entry>> = {
  dsp: {
    exports: dsp,
    calls: Object.fromEntries<Call>([
      ...calls(
        'samples',
        samples,
        {},
        {
          deemphasis: dsp.deemphasis,
          muCompress: dsp.muCompress,
          normalize: dsp.normalize,
          preemphasis: dsp.preemphasis,
          rms: dsp.rms,
          spectrogram: dsp.spectrogram,
          split: dsp.split,
          stft: dsp.stft,
          trim: dsp.trim,
          zeroCrossingRate: dsp.zeroCrossingRate,
          zeroCrossings: dsp.zeroCrossings,
        },
      ),
      ...calls(
        'clip',
        clip,
        { options: small },
        {
          chromaStft: dsp.chromaStft,
          melSpectrogram: (clip: never) => dsp.melSpectrogram(clip, { nMels: 20, ...small }),
          mfcc: (clip: never) => dsp.mfcc(clip, { nMels: 20, ...small }),
          onsetStrength: (clip: never) => dsp.onsetStrength(clip, { nMels: 20, ...small }),
          spectralBandwidth: dsp.spectralBandwidth,
          spectralCentroid: dsp.spectralCentroid,
          spectralContrast: (clip: never) => dsp.spectralContrast(clip, { ...small, fmin: 100, nBands: 4 }),
          spectralFlatness: dsp.spectralFlatness,
          spectralRolloff: dsp.spectralRolloff,
        },
      ),
      ...augments('clip', clip, {
        backgroundMix: () => dsp.backgroundMix({ clips: [aClip] }),
        bandPass: () => dsp.bandPass({ minCenterHz: 200, maxCenterHz: 900 }),
        clipping: dsp.clipping,
        coloredNoise: dsp.coloredNoise,
        denoise: dsp.denoise,
        gain: () => dsp.gain({ p: 0 }),
        highPass: () => dsp.highPass({ minCutoffHz: 20, maxCutoffHz: 400 }),
        lowPass: () => dsp.lowPass({ minCutoffHz: 200, maxCutoffHz: 400 }),
        pitchShiftBy: dsp.pitchShiftBy,
        polarity: () => dsp.polarity({ p: 0 }),
        reverb: () => dsp.reverb({ minDecaySec: 0.1, maxDecaySec: 0.2 }),
        timeShift: dsp.timeShift,
        timeStretchBy: dsp.timeStretchBy,
        'compose of augmentations': () => dsp.compose([dsp.polarity()]),
        'oneOf augmentations': () => dsp.oneOf([dsp.polarity()]),
        'someOf augmentations': () => dsp.someOf(1, [dsp.polarity()]),
      }),
      ...augments('features', matrix, {
        frameShift: dsp.frameShift,
        frequencyMask: () => dsp.frequencyMask({ p: 0 }),
        powerGain: dsp.powerGain,
        specAugment: dsp.specAugment,
        timeMask: dsp.timeMask,
      }),
      ...calls(
        'matrix',
        matrix,
        {},
        {
          dct: dsp.dct,
          delta: (matrix: never) => dsp.delta(matrix, { width: 3 }),
          normalizeMatrix: dsp.normalizeMatrix,
        },
      ),
      ...calls(
        'magnitude',
        matrix,
        {},
        {
          pcen: dsp.pcen,
          rmsFromSpectrogram: (magnitude: never) => dsp.rmsFromSpectrogram(magnitude, { frameLength: 512 }),
          spectralFlatnessFromSpectrogram: dsp.spectralFlatnessFromSpectrogram,
        },
      ),
      ...calls(
        'magnitude',
        matrix,
        { options: { sampleRate: hz } },
        {
          spectralBandwidthFromSpectrogram: dsp.spectralBandwidthFromSpectrogram,
          spectralCentroidFromSpectrogram: dsp.spectralCentroidFromSpectrogram,
          spectralContrastFromSpectrogram: (magnitude: never, options: object) =>
            dsp.spectralContrastFromSpectrogram(magnitude, {
              ...(options as { sampleRate: number }),
              fmin: 100,
              nBands: 4,
            }),
          spectralRolloffFromSpectrogram: dsp.spectralRolloffFromSpectrogram,
        },
      ),
    ]),
    others: ['fftFrequencies', 'melFrequencies'],
  },
}

Object.assign(dspEntries.dsp!.calls, {
  amplitudeToDb: [dsp.amplitudeToDb, { amplitude: matrix }],
  betweenClassMix: [dsp.betweenClassMix(), { a: { clip, label }, b: { clip, label }, rng: anRng }],
  'betweenClassMix example': [
    dsp.betweenClassMix(),
    {
      a: given('example', { clip: aClip, label: dsp.oneHot(0, 2) }),
      b: { clip: aClip, label: dsp.oneHot(0, 2) },
      rng,
    },
  ],
  augmentFromSpec: [dsp.augmentFromSpec, { spec: given('service', { name: 'gain' }) }],
  mixFromSpec: [dsp.mixFromSpec, { spec: given('service', { name: 'mixup' }) }],
  customAugment: [
    dsp.customAugment,
    { id: given('path', 'mine 1'), augment: given('callback', (x: unknown) => x) },
  ],
  'backgroundMix options': [dsp.backgroundMix, { options: { clips: [clip] } }],
  'backgroundMix list': [dsp.backgroundMix, { options: { clips: given('list', [aClip]) } }],
  chromaStftFromSpectrogram: [dsp.chromaStftFromSpectrogram, { power: matrix, options: { sampleRate: hz } }],
  chromaFilterbank: [dsp.chromaFilterbank, { options: { sampleRate: hz, nFft: given('count', 512) } }],
  melFilterbank: [dsp.melFilterbank, { options: { sampleRate: hz, nFft: given('count', 512) } }],
  compose: [dsp.compose, { augments: given('list', [dsp.polarity()]) }],
  createExtractor: [dsp.createExtractor, { recipe }],
  'createExtractor extract': [(clip: never) => dsp.createExtractor(aRecipe).extract(clip), { clip }],
  'createExtractor prepare': [(clip: never) => dsp.createExtractor(aRecipe).prepare(clip), { clip }],
  createFeatureStream: [dsp.createFeatureStream, { recipe: given('recipe', stream) }],
  'createFeatureStream push': [
    (samples: never) => dsp.createFeatureStream(stream).push(samples),
    { samples },
  ],
  createResampleStream: [dsp.createResampleStream, { fromRate: hz, toRate: given('number', sampleRate) }],
  'createResampleStream push': [
    (samples: never) => dsp.createResampleStream(8000, 4000).push(samples),
    { samples },
  ],
  createWindowExtractor: [
    dsp.createWindowExtractor,
    { recipe, windows: { windowSec: given('number', 0.5) } },
  ],
  'createWindowExtractor extract': [
    (clip: never) => [...dsp.createWindowExtractor(aRecipe, { windowSec: 0.5 }).extract(clip)],
    { clip },
  ],
  dbToAmplitude: [dsp.dbToAmplitude, { db: matrix }],
  dbToPower: [dsp.dbToPower, { db: matrix }],
  estimateTuning: [dsp.estimateTuning, { spectrogram: matrix, options: { sampleRate: hz } }],
  frameCount: [dsp.frameCount, { length: given('count', 4000) }],
  framesOfWindow: [dsp.framesOfWindow, { recipe, windows: { windowSec: given('number', 0.5) } }],
  getWindow: [dsp.getWindow, { window: given('path', 'hann'), length: given('count', 8) }],
  hzToMel: [dsp.hzToMel, { hz: given('number', 440) }],
  istft: [dsp.istft, { matrix: given('complexMatrix', complexMatrix) }],
  magnitude: [dsp.magnitude, { matrix: given('complexMatrix', complexMatrix) }],
  melToHz: [dsp.melToHz, { mel: given('number', 9) }],
  mfccFromLogMel: [dsp.mfccFromLogMel, { logMel: matrix }],
  mixup: [dsp.mixup(), { a: { features: matrix, label }, b: { features: matrix, label }, rng: anRng }],
  'mixup example': [
    dsp.mixup(),
    {
      a: { features: aMatrix, label: dsp.oneHot(0, 2) },
      b: given('example', { features: aMatrix, label: dsp.oneHot(0, 2) }),
      rng,
    },
  ],
  muExpand: [
    (compressed: never) => dsp.muExpand(compressed, { quantize: false }),
    { compressed: given('numbers', someSamples) },
  ],
  oneHot: [dsp.oneHot, { labelIndex: given('count', 0), classes: given('count', 2) }],
  oneOf: [dsp.oneOf, { augments: given('list', [dsp.polarity()]) }],
  onsetStrengthFromLogMel: [dsp.onsetStrengthFromLogMel, { logMel: matrix }],
  padOrTruncate: [dsp.padOrTruncate, { samples, length: given('count', 3000) }],
  phaseVocoder: [
    dsp.phaseVocoder,
    { matrix: given('complexMatrix', complexMatrix), options: { rate: given('number', 1.25) } },
  ],
  pitchShift: [dsp.pitchShift, { samples, options: { nSteps: given('number', 1), ...small } }],
  powerToDb: [dsp.powerToDb, { power: matrix }],
  resample: [dsp.resample, { samples, fromRate: hz, toRate: given('number', sampleRate) }],
  resamplePoly: [dsp.resamplePoly, { samples, up: given('count', 2), down: given('count', 3) }],
  someOf: [
    dsp.someOf,
    { count: given('count', 1, 'a list of numbers'), augments: given('list', [dsp.polarity()]) },
  ],
  spectralGate: [
    dsp.spectralGate,
    { clip, options: { noise: given('samples', someSamples, 'undefined', 'null'), nFft: 256 } },
  ],
  stabilizedLog: [dsp.stabilizedLog, { values: matrix, options: { offset: given('number', 1) } }],
  timeStretch: [dsp.timeStretch, { samples, options: { rate: given('number', 1.25), ...small } }],
  windowsOfClips: [dsp.windowsOfClips, { recipe, frames: given('count', 16) }],
})
