/**
 * A table of all exported functions that take options, with a value for each option, for tests of all of
 * them.
 */
import { createRng } from '@esc/core'
import * as dsp from '../index.js'
import { noise } from './signals.js'

/** A function of options, and a value for each of them. */
export interface OptionCall {
  call: (options: unknown) => unknown
  all: object
}

const takes = <Options extends object>(
  call: (options: Options) => unknown,
  all: Required<Options>,
): OptionCall => ({ call: call as OptionCall['call'], all })

const sampleRate = 22050
const samples = noise(3000, 1)
const clip = { samples, sampleRate }
const nFft = 512
const rng = () => createRng(1)
const matrix = dsp.spectrogram(samples, { nFft })
const complex = dsp.stft(samples, { nFft })
const zi = new Float64Array(matrix.bins).fill(1)
const example = { features: matrix, label: dsp.oneHot(0, 2) }
const augment =
  <Options>(create: (options: Options) => dsp.Augment) =>
  (options: Options) =>
    create(options)(clip, rng())
const mask =
  <Options>(create: (options: Options) => dsp.Augment<typeof matrix>) =>
  (options: Options) =>
    create(options)(matrix, rng())

const stft = {
  nFft,
  hopLength: 128,
  winLength: 400,
  window: 'hamming',
  center: true,
  padMode: 'reflect',
} as const
const { padMode: _, ...istft } = stft
const melBank = { nMels: 20, fmin: 20, fmax: 8000, htk: true, norm: 'slaney', onWarning: null } as const
const mel = { ...stft, ...melBank, power: 2 } as const
const cepstrum = { nMfcc: 13, dctType: 2, norm: 'ortho', lifter: 22 } as const
const rises = { lag: 1, maxSize: 1, detrend: false, center: true, aggregate: 'mean', nFft, hopLength: 128 }
const chroma = { nChroma: 12, ctroct: 5, octwidth: 2, baseC: true, norm: 'inf', tuning: 0 } as const
const bands = { fmin: 200, nBands: 4, quantile: 0.1, linear: false }
const spread = { p: 2, norm: true, centroid: null }
const source = { sampleRate, nFft, freq: null }
const db = { ref: 1, amin: 1e-5, topDb: 80 }
const gate = { noise: null, nStdThreshStationary: 1, freqMaskSmoothHz: 500, timeMaskSmoothMs: 50, nFft }
const silence = { topDb: 60, ref: 1, frameLength: 512, hopLength: 128 }
const frames = { frameLength: 512, hopLength: 128, center: true }
const cutoff = { p: 1, minCutoffHz: 200, maxCutoffHz: 400, order: 2 }

