/** A wrong comment behind a value is noticed, whatever kind of value it is. */
import { expect, test } from 'vitest'
import type { ScopedExample } from './compile.js'
import { canRunExample, canRunProgram, modulesOfProgram, runSnippet } from './run.js'

const exampleOf = (text: string, scope: Record<string, string> = {}): ScopedExample => ({
  file: 'example.ts',
  owner: 'root',
  of: 'f',
  parameters: [],
  lines: text.split('\n').map((line, index) => ({ text: line, number: index + 1 })),
  scope: new Map(Object.entries(scope)),
})

const run = (text: string) =>
  runSnippet(exampleOf(text), new Map([['half', 'module']]), async () => ({
    half: (value: number) => value / 2,
  }))

test.each([
  ['half(4) // 2'],
  ['half(2 / 3) // 0.333'],
  ['[half(1), half(2)] // [0.5, 1]'],
  ['Float32Array.of(1, 2) // Float32Array [1, 2]'],
  ["new Map([['dog', 2 / 3]]) // Map { 'dog' => 0.667 }"],
  ["const x = half(4)\n;({ x, y: 'a' }) // { x: 2, y: 'a' }"],
  ['console.log(half(4)) // 2'],
  ['await half(4) // 2'],
  ['for (const x of [4]) {\n  half(x) // 2\n}'],
  ['half(-0) // -0'],
])('%s is right', async (text) => {
  expect(await run(text)).toEqual({ compared: 1, mistakes: [] })
})

test.each([
  ['half(4) // 3'],
  ['half(2 / 3) // 0.334'],
  ['[half(1), half(2)] // [0.5, 1, 2]'],
  ["half(4) // '2'"],
  ['({ x: 2 }) // { x: 2, y: 3 }'],
  ['console.log(half(4)) // 3'],
  ['if (half(4) > 1) {\n  half(4) // 3\n}'],
])('%s is a mistake', async (text) => {
  const { mistakes } = await run(text)
  expect(mistakes).toEqual([expect.stringMatching(/^the value is .*, not /)])
})

test('prose in a comment is not compared, and an error is a mistake', async () => {
  expect(await run('half(4) // two, more or less')).toEqual({ compared: 0, mistakes: [] })
  expect((await run("throw new Error('no')")).mistakes).toEqual(['it throws Error: no'])
})

test('only portable functions and literals run', () => {
  const scope = { f: '@esc/dsp', load: '@esc/audio-io/node' }
  expect(canRunExample(exampleOf('f(1)', scope))).toBe(true)
  expect(canRunExample(exampleOf('const x = f(1)\nf(x)', scope))).toBe(true)
  expect(canRunExample(exampleOf("load('a.wav')", scope))).toBe(false)
  expect(canRunExample(exampleOf('f(unknown)', scope))).toBe(false)
  expect(canRunExample(exampleOf("fetch('https://a.org')", scope))).toBe(false)
  expect(canRunExample(exampleOf('process.exit()', scope))).toBe(false)
})

test('only programs that import portable entries run', () => {
  const portable = "import {\n  half,\n  type Half,\n} from '@esc/dsp'\nhalf(4) // 2"
  expect(canRunProgram(exampleOf(portable))).toBe(true)
  expect(modulesOfProgram(exampleOf(portable))).toEqual(new Map([['half', '@esc/dsp']]))
  expect(canRunProgram(exampleOf("import { readFile } from 'node:fs/promises'"))).toBe(false)
  expect(canRunProgram(exampleOf("import { fit } from '@esc/model/browser'"))).toBe(false)
})
