/** Clock tick, helicopter, chainsaw: sounds that repeat. */
import type { Rng } from '@esc/core'
import type { Recording } from './recording.js'
import {
  addInto,
  bandpass,
  between,
  harmonicTone,
  highpass,
  interpolate,
  logBetween,
  lowpass,
  whiteNoise,
} from './signal.js'

/** Damped clicks at even intervals; tick and tock may differ. */
export function clockTick(rng: Rng, recording: Recording, length: number, sampleRate: number): Float32Array {
  const out = new Float32Array(length)
  const periodSec = logBetween(rng, 0.2, 1) / recording.pace
  const clicks = [0, 1].map(() => renderClick(rng, recording, sampleRate))
  const tockGain = between(rng, 0.2, 1)
  let isTock = false
  for (let at = between(rng, 0, periodSec); at < length / sampleRate; at += periodSec) {
    const jitterSec = between(rng, -0.01, 0.01) * periodSec
    const gain = (isTock ? tockGain : 1) * between(rng, 0.8, 1)
    addInto(out, clicks[isTock ? 1 : 0]!, Math.round((at + jitterSec) * sampleRate), gain)
    isTock = !isTock
  }
  return out
}

/** Low noise in the rhythm of the rotor, the high tone of a turbine, and a slow change of distance. */
export function helicopter(rng: Rng, recording: Recording, length: number, sampleRate: number): Float32Array {
  const out = lowpass(whiteNoise(rng, length), sampleRate, 150 + 1200 * recording.brightness)
  const rotorHz = logBetween(rng, 8, 24) * recording.pace ** 0.5
  const whineHz = logBetween(rng, 500, 2500) * recording.pitch
  const [depth, whineGain] = [between(rng, 0.3, 1), 0.3 * rng.uniform() ** 2]
  const sharpness = between(rng, 0.2, 0.8)
  const distance = [between(rng, 0.3, 1), 1, between(rng, 0.3, 1)]
  for (let i = 0; i < length; i++) {
    const phase = (2 * Math.PI * i) / sampleRate
    // The envelope of a blade's slap, in [0, 1].
    const slap = (1 - sharpness) ** 2 / (1 - 2 * sharpness * Math.cos(rotorHz * phase) + sharpness ** 2)
    const whine = whineGain * Math.sin(whineHz * phase)
    out[i] = interpolate(distance, i / length) * (out[i]! * (1 - depth + depth * slap) * 3 + 0.3 * whine)
  }
  return out
}

/** A two-stroke engine: rich harmonics whose pitch follows the throttle, and noise in its rhythm. */
export function chainsaw(rng: Rng, recording: Recording, length: number, sampleRate: number): Float32Array {
  const out = highpass(whiteNoise(rng, length), sampleRate, 500 + 2500 * recording.brightness)
  const idleHz = 95 * recording.pitch * between(rng, 0.85, 1.15)
  const throttle = Array.from({ length: 3 + rng.integer(6) }, () => between(rng, 0.8, 1.7))
  const [rolloff, noiseGain] = [between(rng, 0.75, 0.95), between(rng, 0.1, 1)]
  let phase = between(rng, 0, 2 * Math.PI)
  for (let i = 0; i < length; i++) {
    const load = interpolate(throttle, i / length)
    phase += (2 * Math.PI * idleHz * load) / sampleRate
    const beat = 0.5 + 0.5 * Math.cos(phase)
    out[i] = load * (harmonicTone(phase, rolloff) + noiseGain * beat * out[i]!)
  }
  return lowpass(out, sampleRate, logBetween(rng, 1500, 9000) * recording.pitch)
}

function renderClick(rng: Rng, recording: Recording, sampleRate: number): Float32Array {
  const decay = logBetween(rng, 0.001, 0.012) * sampleRate
  const click = whiteNoise(rng, Math.ceil(6 * decay))
  for (let i = 0; i < click.length; i++) click[i]! *= Math.exp(-i / decay)
  const ring = bandpass(
    click.slice(),
    sampleRate,
    logBetween(rng, 1200, 5000) * recording.pitch,
    between(rng, 3, 15),
  )
  addInto(ring, click, 0, between(rng, 0.02, 0.3))
  return ring
}
