/** Keeps clips and their mel power in memory, as far as they fit. */
import type { AudioClip, FeatureMatrix } from '@esc/core'
import { type Extractor, resample } from '@esc/dsp'

/** Waveforms and mel power of a data set's clips, by `clipId`. */
export interface ClipMemory {
  /** The clip at the recipe's sample rate. The caller must not change it. */
  waveform(clipId: string): Promise<AudioClip>
  /** The mel power of the whole clip at a speed. The caller must not change it. */
  power(clipId: string, scale: number): Promise<FeatureMatrix>
}

/**
 * Creates an empty memory.
 *
 * @param whole - An extractor without a duration: it prepares clips of any length.
 * @param read - Reads a clip, at any sample rate.
 */
export function createClipMemory(
  whole: Extractor,
  read: (clipId: string) => Promise<AudioClip>,
  { clips, memoryMiB }: { clips: 'float32' | 'int16'; memoryMiB: number },
): ClipMemory {
  const { sampleRate } = whole.recipe
  const waveforms = new Map<string, Float32Array | Int16Array>()
  const powers = new Map<string, FeatureMatrix>()
  let left = memoryMiB * 2 ** 20

  function keep<T>(map: Map<string, T>, key: string, value: T, bytes: number): void {
    if (map.has(key) || bytes > left) return
    left -= bytes
    map.set(key, value)
  }

  function add(clipId: string, clip: AudioClip): AudioClip {
    const heard = resample(clip.samples, clip.sampleRate, sampleRate)
    const stored = clips === 'int16' ? toInt16(heard) : heard
    keep(waveforms, clipId, stored, stored.byteLength)
    return { samples: toFloat32(stored), sampleRate }
  }

  async function waveform(clipId: string): Promise<AudioClip> {
    const known = waveforms.get(clipId)
    return known ? { samples: toFloat32(known), sampleRate } : add(clipId, await read(clipId))
  }

  return {
    waveform,
    async power(clipId, scale) {
      const key = `${scale} ${clipId}`
      const known = powers.get(key)
      if (known) return known
      const power = whole.melPower(atSpeed(whole.prepare(await waveform(clipId)), scale))
      keep(powers, key, power, power.data.byteLength)
      return power
    },
  }
}

/** Plays a clip faster or slower: its length becomes 1 / scale, its pitch rises by the same factor. */
export function atSpeed({ samples, sampleRate }: AudioClip, scale: number): AudioClip {
  return { samples: scale === 1 ? samples : resample(samples, sampleRate * scale, sampleRate), sampleRate }
}

function toInt16(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (sample) => Math.round(32767 * Math.min(1, Math.max(-1, sample))))
}

function toFloat32(samples: Float32Array | Int16Array): Float32Array {
  return samples instanceof Float32Array ? samples : Float32Array.from(samples, (sample) => sample / 32767)
}
