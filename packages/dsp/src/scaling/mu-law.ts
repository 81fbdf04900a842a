/** μ-law companding: a scale of levels that is finer for quiet samples. */
import {
  assertInteger,
  assertKnown,
  assertPositive,
  assertSamples,
  EscError,
  isNumberList,
  wrongValue,
} from '@esc/core'
import { expm1, log1p } from '../math.js'
import type { Names } from '../option-names.js'

/** Options of {@link muCompress} and {@link muExpand}. */
export interface MuLawOptions {
  /**
   * How strongly loud samples are compressed, > 0. With `quantize` it must be a whole number.
   *
   * @defaultValue `255`
   */
  mu?: number
}

const muLawNames: Names<MuLawOptions & { quantize: boolean }> = { mu: true, quantize: true }

/**
 * μ-law compression: `sign(x) ln(1 + mu |x|) / ln(1 + mu)`. With `quantize` the result is one of `mu + 1`
 * whole numbers.
 *
 * @param samples - Samples in [-1, 1].
 * @returns Same length. Levels from `-(mu + 1) / 2` (-128) to `(mu - 1) / 2` (127), or values in [-1, 1] with
 *   `quantize: false`.
 * @throws EscError INVALID_OPTION if an option is unknown or `mu` is out of its range; INVALID_INPUT if the
 *   signal is empty, not finite or beyond [-1, 1].
 * @see librosa 0.10.2 `mu_compress`.
 * @example muCompress(clip.samples)
 */
export function muCompress(samples: Float32Array, options: MuLawOptions & { quantize: false }): Float32Array
export function muCompress(
  samples: Float32Array,
  options?: MuLawOptions & {
    /**
     * `true` returns levels, which are whole numbers; `false` returns values in [-1, 1].
     *
     * @defaultValue `true`
     */
    quantize?: true
  },
): Int32Array
export function muCompress(
  samples: Float32Array,
  options: MuLawOptions & { quantize?: boolean } = {},
): Float32Array | Int32Array {
  assertKnown('muCompress', options, muLawNames)
  const { quantize = true } = options
  const mu = checkedMu(options, quantize)
  assertSamples('samples', samples)
  assertUnit(samples, 1)
  const whole = log1p(mu)
  const compress = (value: number) => {
    const magnitude = log1p(mu * Math.abs(value)) / whole
    return value < 0 ? -magnitude : magnitude
  }
  if (!quantize) return samples.map(compress)
  const zero = Math.floor((mu + 1) / 2)
  const edge = (level: number) => (level === mu ? 1 : -1 + level * (2 / mu))
  return Int32Array.from(samples, (value) => {
    const compressed = compress(value)
    // The level is the lowest of mu + 1 edges from -1 to 1 that is not below the value. Rounding may cross
    // one edge.
    let level = Math.min(mu, Math.max(0, Math.ceil((compressed + 1) * (mu / 2))))
    if (level > 0 && edge(level - 1) >= compressed) level--
    else if (edge(level) < compressed) level++
    return level - zero
  })
}

/**
 * The inverse of {@link muCompress}: `sign(x) ((1 + mu) ** |x| - 1) / mu`.
 *
 * @param compressed - Levels, or values in [-1, 1] with `quantize: false`.
 * @returns Samples in [-1, 1]; same length.
 * @throws EscError INVALID_OPTION if an option is unknown or `mu` is out of its range; INVALID_INPUT if the
 *   array is empty, not finite or out of its range.
 * @see librosa 0.10.2 `mu_expand`.
 * @example muExpand(muCompress(clip.samples))
 */
export function muExpand(
  compressed: Float32Array | Int32Array,
  options: MuLawOptions & {
    /**
     * Whether the values are levels.
     *
     * @defaultValue `true`
     */
    quantize?: boolean
  } = {},
): Float32Array {
  assertKnown('muExpand', options, muLawNames)
  const { quantize = true } = options
  const mu = checkedMu(options, quantize)
  if (!isNumberList(compressed)) throw wrongValue('compressed', compressed, 'what muCompress returns')
  const values = Float32Array.from(compressed)
  assertSamples('samples', values)
  const scale = quantize ? 2 / (1 + mu) : 1
  assertUnit(values, scale)
  const whole = log1p(mu)
  return Float32Array.from(compressed, (value) => {
    const magnitude = expm1(Math.abs(value * scale) * whole) / mu
    return value < 0 ? -magnitude : magnitude
  })
}

/** Returns `mu`. @throws EscError INVALID_OPTION unless it is > 0, and with `quantize` a whole number. */
function checkedMu({ mu = 255 }: MuLawOptions, quantize: boolean): number {
  if (quantize) assertInteger('mu', mu, 1, 2 ** 24)
  else assertPositive('mu', mu)
  return mu
}

/** @throws EscError INVALID_INPUT unless every value times `scale` lies in [-1, 1]. */
function assertUnit(values: Float32Array, scale: number): void {
  const index = values.findIndex((value) => Math.abs(value * scale) > 1)
  if (index < 0) return
  const limit = 1 / scale
  throw new EscError(
    'INVALID_INPUT',
    `samples[${index}]=${values[index]} must lie in [${-limit}, ${limit}]`,
    {
      detail: { index },
    },
  )
}
