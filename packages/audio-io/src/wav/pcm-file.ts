/** Files of PCM or ADPCM, whatever their container: where the samples are, and how any part of them is decoded. */
import { EscError } from '@esc/core'
import {
  type AudioInfo,
  type DecodedAudio,
  decoded,
  type Span,
  silenceNonFinite,
  withWarnings,
} from '../audio.js'
import type { ByteRange } from '../reading.js'
import { type AdpcmFormat, decodeAdpcm } from './adpcm.js'
import { codecName, decodeSamples, type SampleFormat } from './pcm.js'

/** What a header says of the samples, once it is checked. */
export interface PcmFile {
  container: 'wav' | 'aiff'
  format: SampleFormat | AdpcmFormat
  /** Hz. */
  sampleRate: number
  /** Samples per channel. */
  frames: number
  /** Bytes from the start of the file to the first sample. */
  dataOffset: number
  /** What was lost around the samples, or computed of the header. */
  warnings: readonly string[]
}

/** The smallest part that can be decoded alone, in bytes and in samples per channel. @example blockOf(format).bytes */
export function blockOf(format: SampleFormat | AdpcmFormat): { bytes: number; frames: number } {
  return 'samplesPerBlock' in format
    ? { bytes: format.blockAlign, frames: format.samplesPerBlock }
    : { bytes: (format.channels * format.containerBits) / 8, frames: 1 }
}

/** What {@link PcmFile} says, as `probeAudio` tells it. @example pcmInfo(file).durationSec */
export function pcmInfo({ container, format, sampleRate, frames, warnings }: PcmFile): AudioInfo {
  const isAdpcm = 'samplesPerBlock' in format
  const info = {
    container,
    codec: isAdpcm ? format.encoding : codecName(format),
    sampleRate,
    channels: format.channels,
    durationSec: frames / sampleRate,
    frames,
    bitDepth: isAdpcm ? 4 : format.validBits,
  }
  return withWarnings(info, warnings)
}

/** The bytes that hold a span: whole blocks. @example pcmRange(file, { start: 0, length: file.frames }) */
export function pcmRange({ format, dataOffset }: PcmFile, { start, length }: Span): ByteRange {
  const block = blockOf(format)
  const first = Math.floor(start / block.frames)
  const end = Math.ceil((start + length) / block.frames)
  return { offset: dataOffset + first * block.bytes, length: (end - first) * block.bytes }
}

/**
 * Decodes a span.
 *
 * @param data - The bytes of {@link pcmRange}.
 * @param tolerant - `true` puts silence for samples that are NaN or infinite, and for ADPCM blocks that are damaged.
 * @throws EscError CORRUPT_DATA for such samples and blocks if not `tolerant`, or if there are fewer bytes.
 * @example decodePcm(file, bytes.subarray(44), { start: 0, length: file.frames }, false)
 */
export function decodePcm(file: PcmFile, data: Uint8Array, span: Span, tolerant: boolean): DecodedAudio {
  const { format, sampleRate, warnings } = file
  const { length } = pcmRange(file, span)
  if (data.length !== length) {
    throw new EscError(
      'CORRUPT_DATA',
      `${data.length} bytes of samples, expected ${length}: the file was cut short`,
    )
  }
  if (!('samplesPerBlock' in format)) {
    const channels = decodeSamples(data, format)
    if (format.encoding !== 'float') return decoded(channels, sampleRate, warnings)
    if (!tolerant) assertFiniteSamples(channels, span.start)
    return decoded(channels, sampleRate, [...warnings, ...(tolerant ? silenceNonFinite(channels) : [])])
  }
  const { channels, damagedBlocks } = decodeAdpcm(data, format, tolerant)
  const skip = span.start % format.samplesPerBlock
  const part = channels.map((samples) => samples.subarray(skip, skip + span.length))
  const damage = damagedBlocks > 0 ? [`${damagedBlocks} ADPCM blocks were damaged and are silent`] : []
  return decoded(part, sampleRate, [...warnings, ...damage])
}

function assertFiniteSamples(channels: readonly Float32Array[], start: number): void {
  for (const [channel, samples] of channels.entries()) {
    for (let i = 0; i < samples.length; i++) {
      if (Number.isFinite(samples[i]!)) continue
      throw new EscError(
        'CORRUPT_DATA',
        `sample ${start + i} of channel ${channel} is ${samples[i]}, not a number`,
        { detail: { channel, sample: start + i } },
      )
    }
  }
}
