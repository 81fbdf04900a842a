/** Sample rate conversion of signals that arrive in pieces. */
import { assertFloat32, assertSamples, EscError } from '@esc/core'
import { createRateConverter } from './resample.js'

/** A sample rate conversion of one signal. */
export interface ResampleStream {
  /**
   * Takes the next samples of the signal, any number of them.
   *
   * @returns The output samples that they complete, new storage. The first come when the filter has its
   *   length of input.
   * @throws EscError INVALID_INPUT if a sample is not finite, or the stream has ended.
   */
  push(block: Float32Array): Float32Array
  /**
   * Ends the signal.
   *
   * @returns The rest of the output samples.
   * @throws EscError INVALID_INPUT if the stream has ended already.
   */
  end(): Float32Array
}

/**
 * Converts a signal from one sample rate to another piece by piece. All outputs together equal
 * {@link resample} of all inputs together, bit for bit, for any sizes of the pieces. The memory does not grow
 * with the signal. The filter works on blocks, so a whole block of output comes at a time: after every 3804
 * input samples from 44.1 to 22.05 kHz, and after more where the rates are farther apart.
 *
 * @param fromRate - Sample rate of the signal in Hz; need not be an integer.
 * @param toRate - The new sample rate in Hz, within a factor of 256 of the old one.
 * @throws EscError INVALID_OPTION if a rate is not a finite number > 0, or they differ by more than a factor
 *   of 256.
 * @see `resample` describes the filter.
 * @example
 * const stream = createResampleStream(44100, 22050)
 * const first = stream.push(samples)
 * const rest = stream.end()
 */
export function createResampleStream(fromRate: number, toRate: number): ResampleStream {
  const converter = createRateConverter(fromRate, toRate)
  let received = 0
  let returned = 0
  let ended = false

  function assertOpen(): void {
    if (ended) throw new EscError('INVALID_INPUT', 'stream has ended; create another one for the next signal')
  }
  function collect(write: (out: Float32Array) => number): Float32Array {
    // The output never runs ahead of the input, so this is enough room.
    const out = new Float32Array(converter.outputLength(received) - returned)
    const length = write(out)
    returned += length
    return length === out.length ? out : out.slice(0, length)
  }
  return {
    push(block) {
      assertOpen()
      assertFloat32('samples', block)
      if (block.length > 0) assertSamples('samples', block)
      received += block.length
      return collect((out) => converter.push(block, out, 0))
    },
    end() {
      assertOpen()
      ended = true
      return collect((out) => converter.end(out, 0))
    },
  }
}
