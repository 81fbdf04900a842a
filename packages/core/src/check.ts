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

/** What a value is, for a message: `null`, `array`, a promise that lacks its `await`, or its `typeof`. @example typeOf([]) // 'array' */
export function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof (value as { then?: unknown } | undefined)?.then === 'function') return 'promise (await it)'
  return Array.isArray(value) ? 'array' : typeof value
}

/**
 * Refuses what is no options object. For functions that hand their options on in an object of their own, where a number or a text
 * would vanish.
 *
 * @throws EscError INVALID_OPTION naming the owner.
 * @example portablePredict(model, set, indices, { ...asOptions('predict', options), runtime })
 */
export function asOptions<T extends object>(owner: string, options: T): T {
  if (typeOf(options) === 'object') return options
  throw new EscError('INVALID_OPTION', `${owner} takes an object of options, not ${typeOf(options)}`)
}

/** What other libraries call our options. */
const aliases: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  nepochs: 'epochs',
  randomstate: 'seed',
  randomseed: 'seed',
  sr: 'sampleRate',
  batch: 'batchSize',
  numworkers: 'workers',
  njobs: 'workers',
  earlystoppingpatience: 'patience',
  callbacks: 'onEvent',
  criterion: 'loss',
  k: 'topK',
}

/**
 * Refuses what is no options object, and a name that it does not know: a misspelt option would do nothing, and not say so.
 *
 * @param owner - Whose options they are, for the message: the function's name.
 * @param known - Every name. The type makes the list complete: an option that is missing here does not compile.
 * @throws EscError INVALID_OPTION naming the option, the one that was probably meant, and all there are.
 * @example assertKnown('normalize', options, { norm: true, threshold: true, fill: true })
 */
export function assertKnown<T extends object>(
  owner: string,
  options: T | undefined,
  known: Readonly<Record<keyof T, true>>,
): void {
  if (options === undefined) return
  for (const name of Object.keys(asOptions(owner, options))) {
    if (Object.hasOwn(known, name)) continue
    const names = Object.keys(known)
    const plain = (text: string) => text.replaceAll('_', '').toLowerCase()
    const wanted = plain(Object.hasOwn(aliases, plain(name)) ? aliases[plain(name)]! : name)
    const meant = names.find((other) => plain(other) === wanted)
    const hint = meant === undefined ? '' : ` (write ${meant})`
    const list = names.length > 0 ? `it has ${names.join(', ')}` : 'it has none'
    throw new EscError('INVALID_OPTION', `${owner} has no option '${name}'${hint}; ${list}`)
  }
}

/** @throws EscError INVALID_OPTION unless `value` is a text that is not empty. @example assertText('dir', dir) */
export function assertText(name: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && value !== '') return
  const found = value === '' ? 'empty' : `of type ${typeOf(value)}`
  throw new EscError('INVALID_OPTION', `${name} is ${found}; it must be a text`)
}

/** @throws EscError INVALID_OPTION unless `signal` is left out or an AbortSignal. @example assertSignal(options.signal) */
export function assertSignal(signal: unknown): void {
  if (signal === undefined || typeof (signal as AbortSignal | null)?.throwIfAborted === 'function') return
  const found = `signal is of type ${typeOf(signal)}`
  throw new EscError(
    'INVALID_OPTION',
    `${found}; it must be an AbortSignal: the signal of an AbortController`,
  )
}
