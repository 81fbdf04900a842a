/** The two ADPCM codecs of WAV files: blocks of 4-bit steps, each block decodable alone. */
import { EscError } from '@esc/core'

/** How ADPCM blocks are laid out, and where a block ends. */
export interface AdpcmFormat {
  encoding: 'adpcm_ima_wav' | 'adpcm_ms'
  channels: number
  /** Bytes per block. */
  blockAlign: number
  /** Samples per block and channel. */
  samplesPerBlock: number
}

/**
 * Decodes IMA or Microsoft ADPCM. The last block is decoded whole, as ffmpeg and sox do: the `fact` chunk's count, which
 * may be less, is not used by either.
 *
 * More than two channels are laid out as sox writes them: IMA in words of four bytes per channel, Microsoft in nibbles.
 *
 * Differs from sox: an IMA step is one multiplication, as in ffmpeg, not the sum of truncated shifts of the IMA's text;
 * on full-scale noise the two drift apart by up to 19 of 32768 levels. Microsoft ADPCM is the same in all three.
 *
 * @param data - Whole blocks.
 * @param tolerant - `true` leaves silence in place of a block's channels that cannot be decoded, and counts the blocks.
 * @returns One array per channel, of `blocks * samplesPerBlock` samples in [-1, 1).
 * @throws EscError CORRUPT_DATA if a block's header asks for a step or predictor that does not exist.
 * @see IMA "Recommended Practices for Enhancing Digital Audio Compatibility" 3.0 (1992), Microsoft "New Multimedia Data
 *   Types and Data Techniques" (1994), ffmpeg 5.1 `libavcodec/adpcm.c`.
 * @example decodeAdpcm(data, { encoding: 'adpcm_ima_wav', channels: 1, blockAlign: 1024, samplesPerBlock: 2041 }).channels
 */
export function decodeAdpcm(
  data: Uint8Array,
  format: AdpcmFormat,
  tolerant = false,
): { channels: Float32Array[]; damagedBlocks: number } {
  const { channels, blockAlign, samplesPerBlock } = format
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const blocks = data.byteLength / blockAlign
  const decodeBlock = format.encoding === 'adpcm_ms' ? decodeMsBlock : decodeImaBlock
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
 * Samples per block and channel that a block of `blockAlign` bytes holds; less than 2 if it has no room for steps.
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

function decodeImaBlock(
  out: Float32Array,
  start: number,
  view: DataView,
  offset: number,
  channel: number,
  { channels, samplesPerBlock }: AdpcmFormat,
): void {
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

/** The next step is this multiple of the last, in units of 1/256, by the nibble just read. */
const MS_ADAPTATION = [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230]
/**
 * Weights of the last sample and the one before, in units of 1/256. A file lists them, but these come first in every
 * file, and ffmpeg knows no others.
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

/** As in ffmpeg: the largest step that 32 bits can hold after the next adaptation. */
const MS_MAX_STEP = Math.floor((2 ** 31 - 1) / 768)

function decodeMsBlock(
  out: Float32Array,
  start: number,
  view: DataView,
  offset: number,
  channel: number,
  { channels, samplesPerBlock }: AdpcmFormat,
): void {
  const predictor = MS_PREDICTORS[view.getUint8(offset + channel)]
  if (!predictor) {
    throw corrupt(`predictor ${view.getUint8(offset + channel)} at byte ${offset + channel} does not exist`)
  }
  // The header holds each field for all channels before the next field.
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
    // A damaged block can make the step grow threefold at every sample.
    step = Math.min(Math.max((MS_ADAPTATION[nibble]! * step) >> 8, 16), MS_MAX_STEP)
    out[start + i] = last / 32768
  }
}

function clampInt16(level: number): number {
  return level > 32767 ? 32767 : level < -32768 ? -32768 : level
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', `WAV: ADPCM ${message}`)
}
