/** No export takes a value of the wrong shape. Each throws an `EscError` that names the argument and says what to do. */
import { rm } from 'node:fs/promises'
import { isEscError } from '@esc/core'
import { afterAll, describe, expect, test } from 'vitest'
import {
  type Call,
  type Entry,
  holdersOf,
  type Outcome,
  outcomeOf,
  type Place,
  placesOf,
  withArgument,
} from './calls.js'
import { entries } from './entries.js'
import { folder } from './folder.js'
import { type Wrong, wrongsOf } from './kinds.js'

afterAll(() => rm(folder, { recursive: true }))

const codes = ['INVALID_INPUT', 'INVALID_OPTION']

/** Results of each call with right values. They are kept, because some calls train a network. */
const answers = new Map<Call, Promise<Outcome>>()
function answerOf(call: Call): Promise<Outcome> {
  const answer = answers.get(call) ?? outcomeOf(call)
  answers.set(call, answer)
  return answer
}

/** Faults in the reactions to wrong values; empty if there are none. */
async function faultsOf(call: Call, { path, given }: Place): Promise<string[]> {
  const { isLate } = await answerOf(call)
  const argument = String(path.findLast((part) => typeof part === 'string'))
  const faults: string[] = []
  for (const wrong of wrongsOf(given.kind, given.value)) {
    if (given.fits.includes(wrong.name)) continue
    const outcome = await outcomeOf(call, given, wrong.value)
    const fault = 'error' in outcome ? faultOf(outcome.error, argument, wrong) : 'was taken'
    if (fault !== null) faults.push(`${wrong.name}: ${fault}`)
    else if (isLate && !outcome.isLate) faults.push(`${wrong.name}: was thrown, not rejected`)
  }
  return faults
}

function faultOf(error: unknown, argument: string, { field, advice }: Wrong): string | null {
  const told = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  if (!isEscError(error) || !codes.includes(error.code)) return told
  const names = field === undefined ? argument : `${argument}|${field}`
  if (!new RegExp(`\\b(${names})\\b`, 'i').test(error.message)) return `does not name ${names}: ${told}`
  if (advice && !advice.test(error.message)) return `does not say ${advice}: ${told}`
  return null
}

describe.each(Object.entries(entries))('%s', (_, { exports, calls, others = [] }: Entry) => {
  const places = Object.entries(calls).flatMap(([name, call]) =>
    placesOf(call[1]).map((place): [string, string, Call, Place] => [
      name,
      place.path.join('.'),
      call,
      place,
    ]),
  )

  test.each(Object.entries(calls))('%s takes right values', async (_name, call) => {
    const outcome = await answerOf(call)
    if ('error' in outcome) throw outcome.error
  })

  test.each(places)('%s refuses every wrong %s', async (_name, _path, call, place) => {
    expect(await faultsOf(call, place)).toEqual([])
  })

  const holders = Object.entries(calls).flatMap(([name, call]) =>
    holdersOf(call).map((holder) => [name, holder, call] as const),
  )
  if (holders.length > 0) {
    test.each(holders)('%s refuses a value that is no object as %s', async (_name, holder, call) => {
      for (const value of [undefined, null, 5, 'dog']) {
        const outcome = await outcomeOf(withArgument(call, holder, value))
        // Options that may be left out are not required.
        if (value === undefined && 'returned' in outcome) continue
        expect(outcome).toMatchObject({
          error: { name: 'EscError', code: expect.stringMatching(/^INVALID_/) },
        })
      }
    })
  }

  test('the table has every function', () => {
    const names = Object.keys(calls).map((name) => name.split(' ')[0]!)
    const functions = Object.entries(exports).flatMap(([name, value]) =>
      typeof value === 'function' ||
      typeof (value as { createSession?: unknown }).createSession === 'function'
        ? [name]
        : [],
    )
    expect([...new Set([...names, ...others])].sort()).toEqual(functions.sort())
  })
})
