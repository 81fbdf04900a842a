/** The one way in which tests say which error they expect. Every package's tests import it; it imports none of them. */
import { expect } from 'vitest'

/**
 * Matches an `EscError` by its code, and by its message where that is given.
 *
 * @param code - The error's code, as `INVALID_OPTION`.
 * @param message - A text that the message must contain, or a pattern that it must match.
 * @returns A matcher for `toThrow`, `rejects.toThrow`, `toEqual`, and for a field of another matcher.
 * @example expect(() => stft(samples, { nFft: 0 })).toThrow(throwsCode('INVALID_OPTION', /nFft=0/))
 */
export function throwsCode(code: string, message: RegExp | string = ''): Error {
  return expect.objectContaining({
    name: 'EscError',
    code,
    message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
  })
}
