/** What went wrong, for programs; the message is for people. */
export type EscErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_INPUT'
  | 'UNSUPPORTED_FORMAT'
  | 'CORRUPT_DATA'
  | 'GROUP_LEAK'
  | 'UNSUPPORTED_LAYER'
  | 'INCOMPATIBLE_MODEL'
  /** Training went wrong: a loss or a weight is no longer a number. */
  | 'DIVERGED'
  /** The call came too early or too late: after `release`, before the first epoch was finished. */
  | 'INVALID_STATE'
  | 'IO'

/** Extras of an {@link EscError}: facts for programs, such as the path or the node it is about, and the error underneath. */
export interface EscErrorOptions {
  detail?: Readonly<Record<string, unknown>>
  cause?: unknown
}

/**
 * The one error class of `@esc/*`. `code` says what kind of mistake it was, `message` what was found, where, and
 * what to do, `cause` the error underneath, if any. `detail` holds facts as data where a program may want them: a path, the
 * id of a clip, the name of a node; the docstring of what throws it says which.
 *
 * @example
 * try { decode(bytes) } catch (error) {
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
 * Whether `error` is an {@link EscError}, and of the given code when one is asked for.
 *
 * @example isEscError(error, 'IO')
 */
export function isEscError(error: unknown, code?: EscErrorCode): error is EscError {
  return error instanceof EscError && (code === undefined || error.code === code)
}
