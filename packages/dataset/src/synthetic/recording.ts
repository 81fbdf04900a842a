/** The parameters that clips of one synthetic source share, and the scene around their sound. */
import type { Rng } from '@esc/core'
import { addInto, between, highpass, logBetween, lowpass, toUnitPeak, whiteNoise } from './signal.js'

/**
 * The parameters of one source: the animal, machine or weather, and the microphone, room and distance of the recording.
 */
export interface Recording {
  /** Factor on every pitch and resonance. */
  pitch: number
  /** Factor on the speed of events. */
  pace: number
  /** 0 is dull, 1 bright. */
  brightness: number
  /** Peak of the clip. */
  levelDb: number
  /** Peak of the sound over the peak of the background noise. */
  snrDb: number
  /** Above this frequency the background noise falls. */
  noiseCutoffHz: number
  /** Below this frequency the microphone's response falls. */
  lowCutHz: number
  echoSec: number
  /** 0 is a dry room. */
  echoGain: number
}

/** Computes a sound of one class: `length` samples at any level. */
export type Voice = (rng: Rng, recording: Recording, length: number, sampleRate: number) => Float32Array

/** Draws a source's parameters, widely: two sources of one class may differ more than two classes do. */
export function drawRecording(rng: Rng): Recording {
  return {
    pitch: logBetween(rng, 0.6, 1.6),
    pace: logBetween(rng, 0.6, 1.6),
    brightness: rng.uniform(),
    levelDb: between(rng, -30, -0.5),
    snrDb: between(rng, 0, 40),
    noiseCutoffHz: logBetween(rng, 150, 8000),
    lowCutHz: logBetween(rng, 20, 300),
    echoSec: between(rng, 0.02, 0.09),
    echoGain: Math.max(0, between(rng, -0.3, 0.6)),
  }
}

/** A second sound in a clip, of another class than the label. */
export interface Distractor {
  voice: Voice
  recording: Recording
  /** Peak, relative to the labelled sound's. */
  levelDb: number
}

/**
 * Computes a sound in its scene: echo, a second sound (`distractor`) if there is one, background noise, the microphone's low cut, and
 * the level. Some clips are shorter than the file and padded with zeros, as in ESC-50.
 */
export function renderScene(
  rng: Rng,
  voice: Voice,
  recording: Recording,
  distractor: Distractor | null,
  length: number,
  sampleRate: number,
): Float32Array {
  const [start, end] = rng.uniform() < 0.35 ? drawExtent(rng, length) : [0, length]
  const sound = toUnitPeak(voice(rng.fork('voice'), recording, end - start, sampleRate))
  if (distractor) {
    const other = distractor.voice(rng.fork('distractor'), distractor.recording, end - start, sampleRate)
    addInto(sound, toUnitPeak(other), 0, decibels(distractor.levelDb))
  }
  if (recording.echoGain > 0) echo(sound, Math.round(recording.echoSec * sampleRate), recording.echoGain)
  const noise = lowpass(whiteNoise(rng, sound.length), sampleRate, recording.noiseCutoffHz)
  addInto(sound, toUnitPeak(noise), 0, decibels(-recording.snrDb))
  toUnitPeak(highpass(sound, sampleRate, recording.lowCutHz))
  const clip = new Float32Array(length)
  addInto(clip, sound, start, decibels(recording.levelDb))
  return clip
}

/**
 * Draws where the sound begins and ends in its file, in samples. It is at least a quarter of the file, and often begins with it.
 */
function drawExtent(rng: Rng, length: number): [start: number, end: number] {
  const size = Math.ceil(length * between(rng, 0.25, 0.95))
  const start = rng.uniform() < 0.6 ? 0 : rng.integer(length - size + 1)
  return [start, start + size]
}

function echo(samples: Float32Array, delay: number, gain: number): void {
  for (let i = delay; i < samples.length; i++) samples[i]! += gain * samples[i - delay]!
}

function decibels(db: number): number {
  return 10 ** (db / 20)
}
