/** Parts of the synthetic sounds: noise, recursive filters, harmonic tones, envelopes. */
import type { Rng } from '@esc/core'

/** A number drawn evenly from [low, high). */
export function between(rng: Rng, low: number, high: number): number {
  return low + (high - low) * rng.uniform()
}

/** A number drawn from [low, high), evenly on a logarithmic scale: for frequencies, rates and times. */
export function logBetween(rng: Rng, low: number, high: number): number {
  return low * (high / low) ** rng.uniform()
}

/**
 * White noise, evenly distributed in [-1, 1).
 *
 * @see G. Marsaglia, Xorshift RNGs, J. Stat. Softw. 8 (2003): 13, 17, 5. One draw of `rng` starts it: a
 *   generator of 2^32 states is good enough for noise, and several times as fast as `rng`.
 */
export function whiteNoise(rng: Rng, length: number): Float32Array {
  const noise = new Float32Array(length)
  let state = 1 + rng.integer(2 ** 32 - 1)
  for (let i = 0; i < length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    noise[i] = state * 2 ** -31
  }
  return noise
}

/** One-pole low-pass, in place: 6 dB per octave above `cutoffHz`. */
export function lowpass(samples: Float32Array, sampleRate: number, cutoffHz: number): Float32Array {
  const keep = Math.exp((-2 * Math.PI * Math.min(cutoffHz, sampleRate / 2)) / sampleRate)
  let last = 0
  for (let i = 0; i < samples.length; i++) {
    last = samples[i]! + keep * (last - samples[i]!)
    samples[i] = last
  }
  return samples
}

/** One-pole high-pass, in place: it keeps the part that {@link lowpass} removes. */
export function highpass(samples: Float32Array, sampleRate: number, cutoffHz: number): Float32Array {
  const keep = Math.exp((-2 * Math.PI * Math.min(cutoffHz, sampleRate / 2)) / sampleRate)
  let last = 0
  for (let i = 0; i < samples.length; i++) {
    last = samples[i]! + keep * (last - samples[i]!)
    samples[i]! -= last
  }
  return samples
}

/**
 * Two-pole band-pass with gain 1 at `centreHz`, in place.
 *
 * @see R. Bristow-Johnson, Audio EQ Cookbook: BPF, constant 0 dB peak gain.
 */
export function bandpass(
  samples: Float32Array,
  sampleRate: number,
  centreHz: number,
  q: number,
): Float32Array {
  const omega = (2 * Math.PI * Math.min(centreHz, 0.45 * sampleRate)) / sampleRate
  const alpha = Math.sin(omega) / (2 * q)
  const b0 = alpha / (1 + alpha)
  const a1 = (-2 * Math.cos(omega)) / (1 + alpha)
  const a2 = (1 - alpha) / (1 + alpha)
  let x1 = 0
  let x2 = 0
  let y1 = 0
  let y2 = 0
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i]!
    const y = b0 * (x - x2) - a1 * y1 - a2 * y2
    x2 = x1
    x1 = x
    y2 = y1
    y1 = y
    samples[i] = y
  }
  return samples
}

/**
 * One sample of a tone whose k-th harmonic has the amplitude `rolloff ** (k - 1)`, scaled to a peak of about
 * 1.
 *
 * @param phase - Of the fundamental, in radians.
 * @see J. A. Moorer, The synthesis of complex audio spectra by means of discrete summation formulae, JAES 24
 *   (1976).
 */
export function harmonicTone(phase: number, rolloff: number): number {
  return (Math.sin(phase) * (1 - rolloff * rolloff)) / (1 - 2 * rolloff * Math.cos(phase) + rolloff * rolloff)
}

/** The value at `t` in [0, 1] on straight lines through evenly spaced points. */
export function interpolate(points: readonly number[], t: number): number {
  const at = t * (points.length - 1)
  const left = Math.min(Math.floor(at), points.length - 2)
  return points[left]! + (at - left) * (points[left + 1]! - points[left]!)
}

/** Adds `gain * source` into `target` from sample `start` on. Samples beyond an end of `target` are dropped. */
export function addInto(target: Float32Array, source: Float32Array, start: number, gain: number): void {
  const from = Math.max(0, -start)
  const to = Math.min(source.length, target.length - start)
  for (let i = from; i < to; i++) target[start + i]! += gain * source[i]!
}

/** Largest absolute value. */
export function peakOf(samples: Float32Array): number {
  let peak = 0
  for (let i = 0; i < samples.length; i++) {
    const size = Math.abs(samples[i]!)
    if (size > peak) peak = size
  }
  return peak
}

/** Scales to a peak of 1, in place; silence stays silence. */
export function toUnitPeak(samples: Float32Array): Float32Array {
  const gain = 1 / (peakOf(samples) || 1)
  for (let i = 0; i < samples.length; i++) samples[i]! *= gain
  return samples
}
