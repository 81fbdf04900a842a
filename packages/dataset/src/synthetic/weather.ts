/** Rain, sea waves, crackling fire: noise that changes. The ranges of their parameters overlap on purpose. */
import type { Rng } from '@esc/core'
import type { Recording } from './recording.js'
import { addInto, bandpass, between, highpass, logBetween, lowpass, whiteNoise } from './signal.js'

/** Steady bright noise, and drops that hit something near. */
export function rain(rng: Rng, recording: Recording, length: number, sampleRate: number): Float32Array {
  const out = highpass(whiteNoise(rng, length), sampleRate, 300 + 3000 * recording.brightness ** 2)
  lowpass(out, sampleRate, logBetween(rng, 2500, 14000) * recording.pitch)
  swell(rng, out, sampleRate, between(rng, 0, 0.4), logBetween(rng, 0.5, 4))
  const perSec = logBetween(rng, 3, 200) * recording.pace
  const dropGain = between(rng, 0.1, 1.2)
  addPops(
    rng,
    out,
    sampleRate,
    perSec,
    dropGain,
    [900 * recording.pitch, 6000 * recording.pitch],
    [0.001, 0.01],
  )
  return out
}

/** Dull noise that grows and falls over seconds, brighter when it is loud. Some seas are nearly steady. */
export function seaWaves(rng: Rng, recording: Recording, length: number, sampleRate: number): Float32Array {
  const out = lowpass(whiteNoise(rng, length), sampleRate, 250 + 900 * recording.brightness)
  for (let i = 0; i < length; i++) out[i]! *= 3
  const spray = highpass(whiteNoise(rng, length), sampleRate, 600 * recording.pitch)
  swell(rng, spray, sampleRate, between(rng, 0.3, 1), logBetween(rng, 0.12, 0.5) * recording.pace)
  swell(rng, out, sampleRate, between(rng, 0.1, 0.9), logBetween(rng, 0.12, 0.5) * recording.pace)
  addInto(out, spray, 0, between(rng, 0.15, 0.9))
  return lowpass(out, sampleRate, logBetween(rng, 1500, 10000))
}

/** Crackles at random times over a rumble or a hiss. */
export function cracklingFire(
  rng: Rng,
  recording: Recording,
  length: number,
  sampleRate: number,
): Float32Array {
  const out = lowpass(whiteNoise(rng, length), sampleRate, logBetween(rng, 80, 600))
  const hiss = highpass(whiteNoise(rng, length), sampleRate, 1500)
  addInto(out, hiss, 0, between(rng, 0.02, 0.35))
  swell(rng, out, sampleRate, between(rng, 0, 0.6), logBetween(rng, 0.3, 3))
  const perSec = logBetween(rng, 4, 90) * recording.pace
  const range: [number, number] = [
    600 * recording.pitch,
    (3000 + 6000 * recording.brightness) * recording.pitch,
  ]
  addPops(rng, out, sampleRate, perSec, between(rng, 0.6, 3), range, [0.0005, 0.012])
  return out
}

/**
 * Multiplies by a random slow envelope in [1 - depth, 1], in place. It goes up and down about `rateHz` times a second.
 */
function swell(rng: Rng, samples: Float32Array, sampleRate: number, depth: number, rateHz: number): void {
  const step = (2 * Math.PI * rateHz) / sampleRate
  const [first, second] = [between(rng, 0, 2 * Math.PI), between(rng, 0, 2 * Math.PI)]
  const ratio = between(rng, 1.3, 2.7)
  // Two sines whose rates have no common period: waves are alike, never equal.
  const gainAt = (i: number) =>
    1 - depth * (0.5 - (Math.sin(first + step * i) + 0.6 * Math.sin(second + ratio * step * i)) / 3.2)
  // The sines are slow. Straight lines between every 64th sample are close enough.
  const block = 64
  let gain = gainAt(0)
  for (let start = 0; start < samples.length; start += block) {
    const next = gainAt(start + block)
    const end = Math.min(samples.length, start + block)
    for (let i = start; i < end; i++) samples[i]! *= gain + ((next - gain) * (i - start)) / block
    gain = next
  }
}

/** Adds short damped bursts at random (Poisson) times. Loud ones are rare. */
function addPops(
  rng: Rng,
  out: Float32Array,
  sampleRate: number,
  perSec: number,
  gain: number,
  [lowHz, highHz]: [number, number],
  [shortSec, longSec]: [number, number],
): void {
  const gapSec = () => -Math.log(1 - rng.uniform()) / perSec
  for (let at = gapSec(); at < out.length / sampleRate; at += gapSec()) {
    const decay = logBetween(rng, shortSec, longSec) * sampleRate
    const pop = whiteNoise(rng, Math.ceil(5 * decay))
    for (let i = 0; i < pop.length; i++) pop[i]! *= Math.exp(-i / decay)
    bandpass(pop, sampleRate, logBetween(rng, lowHz, highHz), between(rng, 0.7, 4))
    addInto(out, pop, Math.round(at * sampleRate), gain * (0.1 + rng.uniform() ** 4) * 2)
  }
}
