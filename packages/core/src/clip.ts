/** A mono sound, and its checks. */
import { assertFloat32, assertSamples, classOf } from './check/float32.js'
import { type Advice, hasField, wrongValue } from './check/wrong-value.js'
import { EscError } from './error.js'

/**
 * A mono recording. audio-io makes it, and dsp takes it.
 *
 * `samples` have the nominal range [-1, 1]; decoded float files may exceed it.
 */
export interface AudioClip {
  samples: Float32Array
  /** Hz. */
  sampleRate: number
}

const clipAdvice: Advice = {
  'decoded audio': 'mix its channels: { samples: toMono(audio.channels), sampleRate: audio.sampleRate }',
  'an AudioBuffer': 'pass { samples: buffer.getChannelData(0), sampleRate: buffer.sampleRate }',
  numbers: 'pass the sample rate, too: { samples, sampleRate }',
}

/**
 * Returns the duration of a clip in seconds.
 *
 * @throws EscError INVALID_INPUT if `clip` is not a clip.
 * @example durationSec({ samples: new Float32Array(22050), sampleRate: 22050 }) // 1
 */
export function durationSec(clip: AudioClip): number {
  assertClipShape('clip', clip)
  return clip.samples.length / clip.sampleRate
}

/**
 * Checks a clip in constant time, without its samples; {@link assertClip} also checks the samples.
 *
 * @throws EscError INVALID_INPUT unless it is `{ samples, sampleRate }` with a Float32Array and a finite number > 0.
 * @example assertClipShape('clip', clip)
 */
export function assertClipShape(name: string, clip: unknown): asserts clip is AudioClip {
  if (!hasField(clip, 'samples')) {
    const isFile = classOf(clip) === 'Uint8Array'
    const advice = isFile
      ? { numbers: 'decode a file first: await loadAudio(bytes, { sampleRate: null })' }
      : clipAdvice
    throw wrongValue(name, clip, 'a clip, { samples: Float32Array, sampleRate }', { advice })
  }
  const { samples, sampleRate } = clip as AudioClip
  assertFloat32(`${name}.samples`, samples)
  assertRate(`${name}.sampleRate`, sampleRate)
}

function assertRate(name: string, rate: unknown): void {
  if (typeof rate === 'number' && rate > 0 && rate < Number.POSITIVE_INFINITY) return
  const must = 'a finite number of Hz > 0'
  if (typeof rate === 'number') throw new EscError('INVALID_INPUT', `${name}=${rate} must be ${must}`)
  throw wrongValue(name, rate, must)
}

/**
 * Checks a clip and all its samples.
 *
 * @throws EscError INVALID_INPUT unless there is at least one sample, all samples are finite, and the sample rate is a finite
 *   number > 0.
 * @example assertClip('clip', clip)
 */
export function assertClip(name: string, clip: unknown): asserts clip is AudioClip {
  assertClipShape(name, clip)
  assertSamples(`${name}.samples`, clip.samples)
}
