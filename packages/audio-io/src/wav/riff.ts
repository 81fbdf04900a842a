/** Reads the header of RIFF/WAVE files: finds the format and the samples, and checks every field they need. */
import { EscError } from '@esc/core'
import type { Reading } from '../reading.js'
import { readTagsBefore } from '../tags.js'
import { isWhole, type StatedChunk, type TrueSize, trueSize } from './chunk-size.js'
import { findChunks } from './chunks.js'
import { readWavFormat } from './format.js'
import { fourCc } from './four-cc.js'
import { blockOf, type PcmFile } from './pcm-file.js'

/** The container around the chunks. */
interface Container {
  /** Bytes from the start of the file to the container. */
  start: number
  /** Where the container ends by the size that it states. Only used to see which chunks belong to it. */
  end: number
  littleEndian: boolean
  /** Size of "data" in "ds64", for files whose sizes need 64 bits; `null` without "ds64". */
  dataSize: number | null
}

/** A chunk that states this size has its true size in "ds64". */
const IN_DS64 = 0xffffffff

// The longest known "fmt " chunk: WAVEFORMATEXTENSIBLE.
const MAX_FORMAT_SIZE = 40

/**
 * Reads the header of a WAV file and locates its samples: RIFF, RIFX (big-endian), RF64 and BW64 (64-bit sizes).
 *
 * It is strict where a contradiction could change the samples: the data chunk must be whole and hold whole frames,
 * and its block align must be 0 or fit the other fields. If the data chunk states more bytes than the file has, the
 * file was cut short, unless the size is one of those that {@link trueSize} corrects.
 *
 * It is lenient where ffmpeg and libsndfile are lenient and nothing is lost: it skips ID3v2 tags before the container
 * and unknown chunks, it ignores the byte rate, it ignores the container's size except to see where the container
 * ends, and anything may follow the samples. It corrects, with a warning, wrong sizes of unfinished recordings
 * ({@link trueSize}) and a block align of 0.
 *
 * @param fileSize - Bytes of the whole file.
 * @param tolerant - `true` reads the rest of a file that was cut short or ends within a block.
 * @throws EscError CORRUPT_DATA if the file is cut short or its header contradicts itself.
 * @throws EscError UNSUPPORTED_FORMAT if it is no WAV file, or its encoding is not PCM, float, A-law, µ-law or ADPCM.
 * @see Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991), EBU Tech 3306 v1.1
 *   (RF64), ITU-R BS.2088 (BW64).
 * @example readBytes(bytes, readWav(bytes.length)).sampleRate
 */
export function* readWav(fileSize: number, tolerant = false): Reading<PcmFile> {
  const container = yield* readContainer()
  const chunks = yield* findChunks({
    ...container,
    fileSize,
    tolerant,
    format: 'fmt ',
    samples: 'data',
    sizeOf: (chunk) => dataSize(chunk, container),
    corrupt,
  })
  const { samples, isComputed, warnings } = chunks
  const { offset, length } = chunks.format
  const fmt = yield { offset, length: Math.min(length, MAX_FORMAT_SIZE) }
  const { format, sampleRate, warning } = readWavFormat(fmt, container.littleEndian)
  if (warning !== null) warnings.push(warning)
  const { bytes: blockAlign, frames: framesPerBlock } = blockOf(format)
  const size = samples.length
  const surplus = size % blockAlign
  if (surplus > 0 && !isComputed) {
    const message = `chunk "data" has ${size} bytes, which is not a multiple of the block align ${blockAlign}`
    if (!tolerant) throw corrupt(message)
    warnings.push(`${message}: the last ${surplus} bytes were left out`)
  }
  if (size - surplus === 0) throw corrupt('chunk "data" is empty: the file holds no samples')
  const frames = ((size - surplus) / blockAlign) * framesPerBlock
  return { container: 'wav', format, sampleRate, frames, dataOffset: samples.offset, warnings }
}

function* readContainer(): Reading<Container> {
  const start = yield* readTagsBefore()
  const head = yield { offset: start, length: 48 }
  const id = head.byteLength >= 12 ? fourCc(head, 0) : ''
  if (!['RIFF', 'RIFX', 'RF64', 'BW64'].includes(id) || fourCc(head, 8) !== 'WAVE') {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      'not a RIFF/WAVE file: it must start with "RIFF", "RIFX", "RF64" or "BW64", a size, and "WAVE"',
    )
  }
  const littleEndian = id !== 'RIFX'
  const size = head.getUint32(4, littleEndian)
  if (id === 'RIFF' || id === 'RIFX') return { start, littleEndian, end: start + 8 + size, dataSize: null }
  if (head.byteLength < 48 || fourCc(head, 12) !== 'ds64' || head.getUint32(16, true) < 28) {
    throw corrupt(`${id} needs a chunk "ds64" of at least 28 bytes at byte 12`)
  }
  const riffSize = Number(head.getBigUint64(20, true))
  const dataSize = Number(head.getBigUint64(28, true))
  return { start, littleEndian, end: start + 8 + (size === IN_DS64 ? riffSize : size), dataSize }
}

/** The size of "data", corrected by {@link trueSize}. RF64 states two sizes; the one that fits the file counts. */
function* dataSize(chunk: StatedChunk, { dataSize: in64 }: Container): Reading<TrueSize> {
  if (in64 === null) return yield* trueSize(chunk)
  const fits = chunk.size !== IN_DS64 && !(yield* isWhole(chunk, in64)) && (yield* isWhole(chunk, chunk.size))
  return yield* trueSize({ ...chunk, size: fits ? chunk.size : in64 })
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', `WAV: ${message}`)
}
