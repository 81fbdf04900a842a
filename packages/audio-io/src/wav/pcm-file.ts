/** Files of PCM or ADPCM in any container: finds the bytes of any part of the sound, and decodes them. */
import { assertBytes, assertKnown, EscError } from '@esc/core'
import {
  type AudioInfo,
  type DecodedAudio,
  type DecodeLimits,
  decoded,
  decodeLimitNames,
  resolveSpan,
  type Span,
  silenceNonFinite,
  withWarnings,
} from '../audio.js'
import { type ByteRange, type Reading, readBytes } from '../reading.js'
import { type AdpcmFormat, decodeAdpcm } from './adpcm.js'
import { codecName, decodeSamples, type SampleFormat } from './pcm.js'

/** What a checked header says about the samples. */
export interface PcmFile {
  container: 'wav' | 'aiff'
  format: SampleFormat | AdpcmFormat
  /** Hz. */
  sampleRate: number
  /** Samples per channel. */
  frames: number
  /** Bytes from the start of the file to the first sample. */
  dataOffset: number
  /** One sentence for each wrong value in the header, and for each loss. */
  warnings: readonly string[]
}

/** Reads the header of a file of one container, as `readWav` and `readAiff`. */
export type PcmReader = (fileSize: number, tolerant: boolean) => Reading<PcmFile>

/**
 * The smallest part that can be decoded alone, in bytes and in samples per channel.
 *
 * @example blockOf(format).bytes
 */
export function blockOf(format: SampleFormat | AdpcmFormat): { bytes: number; frames: number } {
  return 'samplesPerBlock' in format
    ? { bytes: format.blockAlign, frames: format.samplesPerBlock }
    : { bytes: (format.channels * format.containerBits) / 8, frames: 1 }
}

/** The same information in the form of `probeAudio`. @example pcmInfo(pcmFile).durationSec */
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

/** The bytes that hold a span, in whole blocks. @example pcmRange(pcmFile, { start: 0, length: pcmFile.frames }) */
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
 * @param tolerant - `true` replaces samples that are NaN or infinite, and damaged ADPCM blocks, by silence.
 * @throws EscError CORRUPT_DATA for such samples and blocks without `tolerant`, or if `data` is too short.
 * @example decodePcm(file, bytes.subarray(44), { start: 0, length: file.frames }, false)
 */
export function decodePcm(file: PcmFile, data: Uint8Array, span: Span, tolerant: boolean): DecodedAudio {
  const { format, sampleRate, warnings } = file
  const { length } = pcmRange(file, span)
  if (data.length !== length) {
    throw new EscError(
      'CORRUPT_DATA',
      `the samples take ${data.length} bytes, expected ${length}: the file was cut short`,
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

/**
 * Decodes a file in memory, or the part that the limits name.
 *
 * @param owner - The function that the user called.
 * @throws EscError INVALID_INPUT, INVALID_OPTION if `bytes` or `limits` are wrong.
 * @throws EscError CORRUPT_DATA, UNSUPPORTED_FORMAT as `read` and {@link decodePcm}.
 * @example decodePcmFile('decodeWav', bytes, readWav, { offset: 1 })
 */
export function decodePcmFile(
  owner: string,
  bytes: Uint8Array,
  read: PcmReader,
  limits: DecodeLimits,
): DecodedAudio {
  assertKnown(owner, limits, decodeLimitNames)
  assertBytes('bytes', bytes)
  const { tolerant = false } = limits
  const file = readBytes(bytes, read(bytes.length, tolerant))
  const span = resolveSpan(file.frames, file.sampleRate, limits)
  const { offset, length } = pcmRange(file, span)
  return decodePcm(file, bytes.subarray(offset, offset + length), span, tolerant)
}

function assertFiniteSamples(channels: readonly Float32Array[], start: number): void {
  for (const [channel, samples] of channels.entries()) {
    for (let i = 0; i < samples.length; i++) {
      if (Number.isFinite(samples[i]!)) continue
      throw new EscError(
        'CORRUPT_DATA',
        `sample ${start + i} of channel ${channel} is ${samples[i]}, not a finite number`,
        { detail: { channel, sample: start + i } },
      )
    }
  }
}
