export { type Augment, type Chance, compose, customAugment, oneOf, someOf } from './augment/compose.js'
/** Public names of `@esc/dsp`. */
export { type DenoiseOptions, denoise } from './augment/denoise.js'
export {
  type FillOptions,
  type FrequencyMaskOptions,
  frequencyMask,
  type SpecAugmentOptions,
  specAugment,
  type TimeMaskOptions,
  timeMask,
} from './augment/feature.js'
export { type BandPassOptions, bandPass, type CutoffOptions, highPass, lowPass } from './augment/filter.js'
export { augmentFromSpec, mixFromSpec } from './augment/from-spec.js'
export {
  betweenClassMix,
  type LabeledClip,
  type LabeledFeatures,
  type Mix,
  type MixDomain,
  type MixInput,
  type MixOptions,
  type MixupOptions,
  mixup,
  oneHot,
} from './augment/mix.js'
export {
  type BackgroundMixOptions,
  backgroundMix,
  type ColoredNoiseOptions,
  coloredNoise,
  type NoiseColor,
  type SnrOptions,
} from './augment/noise.js'
export { type FrameShiftOptions, frameShift, powerGain } from './augment/power.js'
export { type ReverbOptions, reverb } from './augment/reverb.js'
export type { AugmentSpec } from './augment/spec.js'
export {
  type ClippingOptions,
  clipping,
  type GainOptions,
  gain,
  type PitchShiftByOptions,
  pitchShiftBy,
  polarity,
  type TimeShiftOptions,
  type TimeStretchByOptions,
  timeShift,
  timeStretchBy,
} from './augment/waveform.js'
export { deemphasis, type EmphasisBlock, type EmphasisOptions, preemphasis } from './effects/emphasis.js'
export { phaseVocoder } from './effects/phase-vocoder.js'
export { type SpectralGateOptions, spectralGate } from './effects/spectral-gate.js'
export {
  type PitchShiftOptions,
  pitchShift,
  type TimeStretchOptions,
  timeStretch,
} from './effects/time-stretch.js'
export { type Interval, split, type TrimOptions, trim } from './effects/trim.js'
export { type DctOptions, dct } from './mel/dct.js'
export { type DeltaOptions, delta } from './mel/delta.js'
export { type MelFilterOptions, type MelOptions, melFilterbank, melSpectrogram } from './mel/mel.js'
export { type CepstrumOptions, type MfccOptions, mfcc, mfccFromLogMel } from './mel/mfcc.js'
export { type OnsetOptions, onsetStrength, onsetStrengthFromLogMel } from './mel/onset.js'
export { createExtractor, type Extractor } from './recipe/extractor.js'
export { createFeatureStream, type FeatureStream } from './recipe/feature-stream.js'
export { logmel64, logmel128, mfcc13, mfcc20, stm32, yamnet } from './recipe/presets.js'
export {
  createWindowExtractor,
  framesOfWindow,
  type WindowExtractor,
  windowsOfClips,
} from './recipe/window-extractor.js'
export { resample } from './resample/resample.js'
export { type ResamplePolyOptions, resamplePoly } from './resample/resample-poly.js'
export { createResampleStream, type ResampleStream } from './resample/resample-stream.js'
export {
  amplitudeToDb,
  type DbOptions,
  type DbReferenceOptions,
  dbToAmplitude,
  dbToPower,
  powerToDb,
  stabilizedLog,
} from './scaling/db.js'
export { type MuLawOptions, muCompress, muExpand } from './scaling/mu-law.js'
export {
  type Norm,
  type NormalizeMatrixOptions,
  type NormalizeOptions,
  normalize,
  normalizeMatrix,
  padOrTruncate,
} from './scaling/normalize.js'
export { type PcenBlock, type PcenOptions, pcen } from './scaling/pcen.js'
export {
  type ChromaBankOptions,
  type ChromaFilterOptions,
  type ChromaFromSpectrogramOptions,
  type ChromaOptions,
  chromaFilterbank,
  chromaStft,
  chromaStftFromSpectrogram,
} from './spectral/chroma.js'
export {
  type ContrastOptions,
  spectralContrast,
  spectralContrastFromSpectrogram,
} from './spectral/contrast.js'
export type { BinFrequencyOptions, SpectrogramSource } from './spectral/magnitude.js'
export {
  type BandwidthOptions,
  type FlatnessOptions,
  type RolloffOptions,
  type SpectralOptions,
  spectralBandwidth,
  spectralBandwidthFromSpectrogram,
  spectralCentroid,
  spectralCentroidFromSpectrogram,
  spectralFlatness,
  spectralFlatnessFromSpectrogram,
  spectralRolloff,
  spectralRolloffFromSpectrogram,
} from './spectral/spectral.js'
export { estimateTuning, type TuningOptions } from './spectral/tuning.js'
export type { ComplexMatrix } from './stft/complex-matrix.js'
export { type FrameOptions, frameCount, type PadMode } from './stft/frame.js'
export { type GetWindowOptions, getWindow, type WindowName } from './stft/get-window.js'
export { type IstftOptions, istft } from './stft/istft.js'
export {
  magnitude,
  type SpectrogramOptions,
  type StftOptions,
  spectrogram,
  stft,
} from './stft/stft.js'
export {
  type RmsFromSpectrogramOptions,
  type RmsOptions,
  rms,
  rmsFromSpectrogram,
  type ZeroCrossingOptions,
  zeroCrossingRate,
  zeroCrossings,
} from './temporal.js'
export {
  type FftFrequencyOptions,
  fftFrequencies,
  hzToMel,
  type MelFrequencyOptions,
  type MelScaleOptions,
  melFrequencies,
  melToHz,
} from './units.js'
