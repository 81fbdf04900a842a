/** The one error class of `@esc/*`. */

/** The kind of a problem, for programs. The message is for people. */
export type EscErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_INPUT'
  | 'UNSUPPORTED_FORMAT'
  | 'CORRUPT_DATA'
  /** Examples of one group are in two parts of a split. */
  | 'GROUP_LEAK'
  | 'UNSUPPORTED_LAYER'
  | 'INCOMPATIBLE_MODEL'
  /** Training failed: a loss or a weight is no longer a number. */
  | 'DIVERGED'
  /** The call came too early or too late: after `release`, or before the first epoch ended. */
  | 'INVALID_STATE'
  | 'IO'

/** What an {@link EscError} holds besides its code and message. */
export interface EscErrorOptions {
  /** Facts for programs, such as the path or the node that the error is about. @defaultValue `{}` */
  detail?: Readonly<Record<string, unknown>>
  /** The error that led to this one. @defaultValue none */
  cause?: unknown
}

/**
 * The one error class of `@esc/*`. `code` is the kind of the problem. `message` says what was found, where, and what to do.
 * `cause` is the error that led to this one, if any. `detail` holds facts for programs: a path, the id of a clip, the name of a
 * node. The docstring of the function that throws the error says which.
 *
 * @example
 * try { readSafetensors(bytes) } catch (error) {
 *   if (isEscError(error, 'CORRUPT_DATA')) console.error(error.message)
 *   else throw error
 * }
 */
export class EscError extends Error {
  readonly code: EscErrorCode
  readonly detail: Readonly<Record<string, unknown>>

  constructor(code: EscErrorCode, message: string, options: EscErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'EscError'
    this.code = code
    this.detail = options.detail ?? {}
  }
}

/**
 * Whether `error` is an {@link EscError}, and has the given code.
 *
 * @param code - @defaultValue any code
 * @example isEscError(error, 'IO')
 */
export function isEscError(error: unknown, code?: EscErrorCode): error is EscError {
  return error instanceof EscError && (code === undefined || error.code === code)
}
