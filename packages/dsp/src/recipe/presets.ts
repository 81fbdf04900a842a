/**
 * Presets: recipes that work for environmental sound. A recipe is JSON for every step from clip to network
 * input.
 */
import type { FeatureRecipe } from '@esc/core'

/** librosa's defaults. */
const stft = {
  nFft: 2048,
  hopLength: 512,
  winLength: 2048,
  window: 'hann',
  center: true,
  padMode: 'constant',
} as const

/** Five seconds at 22.05 kHz with librosa's defaults: the mel spectrogram in dB. */
const librosaMel = {
  version: 1,
  sampleRate: 22050,
  denoise: null,
  trim: null,
  normalize: null,
  durationSec: 5,
  stft,
  mel: { nMels: 128, fmin: 0, fmax: null, htk: false, norm: 'slaney', power: 2 },
  db: { ref: 1, amin: 1e-10, topDb: 80 },
  log: null,
  mfcc: null,
} as const satisfies FeatureRecipe

/**
 * 13 MFCCs of five seconds at 44.1 kHz. Silence is trimmed and the peak scaled to 1. Shape 13 × 431.
 *
 * @example createExtractor(mfcc13).extract(clip)
 */
export const mfcc13 = {
  ...librosaMel,
  sampleRate: 44100,
  trim: { topDb: 60, frameLength: 2048, hopLength: 512 },
  normalize: 'inf',
  mfcc: { nMfcc: 13, dctType: 2, norm: 'ortho', lifter: 0 },
} as const satisfies FeatureRecipe

/**
 * Log-mel spectrogram of five seconds at 22.05 kHz in 128 bins. The loudest value is 0 dB. Shape 128 × 216.
 *
 * @example createExtractor(logmel128).extract(clip)
 */
export const logmel128 = {
  ...librosaMel,
  normalize: 'inf',
  db: { ref: 'max', amin: 1e-10, topDb: 80 },
} as const satisfies FeatureRecipe

/**
 * 20 MFCCs of five seconds at 22.05 kHz with librosa's defaults. Shape 20 × 216.
 *
 * @example createExtractor(mfcc20).extract(clip)
 */
export const mfcc20 = {
  ...librosaMel,
  mfcc: { nMfcc: 20, dctType: 2, norm: 'ortho', lifter: 0 },
} as const satisfies FeatureRecipe

/**
 * Log-mel spectrogram at 22.05 kHz in 64 bins, for clips of any length and for live sound: no step needs the
 * whole clip.
 *
 * @example createFeatureStream(logmel64, 48000).push(samples)
 */
export const logmel64 = {
  ...librosaMel,
  durationSec: null,
  stft: { ...stft, nFft: 1024, winLength: 1024, center: false },
  mel: { ...librosaMel.mel, nMels: 64 },
  db: { ref: 1, amin: 1e-10, topDb: null },
} as const satisfies FeatureRecipe

/**
 * The features of ST's model zoo for microcontrollers: `ln(mel + 1e-4)` of 64 HTK mel bins of magnitudes from
 * 125 to 7500 Hz at 16 kHz. Its networks take patches of 96 frames.
 *
 * @see STM32 AI model zoo, audio event detection, `feature_extraction.py` (librosa with `center=False`).
 * @example createExtractor(stm32).extract(clip)
 */
export const stm32 = {
  ...librosaMel,
  sampleRate: 16000,
  durationSec: null,
  stft: { nFft: 512, hopLength: 160, winLength: 400, window: 'hann', center: false, padMode: 'constant' },
  mel: { nMels: 64, fmin: 125, fmax: 7500, htk: true, norm: null, power: 1 },
  db: null,
  log: { offset: 1e-4 },
} as const satisfies FeatureRecipe

/**
 * The features of YAMNet: those of {@link stm32}, but `ln(mel + 1e-3)`.
 *
 * Differs from YAMNet: TensorFlow puts the window of 400 samples at the start of the transform's 512 samples.
 * librosa and this library put it in the middle, so frame t holds the sound 56 samples later.
 *
 * @see TensorFlow models, `research/audioset/yamnet/features.py`.
 * @example createExtractor(yamnet).extract(clip)
 */
export const yamnet = { ...stm32, log: { offset: 1e-3 } } as const satisfies FeatureRecipe
