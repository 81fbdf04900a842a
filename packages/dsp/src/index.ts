export { type Augment, type Chance, compose, oneOf, someOf } from './augment/compose.js'
export { type DenoiseOptions, denoise } from './augment/denoise.js'
export {
  type FillOptions,
  frequencyMask,
  type SpecAugmentOptions,
  specAugment,
  timeMask,
} from './augment/feature.js'
export { type BandPassOptions, bandPass, type CutoffOptions, highPass, lowPass } from './augment/filter.js'
export { betweenClassMix, type LabeledClip, type LabeledFeatures, mixup, oneHot } from './augment/mix.js'
export { backgroundMix, coloredNoise, type NoiseColor, type SnrOptions } from './augment/noise.js'
export { type ReverbOptions, reverb } from './augment/reverb.js'
export { clipping, gain, pitchShiftBy, polarity, timeShift, timeStretchBy } from './augment/waveform.js'
export {
  type ChromaBankOptions,
  type ChromaFilterOptions,
  type ChromaOptions,
  chromaFilterbank,
  chromaStft,
  chromaStftFromSpectrogram,
} from './chroma.js'
export { type ContrastOptions, spectralContrast, spectralContrastFromSpectrogram } from './contrast.js'
export {
  amplitudeToDb,
  type DbOptions,
  dbToAmplitude,
  dbToPower,
  powerToDb,
  stabilizedLog,
} from './db.js'
export { type DctOptions, dct } from './dct.js'
export { type DeltaOptions, delta } from './delta.js'
export { deemphasis, type EmphasisBlock, type EmphasisOptions, preemphasis } from './emphasis.js'
export { createExtractor, type Extractor } from './extractor.js'
export { createFeatureStream, type FeatureStream } from './feature-stream.js'
export { type FrameOptions, frameCount, type PadMode } from './frame.js'
export { type IstftOptions, istft } from './istft.js'
export type { BinFrequencyOptions, SpectrogramSource } from './magnitude.js'
export { type MelFilterOptions, type MelOptions, melFilterbank, melSpectrogram } from './mel.js'
export { type CepstrumOptions, type MfccOptions, mfcc, mfccFromLogMel } from './mfcc.js'
export { type MuLawOptions, muCompress, muExpand } from './mu-law.js'
export { type Norm, type NormalizeOptions, normalize, normalizeMatrix, padOrTruncate } from './normalize.js'
export { type OnsetOptions, onsetStrength, onsetStrengthFromLogMel } from './onset.js'
export { type PcenBlock, type PcenOptions, pcen } from './pcen.js'
export { phaseVocoder } from './phase-vocoder.js'
export { logmel64, logmel128, mfcc13, mfcc20, stm32, yamnet } from './presets.js'
export { resample } from './resample.js'
export { type ResamplePolyOptions, resamplePoly } from './resample-poly.js'
export { createResampleStream, type ResampleStream } from './resample-stream.js'
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
} from './spectral.js'
export { type SpectralGateOptions, spectralGate } from './spectral-gate.js'
export {
  type ComplexMatrix,
  magnitude,
  type SpectrogramOptions,
  type StftOptions,
  spectrogram,
  stft,
} from './stft.js'
export {
  type RmsOptions,
  rms,
  rmsFromSpectrogram,
  type ZeroCrossingOptions,
  zeroCrossingRate,
  zeroCrossings,
} from './temporal.js'
export { type PitchShiftOptions, pitchShift, type TimeStretchOptions, timeStretch } from './time-stretch.js'
export { type Interval, split, type TrimOptions, trim } from './trim.js'
export { estimateTuning, type TuningOptions } from './tuning.js'
export {
  fftFrequencies,
  hzToMel,
  type MelFrequencyOptions,
  type MelScaleOptions,
  melFrequencies,
  melToHz,
} from './units.js'
export { getWindow, type WindowName } from './window.js'
export {
  createWindowExtractor,
  framesOfWindow,
  type WindowExtractor,
  windowsOfClips,
} from './window-extractor.js'
