/** Sample rate conversion of signals that come in pieces. */
import { assertFloat32, assertSamples, EscError } from '@esc/core'
import { createRateConverter } from './resample.js'

/** A signal on its way from one sample rate to another. */
export interface ResampleStream {
  /**
   * Takes the signal's next samples, any number of them.
   *
   * @returns The samples that they complete, new storage; none until the filter's length has come in.
   * @throws EscError INVALID_INPUT if a sample is not finite, or the stream has ended.
   */
  push(block: Float32Array): Float32Array
  /**
   * Ends the signal.
   *
   * @returns The rest of its samples.
   * @throws EscError INVALID_INPUT if the stream has ended already.
   */
  end(): Float32Array
}

/**
 * Converts a signal from one sample rate to another piece by piece. All that comes out, put together, equals
 * {@link resample} of all that went in, bit for bit, whatever the sizes of the pieces; memory does not grow with the
 * signal. The filter works on blocks, and the samples come out a block at a time: every 3804 samples from 44.1 to
 * 22.05 kHz, more where the rates are farther apart.
 *
 * @param fromRate - Its sample rate in Hz; need not be an integer.
 * @param toRate - The new sample rate in Hz, within a factor of 256 of the old one.
 * @throws EscError INVALID_OPTION if a rate is not a finite number > 0, or they differ by more than a factor of 256.
 * @see `resample`, for the filter.
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
    // Nothing comes out before its time has come in.
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
