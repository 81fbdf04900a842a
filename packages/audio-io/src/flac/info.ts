/** Reads the header of a FLAC file. */
import { EscError } from '@esc/core'
import { bytesOf, latin1 } from '../bytes.js'
import type { Reading } from '../reading.js'
import { readTagsBefore } from '../tags.js'
import type { FlacFormat } from './frame.js'
import { readFlacFrameHeader } from './header.js'

/** What a FLAC file's header says. */
export interface FlacInfo extends FlacFormat {
  /** Samples per channel; `null` if the encoder did not know. */
  frames: number | null
  /** Samples per channel of every block except the last, if all blocks have one size. */
  blockSize: number
  /** Bytes from the start of the file to the first frame. */
  firstFrame: number
  /** Bytes from the start of the file to the end of the last frame, where the file ends or tags begin. */
  end: number
  /** One sentence for each part of the header that was damaged or wrong. */
  warnings: readonly string[]
}

const STREAMINFO_SIZE = 34
// Samples per channel; the last block may be shorter.
const MIN_BLOCK = 16
// The footer of an APE tag may stand before an ID3v1 tag.
const ID3V1_SIZE = 128
const APE_FOOTER_SIZE = 32
// Each block costs a read. Real files have tens of blocks.
const maxBlocks = 4096

/**
 * Reads the header of a FLAC file: STREAMINFO in full, and only the length of the other metadata blocks.
 *
 * @param size - Bytes of the file.
 * @param tolerant - `true` accepts damaged blocks after STREAMINFO, and searches for the frames.
 * @throws EscError CORRUPT_DATA if STREAMINFO is missing or holds impossible values, or if the file ends within the
 *   header.
 * @throws EscError UNSUPPORTED_FORMAT if it is no FLAC file.
 * @see RFC 9639 (FLAC), section 8.
 * @example await readSource(source, readFlacInfo(source.size))
 */
export function* readFlacInfo(size: number, tolerant = false): Reading<FlacInfo> {
  const offset = yield* readTagsBefore()
  const head = yield { offset, length: 8 + STREAMINFO_SIZE }
  if (head.byteLength < 4 || head.getUint32(0) !== 0x664c6143) {
    throw new EscError('UNSUPPORTED_FORMAT', 'FLAC: the file does not begin with "fLaC"')
  }
  if (head.byteLength < 8 + STREAMINFO_SIZE)
    throw corrupt(`the file has only ${head.byteLength} bytes, which is less than a header`)
  const format = readStreamInfo(head)
  const blocks = yield* skipBlocks(offset + 4, size)
  if (blocks.reason !== null && !tolerant) throw corrupt(blocks.reason)
  const firstFrame = blocks.reason === null ? blocks.end : offset + 8 + STREAMINFO_SIZE
  const end = Math.max(firstFrame, yield* findEnd(size))
  const first = readFlacFrameHeader(bytesOf(yield { offset: firstFrame, length: 32 }), 0)
  const warnings = blocks.reason === null ? [] : [`the header was damaged: ${blocks.reason}`]
  const stated = format.maxBlockSize
  // If all blocks have one size, no block is longer than the first. The frames decide, not the header.
  const blockSize = first && !first.isVariable ? first.blockSize : stated
  const maxBlockSize = Math.max(stated, blockSize)
  if (maxBlockSize < MIN_BLOCK) {
    throw corrupt(`STREAMINFO states blocks of at most ${stated} samples, expected at least ${MIN_BLOCK}`)
  }
  if (maxBlockSize > stated) {
    warnings.push(`STREAMINFO states blocks of at most ${stated} samples, the first block has ${blockSize}`)
  }
  return { ...format, maxBlockSize, blockSize, firstFrame, end, warnings }
}

function readStreamInfo(view: DataView): FlacFormat & { frames: number | null } {
  if ((view.getUint8(4) & 127) !== 0 || (view.getUint32(4) & 0xffffff) !== STREAMINFO_SIZE) {
    throw corrupt('the first metadata block is not STREAMINFO')
  }
  const maxBlockSize = view.getUint16(10)
  const maxFrameSize = view.getUint32(14) & 0xffffff
  const packed = view.getUint32(18)
  const sampleRate = packed >>> 12
  const channels = ((packed >>> 9) & 7) + 1
  const bitDepth = ((packed >>> 4) & 31) + 1
  const frames = (packed & 15) * 2 ** 32 + view.getUint32(22)
  if (sampleRate === 0) throw corrupt('the sample rate is 0 Hz')
  if (bitDepth < 4) throw corrupt(`bitDepth=${bitDepth}, expected at least 4`)
  return { sampleRate, channels, bitDepth, maxBlockSize, maxFrameSize, frames: frames === 0 ? null : frames }
}

/** Goes from block to block. `reason` says what stopped it before the last block; `null` if nothing did. */
function* skipBlocks(start: number, size: number): Reading<{ end: number; reason: string | null }> {
  let offset = start
  for (let count = 0; count < maxBlocks; count++) {
    const head = yield { offset, length: 4 }
    if (head.byteLength < 4) return { end: offset, reason: 'the file ends before the last metadata block' }
    const kind = head.getUint8(0)
    const length = head.getUint32(0) & 0xffffff
    const end = offset + 4 + length
    if (end > size) {
      return {
        end: offset,
        reason: `a metadata block states ${length} bytes, only ${size - offset - 4} are left`,
      }
    }
    if ((kind & 127) === 127)
      return { end: offset, reason: 'a metadata block has type 127, which is not allowed' }
    if (kind & 128) return { end, reason: null }
    offset = end
  }
  return { end: offset, reason: `there are more than ${maxBlocks} metadata blocks` }
}

/** Finds where the tags after the sound begin: first APE, then ID3v1. */
function* findEnd(size: number): Reading<number> {
  let end = size
  const id3 = bytesOf(yield { offset: Math.max(0, end - ID3V1_SIZE), length: 3 })
  if (latin1(id3, 0, 3) === 'TAG') end -= ID3V1_SIZE
  const footer = yield { offset: Math.max(0, end - APE_FOOTER_SIZE), length: APE_FOOTER_SIZE }
  if (latin1(bytesOf(footer), 0, 8) !== 'APETAGEX') return end
  const hasHeader = footer.getUint32(20, true) >= 0x80000000
  return end - footer.getUint32(12, true) - (hasHeader ? APE_FOOTER_SIZE : 0)
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', `FLAC: ${message}`)
}
