/** Encodes samples as a WAV file. */
import {
  type AudioClip,
  assertFloat32,
  assertInteger,
  assertKnown,
  EscError,
  hasField,
  wrongValue,
} from '@esc/core'
import { type DecodedAudio, maxChannels } from '../audio.js'
import { assertChannels } from '../channels.js'

/** Options of {@link encodeWav}. */
export interface EncodeWavOptions {
  /** 16 and 24 write PCM, 32 writes float. @defaultValue `16` */
  bitDepth?: 16 | 24 | 32
}

/** Every name of {@link EncodeWavOptions}, for the check of options. */
export const encodeWavNames: Readonly<Record<keyof EncodeWavOptions, true>> = { bitDepth: true }

/**
 * Encodes samples as a WAV file.
 *
 * PCM is rounded to the nearest step and clipped to the range of its width. So decoding returns each sample with an
 * error of at most half a step (a whole step just below +1, which PCM cannot represent). 32-bit float is exact.
 *
 * Differs from librosa: soundfile multiplies by `2 ** (n - 1) - 1` when it writes and divides by `2 ** (n - 1)` when
 * it reads, so that writing and reading makes a sound softer. Here both factors are `2 ** (n - 1)`, as in ffmpeg.
 *
 * @param audio - A mono clip, or one array per channel; nominal range [-1, 1].
 * @returns The whole file.
 * @throws EscError INVALID_INPUT if there are no samples, channels differ in length, or a sample is not finite.
 * @throws EscError INVALID_OPTION if `bitDepth` is not 16, 24 or 32, or the sample rate is not a whole number > 0.
 * @see ffmpeg 5.1 `libswresample/audioconvert.c`.
 * @example encodeWav({ samples: new Float32Array(22050), sampleRate: 22050 }, { bitDepth: 24 })
 */
export function encodeWav(audio: AudioClip | DecodedAudio, options: EncodeWavOptions = {}): Uint8Array {
  assertKnown('encodeWav', options, encodeWavNames)
  const { bitDepth = 16 } = options
  if (bitDepth !== 16 && bitDepth !== 24 && bitDepth !== 32) {
    throw new EscError('INVALID_OPTION', `bitDepth=${bitDepth} must be 16, 24 or 32`)
  }
  const channels = channelsOf(audio)
  assertInteger('sampleRate', audio.sampleRate, 1, 0xffffffff)
  const frames = assertEncodable(channels)
  const dataSize = frames * channels.length * (bitDepth / 8)
  const headerSize = bitDepth === 32 ? 58 : 44
  const fileSize = headerSize + dataSize + (dataSize & 1)
  if (fileSize - 8 > 0xffffffff) {
    throw new EscError(
      'INVALID_INPUT',
      `${dataSize} bytes of samples do not fit in a WAV file of at most 4 GiB`,
    )
  }
  const view = new DataView(allocate(fileSize))
  writeHeader(view, { channels: channels.length, sampleRate: audio.sampleRate, bitDepth, frames, dataSize })
  writeSamples(view, headerSize, channels, bitDepth)
  return new Uint8Array(view.buffer)
}

function channelsOf(audio: AudioClip | DecodedAudio): readonly Float32Array[] {
  if (hasField(audio, 'samples')) {
    assertFloat32('audio.samples', audio.samples)
    return [audio.samples]
  }
  if (!hasField(audio, 'channels')) {
    throw wrongValue(
      'audio',
      audio,
      'a clip, { samples, sampleRate }, or decoded audio, { channels, sampleRate }',
    )
  }
  assertChannels('audio.channels', audio.channels)
  return audio.channels
}

function allocate(size: number): ArrayBuffer {
  try {
    return new ArrayBuffer(size)
  } catch (cause) {
    throw new EscError('INVALID_INPUT', `a file of ${size} bytes does not fit in memory`, { cause })
  }
}

function assertEncodable(channels: readonly Float32Array[]): number {
  const frames = channels[0]?.length ?? 0
  if (channels.length > maxChannels || frames === 0) {
    throw new EscError(
      'INVALID_INPUT',
      `audio has ${channels.length} channels of ${frames} samples, expected 1 to ${maxChannels} channels with samples`,
    )
  }
  for (const [channel, samples] of channels.entries()) {
    if (samples.length !== frames) {
      throw new EscError(
        'INVALID_INPUT',
        `channel ${channel} has ${samples.length} samples, channel 0 has ${frames}`,
      )
    }
    const bad = samples.findIndex((sample) => !Number.isFinite(sample))
    if (bad !== -1) {
      throw new EscError(
        'INVALID_INPUT',
        `sample ${bad} of channel ${channel} is ${samples[bad]}, not finite`,
      )
    }
  }
  return frames
}

/** The fields of a header. */
interface Header {
  channels: number
  sampleRate: number
  bitDepth: 16 | 24 | 32
  frames: number
  dataSize: number
}

function writeHeader(view: DataView, { channels, sampleRate, bitDepth, frames, dataSize }: Header): void {
  const isFloat = bitDepth === 32
  const blockAlign = channels * (bitDepth / 8)
  let offset = 0
  const text = (value: string) => {
    for (const char of value) view.setUint8(offset++, char.charCodeAt(0))
  }
  const u16 = (value: number) => {
    view.setUint16(offset, value, true)
    offset += 2
  }
  const u32 = (value: number) => {
    view.setUint32(offset, value, true)
    offset += 4
  }
  text('RIFF')
  u32(view.byteLength - 8)
  text('WAVEfmt ')
  u32(isFloat ? 18 : 16)
  u16(isFloat ? 3 : 1)
  u16(channels)
  u32(sampleRate)
  u32((sampleRate * blockAlign) % 2 ** 32)
  u16(blockAlign)
  u16(bitDepth)
  if (isFloat) {
    // Every encoding except PCM must state the size of its extension, and its length in a "fact" chunk.
    u16(0)
    text('fact')
    u32(4)
    u32(frames)
  }
  text('data')
  u32(dataSize)
}

function writeSamples(
  view: DataView,
  start: number,
  channels: readonly Float32Array[],
  bitDepth: number,
): void {
  const bytes = bitDepth / 8
  const blockAlign = channels.length * bytes
  const top = 2 ** (bitDepth - 1)
  for (const [channel, samples] of channels.entries()) {
    let offset = start + channel * bytes
    if (bitDepth === 32) {
      for (let i = 0; i < samples.length; i++, offset += blockAlign)
        view.setFloat32(offset, samples[i]!, true)
    } else if (bitDepth === 24) {
      for (let i = 0; i < samples.length; i++, offset += blockAlign) {
        const level = quantize(samples[i]!, top)
        view.setUint8(offset, level & 0xff)
        view.setInt16(offset + 1, level >> 8, true)
      }
    } else {
      for (let i = 0; i < samples.length; i++, offset += blockAlign) {
        view.setInt16(offset, quantize(samples[i]!, top), true)
      }
    }
  }
}

function quantize(sample: number, top: number): number {
  const level = Math.floor(sample * top + 0.5)
  return level >= top ? top - 1 : level < -top ? -top : level
}
