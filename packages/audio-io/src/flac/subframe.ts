/** Decodes one channel of a FLAC frame from bits to whole-number samples. */
import { EscError } from '@esc/core'
import { type FlacSamples, MAX_ORDER, restoreFixed, restoreLinear } from './predict.js'

/** Reads bits, the highest bit of each byte first. */
export interface BitReader {
  /** Holds at least 8 bytes after `end`, so that reading a whole word never passes its end. */
  view: DataView
  /** Bits that were read. */
  position: number
  /** Bits that may be read. */
  end: number
}

/** How {@link restoreSubframe} turns the numbers of a subframe into samples. */
export interface FlacPrediction {
  /** Samples that the predictor looks back at; 0 if the numbers already are samples. */
  order: number
  /** `null` for a fixed predictor. */
  coefficients: Int32Array | null
  shift: number
  /** Bits of a sample without its wasted bits. */
  depth: number
  /** Low bits that are 0 in every sample and are not stored. */
  wasted: number
}

/**
 * Reads a whole number.
 *
 * @param count - Bits of the number, 0 to 33.
 * @throws EscError CORRUPT_DATA if the number goes past the last bit.
 * @example readBits(bits, 6)
 */
export function readBits(bits: BitReader, count: number): number {
  // A 32-bit word that starts at the number's first byte holds at least 25 bits of the number.
  if (count > 25) return readBits(bits, count - 16) * 65536 + readBits(bits, 16)
  if (count === 0) return 0
  const { position } = bits
  bits.position = position + count
  if (bits.position > bits.end) throw endOfBits()
  return (bits.view.getInt32(position >> 3) << (position & 7)) >>> (32 - count)
}

function readSigned(bits: BitReader, count: number): number {
  // The sign is the first bit of the upper part.
  if (count > 25) return readSigned(bits, count - 16) * 65536 + readBits(bits, 16)
  const { position } = bits
  bits.position = position + count
  if (bits.position > bits.end) throw endOfBits()
  return (bits.view.getInt32(position >> 3) << (position & 7)) >> (32 - count)
}

/** Counts 0 bits up to the next 1 bit, and reads that bit too. */
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
 * @param bits - Stands at the subframe's first bit, and is moved behind its last.
 * @param samples - {@link MAX_ORDER} zeros, then room for the block. It is filled with samples, or with a predictor's
 *   residual.
 * @param blockSize - Samples to read.
 * @param bitDepth - Bits of a sample, 4 to 33: side channels have one more than their frame.
 * @returns The input of {@link restoreSubframe}. Restoring costs more than reading, so the caller first checks the
 *   checksum.
 * @throws EscError CORRUPT_DATA if the bits contradict themselves or end within the subframe.
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
  else return readPredicted(bits, samples, blockSize, kind >= 32, { ...plain, order: orderOf(kind) })
  return plain
}

/** The order of a predictor: types 8 to 12 are fixed predictors, types from 32 on are linear. */
function orderOf(kind: number): number {
  if (kind >= 8 && kind <= 12) return kind - 8
  if (kind >= 32) return kind - 31
  throw corrupt(`subframe type ${kind} is reserved`)
}

/**
 * Turns the numbers that {@link readSubframe} read into samples, in place.
 *
 * A float64 holds every value exactly: 32 products of a 33-bit sample and a 15-bit coefficient need 52 bits. With
 * damaged data, values may be out of range or NaN.
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

/** Reads the first samples, the coefficients of a linear predictor, and the residual. */
function readPredicted(
  bits: BitReader,
  samples: FlacSamples,
  blockSize: number,
  isLinear: boolean,
  prediction: FlacPrediction,
): FlacPrediction {
  const { order, depth } = prediction
  if (order > blockSize)
    throw corrupt(`a predictor looks back at ${order} samples, in a block of ${blockSize}`)
  readVerbatim(bits, samples, order, depth)
  const predictor = isLinear ? readLinearPredictor(bits, order) : {}
  readResidual(bits, samples, blockSize, order)
  return { ...prediction, ...predictor }
}

function readLinearPredictor(bits: BitReader, order: number): Pick<FlacPrediction, 'coefficients' | 'shift'> {
  const precision = readBits(bits, 4) + 1
  if (precision === 16) throw corrupt('the precision of the predictor has the code 15, which is not allowed')
  const shift = readSigned(bits, 5)
  if (shift < 0) throw corrupt(`the predictor is shifted by ${shift} bits, expected at least 0`)
  const coefficients = Int32Array.from({ length: order }, () => readSigned(bits, precision))
  return { coefficients, shift }
}

/** Reads the residual into the places of the samples after the first `order`. */
function readResidual(bits: BitReader, samples: FlacSamples, blockSize: number, order: number): void {
  const method = readBits(bits, 2)
  if (method > 1) throw corrupt(`residual coding method ${method} is reserved`)
  const partitionOrder = readBits(bits, 4)
  const size = blockSize / 2 ** partitionOrder
  if (!Number.isInteger(size) || size < order) {
    throw corrupt(
      `2 ** ${partitionOrder} partitions do not fit a block of ${blockSize} samples and a predictor of order ${order}`,
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

/** Reads numbers in Rice code: a quotient in unary, then `parameter` bits of remainder; the last bit is the sign. */
function readRice(bits: BitReader, samples: FlacSamples, from: number, to: number, parameter: number): void {
  const { view, end } = bits
  // With a quotient up to this, the whole code fits in one word.
  const longest = 24 - parameter
  const shift = 31 - parameter
  let position = bits.position
  for (let i = from; i < to; i++) {
    const word = view.getInt32(position >> 3) << (position & 7)
    const quotient = Math.clz32(word)
    if (quotient <= longest) {
      // The 1 bit that ends the quotient is shifted with the remainder, as the bit above it. Subtracting 1 removes
      // it.
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

function endOfBits(): EscError {
  return corrupt('the data ends inside it')
}

function corrupt(message: string): EscError {
  return new EscError('CORRUPT_DATA', message)
}
