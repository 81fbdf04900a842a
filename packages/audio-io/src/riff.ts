/** A validating reader of RIFF/WAVE files: finds the format and the sample bytes, and believes nothing unchecked. */
import { EscError } from '@esc/core'
import { MAX_CHANNELS } from './audio.js'

/** How samples are stored in a WAV file, after its header was checked against itself. */
export interface WavFormat {
  encoding: 'pcm' | 'float' | 'alaw' | 'mulaw'
  channels: number
  /** Hz. */
  sampleRate: number
  /** Bits one stored sample takes: a multiple of 8. */
  containerBits: number
  /** Bits of it that carry signal, counted from the top; the rest is padding. */
  validBits: number
}

/** The sample bytes of a WAV file (a view, not a copy) and what they mean. */
export interface WavFile {
  format: WavFormat
  frames: number
  data: Uint8Array
}

interface Chunk {
  offset: number
  size: number
}

const EXTENSIBLE = 0xfffe
// A sub-format GUID is a format tag followed by these bytes: XXXX-0000-0010-8000-00AA00389B71.
const GUID_TAIL = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71]

const ENCODINGS: Readonly<Record<number, { encoding: WavFormat['encoding']; containerBits: number[] }>> = {
  1: { encoding: 'pcm', containerBits: [8, 16, 24, 32] },
  3: { encoding: 'float', containerBits: [32, 64] },
  6: { encoding: 'alaw', containerBits: [8] },
  7: { encoding: 'mulaw', containerBits: [8] },
}

const UNSUPPORTED_TAGS: Readonly<Record<number, string>> = {
  2: 'Microsoft ADPCM',
  17: 'IMA ADPCM',
  49: 'GSM 6.10',
  80: 'MPEG',
  85: 'MP3',
  255: 'AAC',
}

/**
 * Reads the header of a RIFF/WAVE file and locates its samples.
 *
 * Strict on purpose: sizes must fit the file, block align and byte rate must follow from the other fields. A header
 * that contradicts itself gives no way to know which half is true. Unknown chunks are skipped.
 *
 * @param bytes - The whole file.
 * @throws EscError CORRUPT_DATA if the file is cut short or its header contradicts itself.
 * @throws EscError UNSUPPORTED_FORMAT if it is no RIFF/WAVE file, or its encoding is not PCM, float, A-law or µ-law.
 * @see Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991), and Microsoft's
 *   documentation of WAVEFORMATEXTENSIBLE.
 * @example readWav(bytes).format.sampleRate
 */
export function readWav(bytes: Uint8Array): WavFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { fmt, data } = findChunks(view)
  const format = readFormat(view, fmt)
  const blockAlign = (format.channels * format.containerBits) / 8
  if (data.size === 0) throw corrupt('data chunk is empty: the file holds no samples')
  if (data.size % blockAlign !== 0) {
    throw corrupt(`data chunk has ${data.size} bytes, not a multiple of the block align ${blockAlign}`)
  }
  return {
    format,
    frames: data.size / blockAlign,
    data: bytes.subarray(data.offset, data.offset + data.size),
  }
}

function findChunks(view: DataView): { fmt: Chunk; data: Chunk } {
  const chunks = new Map<string, Chunk>()
  const end = riffEnd(view)
  let offset = 12
  while (offset < end) {
    if (end - offset < 8) {
      throw corrupt(`${end - offset} bytes at ${offset} are too few for a chunk header of 8`)
    }
    const id = fourCc(view, offset)
    const size = view.getUint32(offset + 4, true)
    const rest = end - offset - 8
    if (size > rest)
      throw corrupt(`chunk "${id}" at byte ${offset} claims ${size} bytes, ${rest} follow${hintFor(size)}`)
    if (id === 'fmt ' || id === 'data') {
      if (chunks.has(id)) throw corrupt(`a second chunk "${id}" at byte ${offset}, expected one`)
      chunks.set(id, { offset: offset + 8, size })
    }
    // Chunks start at even offsets.
    offset += 8 + size + (size & 1)
  }
  const fmt = chunks.get('fmt ')
  const data = chunks.get('data')
  if (!fmt || !data) throw corrupt(`no chunk "${fmt ? 'data' : 'fmt '}" in the file`)
  return { fmt, data }
}

