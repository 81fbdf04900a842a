/** One channel of a FLAC frame: its bits to whole-number samples. */
import { EscError } from '@esc/core'
import { type FlacSamples, MAX_ORDER, restoreFixed, restoreLinear } from './predict.js'

/** Bits, the most significant of each byte first. */
export interface BitReader {
  /** At least 8 bytes more than `end` says, so that no read of a word passes its end. */
  view: DataView
  /** Bits read. */
  position: number
  /** Bits that may be read. */
  end: number
}

/** What becomes of a subframe's numbers once they are read; see {@link restoreSubframe}. */
export interface FlacPrediction {
  /** Samples that are predicted from; 0 if the numbers are the samples. */
  order: number
  /** `null` for a fixed predictor. */
  coefficients: Int32Array | null
  shift: number
  /** Bits of a sample without its wasted ones. */
  depth: number
  /** Low bits that are 0 in every sample and left out. */
  wasted: number
}

/**
 * Reads a whole number.
 *
 * @param count - Bits of it, 0 to 33.
 * @throws EscError CORRUPT_DATA past the last bit.
 * @example readBits(bits, 6)
 */
export function readBits(bits: BitReader, count: number): number {
  // A word from a whole byte on holds 25 bits at least, wherever in that byte the number begins.
  if (count > 25) return readBits(bits, count - 16) * 65536 + readBits(bits, 16)
  if (count === 0) return 0
  const { position } = bits
  bits.position = position + count
  if (bits.position > bits.end) throw endOfBits()
  return (bits.view.getInt32(position >> 3) << (position & 7)) >>> (32 - count)
}

function readSigned(bits: BitReader, count: number): number {
  // The first bit of the upper part is the sign, as it is of a number that one word holds.
  if (count > 25) return readSigned(bits, count - 16) * 65536 + readBits(bits, 16)
  const { position } = bits
  bits.position = position + count
  if (bits.position > bits.end) throw endOfBits()
  return (bits.view.getInt32(position >> 3) << (position & 7)) >> (32 - count)
}

/** Counts zeros up to the next one, which is read too. */
function readUnary(bits: BitReader): number {
  for (let zeros = 0; ; zeros += 25) {
    const { position } = bits
    const run = Math.clz32(bits.view.getInt32(position >> 3) << (position & 7))
    bits.position = position + Math.min(run + 1, 25)
    if (bits.position > bits.end) throw endOfBits()
    if (run < 25) return zeros + run
  }
}

/**
 * Reads a subframe: constant, verbatim, fixed predictor or linear predictor, with Rice-coded residual.
 *
 * @param bits - At the subframe's first bit; left behind its last.
 * @param samples - {@link MAX_ORDER} zeros, then room for the block: filled with samples, or what a predictor left of them.
 * @param blockSize - Samples to read.
 * @param bitDepth - Bits of a sample, 4 to 33: side channels have one more than their frame.
 * @returns What {@link restoreSubframe} takes: it costs more than reading, and waits until the checksum is known to fit.
 * @throws EscError CORRUPT_DATA if the bits contradict themselves or end too soon.
 * @see RFC 9639 (FLAC), section 9.2.
 * @example const prediction = readSubframe(bits, new Float64Array(MAX_ORDER + 4096), 4096, 16)
 */
export function readSubframe(
  bits: BitReader,
  samples: FlacSamples,
  blockSize: number,
  bitDepth: number,
): FlacPrediction {
  const head = readBits(bits, 8)
  const wasted = head & 1 ? readUnary(bits) + 1 : 0
  const depth = bitDepth - wasted
  if (head & 0x80) throw corrupt('a subframe does not begin with a 0 bit')
  if (depth < 1) throw corrupt(`${wasted} of ${bitDepth} bits are wasted`)
  const kind = head >> 1
  const plain = { order: 0, coefficients: null, shift: 0, depth, wasted }
  if (kind === 0) samples.fill(readSigned(bits, depth), MAX_ORDER, MAX_ORDER + blockSize)
  else if (kind === 1) readVerbatim(bits, samples, blockSize, depth)
  else if (kind >= 8 && kind <= 12) return readFixed(bits, samples, blockSize, { ...plain, order: kind - 8 })
  else if (kind >= 32) return readLinear(bits, samples, blockSize, { ...plain, order: kind - 31 })
  else throw corrupt(`subframe type ${kind} is reserved`)
  return plain
}

/**
 * Makes samples of what {@link readSubframe} read, in place.
 *
 * A float64 holds every value exactly: 32 products of a 33-bit sample and a 15-bit coefficient need 52 bits. Of damaged
 * data, values may be out of range or NaN.
 *
 * @example restoreSubframe(samples, 4096, prediction)
 */
