/** Mixes channels to mono. */
import { assertFloat32, EscError, wrongValue } from '@esc/core'

/**
 * Checks that the channels are arrays of the right kind. It does not look at the samples.
 *
 * @throws EscError INVALID_INPUT unless `channels` is a list of Float32Arrays.
 * @example assertChannels('channels', channels)
 */
export function assertChannels(name: string, channels: unknown): asserts channels is Float32Array[] {
  if (!Array.isArray(channels)) {
    throw wrongValue(name, channels, 'a list of Float32Arrays, one for each channel', {
      advice: {
        'decoded audio': 'pass audio.channels',
        'a clip': 'it is mono already',
        numbers: `pass [${name}]`,
      },
    })
  }
  for (const [i, samples] of channels.entries()) assertFloat32(`${name}[${i}]`, samples)
}

/**
 * The mean of all channels, sample by sample.
 *
 * Differs from librosa: `to_mono` averages in float32; this averages in float64 and rounds once.
 *
 * @param channels - One array per channel, all of one length.
 * @returns One array of that length; new storage, for one channel too.
 * @throws EscError INVALID_INPUT if there is no channel, a channel is no Float32Array, or the lengths differ.
 * @see librosa 0.10.2 `to_mono`.
 * @example toMono([Float32Array.of(0, 1), Float32Array.of(1, 1)]) // Float32Array [0.5, 1]
 */
export function toMono(channels: readonly Float32Array[]): Float32Array {
  assertChannels('channels', channels)
  const [first] = channels
  if (!first) throw new EscError('INVALID_INPUT', 'channels is empty; toMono needs at least one channel')
  const other = channels.findIndex((samples) => samples.length !== first.length)
  if (other !== -1) {
    throw new EscError(
      'INVALID_INPUT',
      `channel ${other} has ${channels[other]!.length} samples, channel 0 has ${first.length}`,
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
