/** Every export of `/browser` refuses an option that it does not know. */
import { throwsCode } from '@esc/expect'
import { expect, test } from 'vitest'
import * as browser from './index.js'

test('createSession refuses an unknown option by name, as a promise', async () => {
  const options = { no_such_option: 1 } as never
  await expect(browser.ortRuntime.createSession(new Uint8Array(0), options)).rejects.toThrow(
    throwsCode('INVALID_OPTION', /^createSession has no option 'no_such_option'; it has threads, training$/),
  )
})

test('there is no other function', () => {
  expect(Object.keys(browser)).toEqual(['ortRuntime'])
  const functions = Object.entries(browser.ortRuntime).filter(([, value]) => typeof value === 'function')
  expect(functions.map(([name]) => name)).toEqual(['createSession'])
})
