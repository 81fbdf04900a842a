/** A validating reader of RIFF/WAVE files: finds the format and the samples, and believes nothing unchecked. */
import { EscError } from '@esc/core'
import { fourCc } from './four-cc.js'
import { blockOf, type PcmFile } from './pcm-file.js'
import type { ByteRange, Reading } from './reading.js'
import { readWavFormat } from './wav-format.js'

/** The container: its byte order, where it ends, and the size of "data" where 32 bits are too few. */
interface Container {
  littleEndian: boolean
  end: number
  dataSize: number | null
}

/** The chunks that matter, and what was wrong around them. */
interface Chunks {
  fmt: DataView
  data: ByteRange
  warnings: string[]
}

/** The size of a chunk that is unknown, or that "ds64" holds. */
const UNKNOWN_SIZE = 0xffffffff

// What ffmpeg and sox write for the size of "data" where they cannot seek back to fill it in.
const PIPE_SIZES = [UNKNOWN_SIZE, 0x7ffff000]

// The longest "fmt " that says anything: WAVEFORMATEXTENSIBLE.
const MAX_FORMAT_SIZE = 40

// A file of empty chunks must not be walked for hours.
const MAX_CHUNKS = 65536

/**
 * Reads the header of a WAV file and locates its samples: RIFF, RIFX (big-endian), RF64 and BW64 (64-bit sizes).
 *
 * Strict where a contradiction leaves open what the samples are: the data chunk must be whole and its block align must
 * follow from the other fields. Lenient where ffmpeg and libsndfile are and nothing is lost: unknown chunks are skipped,
 * the byte rate is not looked at, what follows the samples may be cut or garbage, and a data chunk of the size that
 * ffmpeg and sox write to a pipe ends with the last whole block of the file.
 *
 * @param fileSize - Bytes of the whole file.
 * @param tolerant - `true` reads what there is of a file that was cut short, whose sizes were never filled in, or that
 *   ends within a block.
 * @throws EscError CORRUPT_DATA if the file is cut short or its header contradicts itself.
 * @throws EscError UNSUPPORTED_FORMAT if it is no WAV file, or its encoding is not PCM, float, A-law, µ-law or ADPCM.
 * @see Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991), EBU Tech 3306 v1.1
 *   (RF64), ITU-R BS.2088 (BW64).
 * @example readBytes(bytes, readWav(bytes.length)).sampleRate
 */
export function* readWav(fileSize: number, tolerant = false): Reading<PcmFile> {
  const container = yield* readContainer(fileSize, tolerant)
  const { fmt, data, warnings } = yield* findChunks(container, fileSize, tolerant)
  const { format, sampleRate } = readWavFormat(fmt, container.littleEndian)
  const { bytes: blockAlign, frames: framesPerBlock } = blockOf(format)
  const rest = fileSize - data.offset
  const isPipe = PIPE_SIZES.includes(data.length) && data.length > rest
  const size = Math.min(data.length, rest)
  const surplus = size % blockAlign
  if (size - surplus === 0) throw corrupt('data chunk is empty: the file holds no samples')
  if (surplus > 0 && !isPipe) {
    const message = `data chunk has ${size} bytes, not a multiple of the block align ${blockAlign}`
    if (!tolerant) throw corrupt(message)
    warnings.push(`${message}: the last ${surplus} are left out`)
  }
  const frames = ((size - surplus) / blockAlign) * framesPerBlock
  return { container: 'wav', format, sampleRate, frames, dataOffset: data.offset, warnings }
}

function* readContainer(fileSize: number, tolerant: boolean): Reading<Container> {
  const head = yield { offset: 0, length: 48 }
  const id = head.byteLength >= 12 ? fourCc(head, 0) : ''
  if (!['RIFF', 'RIFX', 'RF64', 'BW64'].includes(id) || fourCc(head, 8) !== 'WAVE') {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      'not a RIFF/WAVE file: it must start with "RIFF", "RIFX", "RF64" or "BW64", a size, and "WAVE"',
    )
  }
  const littleEndian = id !== 'RIFX'
  // What follows the container is none of its own, and a container may be cut behind its data.
  const endOf = (riffSize: number) => (tolerant ? fileSize : Math.min(8 + riffSize, fileSize))
  const size = head.getUint32(4, littleEndian)
  if (id === 'RIFF' || id === 'RIFX') return { littleEndian, end: endOf(size), dataSize: null }
  if (head.byteLength < 48 || fourCc(head, 12) !== 'ds64' || head.getUint32(16, true) < 28) {
    throw corrupt(`${id} needs a chunk "ds64" of at least 28 bytes at byte 12`)
  }
  const riffSize = Number(head.getBigUint64(20, true))
  const dataSize = Number(head.getBigUint64(28, true))
  return { littleEndian, end: endOf(size === UNKNOWN_SIZE ? riffSize : size), dataSize }
}

function* findChunks(
  { littleEndian, end, dataSize }: Container,
  fileSize: number,
  tolerant: boolean,
): Reading<Chunks> {
  const chunks = new Map<string, ByteRange>()
  const warnings: string[] = []
  let offset = 12
  for (let count = 0; offset + 8 <= end; count++) {
    if (count > MAX_CHUNKS) throw corrupt(`more than ${MAX_CHUNKS} chunks`)
    const head = yield { offset, length: 8 }
    const id = fourCc(head, 0)
    let size = head.getUint32(4, littleEndian)
    if (id === 'data' && size === UNKNOWN_SIZE && dataSize !== null) size = dataSize
    const rest = end - offset - 8
    const isPipe = id === 'data' && PIPE_SIZES.includes(size)
    if (size > rest && !isPipe) {
      if (chunks.has('fmt ') && chunks.has('data')) break
      const message = `chunk "${id}" at byte ${offset} claims ${size} bytes, ${rest} follow`
      if (!tolerant || id !== 'data') throw corrupt(message)
      warnings.push(`${message}: the rest is missing`)
      size = rest
    }
    if (tolerant && id === 'data' && size === 0 && rest > 0) {
      // A recorder that was switched off: it fills in the sizes when it ends.
      warnings.push(
        `the sizes were never filled in: the ${rest} bytes after the header are taken for samples`,
      )
      size = rest
    }
    if (id === 'fmt ' || id === 'data') {
      const isSecond = chunks.has(id)
      if (isSecond && !tolerant) throw corrupt(`a second chunk "${id}" at byte ${offset}, expected one`)
      if (isSecond) warnings.push(`a second chunk "${id}" at byte ${offset} is left out`)
      else chunks.set(id, { offset: offset + 8, length: size })
    }
    // Chunks start at even offsets.
    offset += 8 + size + (size & 1)
  }
  const fmt = chunks.get('fmt ')
  const data = chunks.get('data')
  if (!fmt || !data) {
    throw corrupt(
      `no chunk "${fmt ? 'data' : 'fmt '}" in the ${Math.min(end, fileSize)} bytes of the container`,
    )
  }
  const body = yield { offset: fmt.offset, length: Math.min(fmt.length, MAX_FORMAT_SIZE) }
  return { fmt: body, data, warnings }
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', `WAV: ${message}`)
}
