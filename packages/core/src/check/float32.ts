/** Checks of sounds and matrices at the exported edge. */
import type { AudioClip } from '../clip.js'
import { EscError } from '../error.js'
import type { FeatureMatrix } from '../features/matrix.js'
import { type Advice, hasField, wrongValue } from './wrong-value.js'

const clipAdvice: Advice = {
  'decoded audio': 'mix its channels: { samples: toMono(audio.channels), sampleRate: audio.sampleRate }',
  'an AudioBuffer': 'pass { samples: buffer.getChannelData(0), sampleRate: buffer.sampleRate }',
  numbers: 'say its rate, too: { samples, sampleRate }',
}
const samplesAdvice: Advice = {
  'a clip': 'pass clip.samples',
  'a matrix': 'pass matrix.data',
  'decoded audio': 'mix its channels: toMono(audio.channels)',
  'an AudioBuffer': 'pass buffer.getChannelData(0), or mix its channels with toMono',
}
const matrixAdvice: Advice = {
  'a clip': 'compute its features first, as with melSpectrogram or createExtractor',
  'a complex matrix': 'take its magnitude first',
  numbers: 'say its shape, too: { data, bins, frames }',
}

/**
 * @throws EscError INVALID_INPUT unless it is a Float32Array; the message says how to make one.
 * @example assertFloat32('features.data', data)
 */
export function assertFloat32(name: string, data: unknown): asserts data is Float32Array {
  if (isFloat32(data)) return
  // 16-bit sound has another range.
  const scaled = tagOf(data) === 'Int16Array' ? ', (value) => value / 32768' : ''
  throw wrongValue(name, data, 'a Float32Array', {
    advice: {
      ...samplesAdvice,
      numbers: `pass Float32Array.from(${name}${scaled})`,
      buffer: `pass new Float32Array(${name}) if it holds float32 values`,
    },
  })
}

// Not `instanceof`, which says no to arrays of another frame or worker context.
const tagOf = (value: unknown) =>
  ArrayBuffer.isView(value) ? (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] : undefined
const isFloat32 = (value: unknown): value is Float32Array => tagOf(value) === 'Float32Array'

/**
 * @throws EscError INVALID_INPUT unless they are a Float32Array of at least one sample, and all are finite.
 * @see librosa 0.10.2 `util.valid_audio`. Differs from librosa: an empty sound is an error everywhere.
 * @example assertSamples('samples', samples)
 */
export function assertSamples(name: string, samples: unknown): asserts samples is Float32Array {
  assertFloat32(name, samples)
  if (samples.length === 0) throw new EscError('INVALID_INPUT', `${name}.length=0 must be at least 1`)
  assertFinite(name, samples)
}

/**
 * Checks what can be checked at once; {@link assertClip} looks at the samples, too.
 *
 * @throws EscError INVALID_INPUT unless it is `{ samples, sampleRate }` with a Float32Array and a finite number > 0.
 * @example assertClipShape('clip', clip)
 */
export function assertClipShape(name: string, clip: unknown): asserts clip is AudioClip {
  if (!hasField(clip, 'samples')) {
    const isFile = tagOf(clip) === 'Uint8Array'
    const advice = isFile
      ? { numbers: 'decode a file first: await loadAudio(bytes, { sampleRate: null })' }
      : clipAdvice
    throw wrongValue(name, clip, 'a clip, { samples: Float32Array, sampleRate }', { advice })
  }
  const { samples, sampleRate } = clip as AudioClip
  assertFloat32(`${name}.samples`, samples)
  assertRate(`${name}.sampleRate`, sampleRate)
}

function assertRate(name: string, rate: unknown): void {
  if (typeof rate === 'number' && rate > 0 && rate < Number.POSITIVE_INFINITY) return
  const must = 'a finite number of Hz > 0'
  if (typeof rate === 'number') throw new EscError('INVALID_INPUT', `${name}=${rate} must be ${must}`)
  throw wrongValue(name, rate, must)
}

/**
 * @throws EscError INVALID_INPUT unless the samples are usable and the sample rate is a finite number > 0.
 * @example assertClip('clip', clip)
 */
export function assertClip(name: string, clip: unknown): asserts clip is AudioClip {
  assertClipShape(name, clip)
  assertSamples(`${name}.samples`, clip.samples)
}

/**
 * Checks what can be checked at once; {@link assertMatrix} looks at the values, too.
 *
 * @throws EscError INVALID_INPUT unless it is `{ data, bins, frames }`, is not empty, and its data fit its shape.
 * @example assertMatrixShape('features', features)
 */
export function assertMatrixShape(name: string, matrix: unknown): asserts matrix is FeatureMatrix {
  if (!hasField(matrix, 'data')) {
    const must = 'a matrix, { data: Float32Array, bins, frames }'
    throw wrongValue(name, matrix, must, { advice: matrixAdvice })
  }
  const { data, bins, frames } = matrix as FeatureMatrix
  assertFloat32(`${name}.data`, data)
  assertCounts(name, { bins, frames })
  if (bins >= 1 && frames >= 1 && data.length === bins * frames) return
  throw new EscError(
    'INVALID_INPUT',
    `${name} has ${data.length} values for ${bins} bins × ${frames} frames; it needs bins * frames >= 1`,
  )
}

function assertCounts(name: string, counts: Readonly<Record<string, unknown>>): void {
  for (const [field, count] of Object.entries(counts)) {
    if (typeof count !== 'number') throw wrongValue(`${name}.${field}`, count, 'an integer >= 1')
  }
}

/**
 * @throws EscError INVALID_INPUT unless the matrix is not empty, its data fit its shape, and all are finite.
 * @example assertMatrix('power', power)
 */
export function assertMatrix(name: string, matrix: unknown): asserts matrix is FeatureMatrix {
  assertMatrixShape(name, matrix)
  assertFinite(name, matrix.data)
}

function assertFinite(name: string, data: Float32Array): void {
  if (areFinite(data)) return
  const index = data.findIndex((value) => !Number.isFinite(value))
  throw new EscError('INVALID_INPUT', `${name}[${index}]=${data[index]} must be finite`, {
    detail: { index },
  })
}

/** By their bits, four at a time: a test per number, or a sum of them all, would cost several times as much. */
function areFinite(data: Float32Array): boolean {
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length)
  // Without its sign, a number that is not finite has an exponent of ones; one more, and it is negative.
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
