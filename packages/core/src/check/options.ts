/** Checks of options at the exported edge. Each is written so that `NaN` fails it. */
import { EscError } from '../error.js'
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
 * @example assertOneOf('padMode', padMode, ['constant', 'reflect'])
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
 * Refuses what is no options object. For functions that hand their options on in an object of their own, where a number or a text
 * would vanish.
 *
 * @throws EscError INVALID_OPTION naming the owner.
 * @example portablePredict(model, set, indices, { ...asOptions('predict', options), runtime })
 */
export function asOptions<T extends object>(owner: string, options: T): T {
  // A Map, or an array of samples, has names that nobody would read.
  if (typeOf(options) === 'object' && Object.prototype.toString.call(options) === '[object Object]')
    return options
  const found = typeOf(options) === 'object' ? describeValue(options) : typeOf(options)
  throw new EscError('INVALID_OPTION', `${owner} takes an object of options, not ${found}`)
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
  if (value === '') throw new EscError('INVALID_OPTION', `${name} is empty; it must be a text`)
  throw wrongValue(name, value, 'a text', { code: 'INVALID_OPTION' })
}

/** @throws EscError INVALID_OPTION unless `signal` is left out or an AbortSignal. @example assertSignal(options.signal) */
export function assertSignal(signal: unknown): void {
  if (signal === undefined || typeof (signal as AbortSignal | null)?.throwIfAborted === 'function') return
  const must = 'an AbortSignal: the signal of an AbortController'
  throw wrongValue('signal', signal, must, { code: 'INVALID_OPTION' })
}

/**
 * @throws EscError INVALID_OPTION unless `value` is left out or a function.
 * @example assertCallback('onProgress', onProgress)
 */
export function assertCallback(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return
  throw wrongValue(name, value, 'a function', { code: 'INVALID_OPTION' })
}

/**
 * @throws EscError INVALID_INPUT unless they are a Uint8Array, which a Node Buffer is, too.
 * @example assertBytes('bytes', bytes)
 */
export function assertBytes(name: string, bytes: unknown): asserts bytes is Uint8Array {
  // Not `instanceof`, which says no to arrays of another frame or worker context.
  if (ArrayBuffer.isView(bytes) && (bytes as Uint8Array)[Symbol.toStringTag] === 'Uint8Array') return
  throw wrongBytes(name, bytes, 'a Uint8Array')
}

/**
 * The error for what is no Uint8Array, nor anything else that a function takes in its place.
 *
 * @example throw wrongBytes('input', input, 'a path, a URL or a Uint8Array')
 */
export function wrongBytes(name: string, bytes: unknown, must: string): EscError {
  const advice = { buffer: `pass new Uint8Array(${name})`, numbers: `pass Uint8Array.from(${name})` }
  const ofView = { buffer: `pass new Uint8Array(${name}.buffer, ${name}.byteOffset, ${name}.byteLength)` }
  return wrongValue(name, bytes, must, {
    advice: { ...advice, ...(bytes instanceof DataView && ofView) },
  })
}
