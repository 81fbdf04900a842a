/** A sound as all stages hand it on. */
import { assertClipShape } from './check/float32.js'

/**
 * A mono recording: what audio-io makes and dsp takes.
 *
 * `samples` have the nominal range [-1, 1]; decoded float files may exceed it.
 */
export interface AudioClip {
  samples: Float32Array
  /** Hz. */
  sampleRate: number
}

/** Duration of a clip in seconds. @throws EscError INVALID_INPUT if it is no clip. @example durationSec({ samples: new Float32Array(22050), sampleRate: 22050 }) // 1 */
export function durationSec(clip: AudioClip): number {
  assertClipShape('clip', clip)
  return clip.samples.length / clip.sampleRate
}
