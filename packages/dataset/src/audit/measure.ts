/** Facts about one clip's samples. */
import { assertChannels, toMono } from '@esc/audio-io'
import { assertPositive, assertText, EscError, hasField, wrongValue } from '@esc/core'
import { measureSpectrum } from './spectrum.js'

/** What {@link measureClip} measured: plain JSON. */
export interface ClipFacts {
  id: string
  durationSec: number
  /** Hz. */
  sampleRate: number
  channels: number
  /** How it is stored: `wav pcm16`, `ogg vorbis`; `null` if it is not known. */
  codec: string | null
  /** What the decoder had to repair, a sentence each; empty for a sound file without faults. */
  warnings: string[]
  /** Largest absolute sample of the mono mix. A network hears the mono mix. */
  peak: number
  /** Root mean square of the mono mix, in dB relative to 1; not below -200, which is digital silence. */
  rmsDb: number
  /**
   * How many dB the mono mix lies below the channels: 0 for one channel, 3 for channels that have nothing in common, more for
   * channels that cancel each other; at most 200.
   */
  mixLossDb: number
  /**
   * Time before the first sample of the mono mix that lies within 60 dB of its peak; the whole clip if it is silent.
   */
  leadingSilenceSec: number
  /** Time after the last such sample. */
  trailingSilenceSec: number
  /** Time of such silence between these two samples, in stretches of 0.1 s or longer. */
  insideSilenceSec: number
  /** Share of the mono mix's samples that are exactly 0. */
  digitalSilenceShare: number
  /** Share of the channels' samples in runs of three or more at full scale (0.999 or above) with the same sign. */
  clippedShare: number
  /** The mean of the channel whose mean is furthest from 0. */
  dcOffset: number
  /** 16 hexadecimal digits, equal for equal samples. */
  hash: string
  /**
   * Hz. Above it the averaged spectrum of the mono mix lies below that of noise at -90 dB. It shows the low-pass filter of a codec,
   * or a source at a lower rate. 0 for silence.
   */
  bandwidthHz: number
  /**
   * A word of 32 bits for each 20 ms, 0 for silence. Clips that sound the same have similar words. Empty if the clip is shorter
   * than half a second, or its rate is below 8 kHz.
   */
  fingerprint: number[]
}

const silentAmplitude = 10 ** (-60 / 20)
const shortestGapSec = 0.1
const fullScale = 0.999
/** Windows grow with the rate that a file claims. No microphone reaches this rate. */
const maxSampleRate = 1e6

/** A decoded clip to measure. */
export interface MeasuredClip {
  /** The samples of each channel, nominal range [-1, 1]; all of one length. */
  channels: readonly Float32Array[]
  /** Hz. */
  sampleRate: number
  /** How it is stored. @defaultValue `null` */
  codec?: string | null | undefined
  /** What the decoder had to repair. @defaultValue none */
  warnings?: readonly string[] | undefined
}

/**
 * Measures one decoded clip. Level and silence are those of the mono mix, from which features are computed: channels in opposite
 * phase are silent there. A sample is silent if it lies 60 dB below the clip's own peak, so the faint noise that a codec leaves in
 * padding counts as silence.
 *
 * The hash is not a cryptographic one. It serves to find copies. It must be synchronous and work in every page, and `crypto.subtle`
 * is asynchronous and needs https. With 64 bits, a chance match among 2,000 clips has odds of 1 in 10^13.
 *
 * @param clip - What a decoder of `@esc/audio-io` returns.
 * @throws EscError INVALID_OPTION if the rate is not positive; INVALID_INPUT if it is above 1 MHz, there are no
 *   samples, the channels differ in length, or a sample is not finite.
 * @example measureClip('1-100032-A-0', await decodeAudio(bytes)).clippedShare
 */
