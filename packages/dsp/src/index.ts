export {
  amplitudeToDb,
  type DbOptions,
  dbToAmplitude,
  dbToPower,
  powerToDb,
  stabilizedLog,
} from './db.js'
export { type DctOptions, dct } from './dct.js'
export { createExtractor, type Extractor } from './extractor.js'
export { createFeatureStream, type FeatureStream } from './feature-stream.js'
export { type FrameOptions, frameCount, type PadMode } from './frame.js'
export { type MelFilterOptions, type MelOptions, melFilterbank, melSpectrogram } from './mel.js'
export { type CepstrumOptions, type MfccOptions, mfcc, mfccFromLogMel } from './mfcc.js'
export { type Norm, type NormalizeOptions, normalize, normalizeMatrix, padOrTruncate } from './normalize.js'
export { logmel64, logmel128, mfcc13, mfcc20, stm32, yamnet } from './presets.js'
export { resample } from './resample.js'
export { type ResamplePolyOptions, resamplePoly } from './resample-poly.js'
export { createResampleStream, type ResampleStream } from './resample-stream.js'
export { type ComplexMatrix, type SpectrogramOptions, type StftOptions, spectrogram, stft } from './stft.js'
export {
  type RmsOptions,
  rms,
  rmsFromSpectrogram,
  type ZeroCrossingOptions,
  zeroCrossingRate,
  zeroCrossings,
} from './temporal.js'
export { type Interval, split, type TrimOptions, trim } from './trim.js'
export {
  fftFrequencies,
  hzToMel,
  type MelFrequencyOptions,
  type MelScaleOptions,
  melFrequencies,
  melToHz,
} from './units.js'
export { getWindow, type WindowName } from './window.js'
