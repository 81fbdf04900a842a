/** A validating reader of RIFF/WAVE files: finds the format and the sample bytes, and believes nothing unchecked. */
import { EscError } from '@esc/core'
import type { AdpcmFormat } from './adpcm.js'
import { fourCc } from './four-cc.js'
import type { SampleFormat } from './pcm.js'
import { readWavFormat } from './wav-format.js'

/** The sample bytes of a WAV file (a view, not a copy) and what they mean. */
export interface WavFile {
  format: SampleFormat | AdpcmFormat
  /** Hz. */
  sampleRate: number
  frames: number
  data: Uint8Array
}

/** Where a chunk's body is. */
interface Chunk {
  offset: number
  size: number
}

/** The container: its byte order, where it ends, and the size of "data" where 32 bits are too few. */
interface Container {
  littleEndian: boolean
  end: number
  dataSize: number | null
}

/** The size of a chunk that is unknown, or that "ds64" holds. */
const UNKNOWN_SIZE = 0xffffffff

// What ffmpeg and sox write for the size of "data" where they cannot seek back to fill it in.
const PIPE_SIZES = [UNKNOWN_SIZE, 0x7ffff000]

/**
 * Reads the header of a WAV file and locates its samples: RIFF, RIFX (big-endian), RF64 and BW64 (64-bit sizes).
 *
 * Strict where a contradiction leaves open what the samples are: the data chunk must be whole and its block align must
 * follow from the other fields. Lenient where ffmpeg and libsndfile are and nothing is lost: unknown chunks are skipped,
 * the byte rate is not looked at, what follows the samples may be cut or garbage, and a data chunk of the size that
 * ffmpeg and sox write to a pipe ends with the last whole block of the file.
 *
 * @param bytes - The whole file.
 * @throws EscError CORRUPT_DATA if the file is cut short or its header contradicts itself.
 * @throws EscError UNSUPPORTED_FORMAT if it is no WAV file, or its encoding is not PCM, float, A-law, µ-law or ADPCM.
 * @see Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991), EBU Tech 3306 v1.1
 *   (RF64), ITU-R BS.2088 (BW64).
 * @example readWav(bytes).sampleRate
 */
export function readWav(bytes: Uint8Array): WavFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const container = readContainer(view)
  const { fmt, data } = findChunks(view, container)
  const { format, sampleRate, blockAlign } = readWavFormat(fmt, container.littleEndian)
  const rest = view.byteLength - data.offset
  // Only the size of a pipe gets this far where it exceeds the rest.
  const size = data.size > rest ? rest - (rest % blockAlign) : data.size
  if (size === 0) throw corrupt('data chunk is empty: the file holds no samples')
  if (size % blockAlign !== 0) {
    throw corrupt(`data chunk has ${size} bytes, not a multiple of the block align ${blockAlign}`)
  }
  const samplesPerBlock = 'samplesPerBlock' in format ? format.samplesPerBlock : 1
  return {
    format,
    sampleRate,
    frames: (size / blockAlign) * samplesPerBlock,
    data: bytes.subarray(data.offset, data.offset + size),
  }
}

function readContainer(view: DataView): Container {
  const id = view.byteLength >= 12 ? fourCc(view, 0) : ''
  if (!['RIFF', 'RIFX', 'RF64', 'BW64'].includes(id) || fourCc(view, 8) !== 'WAVE') {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      'not a RIFF/WAVE file: it must start with "RIFF", "RIFX", "RF64" or "BW64", a size, and "WAVE"',
    )
  }
  const littleEndian = id !== 'RIFX'
  const size = view.getUint32(4, littleEndian)
  if (id === 'RIFF' || id === 'RIFX') return { littleEndian, end: endOf(view, size), dataSize: null }
  if (view.byteLength < 48 || fourCc(view, 12) !== 'ds64' || view.getUint32(16, true) < 28) {
    throw corrupt(`${id} needs a chunk "ds64" of at least 28 bytes at byte 12`)
  }
  const riffSize = Number(view.getBigUint64(20, true))
  const dataSize = Number(view.getBigUint64(28, true))
  return { littleEndian, end: endOf(view, size === UNKNOWN_SIZE ? riffSize : size), dataSize }
}

/** Where the chunks end: what follows the container is none of its own, and a container may be cut behind its data. */
function endOf(view: DataView, riffSize: number): number {
  return Math.min(8 + riffSize, view.byteLength)
}

function findChunks(
  view: DataView,
  { littleEndian, end, dataSize }: Container,
): { fmt: DataView; data: Chunk } {
  const chunks = new Map<string, Chunk>()
  let offset = 12
  while (offset + 8 <= end) {
    const id = fourCc(view, offset)
    let size = view.getUint32(offset + 4, littleEndian)
    if (id === 'data' && size === UNKNOWN_SIZE && dataSize !== null) size = dataSize
    const rest = end - offset - 8
    const complete = chunks.has('fmt ') && chunks.has('data')
    if (size > rest && !(id === 'data' && PIPE_SIZES.includes(size))) {
      if (complete) break
      throw corrupt(`chunk "${id}" at byte ${offset} claims ${size} bytes, ${rest} follow`)
    }
    if (id === 'fmt ' || id === 'data') {
      if (chunks.has(id)) throw corrupt(`a second chunk "${id}" at byte ${offset}, expected one`)
      chunks.set(id, { offset: offset + 8, size })
    }
    // Chunks start at even offsets.
    offset += 8 + size + (size & 1)
  }
  const fmt = chunks.get('fmt ')
  const data = chunks.get('data')
  if (!fmt || !data) {
    throw corrupt(`no chunk "${fmt ? 'data' : 'fmt '}" in the ${end} bytes of the container`)
  }
  return { fmt: new DataView(view.buffer, view.byteOffset + fmt.offset, fmt.size), data }
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', `WAV: ${message}`)
}
