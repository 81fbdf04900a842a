/** Recipes that work for environmental sound. */
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

/**
 * 13 MFCCs of five seconds at 44.1 kHz, silence trimmed, peak 1: 13 × 431.
 *
 * @example createExtractor(mfcc13).extract(clip)
 */
export const mfcc13 = {
  version: 1,
  sampleRate: 44100,
  denoise: null,
  trim: { topDb: 60, frameLength: 2048, hopLength: 512 },
  normalize: 'inf',
  durationSec: 5,
  stft,
  mel: { nMels: 128, fmin: 0, fmax: null, htk: false, norm: 'slaney', power: 2 },
  db: { ref: 1, amin: 1e-10, topDb: 80 },
  log: null,
  mfcc: { nMfcc: 13, dctType: 2, norm: 'ortho', lifter: 0 },
} as const satisfies FeatureRecipe

/**
 * Log-mel spectrogram of five seconds at 22.05 kHz in 128 bins, 0 dB at the loudest: 128 × 216.
 *
 * @example createExtractor(logmel128).extract(clip)
 */
export const logmel128 = {
  version: 1,
  sampleRate: 22050,
  denoise: null,
  trim: null,
  normalize: 'inf',
  durationSec: 5,
  stft,
  mel: { nMels: 128, fmin: 0, fmax: null, htk: false, norm: 'slaney', power: 2 },
  db: { ref: 'max', amin: 1e-10, topDb: 80 },
  log: null,
  mfcc: null,
} as const satisfies FeatureRecipe

/**
 * 20 MFCCs of five seconds at 22.05 kHz with librosa's defaults: 20 × 216.
 *
 * @example createExtractor(mfcc20).extract(clip)
 */
export const mfcc20 = {
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
  mfcc: { nMfcc: 20, dctType: 2, norm: 'ortho', lifter: 0 },
} as const satisfies FeatureRecipe

/**
 * Log-mel spectrogram at 22.05 kHz in 64 bins, of clips of any length and of live sound: nothing in it needs the whole
 * clip.
 *
 * @example createFeatureStream(logmel64, 48000).push(block)
 */
export const logmel64 = {
  version: 1,
  sampleRate: 22050,
  denoise: null,
  trim: null,
  normalize: null,
  durationSec: null,
  stft: { ...stft, nFft: 1024, winLength: 1024, center: false },
  mel: { nMels: 64, fmin: 0, fmax: null, htk: false, norm: 'slaney', power: 2 },
  db: { ref: 1, amin: 1e-10, topDb: null },
  log: null,
  mfcc: null,
} as const satisfies FeatureRecipe

/**
 * What ST's model zoo feeds its networks for microcontrollers: 64 HTK mel bins of magnitudes from 125 to 7500 Hz at 16
 * kHz, `ln(mel + 1e-4)`; patches are 96 frames wide.
 *
 * @see STM32 AI model zoo, audio event detection, `feature_extraction.py` (librosa with `center=False`).
 * @example createExtractor(stm32).extract(clip)
 */
export const stm32 = {
  version: 1,
  sampleRate: 16000,
  denoise: null,
  trim: null,
  normalize: null,
  durationSec: null,
  stft: { nFft: 512, hopLength: 160, winLength: 400, window: 'hann', center: false, padMode: 'constant' },
  mel: { nMels: 64, fmin: 125, fmax: 7500, htk: true, norm: null, power: 1 },
  db: null,
  log: { offset: 1e-4 },
  mfcc: null,
} as const satisfies FeatureRecipe

/**
 * YAMNet's features: as {@link stm32}, but `ln(mel + 1e-3)`.
 *
 * Differs from YAMNet: TensorFlow puts the window of 400 samples at the start of the transform's 512, librosa and this in
 * the middle, so frame t holds what lies 56 samples later.
 *
 * @see TensorFlow models, `research/audioset/yamnet/features.py`.
 * @example createExtractor(yamnet).extract(clip)
 */
export const yamnet = { ...stm32, log: { offset: 1e-3 } } as const satisfies FeatureRecipe
