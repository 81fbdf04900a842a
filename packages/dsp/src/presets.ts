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
  trim: { topDb: 60, frameLength: 2048, hopLength: 512 },
  normalize: 'inf',
  durationSec: 5,
  stft,
  mel: { nMels: 128, fmin: 0, fmax: null, htk: false, norm: 'slaney', power: 2 },
  db: { ref: 1, amin: 1e-10, topDb: 80 },
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
  trim: null,
  normalize: 'inf',
  durationSec: 5,
  stft,
  mel: { nMels: 128, fmin: 0, fmax: null, htk: false, norm: 'slaney', power: 2 },
  db: { ref: 'max', amin: 1e-10, topDb: 80 },
  mfcc: null,
} as const satisfies FeatureRecipe
