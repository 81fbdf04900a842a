/** Decodes the two ADPCM codecs of WAV files: blocks of 4-bit steps, each of which can be decoded alone. */
import { EscError } from '@esc/core'
import { viewOf } from '../bytes.js'

/** The layout of ADPCM blocks. */
export interface AdpcmFormat {
  encoding: 'adpcm_ima_wav' | 'adpcm_ms'
  channels: number
  /** Bytes per block. */
  blockAlign: number
  /** Samples per block and channel. */
  samplesPerBlock: number
}

/**
 * Decodes IMA or Microsoft ADPCM. The last block is decoded whole, as in ffmpeg and sox: neither uses the count in
 * the `fact` chunk, which may be less.
 *
 * More than two channels are expected in sox's order: for IMA in words of four bytes per channel, for Microsoft in
 * nibbles.
 *
 * Differs from sox: an IMA step is one multiplication, as in ffmpeg, and not the sum of truncated shifts that the
 * IMA's text describes. On full-scale noise the two differ by up to 19 of 32768 levels. Microsoft ADPCM is the same
 * in all three.
 *
 * @param data - Whole blocks.
 * @param tolerant - `true` leaves silence for the channels of a block that cannot be decoded, and counts such blocks.
 * @returns One array per channel, of `blocks * samplesPerBlock` samples in [-1, 1).
 * @throws EscError CORRUPT_DATA if a block's header names a step or a predictor that does not exist.
 * @see IMA "Recommended Practices for Enhancing Digital Audio Compatibility" 3.0 (1992), Microsoft "New Multimedia
 *   Data Types and Data Techniques" (1994), ffmpeg 5.1 `libavcodec/adpcm.c`.
 * @example decodeAdpcm(data, { encoding: 'adpcm_ima_wav', channels: 1, blockAlign: 1024, samplesPerBlock: 2041 }).channels
 */
export function decodeAdpcm(
  data: Uint8Array,
  format: AdpcmFormat,
  tolerant = false,
): { channels: Float32Array[]; damagedBlocks: number } {
  const { channels, blockAlign, samplesPerBlock } = format
  const view = viewOf(data)
  const blocks = data.byteLength / blockAlign
  const decodeBlock = blockDecoders[format.encoding]
  const out = Array.from({ length: channels }, () => new Float32Array(blocks * samplesPerBlock))
  let damagedBlocks = 0
  for (let block = 0; block < blocks; block++) {
    try {
      for (let channel = 0; channel < channels; channel++) {
        decodeBlock(out[channel]!, block * samplesPerBlock, view, block * blockAlign, channel, format)
      }
    } catch (error) {
      if (!tolerant) throw error
      damagedBlocks++
    }
  }
  return { channels: out, damagedBlocks }
}

/**
 * Samples per channel in a block of `blockAlign` bytes; less than 2 if the block has no room for steps.
 *
 * @example adpcmSamplesPerBlock('adpcm_ima_wav', 1024, 1) // 2041
 */
export function adpcmSamplesPerBlock(
  encoding: AdpcmFormat['encoding'],
  blockAlign: number,
  channels: number,
): number {
  if (encoding === 'adpcm_ms') return Math.floor((2 * (blockAlign - 6 * channels)) / channels)
  return 1 + 8 * Math.floor((blockAlign - 4 * channels) / (4 * channels))
}

const IMA_INDEX_STEPS = [-1, -1, -1, -1, 2, 4, 6, 8]

const IMA_STEPS = [
  7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97,
  107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724,
  796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026,
  4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500,
  20350, 22385, 24623, 27086, 29794, 32767,
]

/** Decodes one channel of the block at byte `offset` of `view` into `out`, from sample `start` on. */
type BlockDecoder = (
  out: Float32Array,
  start: number,
  view: DataView,
  offset: number,
  channel: number,
  format: AdpcmFormat,
) => void

const decodeImaBlock: BlockDecoder = (out, start, view, offset, channel, { channels, samplesPerBlock }) => {
  const header = offset + 4 * channel
  let level = view.getInt16(header, true)
  let index = view.getUint8(header + 2)
  if (index >= IMA_STEPS.length) throw corrupt(`step index ${index} at byte ${header + 2} must be <= 88`)
  out[start] = level / 32768
  for (let i = 1; i < samplesPerBlock; i += 8) {
    // Eight nibbles in four bytes, the low one first; the channels take turns.
    const word = view.getUint32(offset + 4 * channels * (1 + (i >> 3)) + 4 * channel, true)
    for (let k = 0; k < 8; k++) {
      const nibble = (word >>> (4 * k)) & 15
      const change = ((2 * (nibble & 7) + 1) * IMA_STEPS[index]!) >> 3
      level = clampInt16(nibble & 8 ? level - change : level + change)
      index = Math.min(Math.max(index + IMA_INDEX_STEPS[nibble & 7]!, 0), 88)
      out[start + i + k] = level / 32768
    }
  }
}

/** By the nibble just read: the next step is this multiple of the last step, in units of 1/256. */
const MS_ADAPTATION = [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230]

/**
 * Weights of the last sample and of the sample before it, in units of 1/256. Each file has a list of its own, but
 * these stand first in every file, and ffmpeg knows no others.
 */
const MS_PREDICTORS = [
  [256, 0],
  [512, -256],
  [0, 0],
  [192, 64],
  [240, 0],
  [460, -208],
  [392, -232],
] as const

/** The largest step that still fits in 32 bits after the next adaptation; the same limit as in ffmpeg. */
const msMaxStep = Math.floor((2 ** 31 - 1) / 768)

const decodeMsBlock: BlockDecoder = (out, start, view, offset, channel, { channels, samplesPerBlock }) => {
  const predictor = MS_PREDICTORS[view.getUint8(offset + channel)]
  if (!predictor) {
    throw corrupt(`predictor ${view.getUint8(offset + channel)} at byte ${offset + channel} does not exist`)
  }
  // The header holds one field for all channels, then the next field for all channels.
  const header = offset + channels + 2 * channel
  let step = view.getInt16(header, true)
  let last = view.getInt16(header + 2 * channels, true)
  let previous = view.getInt16(header + 4 * channels, true)
  out[start] = previous / 32768
  out[start + 1] = last / 32768
  const nibbles = offset + 7 * channels
  for (let i = 2, at = channel; i < samplesPerBlock; i++, at += channels) {
    const byte = view.getUint8(nibbles + (at >> 1))
    const nibble = at & 1 ? byte & 15 : byte >> 4
    const predicted = Math.trunc((last * predictor[0] + previous * predictor[1]) / 256)
    previous = last
    last = clampInt16(predicted + (nibble & 8 ? nibble - 16 : nibble) * step)
    // In a damaged block, the step may become three times as large at every sample.
    step = Math.min(Math.max((MS_ADAPTATION[nibble]! * step) >> 8, 16), msMaxStep)
    out[start + i] = last / 32768
  }
}

const blockDecoders: Readonly<Record<AdpcmFormat['encoding'], BlockDecoder>> = {
  adpcm_ima_wav: decodeImaBlock,
  adpcm_ms: decodeMsBlock,
}

function clampInt16(level: number): number {
  return level > 32767 ? 32767 : level < -32768 ? -32768 : level
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', `WAV: ADPCM ${message}`)
}
