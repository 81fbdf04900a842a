/** How the tables of calls are written, and how a call is made with one argument spoilt. */
import type { Kind } from './kinds.js'

/** An argument, or a part of one, that tests replace by wrong values. */
export class Given {
  constructor(
    readonly kind: Kind,
    readonly value: unknown,
    /** Names of things that are right here, though not everywhere. */
    readonly fits: readonly string[],
  ) {}
}

/** @example given('clip', clip) */
export const given = (kind: Kind, value: unknown, ...fits: string[]): Given => new Given(kind, value, fits)

/** A function, and its arguments by name, in their order. Arguments that are not {@link given} are passed as they are. */
export type Call = readonly [run: (...args: never[]) => unknown, args: Readonly<Record<string, unknown>>]

/** The exports of an entry, and a call of every function that takes a value. `others` take none, or only options. */
export interface Entry {
  exports: object
  /** Calls by the export's name. A space and the use of the result may follow the name. */
  calls: Readonly<Record<string, Call>>
  others?: readonly string[]
}

/** A place in the arguments where something is given. */
export interface Place {
  path: readonly (string | number)[]
  given: Given
}

export function placesOf(value: unknown, path: readonly (string | number)[] = []): Place[] {
  if (value instanceof Given) return [{ path, given: value }]
  if (Array.isArray(value)) return value.flatMap((item, i) => placesOf(item, [...path, i]))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return []
  return Object.entries(value).flatMap(([name, item]) => placesOf(item, [...path, name]))
}

/** Names of arguments, such as options, that hold something given and are not given themselves. */
export function holdersOf([, args]: Call): string[] {
  return Object.entries(args).flatMap(([name, arg]) =>
    !(arg instanceof Given) && !Array.isArray(arg) && placesOf(arg).length > 0 ? [name] : [],
  )
}

/** A call without one of its arguments, or with something else in its place. */
export const withArgument = ([run, args]: Call, name: string, value: unknown): Call => [
  run,
  { ...args, [name]: value },
]

/** The right arguments, with `by` in place of `replaced`. */
function fill(value: unknown, replaced?: Given, by?: unknown): unknown {
  if (value instanceof Given) return value === replaced ? by : value.value
  if (Array.isArray(value)) return value.map((item) => fill(item, replaced, by))
  if (placesOf(value).length === 0) return value
  return Object.fromEntries(
    Object.entries(value as object).map(([name, item]) => [name, fill(item, replaced, by)]),
  )
}

/** The result of a call: a value or an error. `isLate` says that it came with a promise. */
export type Outcome = { returned: unknown; isLate: boolean } | { error: unknown; isLate: boolean }

/** Makes a call and waits for its result: the first value of a generator, the final result of a training run. */
export async function outcomeOf([run, args]: Call, replaced?: Given, by?: unknown): Promise<Outcome> {
  let isLate = false
  try {
    const result = (run as (...args: unknown[]) => unknown)(
      ...Object.values(args).map((arg) => fill(arg, replaced, by)),
    )
    isLate = isThenable(result)
    return { returned: await settled(result), isLate }
  } catch (error) {
    return { error, isLate }
  }
}

async function settled(result: unknown): Promise<unknown> {
  const made = (await result) as Record<PropertyKey, unknown> | undefined | null
  if (typeof made !== 'object' || made === null) return made
  if (typeof made.result === 'function') return made.result()
  if (Symbol.asyncIterator in made)
    return (made as unknown as AsyncIterable<unknown>)[Symbol.asyncIterator]().next()
  if (typeof made.next === 'function') return made.next()
  return made
}

const isThenable = (value: unknown) =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function'

/** Runs a function for pages in Node. It must refuse wrong values before it needs a page, which is missing here. */
export function inNode(run: (...args: never[]) => unknown): (...args: never[]) => unknown {
  const isMissing = (error: unknown) =>
    /no available backend/.test(String((error as Error | undefined)?.message))
  return (...args) => {
    const result = run(...args) as { result?: () => Promise<unknown> }
    const answer = typeof result.result === 'function' ? result.result() : (result as Promise<unknown>)
    return answer.catch((error: unknown) => {
      if (!isMissing(error)) throw error
    })
  }
}
