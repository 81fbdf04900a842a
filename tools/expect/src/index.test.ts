import { expect, test } from 'vitest'
import { throwsCode } from './index.js'

const error = (name: string, code: string, message: string) =>
  Object.assign(new Error(message), { name, code })
const throwing = (...parts: [name: string, code: string, message: string]) => {
  throw error(...parts)
}

test('an error of the code, with the text, matches', async () => {
  const run = () => throwing('EscError', 'INVALID_OPTION', 'nFft=0 must be > 0')
  expect(run).toThrow(throwsCode('INVALID_OPTION'))
  expect(run).toThrow(throwsCode('INVALID_OPTION', /^nFft=0/))
  expect(run).toThrow(throwsCode('INVALID_OPTION', 'must be'))
  await expect((async () => run())()).rejects.toThrow(throwsCode('INVALID_OPTION', /nFft/))
})

test.each([
  ['another code', ['EscError', 'IO', 'nFft=0']],
  ['another text', ['EscError', 'INVALID_OPTION', 'hopLength=0']],
  ['an error of another class', ['TypeError', 'INVALID_OPTION', 'nFft=0']],
] as [string, [string, string, string]][])('%s does not match', async (_, parts) => {
  expect(() => throwing(...parts)).not.toThrow(throwsCode('INVALID_OPTION', /nFft=0/))
  await expect((async () => throwing(...parts))()).rejects.not.toThrow(throwsCode('INVALID_OPTION', 'nFft=0'))
})
