/** Checks of float32 arrays: their type, their length, and whether all values are finite. */
import { EscError } from '../error.js'
import { type Advice, wrongValue } from './wrong-value.js'

const samplesAdvice: Advice = {
  'a clip': 'pass clip.samples',
  'a matrix': 'pass matrix.data',
  'decoded audio': 'mix its channels: toMono(audio.channels)',
  'an AudioBuffer': 'pass buffer.getChannelData(0), or mix its channels with toMono',
}

/**
 * Checks that a value is a Float32Array. The message says how to make one.
 *
 * @throws EscError INVALID_INPUT unless it is a Float32Array.
 * @example assertFloat32('features.data', data)
 */
export function assertFloat32(name: string, data: unknown): asserts data is Float32Array {
  if (classOf(data) === 'Float32Array') return
  // 16-bit sound has another range.
  const scaled = classOf(data) === 'Int16Array' ? ', (value) => value / 32768' : ''
  throw wrongValue(name, data, 'a Float32Array', {
    advice: {
      ...samplesAdvice,
      numbers: `pass Float32Array.from(${name}${scaled})`,
      buffer: `pass new Float32Array(${name}) if it holds float32 values`,
    },
  })
}

/**
 * The name of a typed array's class. `instanceof` would fail for arrays from another frame of a page or from a worker.
 */
export const classOf = (value: unknown) =>
  ArrayBuffer.isView(value) ? (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] : undefined

/**
 * Checks the samples of a sound.
 *
 * @throws EscError INVALID_INPUT unless they are a Float32Array of at least one sample, and all samples are finite.
 * @see librosa 0.10.2 `util.valid_audio`. Differs from librosa: an empty sound is an error everywhere.
 * @example assertSamples('samples', samples)
 */
export function assertSamples(name: string, samples: unknown): asserts samples is Float32Array {
  assertFloat32(name, samples)
  if (samples.length === 0) throw new EscError('INVALID_INPUT', `${name}.length=0 must be at least 1`)
  assertFinite(name, samples)
}

/** @throws EscError INVALID_INPUT naming the first value that is not finite; `detail.index` is its index. */
export function assertFinite(name: string, data: Float32Array): void {
  if (areFinite(data)) return
  const index = data.findIndex((value) => !Number.isFinite(value))
  throw new EscError('INVALID_INPUT', `${name}[${index}]=${data[index]} must be finite`, {
    detail: { index },
  })
}

/** Tests the bits of the numbers, four numbers at a time. Testing each number, or their sum, takes several times as long. */
function areFinite(data: Float32Array): boolean {
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length)
  // A number that is not finite has only ones in its exponent. If its sign is removed and one is added to its exponent, the
  // sum is negative as an integer.
  const magnitude = 0x7fffffff
  const one = 0x800000
  let seen = 0
  let i = 0
  for (; i + 4 <= bits.length; i += 4) {
    const a = (bits[i]! & magnitude) + one
    const b = (bits[i + 1]! & magnitude) + one
    const c = (bits[i + 2]! & magnitude) + one
    const d = (bits[i + 3]! & magnitude) + one
    seen |= a | b | c | d
  }
  for (; i < bits.length; i++) seen |= (bits[i]! & magnitude) + one
  return seen >= 0
}
