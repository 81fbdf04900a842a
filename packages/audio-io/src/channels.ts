/** Channels to mono. */
import { EscError } from '@esc/core'

/**
 * The mean of all channels, sample by sample.
 *
 * Differs from librosa: `to_mono` averages in float32, this in float64 and rounds once.
 *
 * @param channels - One array per channel, all of one length.
 * @returns One array of that length; new storage, for one channel too.
 * @throws EscError INVALID_INPUT if there is no channel, or lengths differ.
 * @see librosa 0.10.2 `to_mono`.
 * @example toMono([left, right])
 */
export function toMono(channels: readonly Float32Array[]): Float32Array {
  const [first] = channels
  if (!first) throw new EscError('INVALID_INPUT', 'toMono needs at least one channel, got none')
  const other = channels.findIndex((samples) => samples.length !== first.length)
  if (other !== -1) {
    throw new EscError(
      'INVALID_INPUT',
      `channel ${other} has ${channels[other]!.length} samples, the first ${first.length}`,
    )
  }
  if (channels.length === 1) return first.slice()
  const mono = new Float32Array(first.length)
  for (let i = 0; i < mono.length; i++) {
    let sum = 0
    for (let channel = 0; channel < channels.length; channel++) sum += channels[channel]![i]!
    mono[i] = sum / channels.length
  }
  return mono
}