export function measureClip(id: string, clip: MeasuredClip): ClipFacts {
  assertText('id', id)
  if (!hasField(clip, 'channels')) throw wrongValue('clip', clip, 'decoded audio, { channels, sampleRate }')
  const { channels, sampleRate, codec = null, warnings = [] } = clip
  assertChannels('clip.channels', channels)
  assertPositive('sampleRate', sampleRate)
  if (sampleRate > maxSampleRate) {
    throw new EscError('INVALID_INPUT', `clip ${id} claims ${sampleRate} Hz; the most is ${maxSampleRate}`)
  }
  const length = channels[0]?.length ?? 0
  if (length === 0 || channels.some((samples) => samples.length !== length)) {
    const lengths = channels.map((samples) => samples.length).join(', ')
    throw new EscError(
      'INVALID_INPUT',
      `clip ${id} has channels of [${lengths}] samples; all must be as long, and > 0`,
    )
  }
  const each = channels.map((samples) => measureChannel(id, samples))
  const mix = channels.length === 1 ? channels[0]! : toMono(channels)
  const mixed = channels.length === 1 ? each[0]! : measureChannel(id, mix)
  const threshold = mixed.peak * silentAmplitude
  const [start, end] = soundEdges(mix, threshold)
  const rmsDb = levelDb(mixed.power / length)
  const channelsDb = levelDb(each.reduce((sum, { power }) => sum + power, 0) / (length * channels.length))
  return {
    id,
    durationSec: length / sampleRate,
    sampleRate,
    channels: channels.length,
    codec,
    warnings: [...warnings],
    peak: mixed.peak,
    rmsDb,
    mixLossDb: Math.max(0, channelsDb - rmsDb),
    leadingSilenceSec: start / sampleRate,
    trailingSilenceSec: (length - end) / sampleRate,
    insideSilenceSec:
      countGaps(mix, { start, end, threshold, shortest: shortestGapSec * sampleRate }) / sampleRate,
    digitalSilenceShare: mixed.zeros / length,
    clippedShare: each.reduce((sum, { clipped }) => sum + clipped, 0) / (length * channels.length),
    dcOffset: each.map(({ mean }) => mean).reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)),
    hash: hashSamples(channels, sampleRate),
    ...measureSpectrum(mix, sampleRate),
  }
}

/** Whether the mono mix holds more than one step of 16 bits, which is the level of dithered silence. */
export function isAudible({ peak }: Pick<ClipFacts, 'peak'>): boolean {
  return peak > 2 ** -15
}

function levelDb(power: number): number {
  return 20 * Math.log10(Math.max(Math.sqrt(power), 1e-10))
}

function measureChannel(id: string, samples: Float32Array) {
  // Declared one by one: numbers that are declared by destructuring are allocated again at each change.
  let peak = 0
  let total = 0
  let power = 0
  let zeros = 0
  let clipped = 0
  let run = 0
  let before = 0
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i]!
    const size = Math.abs(value)
    if (!(size < Number.POSITIVE_INFINITY)) {
      throw new EscError('INVALID_INPUT', `clip ${id} has ${value} at sample ${i}; samples must be finite`)
    }
    if (size > peak) peak = size
    if (size === 0) zeros++
    total += value
    power += value * value
    // One sample at full scale is the peak of a normalised file. A flat top is a clipped peak.
    if (size >= fullScale) {
      run = value * before > 0 ? run + 1 : 1
      if (run >= 3) clipped += run === 3 ? 3 : 1
    } else run = 0
    before = value
  }
  return { peak, mean: total / samples.length, power, zeros, clipped }
}

/**
 * The first sample above the threshold, and the one after the last. If no sample is above it, silence reaches both ends.
 */
function soundEdges(samples: Float32Array, threshold: number): [start: number, end: number] {
  let start = 0
  while (start < samples.length && !(Math.abs(samples[start]!) > threshold)) start++
  if (start === samples.length) return [samples.length, 0]
  let end = samples.length
  while (!(Math.abs(samples[end - 1]!) > threshold)) end--
  return [start, end]
}

/** Samples in runs of silence of at least `shortest`. */
function countGaps(
  samples: Float32Array,
  { start, end, threshold, shortest }: { start: number; end: number; threshold: number; shortest: number },
): number {
  let total = 0
  let run = 0
  for (let i = start; i < end; i++) {
    if (Math.abs(samples[i]!) <= threshold) {
      run++
      continue
    }
    // The last sample is not silent, so every run ends here.
    if (run >= shortest) total += run
    run = 0
  }
  return total
}

/**
 * 64 bits over the samples' bit patterns: two 32-bit lanes of xxHash's round, with different primes and
 * rotations.
 *
 * @see Y. Collet, xxHash specification 0.1.1, XXH32: primes, round and avalanche.
 */
function hashSamples(channels: readonly Float32Array[], sampleRate: number): string {
  const format = Math.imul(sampleRate, 256) + channels.length
  let low = 0x165667b1 ^ format
  let high = 0x27d4eb2f ^ format
  for (const samples of channels) {
    const words = new Uint32Array(samples.buffer, samples.byteOffset, samples.length)
    for (let i = 0; i < words.length; i++) {
      low = Math.imul(rotate(low + Math.imul(words[i]!, 0x85ebca77), 13), 0x9e3779b1)
      high = Math.imul(rotate(high + Math.imul(words[i]!, 0xc2b2ae3d), 17), 0x27d4eb2f)
    }
  }
  return [low, high].map((lane) => avalanche(lane).toString(16).padStart(8, '0')).join('')
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

function avalanche(lane: number): number {
  let mixed = Math.imul(lane ^ (lane >>> 15), 0x85ebca77)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae3d)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