export function restoreSubframe(samples: FlacSamples, blockSize: number, prediction: FlacPrediction): void {
  const { order, coefficients, shift, depth, wasted } = prediction
  if (coefficients) restoreLinear(samples, coefficients, shift, blockSize, depth)
  else if (order > 0) restoreFixed(samples, order, blockSize)
  if (wasted === 0) return
  const scale = 2 ** wasted
  for (let i = MAX_ORDER; i < MAX_ORDER + blockSize; i++) samples[i] = samples[i]! * scale
}

function readVerbatim(bits: BitReader, samples: FlacSamples, count: number, depth: number): void {
  for (let i = MAX_ORDER; i < MAX_ORDER + count; i++) samples[i] = readSigned(bits, depth)
}

function readFixed(
  bits: BitReader,
  samples: FlacSamples,
  blockSize: number,
  prediction: FlacPrediction,
): FlacPrediction {
  const { order, depth } = prediction
  assertOrder(order, blockSize)
  readVerbatim(bits, samples, order, depth)
  readResidual(bits, samples, blockSize, order)
  return prediction
}

function readLinear(
  bits: BitReader,
  samples: FlacSamples,
  blockSize: number,
  prediction: FlacPrediction,
): FlacPrediction {
  const { order, depth } = prediction
  assertOrder(order, blockSize)
  readVerbatim(bits, samples, order, depth)
  const precision = readBits(bits, 4) + 1
  if (precision === 16) throw corrupt('the precision of the predictor is the code that means none')
  const shift = readSigned(bits, 5)
  if (shift < 0) throw corrupt(`the predictor is shifted by ${shift} bits, expected at least 0`)
  const coefficients = Int32Array.from({ length: order }, () => readSigned(bits, precision))
  readResidual(bits, samples, blockSize, order)
  return { ...prediction, coefficients, shift }
}

/** Reads the residual into the place of the samples after the first `order`. */
function readResidual(bits: BitReader, samples: FlacSamples, blockSize: number, order: number): void {
  const method = readBits(bits, 2)
  if (method > 1) throw corrupt(`residual coding method ${method} is reserved`)
  const partitionOrder = readBits(bits, 4)
  const size = blockSize / 2 ** partitionOrder
  if (!Number.isInteger(size) || size < order) {
    throw corrupt(
      `2 ** ${partitionOrder} partitions do not fit ${blockSize} samples and a predictor of ${order}`,
    )
  }
  const parameterBits = method === 0 ? 4 : 5
  const escapeCode = 2 ** parameterBits - 1
  for (let start = 0; start < blockSize; start += size) {
    const from = MAX_ORDER + Math.max(start, order)
    const to = MAX_ORDER + start + size
    const parameter = readBits(bits, parameterBits)
    if (parameter < escapeCode) {
      readRice(bits, samples, from, to, parameter)
    } else {
      const width = readBits(bits, 5)
      for (let i = from; i < to; i++) samples[i] = width === 0 ? 0 : readSigned(bits, width)
    }
  }
}

/** Reads numbers in Rice code: a quotient in unary, `parameter` bits of remainder, the sign in the last bit. */
function readRice(bits: BitReader, samples: FlacSamples, from: number, to: number, parameter: number): void {
  const { view, end } = bits
  // The longest quotient with which the whole code is sure to be in one word.
  const longest = 24 - parameter
  const shift = 31 - parameter
  let position = bits.position
  for (let i = from; i < to; i++) {
    const word = view.getInt32(position >> 3) << (position & 7)
    const quotient = Math.clz32(word)
    if (quotient <= longest) {
      // The one that ends the quotient is shifted along as the bit above the remainder, and taken off again.
      const code = ((quotient - 1) << parameter) + ((word << quotient) >>> shift)
      samples[i] = (code >>> 1) ^ -(code & 1)
      position += quotient + 1 + parameter
      if (position > end) throw endOfBits()
    } else {
      bits.position = position
      samples[i] = readLongRice(bits, parameter)
      position = bits.position
    }
  }
  bits.position = position
}

function readLongRice(bits: BitReader, parameter: number): number {
  const code = readUnary(bits) * 2 ** parameter + readBits(bits, parameter)
  if (code > 0xffffffff) throw corrupt('a residual has more than 32 bits')
  return code % 2 === 0 ? code / 2 : -(code + 1) / 2
}

function assertOrder(order: number, blockSize: number): void {
  if (order > blockSize) throw corrupt(`a predictor of ${order} samples, in a block of ${blockSize}`)
}

function endOfBits(): EscError {
  return corrupt('it ends too soon')
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', message)
}
