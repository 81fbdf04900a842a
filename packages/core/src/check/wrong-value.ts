/** Errors for values of the wrong kind: they say what the caller passed and how to correct it. */
import { EscError, type EscErrorCode } from '../error.js'

type Fields = Readonly<Record<string, unknown>>

/** Kinds of values that callers often confuse, each with its test. The first test that passes decides. */
const kinds = {
  'a clip': (value) => 'samples' in value && 'sampleRate' in value,
  'decoded audio': (value) => Array.isArray(value.channels) && 'sampleRate' in value,
  'an AudioBuffer': (value) => typeof value.getChannelData === 'function',
  'a complex matrix': (value) => 're' in value && 'im' in value,
  'a matrix': (value) => 'data' in value && 'bins' in value && 'frames' in value,
  'a trained model': (value) => 'graph' in value && 'labels' in value,
  'an ONNX model': (value) => 'graph' in value && 'opset' in value,
  'a network': (value) => 'nodes' in value && 'input' in value,
  'an opened data set': (value) => 'dataset' in value && 'pathOf' in value,
  'a feature set': (value) => 'records' in value && 'get' in value,
  'a data set': (value) => 'records' in value && 'labels' in value,
  'a split': (value) => 'train' in value && 'test' in value,
  'a recipe': (value) => 'stft' in value && 'mel' in value,
  // There are many classes of typed arrays and buffers. All of them get the same advice.
  numbers: (value) => (ArrayBuffer.isView(value) && 'length' in value) || Array.isArray(value),
  buffer: (value) => /^(Shared)?ArrayBuffer$|^DataView$/.test(tagOf(value)),
} as const satisfies Record<string, (value: Fields) => boolean>

/** A kind of value that callers often pass in place of another kind. */
export type Mistake = keyof typeof kinds

const tagOf = (value: unknown) => Object.prototype.toString.call(value).slice('[object '.length, -1)

/**
 * Names the type of a value for a message: `null`, `array`, `promise (await it)`, or its `typeof`.
 *
 * @example typeOf([]) // 'array'
 */
export function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof (value as { then?: unknown } | undefined)?.then === 'function') return 'promise (await it)'
  return Array.isArray(value) ? 'array' : typeof value
}

/** Whether a value is an object with the field `name`. @example hasField(clip, 'samples') */
export function hasField<Name extends string>(value: unknown, name: Name): value is Record<Name, unknown> {
  return typeof value === 'object' && value !== null && name in value
}

/**
 * Whether a value is a list of numbers: a typed array, or a plain array whose first value is a number. An empty array is one, too.
 *
 * @example isNumberList([0, 1]) // true
 */
export function isNumberList(value: unknown): value is ArrayLike<number> {
  if (Array.isArray(value)) return value.length === 0 || typeof value[0] === 'number'
  return ArrayBuffer.isView(value) && 'length' in value && typeof (value as Uint8Array)[0] !== 'bigint'
}

/** Returns which kind of often confused value this is; `null` if it is none of them. @example mistakeOf([0, 1]) // 'numbers' */
export function mistakeOf(value: unknown): Mistake | null {
  if (typeof value !== 'object' || value === null) return null
  const found = Object.entries(kinds).find(([, isOne]) => isOne(value as Fields))
  return (found?.[0] as Mistake | undefined) ?? null
}

/** Describes a value. The text follows the word `is` in a message. @example describeValue(new Map()) // 'a Map' */
export function describeValue(value: unknown): string {
  const mistake = typeOf(value) === 'object' ? mistakeOf(value) : null
  if (mistake === 'decoded audio') {
    const { length } = (value as { channels: unknown[] }).channels
    return `decoded audio of ${length} channel${length === 1 ? '' : 's'}`
  }
  if (mistake !== null && mistake !== 'numbers' && mistake !== 'buffer') return mistake
  const tag = tagOf(value)
  if (typeOf(value) !== 'object' || tag === 'Object') return `of type ${typeOf(value)}`
  return `${/^[AEIOU](?!int)/.test(tag) ? 'an' : 'a'} ${tag}`
}

/** What the caller should do, for each kind of value that the caller may have passed. */
export type Advice = Readonly<Partial<Record<Mistake, string>>>

/** Options of {@link wrongValue}. */
export interface WrongValueOptions {
  /** Advice for often confused values. @defaultValue `{}`: the message gives no advice */
  advice?: Advice | undefined
  /** The error's code. @defaultValue `'INVALID_INPUT'` */
  code?: EscErrorCode | undefined
}

/**
 * Makes the error for a value of the wrong kind.
 *
 * @param must - What the value must be. It follows the words `it must be`.
 * @example throw wrongValue('bytes', bytes, 'a Uint8Array', { advice: { buffer: 'pass new Uint8Array(bytes)' } })
 */
export function wrongValue(
  name: string,
  value: unknown,
  must: string,
  { advice = {}, code = 'INVALID_INPUT' }: WrongValueOptions = {},
): EscError {
  const mistake = mistakeOf(value)
  const hint = mistake === null ? undefined : advice[mistake]
  const ending = hint === undefined ? '' : `. ${hint[0]!.toUpperCase()}${hint.slice(1)}`
  return new EscError(code, `${name} is ${describeValue(value)}; it must be ${must}${ending}`)
}

/**
 * Makes the error for a wrong option. The message shows a number, a text or another primitive value; it describes an object as
 * {@link wrongValue} does.
 *
 * @example wrongOption('nFft', 0, 'an integer >= 1').message // 'nFft=0 must be an integer >= 1'
 */
export function wrongOption(name: string, value: unknown, must: string): EscError {
  if (!isPrimitive(value)) return wrongValue(name, value, must, { code: 'INVALID_OPTION' })
  return new EscError('INVALID_OPTION', `${name}=${shown(value)} must be ${must}`)
}

/** Writes any value as text for a message. `String` throws an error for some values. @example shown('dog') // "'dog'" */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'bigint') return `${value}n`
  return isPrimitive(value) ? `${value}` : `(${describeValue(value)})`
}

function isPrimitive(value: unknown): boolean {
  return value === null || !['object', 'function', 'symbol'].includes(typeof value)
}
