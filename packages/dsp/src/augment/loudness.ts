/** How loud a sound is: the largest A-weighted level of its frames, and the spread of a matrix. */
import type { AudioClip, FeatureMatrix } from '@esc/core'
import { createRealFft } from '../fft/fft.js'
import { log10 } from '../math.js'
import { getWindow } from '../stft/get-window.js'

/** Level of silence. */
const silenceDb = -80

/** Computes the largest A-weighted level in dB of all frames of about a tenth of a second. */
export function peakLevelDb({ samples, sampleRate }: AudioClip): number {
  const length = sampleRate > 32000 ? 4096 : 2048
  const fft = createRealFft(length)
  const window = getWindow('hann', length)
  const weights = Float64Array.from({ length: length / 2 + 1 }, (_, bin) =>
    aWeight((bin * sampleRate) / length),
  )
  let loudest = 0
  for (let start = 0; start === 0 || start + length <= samples.length; start += length / 2) {
    for (let i = 0; i < length; i++) fft.input[i] = window[i]! * (samples[start + i] ?? 0)
    fft.computePower()
    let power = 0
    for (let bin = 0; bin < weights.length; bin++) power += weights[bin]! * fft.power[bin]!
    if (power > loudest) loudest = power
  }
  return Math.max(silenceDb, loudest > 0 ? 10 * log10(loudest) : silenceDb)
}

/** The A-weighting as a factor for power; 1 at 1 kHz. @see IEC 61672-1:2013, annex E. */
export function aWeight(hz: number): number {
  const square = hz * hz
  const [a, b, c, d] = [
    20.598997 * 20.598997,
    107.65265 * 107.65265,
    737.86223 * 737.86223,
    12194.217 * 12194.217,
  ]
  const gain = (1.2589254 * d * square * square) / ((square + a) * (square + d))
  return (gain * gain) / ((square + b) * (square + c))
}

/**
 * Computes the largest level in dB of all frames of a power spectrogram.
 *
 * @param weights - Factor of each bin; `null` weights all bins alike.
 */
export function peakLevelOfPower(
  { data, bins, frames }: FeatureMatrix,
  weights: ArrayLike<number> | null,
): number {
  const sums = new Float64Array(frames)
  for (let bin = 0; bin < bins; bin++) {
    const weight = weights === null ? 1 : weights[bin]!
    for (let frame = 0; frame < frames; frame++) sums[frame]! += weight * data[bin * frames + frame]!
  }
  const loudest = sums.reduce((most, power) => Math.max(most, power), 0)
  return Math.max(silenceDb, loudest > 0 ? 10 * log10(loudest) : silenceDb)
}

/** Mean and standard deviation of a matrix's values. */
export function momentsOf({ data }: FeatureMatrix): { mean: number; std: number } {
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += data[i]!
  const mean = sum / data.length
  let squares = 0
  for (let i = 0; i < data.length; i++) squares += (data[i]! - mean) ** 2
  return { mean, std: Math.sqrt(squares / data.length) }
}
