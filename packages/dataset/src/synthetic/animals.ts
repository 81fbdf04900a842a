/** Dog, rooster, crying baby, sneezing: sounds with a pitch, resonances and breath noise. */
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
  toUnitPeak,
  whiteNoise,
} from './signal.js'

interface Call {
  lengthSec: number
  /** Pitch over the call's length, evenly spaced; Hz. */
  pitchHz: readonly number[]
  /** Loudness over the call's length, evenly spaced. */
  loudness: readonly number[]
  /** Strength of the overtones, in [0, 1). */
  rolloff: number
  /** Share of noise, in [0, 1]. */
  breath: number
  /** Resonances; Hz. */
  formantsHz: readonly number[]
  /** Depth of the pitch's wobble, as a share of it. */
  vibrato: number
}

/** Bursts of 1 to 6 barks, each a short falling growl. */
export function dog(rng: Rng, recording: Recording, length: number, sampleRate: number): Float32Array {
  const out = new Float32Array(length)
  const pitchHz = 420 * recording.pitch * between(rng, 0.85, 1.15)
  const barks = 1 + rng.integer(6)
  let at = between(rng, 0, 0.3) * (length / sampleRate)
  for (let i = 0; i < barks; i++) {
    const start = pitchHz * between(rng, 0.85, 1.2)
    const bark = renderCall(rng, sampleRate, {
      lengthSec: between(rng, 0.09, 0.3),
      pitchHz: [start, start * between(rng, 1, 1.5), start * between(rng, 0.5, 0.9)],
      loudness: [0, 1, 0.7, 0.3, 0.08, 0],
      rolloff: between(rng, 0.7, 0.92),
      breath: between(rng, 0.15, 0.7),
      formantsHz: [700 * recording.pitch, 1500 * recording.pitch, 2600 + 1500 * recording.brightness],
      vibrato: 0,
    })
    addInto(out, bark, Math.round(at * sampleRate), between(rng, 0.4, 1))
    at += between(rng, 0.2, 1) / recording.pace
  }
  return out
}

/** One or two crows: short syllables, then a long one that rises and falls. */
export function rooster(rng: Rng, recording: Recording, length: number, sampleRate: number): Float32Array {
  const out = new Float32Array(length)
  const top = 850 * recording.pitch * between(rng, 0.85, 1.15)
  const formantsHz = [1200 * recording.pitch, 2400 * recording.pitch, 3500]
  let at = between(rng, 0, 0.25) * (length / sampleRate)
  for (let crow = 1 + rng.integer(2); crow > 0; crow--) {
    for (let syllables = 1 + rng.integer(3); syllables >= 0; syllables--) {
      const isLast = syllables === 0
      const lengthSec = (isLast ? between(rng, 0.5, 1.3) : between(rng, 0.12, 0.3)) / recording.pace
      const call = renderCall(rng, sampleRate, {
        lengthSec,
        pitchHz: isLast ? [0.7 * top, top, 0.95 * top, 0.55 * top] : [0.6 * top, 0.85 * top, 0.7 * top],
        loudness: [0, 0.9, 1, 0.7, 0],
        rolloff: between(rng, 0.6, 0.85),
        breath: between(rng, 0.05, 0.4),
        formantsHz,
        vibrato: between(rng, 0, 0.02),
      })
      addInto(out, call, Math.round(at * sampleRate), isLast ? 1 : between(rng, 0.4, 0.9))
      at += lengthSec + between(rng, 0.02, 0.12)
    }
    at += between(rng, 0.3, 1)
  }
  return out
}