/** Functions by name. A recipe does not count as options. */
export const optionCalls: Readonly<Record<string, OptionCall>> = {
  amplitudeToDb: takes((o: dsp.DbOptions) => dsp.amplitudeToDb(matrix, o), db),
  backgroundMix: takes(augment(dsp.backgroundMix), { p: 1, clips: [clip], minSnrDb: 5, maxSnrDb: 9 }),
  bandPass: takes(augment(dsp.bandPass), {
    p: 1,
    minCenterHz: 200,
    maxCenterHz: 900,
    minOctaves: 1,
    maxOctaves: 1,
  }),
  betweenClassMix: takes((o: dsp.MixOptions<'features'>) => dsp.betweenClassMix(o)(example, example, rng()), {
    on: 'features',
    p: 1,
  }),
  chromaFilterbank: takes(dsp.chromaFilterbank, { ...chroma, sampleRate, nFft }),
  chromaStft: takes((o: dsp.StftOptions & dsp.ChromaOptions) => dsp.chromaStft(clip, o), {
    ...stft,
    ...chroma,
  }),
  chromaStftFromSpectrogram: takes(
    (o: dsp.ChromaOptions & { sampleRate: number; nFft?: number }) =>
      dsp.chromaStftFromSpectrogram(matrix, o),
    { ...chroma, sampleRate, nFft },
  ),
  clipping: takes(augment(dsp.clipping), { p: 1, minShare: 0, maxShare: 0.1 }),
  coloredNoise: takes(augment(dsp.coloredNoise), { p: 1, minSnrDb: 5, maxSnrDb: 9, color: 'pink' }),
  compose: takes((o: dsp.Chance) => dsp.compose([dsp.polarity()], o)(clip, rng()), { p: 1 }),
  dbToAmplitude: takes((o: { ref?: number }) => dsp.dbToAmplitude(matrix, o), { ref: 2 }),
  dbToPower: takes((o: { ref?: number }) => dsp.dbToPower(matrix, o), { ref: 2 }),
  dct: takes((o: dsp.DctOptions) => dsp.dct(matrix, o), { type: 2, norm: 'ortho' }),
  deemphasis: takes((o: dsp.EmphasisOptions & { returnZf?: false }) => dsp.deemphasis(samples, o), {
    coef: 0.9,
    zi: 0,
    returnZf: false,
  }),
  delta: takes((o: dsp.DeltaOptions) => dsp.delta(matrix, o), { width: 3, order: 1, axis: 0, mode: 'wrap' }),
  denoise: takes(augment(dsp.denoise), { ...gate, p: 1, minPropDecrease: 0.1, maxPropDecrease: 0.2 }),
  estimateTuning: takes((o: dsp.TuningOptions) => dsp.estimateTuning(matrix, o), {
    sampleRate,
    nFft,
    resolution: 0.1,
    binsPerOctave: 12,
  }),
  fftFrequencies: takes(dsp.fftFrequencies, { sampleRate, nFft }),
  frameCount: takes((o: dsp.FrameOptions) => dsp.frameCount(3000, o), frames),
  frameShift: takes(mask(dsp.frameShift), { p: 1, maxFraction: 0.2, fill: 0 }),
  frequencyMask: takes(mask(dsp.frequencyMask), { p: 1, fill: 0, maxBins: 3 }),
  gain: takes(augment(dsp.gain), { p: 1, minDb: -1, maxDb: 1 }),
  getWindow: takes((o: { fftbins?: boolean }) => dsp.getWindow('hann', 8, o), { fftbins: false }),
  highPass: takes(augment(dsp.highPass), cutoff),
  hzToMel: takes((o: dsp.MelScaleOptions) => dsp.hzToMel(440, o), { htk: true }),
  istft: takes((o: dsp.IstftOptions) => dsp.istft(complex, o), { ...istft, length: 2000 }),
  lowPass: takes(augment(dsp.lowPass), cutoff),
  melFilterbank: takes(dsp.melFilterbank, { ...melBank, sampleRate, nFft }),
  melFrequencies: takes((o: dsp.MelFrequencyOptions) => dsp.melFrequencies(9, o), {
    fmin: 20,
    fmax: 8000,
    htk: true,
  }),
  melSpectrogram: takes((o: dsp.MelOptions) => dsp.melSpectrogram(clip, o), mel),
  melToHz: takes((o: dsp.MelScaleOptions) => dsp.melToHz(9, o), { htk: true }),
  mfcc: takes((o: dsp.MfccOptions) => dsp.mfcc(clip, o), { ...mel, ...cepstrum, melNorm: 'slaney' }),
  mfccFromLogMel: takes((o: dsp.CepstrumOptions) => dsp.mfccFromLogMel(matrix, o), cepstrum),
  mixup: takes((o: dsp.MixupOptions<'features'>) => dsp.mixup(o)(example, example, rng()), {
    alpha: 0.4,
    on: 'features',
    p: 1,
  }),
  muCompress: takes((o: dsp.MuLawOptions & { quantize?: true }) => dsp.muCompress(samples, o), {
    mu: 255,
    quantize: true,
  }),
  muExpand: takes((o: dsp.MuLawOptions & { quantize?: boolean }) => dsp.muExpand(samples, o), {
    mu: 255,
    quantize: false,
  }),
  normalize: takes((o: dsp.NormalizeOptions) => dsp.normalize(samples, o), {
    norm: 3,
    threshold: 1e-6,
    fill: true,
  }),
  normalizeMatrix: takes((o: dsp.NormalizeOptions & { axis?: 0 | 1 }) => dsp.normalizeMatrix(matrix, o), {
    norm: 'l1',
    threshold: 1e-6,
    fill: null,
    axis: 1,
  }),
  oneOf: takes((o: dsp.Chance) => dsp.oneOf([dsp.polarity()], o)(clip, rng()), { p: 1 }),
  onsetStrength: takes((o: dsp.MelOptions & dsp.OnsetOptions) => dsp.onsetStrength(clip, o), {
    ...mel,
    ...rises,
    aggregate: 'mean',
  }),
  onsetStrengthFromLogMel: takes((o: dsp.OnsetOptions) => dsp.onsetStrengthFromLogMel(matrix, o), {
    ...rises,
    aggregate: 'median',
  }),
  pcen: takes((o: dsp.PcenOptions & { returnZf: true }) => dsp.pcen(matrix, o), {
    sampleRate,
    hopLength: 128,
    gain: 0.9,
    bias: 1,
    power: 0.5,
    timeConstant: 0.1,
    eps: 1e-6,
    b: 0.5,
    maxSize: 3,
    zi,
    returnZf: true,
  }),
  phaseVocoder: takes((o: { rate: number }) => dsp.phaseVocoder(complex, o), { rate: 2 }),
  pitchShift: takes((o: dsp.PitchShiftOptions) => dsp.pitchShift(samples, o), {
    ...stft,
    nSteps: 1,
    binsPerOctave: 24,
  }),
  pitchShiftBy: takes(augment(dsp.pitchShiftBy), { p: 1, minSteps: 1, maxSteps: 2 }),
  polarity: takes(augment(dsp.polarity), { p: 1 }),
  powerGain: takes(mask(dsp.powerGain), { p: 1, minDb: -1, maxDb: 1 }),
  powerToDb: takes((o: dsp.DbOptions) => dsp.powerToDb(matrix, o), db),
  preemphasis: takes((o: dsp.EmphasisOptions & { returnZf: true }) => dsp.preemphasis(samples, o), {
    coef: 0.9,
    zi: 0,
    returnZf: true,
  }),
  resamplePoly: takes((o: dsp.ResamplePolyOptions) => dsp.resamplePoly(samples, 2, 3, o), {
    window: 'hann',
    padtype: 'edge',
  }),
  reverb: takes(augment(dsp.reverb), { p: 1, minDecaySec: 0.1, maxDecaySec: 0.1, wet: 0.5 }),
  rms: takes((o: dsp.RmsOptions) => dsp.rms(samples, o), { ...frames, padMode: 'edge' }),
  rmsFromSpectrogram: takes((o: { frameLength?: number }) => dsp.rmsFromSpectrogram(matrix, o), {
    frameLength: nFft,
  }),
  someOf: takes((o: dsp.Chance) => dsp.someOf(1, [dsp.polarity()], o)(clip, rng()), { p: 1 }),
  specAugment: takes(mask(dsp.specAugment), {
    p: 1,
    fill: 'mean',
    maxBins: 3,
    maxFrames: 3,
    frequencyMasks: 1,
    timeMasks: 1,
  }),
  spectralBandwidth: takes(
    (o: dsp.SpectralOptions & dsp.BandwidthOptions) => dsp.spectralBandwidth(clip, o),
    { ...stft, freq: null, ...spread },
  ),
  spectralBandwidthFromSpectrogram: takes(
    (o: dsp.SpectrogramSource & dsp.BandwidthOptions) => dsp.spectralBandwidthFromSpectrogram(matrix, o),
    { ...source, ...spread },
  ),
  spectralCentroid: takes((o: dsp.SpectralOptions) => dsp.spectralCentroid(clip, o), { ...stft, freq: null }),
  spectralCentroidFromSpectrogram: takes(
    (o: dsp.SpectrogramSource) => dsp.spectralCentroidFromSpectrogram(matrix, o),
    source,
  ),
  spectralContrast: takes(
    (o: dsp.StftOptions & dsp.BinFrequencyOptions & dsp.ContrastOptions) => dsp.spectralContrast(clip, o),
    { ...stft, freq: null, ...bands },
  ),
  spectralContrastFromSpectrogram: takes(
    (o: dsp.SpectrogramSource & dsp.ContrastOptions) => dsp.spectralContrastFromSpectrogram(matrix, o),
    { ...source, ...bands },
  ),
  spectralFlatness: takes((o: dsp.StftOptions & dsp.FlatnessOptions) => dsp.spectralFlatness(clip, o), {
    ...stft,
    amin: 1e-9,
    power: 1,
  }),
  spectralFlatnessFromSpectrogram: takes(
    (o: dsp.FlatnessOptions) => dsp.spectralFlatnessFromSpectrogram(matrix, o),
    { amin: 1e-9, power: 1 },
  ),
  spectralGate: takes((o: dsp.SpectralGateOptions) => dsp.spectralGate(clip, o), {
    ...gate,
    propDecrease: 1,
  }),
  spectralRolloff: takes((o: dsp.SpectralOptions & dsp.RolloffOptions) => dsp.spectralRolloff(clip, o), {
    ...stft,
    freq: null,
    rollPercent: 0.5,
  }),
  spectralRolloffFromSpectrogram: takes(
    (o: dsp.SpectrogramSource & dsp.RolloffOptions) => dsp.spectralRolloffFromSpectrogram(matrix, o),
    { ...source, rollPercent: 0.5 },
  ),
  spectrogram: takes((o: dsp.SpectrogramOptions) => dsp.spectrogram(samples, o), { ...stft, power: 2 }),
  split: takes((o: dsp.TrimOptions) => dsp.split(samples, o), silence),
  stabilizedLog: takes((o: { offset: number }) => dsp.stabilizedLog(matrix, o), { offset: 1 }),
  stft: takes((o: dsp.StftOptions) => dsp.stft(samples, o), stft),
  timeMask: takes(mask(dsp.timeMask), { p: 1, fill: 0, maxFrames: 3 }),
  timeShift: takes(augment(dsp.timeShift), { p: 1, maxFraction: 0.1, rollover: false }),
  timeStretch: takes((o: dsp.TimeStretchOptions) => dsp.timeStretch(samples, o), { ...stft, rate: 2 }),
  timeStretchBy: takes(augment(dsp.timeStretchBy), { p: 1, minRate: 0.9, maxRate: 1.1, keepLength: false }),
  trim: takes((o: dsp.TrimOptions) => dsp.trim(samples, o), silence),
  zeroCrossingRate: takes((o: dsp.FrameOptions) => dsp.zeroCrossingRate(samples, o), frames),
  zeroCrossings: takes((o: dsp.ZeroCrossingOptions) => dsp.zeroCrossings(samples, o), {
    threshold: 1e-9,
    pad: false,
  }),
}