function riffEnd(view: DataView): number {
  const id = view.byteLength >= 12 ? fourCc(view, 0) : ''
  if (id === 'RIFX' || id === 'RF64' || id === 'BW64') {
    throw new EscError('UNSUPPORTED_FORMAT', `container ${id} is not supported, only RIFF; convert it to WAV`)
  }
  if (id !== 'RIFF' || fourCc(view, 8) !== 'WAVE') {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      'not a RIFF/WAVE file: it must start with "RIFF", a size, and "WAVE"',
    )
  }
  const end = 8 + view.getUint32(4, true)
  // Many writers count the pad byte of a last odd chunk but do not write it.
  if (end > view.byteLength + 1) {
    throw corrupt(`RIFF header claims ${end} bytes, the file has ${view.byteLength}${hintFor(end - 8)}`)
  }
  return Math.min(end, view.byteLength)
}

function readFormat(view: DataView, { offset, size }: Chunk): WavFormat {
  if (size < 16) throw corrupt(`chunk "fmt " has ${size} bytes, expected at least 16`)
  const channels = view.getUint16(offset + 2, true)
  const sampleRate = view.getUint32(offset + 4, true)
  const byteRate = view.getUint32(offset + 8, true)
  const blockAlign = view.getUint16(offset + 12, true)
  const bits = view.getUint16(offset + 14, true)
  const extended = view.getUint16(offset, true) === EXTENSIBLE
  const tag = extended ? readSubFormat(view, { offset, size }) : view.getUint16(offset, true)

  const known = ENCODINGS[tag]
  if (!known) {
    const name = UNSUPPORTED_TAGS[tag] ?? 'unknown'
    throw new EscError('UNSUPPORTED_FORMAT', `WAV encoding ${tag} (${name}) is not supported`, {
      detail: { tag },
    })
  }
  const { encoding } = known
  const containerBits = Math.ceil(bits / 8) * 8
  const validBits = (extended && view.getUint16(offset + 18, true)) || bits
  if (!(channels >= 1 && channels <= MAX_CHANNELS)) {
    throw corrupt(`channels=${channels} must lie in [1, ${MAX_CHANNELS}]`)
  }
  if (sampleRate === 0) throw corrupt('sampleRate=0 must be > 0')
  if (!known.containerBits.includes(containerBits)) {
    throw new EscError('UNSUPPORTED_FORMAT', `bitsPerSample=${bits} is not supported for ${encoding}`)
  }
  if (validBits > containerBits || (encoding !== 'pcm' && validBits !== containerBits)) {
    throw corrupt(`validBits=${validBits} do not fit ${encoding} samples of ${containerBits} bits`)
  }
  if (blockAlign !== (channels * containerBits) / 8) {
    throw corrupt(`blockAlign=${blockAlign}, expected ${channels} channels of ${containerBits / 8} bytes`)
  }
  if (byteRate !== (sampleRate * blockAlign) % 2 ** 32) {
    throw corrupt(`byteRate=${byteRate}, expected sampleRate=${sampleRate} times blockAlign=${blockAlign}`)
  }
  return { encoding, channels, sampleRate, containerBits, validBits }
}

function readSubFormat(view: DataView, { offset, size }: Chunk): number {
  const extra = size >= 18 ? view.getUint16(offset + 16, true) : 0
  if (size < 40 || extra < 22) {
    throw corrupt(
      `extensible "fmt " has ${size} bytes and ${extra} of extension, expected at least 40 and 22`,
    )
  }
  if (GUID_TAIL.some((byte, i) => view.getUint8(offset + 26 + i) !== byte)) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      'the sub-format GUID of this extensible WAV is not a wave format tag',
    )
  }
  return view.getUint16(offset + 24, true)
}

function fourCc(view: DataView, offset: number): string {
  let id = ''
  for (let i = offset; i < offset + 4; i++) {
    const code = view.getUint8(i)
    id += code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '?'
  }
  return id
}

function hintFor(size: number): string {
  return size >= 0xffffff00
    ? ' (its writer could not seek back to fill in the size: write to a file, not a pipe)'
    : ''
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', `WAV: ${message}`)
}
