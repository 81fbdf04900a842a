/** Says what a caller handed in, and what to do about it: the one place that knows what is often confused. */
import { EscError, type EscErrorCode } from '../error.js'

type Fields = Readonly<Record<string, unknown>>

/** Plain data that programs confuse, by the fields that tell them apart. The first that fits counts. */
const shapes = {
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
  // Of typed arrays and buffers there are many; advice is given to all of them.
  numbers: (value) => (ArrayBuffer.isView(value) && 'length' in value) || Array.isArray(value),
  buffer: (value) => /^(Shared)?ArrayBuffer$|^DataView$/.test(tagOf(value)),
} as const satisfies Record<string, (value: Fields) => boolean>

/** Something that is often handed in in the place of something else. */
export type Mistake = keyof typeof shapes

const tagOf = (value: unknown) => Object.prototype.toString.call(value).slice('[object '.length, -1)

/** What a value is, for a message: `null`, `array`, a promise that lacks its `await`, or its `typeof`. @example typeOf([]) // 'array' */
export function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof (value as { then?: unknown } | undefined)?.then === 'function') return 'promise (await it)'
  return Array.isArray(value) ? 'array' : typeof value
}

/** Whether a value is an object with that field. @example hasField(clip, 'samples') */
export function hasField<Name extends string>(value: unknown, name: Name): value is Record<Name, unknown> {
  return typeof value === 'object' && value !== null && name in value
}

/**
 * Whether a value is a list of numbers, in a plain or a typed array. Of a plain array the first one says what they are.
 *
 * @example isNumberList([0, 1]) // true
 */
export function isNumberList(value: unknown): value is ArrayLike<number> {
  if (Array.isArray(value)) return value.length === 0 || typeof value[0] === 'number'
  return ArrayBuffer.isView(value) && 'length' in value && typeof (value as Uint8Array)[0] !== 'bigint'
}

/** Which of the things that are often confused a value is; `null` if it is none of them. */
export function mistakeOf(value: unknown): Mistake | null {
  if (typeof value !== 'object' || value === null) return null
  const found = Object.entries(shapes).find(([, isOne]) => isOne(value as Fields))
  return (found?.[0] as Mistake | undefined) ?? null
}

/** What a value is, to stand behind `is`. @example describeValue(new Map()) // 'a Map' */
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

/** What to do, by what was handed in. */
export type Advice = Readonly<Partial<Record<Mistake, string>>>

/** Of the error for a value of the wrong shape. */
export interface WrongValueOptions {
  advice?: Advice | undefined
  /** @defaultValue `'INVALID_INPUT'` */
  code?: EscErrorCode | undefined
}

/**
 * The error for a value of the wrong shape.
 *
 * @param must - What it must be, to stand behind `it must be`.
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

/** {@link wrongValue} of an option, which shows the value where it can be read: `nFft=0 must be an integer >= 1`. */
export function wrongOption(name: string, value: unknown, must: string): EscError {
  if (!isPrimitive(value)) return wrongValue(name, value, must, { code: 'INVALID_OPTION' })
  return new EscError('INVALID_OPTION', `${name}=${shown(value)} must be ${must}`)
}

/** A value for a message, whatever it is: `String` throws of some. @example shown('dog') // "'dog'" */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'bigint') return `${value}n`
  return isPrimitive(value) ? `${value}` : `(${describeValue(value)})`
}

function isPrimitive(value: unknown): boolean {
  return value === null || !['object', 'function', 'symbol'].includes(typeof value)
}
