/** What went wrong, for programs; the message is for people. */
export type EscErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_INPUT'
  | 'UNSUPPORTED_FORMAT'
  | 'CORRUPT_DATA'
  | 'GROUP_LEAK'
  | 'UNSUPPORTED_LAYER'
  | 'INCOMPATIBLE_MODEL'
  | 'IO'

/** Extras of an {@link EscError}: facts for programs, and the error underneath. */
export interface EscErrorOptions {
  detail?: Readonly<Record<string, unknown>>
  cause?: unknown
}

/**
 * The one error class of `@esc/*`. `code` says what kind of mistake it was, `message` what was found, where, and
 * what to do, `detail` holds the same facts as data, `cause` the error underneath, if any.
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
