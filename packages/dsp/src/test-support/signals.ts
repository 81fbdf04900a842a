/** Signals for tests. */
import { createRng } from '@esc/core'

/** A sine of amplitude 1 that starts at phase 0. */
export function sine(hz: number, length: number, sampleRate: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * hz * i) / sampleRate))
}

/** White noise in [-amplitude, amplitude). */
export function noise(length: number, seed: number, amplitude = 1): Float32Array {
  const rng = createRng(seed)
  return Float32Array.from({ length }, () => amplitude * (2 * rng.uniform() - 1))
}
