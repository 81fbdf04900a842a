/** Checks of options at the exported edge. Each is written so that `NaN` fails it. */
import { EscError } from './error.js'

/** @throws EscError INVALID_OPTION unless `value > 0` and finite. @example assertPositive('sampleRate', 22050) */
export function assertPositive(name: string, value: number): void {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new EscError('INVALID_OPTION', `${name}=${value} must be a finite number > 0`)
  }
}

/**
 * @throws EscError INVALID_OPTION unless `value` is a whole number in `[min, max]`.
 * @example assertInteger('nFft', 2048, 1)
 */
export function assertInteger(name: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (!(Number.isSafeInteger(value) && value >= min && value <= max)) {
    const range = max === Number.MAX_SAFE_INTEGER ? `>= ${min}` : `in [${min}, ${max}]`
    throw new EscError('INVALID_OPTION', `${name}=${value} must be an integer ${range}`)
  }
}

/** @throws EscError INVALID_OPTION unless `min <= value <= max`. @example assertInRange('rate', 0.3, 0, 1) */
export function assertInRange(name: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) {
    throw new EscError('INVALID_OPTION', `${name}=${value} must lie in [${min}, ${max}]`)
  }
}

/**
 * @throws EscError INVALID_OPTION unless `value` is one of `allowed`.
 * @example assertOneOf('padMode', padMode, ['constant', 'reflect'])
 */
export function assertOneOf<T extends string>(
  name: string,
  value: unknown,
  allowed: readonly T[],
): asserts value is T {
  if (!allowed.includes(value as T)) {
    throw new EscError('INVALID_OPTION', `${name}=${String(value)} must be one of ${allowed.join(', ')}`)
  }
}
