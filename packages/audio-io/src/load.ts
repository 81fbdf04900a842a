/** Any supported file to a mono clip at the rate at which features are computed. */
import { assertPositive } from '@esc/core'
import { resample } from '@esc/dsp'
import type { DecodedAudio } from './audio.js'
import { toMono } from './channels.js'
import { decodeAudio } from './decode.js'
import { assertPortableOptions, type LoadedClip, type LoadOptions, loadNames } from './options.js'
import type { ByteSource } from './reading.js'

/**
 * Loads a sound file as a mono clip at a given rate: decodes `[offset, offset + duration)`, averages the channels,
 * resamples.
 *
 * Differs from librosa: an offset past the end is an error, not an empty clip with a warning; the resampler is that
 * of `@esc/dsp`, not soxr.
 *
 * @param input - The whole file, or a source to read it from.
 * @param options - With `mono: false`, the channels stay apart: the result is that of {@link decodeAudio}, resampled.
 * @throws EscError UNSUPPORTED_FORMAT, CORRUPT_DATA, INVALID_INPUT, INVALID_OPTION as {@link decodeAudio}.
 * @throws EscError INVALID_OPTION if `sampleRate` is not > 0, or `resample` refuses the pair of rates.
 * @see librosa 0.10.2 `load`.
 * @example const clip = await loadAudio(bytes, { sampleRate: 22050, offset: 1, duration: 2.5 })
 */
export function loadAudio(
  input: Uint8Array | ByteSource,
  options?: LoadOptions & { mono?: true },
): Promise<LoadedClip>
export function loadAudio(
  input: Uint8Array | ByteSource,
  options: LoadOptions & { mono: false },
): Promise<DecodedAudio>
export async function loadAudio(
  input: Uint8Array | ByteSource,
  options: LoadOptions & { mono?: boolean } = {},
): Promise<LoadedClip | DecodedAudio> {
  return loadAnyAudio(input, options)
}

/** {@link loadAudio} where it is not known beforehand whether `mono` is set. @example loadAnyAudio(bytes, options) */
export async function loadAnyAudio(
  input: Uint8Array | ByteSource,
  options: LoadOptions & { mono?: boolean },
): Promise<LoadedClip | DecodedAudio> {
  assertPortableOptions('loadAudio', options, loadNames)
  const { sampleRate = 22050, mono = true, ...decodeOptions } = options
  if (sampleRate !== null) assertPositive('sampleRate', sampleRate)
  const { channels, sampleRate: fileRate, ...rest } = await decodeAudio(input, decodeOptions)
  const rate = sampleRate ?? fileRate
  const atRate = (samples: Float32Array) => (rate === fileRate ? samples : resample(samples, fileRate, rate))
  if (mono) return { samples: atRate(toMono(channels)), sampleRate: rate, ...rest }
  return { channels: channels.map(atRate), sampleRate: rate, ...rest }
}
