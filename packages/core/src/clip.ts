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

/** Duration of a clip in seconds. @example durationSec({ samples: new Float32Array(22050), sampleRate: 22050 }) // 1 */
export function durationSec(clip: AudioClip): number {
  return clip.samples.length / clip.sampleRate
}
