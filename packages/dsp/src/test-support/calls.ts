/** Tables of all exported functions that take a sound or a matrix, for tests of all of them. */
import { type AudioClip, createRng, type FeatureMatrix, type FeatureRecipe } from '@esc/core'
import * as dsp from '../index.js'

/** Calls a function and returns the numbers of its result. */
export type Call<Input> = (input: Input) => ArrayLike<number>

const rng = () => createRng(1)
const bothParts = ({ re, im }: dsp.ComplexMatrix) => [...re, ...im]

/** Functions of mono samples, by name. */
export const samplesCalls: Readonly<Record<string, Call<Float32Array>>> = {
  deemphasis: (samples) => dsp.deemphasis(samples),
  muCompress: (samples) => dsp.muCompress(samples),
  muExpand: (samples) => dsp.muExpand(samples, { quantize: false }),
  normalize: (samples) => dsp.normalize(samples),
  padOrTruncate: (samples) => dsp.padOrTruncate(samples, 3000),
  pitchShift: (samples) => dsp.pitchShift(samples, { nSteps: 2 }),
  preemphasis: (samples) => dsp.preemphasis(samples),
  resample: (samples) => dsp.resample(samples, 22050, 16000),
  resamplePoly: (samples) => dsp.resamplePoly(samples, 2, 3),
  rms: (samples) => dsp.rms(samples).data,
  spectrogram: (samples) => dsp.spectrogram(samples).data,
  split: (samples) => dsp.split(samples).flatMap(({ start, end }) => [start, end]),
  stft: (samples) => bothParts(dsp.stft(samples)),
  timeStretch: (samples) => dsp.timeStretch(samples, { rate: 1.25 }),
  trim: (samples) => dsp.trim(samples).samples,
  zeroCrossingRate: (samples) => dsp.zeroCrossingRate(samples).data,
  zeroCrossings: (samples) => dsp.zeroCrossings(samples, { pad: false }),
}

/** Streams of samples, by name. Each call returns the numbers of all pieces. */
export const streamCalls: Readonly<Record<string, Call<Float32Array>>> = {
  createFeatureStream(samples) {
    const stream = dsp.createFeatureStream(dsp.stm32)
    return [...stream.push(samples).data, ...stream.end().data]
  },
  createResampleStream(samples) {
    const stream = dsp.createResampleStream(22050, 16000)
    return [...stream.push(samples), ...stream.end()]
  },
}

const extract = (recipe: FeatureRecipe) => (clip: AudioClip) => dsp.createExtractor(recipe).extract(clip).data
const augment = (change: dsp.Augment) => (clip: AudioClip) => change(clip, rng()).samples
const background = { samples: Float32Array.of(0.5, -0.5, 0.25), sampleRate: 22050 }

/** Functions of a clip at 22050 Hz, by name. */
export const clipCalls: Readonly<Record<string, Call<AudioClip>>> = {
  chromaStft: (clip) => dsp.chromaStft(clip).data,
  melSpectrogram: (clip) => dsp.melSpectrogram(clip).data,
  mfcc: (clip) => dsp.mfcc(clip).data,
  onsetStrength: (clip) => dsp.onsetStrength(clip),
  spectralBandwidth: (clip) => dsp.spectralBandwidth(clip).data,
  spectralCentroid: (clip) => dsp.spectralCentroid(clip).data,
  spectralContrast: (clip) => dsp.spectralContrast(clip).data,
  spectralFlatness: (clip) => dsp.spectralFlatness(clip).data,
  spectralGate: (clip) => dsp.spectralGate(clip).samples,
  spectralRolloff: (clip) => dsp.spectralRolloff(clip).data,
  logmel128: extract(dsp.logmel128),
  logmel64: extract(dsp.logmel64),
  mfcc13: extract(dsp.mfcc13),
  mfcc20: extract(dsp.mfcc20),
  stm32: extract(dsp.stm32),
  yamnet: extract(dsp.yamnet),
  createWindowExtractor(clip) {
    const windows = dsp.createWindowExtractor(dsp.stm32, { windowSec: 0.1 }).extract(clip)
    return Array.from(windows, ({ data }) => [...data]).flat()
  },
  backgroundMix: augment(dsp.backgroundMix({ clips: [background] })),
  bandPass: augment(dsp.bandPass()),
  betweenClassMix(clip) {
    const example = { clip, label: dsp.oneHot(0, 2) }
    return dsp.betweenClassMix()(example, example, rng()).clip.samples
  },
  clipping: augment(dsp.clipping()),
  coloredNoise: augment(dsp.coloredNoise()),
  denoise: augment(dsp.denoise()),
  gain: augment(dsp.gain()),
  highPass: augment(dsp.highPass()),
  lowPass: augment(dsp.lowPass()),
  pitchShiftBy: augment(dsp.pitchShiftBy()),
  polarity: augment(dsp.polarity()),
  reverb: augment(dsp.reverb()),
  timeShift: augment(dsp.timeShift()),
  timeStretchBy: augment(dsp.timeStretchBy()),
}

