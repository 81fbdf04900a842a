/** Values of flags, from text. */
import { type ClipWindows, resolveWindows } from '@esc/core'
import { InvalidArgumentError } from 'commander'

/** Reads a flag's value; `before` is that of the same flag earlier on the line. */
export type Parser<T> = (text: string, before: T | undefined) => T

/** A flag that is given twice is a mistake: which of the two is meant cannot be known. */
function once<T>(parse: (text: string) => T): Parser<T> {
  return (text, before) => {
    if (before !== undefined) throw new InvalidArgumentError('It is given twice.')
    if (text === '' || text.startsWith('--')) throw new InvalidArgumentError('It needs a value.')
    return parse(text)
  }
}

export const text = once((value) => value)

export function whole(min: number): Parser<number> {
  return once((value) => {
    if (/^\d{1,15}$/.test(value) && Number(value) >= min) return Number(value)
    throw new InvalidArgumentError(`It must be a whole number >= ${min}.`)
  })
}

export function number(isIn: (value: number) => boolean, rule: string): Parser<number> {
  return once((value) => {
    const parsed = value.trim() === '' ? Number.NaN : Number(value)
    if (Number.isFinite(parsed) && isIn(parsed)) return parsed
    throw new InvalidArgumentError(`It must be a number ${rule}.`)
  })
}

/** A minute is thousands of frames, and a step of a hundredth makes a hundred windows of each: more would run for days. */
const longestWindowSec = 60
const mostOverlap = 100

/** `5`, or `5,2.5`: a length in seconds, and a step. */
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
      `It must be seconds in (0, ${longestWindowSec}], as in 5, or a length and a step of it to a ${mostOverlap}th of it, as in 5,2.5.`,
    )
  }
})

export function oneOf<T extends string>(names: readonly T[]): Parser<T> {
  return once((value) => {
    if ((names as readonly string[]).includes(value)) return value as T
    throw new InvalidArgumentError(`It must be one of ${names.join(', ')}.`)
  })
}
