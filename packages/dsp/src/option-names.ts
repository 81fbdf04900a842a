/** Names of options: the type of a list of them, and the check of options that the caller must give. */
import { asOptions, assertKnown } from '@esc/core'

/**
 * Every name of an options object, for `assertKnown`. A list that forgets a name does not compile. An
 * exported function checks the names of its own options. It passes to the functions that it calls only the
 * names that they know.
 */
export type Names<Options> = Readonly<Record<keyof Options, true>>

/**
 * Checks options that have no default as a whole, because the caller must give at least one of them.
 *
 * @throws EscError INVALID_OPTION if they are missing, are no object, or have an unknown name.
 * @example assertGiven('phaseVocoder', { rate: 2 }, { rate: true })
 */
export function assertGiven<T extends object>(owner: string, options: T, known: Names<T>): void {
  assertKnown(owner, asOptions(owner, options), known)
}
