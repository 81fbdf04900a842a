/** Reads the "fmt " chunk of WAV files, and checks that its fields fit each other. */
import { EscError } from '@esc/core'
import { maxChannels } from '../audio.js'
import { type AdpcmFormat, adpcmSamplesPerBlock } from './adpcm.js'
import type { SampleFormat } from './pcm.js'

/** What the chunk says about the samples. */
export interface WavFormat {
  format: SampleFormat | AdpcmFormat
  /** Hz. */
  sampleRate: number
  /** A sentence about a wrong value that was corrected; `null` if there is none. */
  warning: string | null
}

interface Fields {
  tag: number
  channels: number
  sampleRate: number
  blockAlign: number
  bits: number
  /** 0 if the chunk does not state it. */
  validBits: number
  /** Samples per block of ADPCM; `null` if the chunk does not state it, as an extensible one. */
  samplesPerBlock: number | null
}

const EXTENSIBLE = 0xfffe
// A sub-format GUID is a format tag and these bytes: XXXX-0000-0010-8000-00AA00389B71.
const GUID_TAIL = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71]

const WIDTHS: Readonly<
  Record<number, { name: 'pcm' | 'float' | 'alaw' | 'mulaw'; containerBits: number[] }>
> = {
  1: { name: 'pcm', containerBits: [8, 16, 24, 32] },
  3: { name: 'float', containerBits: [32, 64] },
  6: { name: 'alaw', containerBits: [8] },
  7: { name: 'mulaw', containerBits: [8] },
}

const ADPCM_ENCODINGS: Readonly<Record<number, AdpcmFormat['encoding']>> = {
  2: 'adpcm_ms',
  17: 'adpcm_ima_wav',
}

const UNSUPPORTED_TAGS: Readonly<Record<number, string>> = {
  49: 'GSM 6.10',
  80: 'MPEG',
  85: 'MP3',
  255: 'AAC',
}

/**
 * Reads a "fmt " chunk: WAVEFORMAT, WAVEFORMATEX or WAVEFORMATEXTENSIBLE. The byte rate follows from the other fields
 * and is ignored: ffmpeg and libsndfile also read files in which it is wrong. A block align of 0 is computed from the
 * other fields, except for ADPCM, whose blocks may have any length. Any other wrong block align is an error, because
 * it is not clear which of the fields is right.
 *
 * @param body - The chunk without its name and size.
 * @param littleEndian - `false` for RIFX.
 * @throws EscError CORRUPT_DATA if the chunk is too short or contradicts itself.
 * @throws EscError UNSUPPORTED_FORMAT naming the encoding if it is not PCM, float, A-law, µ-law, IMA or MS ADPCM.
 * @see Microsoft's documentation of WAVEFORMATEXTENSIBLE, IMAADPCMWAVEFORMAT and ADPCMWAVEFORMAT.
 * @example readWavFormat(new DataView(bytes.buffer, 20, 16), true).sampleRate
 */
export function readWavFormat(body: DataView, littleEndian: boolean): WavFormat {
  const fields = readFields(body, littleEndian)
  const { channels, sampleRate, tag } = fields
  const adpcm = ADPCM_ENCODINGS[tag]
  const known = WIDTHS[tag]
  if (!adpcm && !known) {
    const name = UNSUPPORTED_TAGS[tag] ?? 'unknown'
    throw new EscError('UNSUPPORTED_FORMAT', `WAV encoding ${tag} (${name}) is not supported`, {
      detail: { tag },
    })
  }
  if (!(channels >= 1 && channels <= maxChannels)) {
    throw corrupt(`channels=${channels} must lie in [1, ${maxChannels}]`)
  }
  if (sampleRate === 0) throw corrupt('sampleRate=0 must be > 0')
  if (adpcm) return { format: adpcmFormat(adpcm, fields), sampleRate, warning: null }
  const format = sampleFormat(known!, fields, littleEndian)
  const warning = `blockAlign=0 is wrong: by channels and bits it is ${(channels * format.containerBits) / 8}`
  return { format, sampleRate, warning: fields.blockAlign === 0 ? warning : null }
}

function readFields(body: DataView, littleEndian: boolean): Fields {
  if (body.byteLength < 16) throw corrupt(`chunk "fmt " has ${body.byteLength} bytes, expected at least 16`)
  const u16 = (offset: number) => body.getUint16(offset, littleEndian)
  const fields = {
    tag: u16(0),
    channels: u16(2),
    sampleRate: body.getUint32(4, littleEndian),
    blockAlign: u16(12),
    bits: u16(14),
    validBits: 0,
    samplesPerBlock: body.byteLength >= 20 ? u16(18) : null,
  }
  if (fields.tag !== EXTENSIBLE) return fields
  const extra = body.byteLength >= 18 ? u16(16) : 0
  if (body.byteLength < 40 || extra < 22) {
    throw corrupt(
      `extensible "fmt " has ${body.byteLength} bytes, ${extra} of them extension, expected at least 40 and 22`,
    )
  }
  // sox writes the same bytes into RIFX files.
  if (GUID_TAIL.some((byte, i) => body.getUint8(26 + i) !== byte)) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      'the sub-format GUID of this extensible WAV file does not name a wave format',
    )
  }
  return { ...fields, tag: u16(24), validBits: u16(18), samplesPerBlock: null }
}

function sampleFormat(
  { name, containerBits: widths }: (typeof WIDTHS)[number],
  { channels, blockAlign, bits, ...fields }: Fields,
  littleEndian: boolean,
): SampleFormat {
  const containerBits = Math.ceil(bits / 8) * 8
  const validBits = fields.validBits || bits
  if (!widths.includes(containerBits)) {
    throw new EscError('UNSUPPORTED_FORMAT', `bitsPerSample=${bits} is not supported for ${name}`)
  }
  if (validBits > containerBits || (name !== 'pcm' && validBits !== containerBits)) {
    throw corrupt(`validBits=${validBits} does not fit ${name} samples of ${containerBits} bits`)
  }
  if (blockAlign !== 0 && blockAlign !== (channels * containerBits) / 8) {
    throw corrupt(`blockAlign=${blockAlign}, expected ${channels} channels of ${containerBits / 8} bytes`)
  }
  const encoding = name === 'pcm' ? (containerBits === 8 ? 'uint' : 'int') : name
  return { encoding, channels, containerBits, validBits, littleEndian }
}

function adpcmFormat(
  encoding: AdpcmFormat['encoding'],
  { channels, blockAlign, bits, samplesPerBlock: stated }: Fields,
): AdpcmFormat {
  if (bits !== 4) {
    throw new EscError('UNSUPPORTED_FORMAT', `bitsPerSample=${bits} is not supported for ${encoding}, only 4`)
  }
  const samplesPerBlock = adpcmSamplesPerBlock(encoding, blockAlign, channels)
  if (samplesPerBlock < 2) throw corrupt(`blockAlign=${blockAlign} is too small for ${channels} channels`)
  if (stated !== null && stated !== samplesPerBlock) {
    throw corrupt(`samplesPerBlock=${stated}, expected ${samplesPerBlock} from blockAlign=${blockAlign}`)
  }
  return { encoding, channels, blockAlign, samplesPerBlock }
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', `WAV: ${message}`)
}
