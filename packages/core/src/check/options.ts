/** Checks of options. Public functions call them first. Each check is written so that `NaN` fails it. */
import { EscError } from '../error.js'
import { classOf } from './float32.js'
import { describeValue, typeOf, wrongOption, wrongValue } from './wrong-value.js'

/** @throws EscError INVALID_OPTION unless `value > 0` and finite. @example assertPositive('sampleRate', 22050) */
export function assertPositive(name: string, value: number): void {
  const fits = typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY
  if (!fits) throw wrongOption(name, value, 'a finite number > 0')
}

/**
 * @throws EscError INVALID_OPTION unless `value` is a whole number in `[min, max]`.
 * @example assertInteger('nFft', 2048, 1)
 */
export function assertInteger(name: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (!(Number.isSafeInteger(value) && value >= min && value <= max)) {
    const range = max === Number.MAX_SAFE_INTEGER ? `>= ${min}` : `in [${min}, ${max}]`
    throw wrongOption(name, value, `an integer ${range}`)
  }
}

/** @throws EscError INVALID_OPTION unless `min <= value <= max`. @example assertInRange('rate', 0.3, 0, 1) */
export function assertInRange(name: string, value: number, min: number, max: number): void {
  const fits = typeof value === 'number' && value >= min && value <= max
  if (!fits) throw wrongOption(name, value, `in [${min}, ${max}]`)
}

/**
 * @throws EscError INVALID_OPTION unless `value` is one of `allowed`.
 * @example assertOneOf('padMode', 'reflect', ['constant', 'reflect'])
 */
export function assertOneOf<T extends string>(
  name: string,
  value: unknown,
  allowed: readonly T[],
): asserts value is T {
  if (!allowed.includes(value as T)) {
    const must = `one of ${allowed.join(', ')}`
    if (typeof value === 'string') throw new EscError('INVALID_OPTION', `${name}=${value} must be ${must}`)
    throw wrongOption(name, value, must)
  }
}

/**
 * Returns its argument if that is an options object. A function that spreads its options into a new object needs this check:
 * `{ ...5 }` is `{}`, so a number or a text would have no effect, and nothing would report it.
 *
 * @param owner - Name of the function that has the options, for the message.
 * @throws EscError INVALID_OPTION naming the owner.
 * @example asOptions('predict', { batchSize: 32 }) // { batchSize: 32 }
 */
export function asOptions<T extends object>(owner: string, options: T): T {
  // The type of a Map or of an array of samples is also `object`, but its entries are not options.
  if (typeOf(options) === 'object' && Object.prototype.toString.call(options) === '[object Object]')
    return options
  const found = typeOf(options) === 'object' ? describeValue(options) : typeOf(options)
  throw new EscError('INVALID_OPTION', `${owner} takes an object of options, not ${found}`)
}

/** Names that other libraries use for our options, in lower case and without `_`. */
const aliases: Readonly<Record<string, string>> = {
  lr: 'learningRate',
  nepochs: 'epochs',
  randomstate: 'seed',
  randomseed: 'seed',
  sr: 'sampleRate',
  batch: 'batchSize',
  numworkers: 'workers',
  njobs: 'workers',
  patience: 'earlyStopping',
  earlystoppingpatience: 'earlyStopping',
  callbacks: 'onEvent',
  criterion: 'loss',
  k: 'topK',
}

/**
 * Refuses a value that is not an options object, and options with unknown names. Without this check a misspelt option would have
 * no effect, and nothing would report it.
 *
 * @param owner - Name of the function that has the options, for the message.
 * @param known - Names of all options. If one is missing here, the call does not compile.
 * @throws EscError INVALID_OPTION naming the unknown option, the option that was probably meant, and all known options.
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
  if (value === '') throw new EscError('INVALID_OPTION', `${name} is empty; it must be a text`)
  throw wrongValue(name, value, 'a text', { code: 'INVALID_OPTION' })
}

/** @throws EscError INVALID_OPTION unless `signal` is `undefined` or an AbortSignal. @example assertSignal(signal) */
export function assertSignal(signal: unknown): void {
  if (signal === undefined || typeof (signal as AbortSignal | null)?.throwIfAborted === 'function') return
  const must = 'an AbortSignal: the signal of an AbortController'
  throw wrongValue('signal', signal, must, { code: 'INVALID_OPTION' })
}

/**
 * @throws EscError INVALID_OPTION unless `value` is `undefined` or a function.
 * @example assertCallback('onProgress', () => {})
 */
export function assertCallback(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return
  throw wrongValue(name, value, 'a function', { code: 'INVALID_OPTION' })
}

/**
 * @throws EscError INVALID_INPUT unless they are a Uint8Array. A Node Buffer is one, too.
 * @example assertBytes('bytes', bytes)
 */
export function assertBytes(name: string, bytes: unknown): asserts bytes is Uint8Array {
  if (classOf(bytes) === 'Uint8Array') return
  throw wrongBytes(name, bytes, 'a Uint8Array')
}

/**
 * Makes the error for a value that is neither a Uint8Array nor anything else that the function accepts.
 *
 * @param must - What the function accepts. It follows the words `it must be`.
 * @example throw wrongBytes('input', input, 'a path, a URL or a Uint8Array')
 */
export function wrongBytes(name: string, bytes: unknown, must: string): EscError {
  const advice = { buffer: `pass new Uint8Array(${name})`, numbers: `pass Uint8Array.from(${name})` }
  const ofView = { buffer: `pass new Uint8Array(${name}.buffer, ${name}.byteOffset, ${name}.byteLength)` }
  return wrongValue(name, bytes, must, {
    advice: { ...advice, ...(bytes instanceof DataView && ofView) },
  })
}