const sampleRate = 22050
const mask = (change: dsp.Augment<FeatureMatrix>) => (matrix: FeatureMatrix) => change(matrix, rng()).data
const complexOf = ({ data, bins, frames }: FeatureMatrix) => ({ re: data, im: data, bins, frames })

/** Functions of a matrix, by name. Spectra have 1025 bins. */
export const matrixCalls: Readonly<Record<string, Call<FeatureMatrix>>> = {
  amplitudeToDb: (matrix) => dsp.amplitudeToDb(matrix).data,
  chromaStftFromSpectrogram: (matrix) => dsp.chromaStftFromSpectrogram(matrix, { sampleRate }).data,
  dbToAmplitude: (matrix) => dsp.dbToAmplitude(matrix).data,
  dbToPower: (matrix) => dsp.dbToPower(matrix).data,
  dct: (matrix) => dsp.dct(matrix).data,
  delta: (matrix) => dsp.delta(matrix, { mode: 'nearest' }).data,
  estimateTuning: (matrix) => [dsp.estimateTuning(matrix, { sampleRate })],
  frameShift: mask(dsp.frameShift()),
  frequencyMask: mask(dsp.frequencyMask()),
  istft: (matrix) => dsp.istft(complexOf(matrix)),
  magnitude: (matrix) => dsp.magnitude(complexOf(matrix)).data,
  mfccFromLogMel: (matrix) => dsp.mfccFromLogMel(matrix).data,
  mixup(features) {
    const example = { features, label: dsp.oneHot(0, 2) }
    return dsp.mixup()(example, example, rng()).features.data
  },
  normalizeMatrix: (matrix) => dsp.normalizeMatrix(matrix).data,
  onsetStrengthFromLogMel: (matrix) => dsp.onsetStrengthFromLogMel(matrix),
  pcen: (matrix) => dsp.pcen(matrix).data,
  phaseVocoder: (matrix) => bothParts(dsp.phaseVocoder(complexOf(matrix), { rate: 1.25 })),
  powerGain: mask(dsp.powerGain()),
  powerToDb: (matrix) => dsp.powerToDb(matrix).data,
  rmsFromSpectrogram: (matrix) => dsp.rmsFromSpectrogram(matrix).data,
  specAugment: mask(dsp.specAugment()),
  spectralBandwidthFromSpectrogram: (matrix) =>
    dsp.spectralBandwidthFromSpectrogram(matrix, { sampleRate }).data,
  spectralCentroidFromSpectrogram: (matrix) =>
    dsp.spectralCentroidFromSpectrogram(matrix, { sampleRate }).data,
  spectralContrastFromSpectrogram: (matrix) =>
    dsp.spectralContrastFromSpectrogram(matrix, { sampleRate }).data,
  spectralFlatnessFromSpectrogram: (matrix) => dsp.spectralFlatnessFromSpectrogram(matrix).data,
  spectralRolloffFromSpectrogram: (matrix) => dsp.spectralRolloffFromSpectrogram(matrix, { sampleRate }).data,
  stabilizedLog: (matrix) => dsp.stabilizedLog(matrix, { offset: 1e-3 }).data,
  timeMask: mask(dsp.timeMask()),
}
