/** Reads the values of flags from text. */
import { type ClipWindows, resolveWindows } from '@esc/core'
import { InvalidArgumentError } from 'commander'

/** Reads a flag's value. `before` is the value of the same flag earlier on the line. */
export type Parser<T> = (text: string, before: T | undefined) => T

/** Refuses a flag that is given twice: nothing says which of the two values is meant. */
function once<T>(parse: (text: string) => T): Parser<T> {
  return (text, before) => {
    if (before !== undefined) throw new InvalidArgumentError('It is given twice.')
    if (text === '' || text.startsWith('--')) throw new InvalidArgumentError('It needs a value.')
    return parse(text)
  }
}

/** Any text. */
export const text = once((value) => value)

/** A whole number of at least `min`. */
export function whole(min: number): Parser<number> {
  return once((value) => {
    if (/^\d{1,15}$/.test(value) && Number(value) >= min) return Number(value)
    throw new InvalidArgumentError(`It must be a whole number >= ${min}.`)
  })
}

/** A finite number that `isIn` accepts. @param rule - The range in words, for the error. */
export function number(isIn: (value: number) => boolean, rule: string): Parser<number> {
  return once((value) => {
    const parsed = value.trim() === '' ? Number.NaN : Number(value)
    if (Number.isFinite(parsed) && isIn(parsed)) return parsed
    throw new InvalidArgumentError(`It must be a number ${rule}.`)
  })
}

/** A window of a minute has thousands of frames, and a step of a hundredth of it reads each frame a hundred times. More would run for days. */
const longestWindowSec = 60
const mostOverlap = 100

/** A length in seconds, and a step if it is given: `5`, or `5,2.5`. */
export const windows = once((value): ClipWindows => {
  const [windowSec, hopSec, ...rest] = value
    .split(',')
    .map((part) => (/^(\d+\.?\d*|\.\d+)$/.test(part.trim()) ? Number(part) : Number.NaN))
  try {
    if (rest.length > 0) throw new Error('more than two numbers')
    const resolved = resolveWindows({ windowSec: windowSec!, hopSec })
    if (resolved.windowSec > longestWindowSec || resolved.hopSec < resolved.windowSec / mostOverlap)
      throw new Error('out of range')
    return resolved
  } catch {
    throw new InvalidArgumentError(
      `It must be a length in (0, ${longestWindowSec}] seconds, as in 5, or a length and a step, as in 5,2.5. The step must be from 1/${mostOverlap} of the length to the length.`,
    )
  }
})

/** One of the names. */
export function oneOf<T extends string>(names: readonly T[]): Parser<T> {
  return once((value) => {
    if ((names as readonly string[]).includes(value)) return value as T
    throw new InvalidArgumentError(`It must be one of ${names.join(', ')}.`)
  })
}