/** Cry after cry, each rising and falling, with a breath between them. */
export function cryingBaby(rng: Rng, recording: Recording, length: number, sampleRate: number): Float32Array {
  const out = new Float32Array(length)
  const pitchHz = 430 * recording.pitch ** 0.7 * between(rng, 0.9, 1.1)
  const duration = length / sampleRate
  for (let at = between(rng, -0.4, 0.4); at < duration; ) {
    const lengthSec = between(rng, 0.3, 1.4) / recording.pace
    const cry = renderCall(rng, sampleRate, {
      lengthSec,
      pitchHz: [0.85, 1.1, between(rng, 0.95, 1.3), 0.8].map((factor) => factor * pitchHz),
      loudness: [0, 0.8, 1, 0.9, 0],
      rolloff: between(rng, 0.7, 0.9),
      breath: between(rng, 0.05, 0.5),
      formantsHz: [1100 * recording.pitch, 2900, 3300 + 1500 * recording.brightness],
      vibrato: between(rng, 0.005, 0.04),
    })
    addInto(out, cry, Math.round(at * sampleRate), between(rng, 0.5, 1))
    at += lengthSec + between(rng, 0.1, 0.6)
  }
  return out
}

/** One or two sneezes: a breath drawn in, a sharp burst of noise, an end with a pitch. */
export function sneezing(rng: Rng, recording: Recording, length: number, sampleRate: number): Float32Array {
  const out = new Float32Array(length)
  const formantsHz = [900 * recording.pitch, 2200 * recording.pitch, 3500 + 3000 * recording.brightness]
  const pitchHz = 230 * recording.pitch
  const shared = { rolloff: between(rng, 0.6, 0.85), formantsHz, vibrato: 0 }
  let at = between(rng, 0, 0.35) * (length / sampleRate)
  for (let sneeze = 1 + rng.integer(2); sneeze > 0; sneeze--) {
    const breathSec = between(rng, 0.2, 0.8)
    const inhaled = renderCall(rng, sampleRate, {
      ...shared,
      lengthSec: breathSec,
      pitchHz: [pitchHz, 1.5 * pitchHz],
      loudness: [0, 0.4, 1, 0],
      breath: between(rng, 0.7, 1),
    })
    addInto(out, inhaled, Math.round(at * sampleRate), between(rng, 0.05, 0.35))
    at += breathSec
    const blast = renderCall(rng, sampleRate, {
      ...shared,
      lengthSec: between(rng, 0.15, 0.5),
      pitchHz: [1.6 * pitchHz, pitchHz, 0.7 * pitchHz],
      loudness: [0, 1, 0.6, 0.35, 0.2, 0.1, 0.05, 0],
      breath: between(rng, 0.55, 0.95),
    })
    addInto(out, blast, Math.round(at * sampleRate), 1)
    at += between(rng, 0.6, 2) / recording.pace
  }
  return out
}

/** One call: a harmonic tone and breath, through resonances. Peak 1. */
function renderCall(rng: Rng, sampleRate: number, call: Call): Float32Array {
  const { pitchHz, loudness, rolloff, breath, formantsHz, vibrato } = call
  const length = Math.max(1, Math.round(call.lengthSec * sampleRate))
  const source = whiteNoise(rng, length)
  const wobble = (2 * Math.PI * logBetween(rng, 4, 12)) / sampleRate
  let phase = 0
  let step = 0
  for (let i = 0; i < length; i++) {
    const t = i / length
    // The pitch changes slowly and the phase stays continuous, so a new value for every 64th sample is enough.
    if (i % 64 === 0) {
      const hz = interpolate(pitchHz, t) * (1 + vibrato * Math.sin(wobble * i))
      step = (2 * Math.PI * hz) / sampleRate
    }
    phase += step
    const tone = harmonicTone(phase, rolloff)
    source[i] = interpolate(loudness, t) * ((1 - breath) * tone + breath * source[i]!)
  }
  const out = source.map((value) => 0.2 * value)
  formantsHz.forEach((hz, i) => {
    addInto(out, bandpass(source.slice(), sampleRate, hz, between(rng, 2, 6)), 0, 1 / (1 + i / 2))
  })
  return toUnitPeak(highpass(out, sampleRate, 80))
}
