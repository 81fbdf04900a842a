/** Training in programs of their own: how the programs end, and how a bundled program trains. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { bundle } from './fixtures/bundle.js'

// Programs take long to start on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 })

const here = fileURLToPath(new URL('.', import.meta.url))
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'esc-model-'))
  await bundle(folder, ['fixtures/ending-process', 'engine-worker'])
})
afterAll(() => rm(folder, { recursive: true }))

function run(args: string[]): Promise<{ code: unknown; signal: unknown; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: here }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, signal: error?.signal ?? null, output: stdout + stderr })
    })
  })
}

/** Runs the program, with its worker beside it, as in `dist`. */
const runProgram = (...args: (string | number)[]) =>
  run([join(folder, 'ending-process.js'), ...args.map(String)])

test('a process that exits during a step does so with its own code', async () => {
  expect(await runProgram(1, 'exit during a step')).toEqual({ code: 3, signal: null, output: '' })
})

test.each([1, 2])(
  'a process that fails just after a step began ends with its error (%i workers)',
  async (workers) => {
    for (let time = 0; time < 2; time++) {
      const { code, signal, output } = await runProgram(workers, 'throw during a step')
      expect({ code, signal }).toEqual({ code: 1, signal: null })
      expect(output).toMatch(/Error: something else/)
    }
  },
)

test('a process that exits while a thread is starting does so with its own code', async () => {
  for (const ms of [10, 50, 150]) {
    const found = await runProgram(1, 'exit while starting', ms)
    expect(found, `${ms} ms`).toEqual({ code: 3, signal: null, output: '' })
  }
})

test('a process that does not finish its training ends; here it runs from source', async () => {
  const source = `
import { train } from '@esc/model/node'
import { given, graph, makeExamples } from ${JSON.stringify(join(here, '../fixtures/training.ts'))}
const run = train(graph, ...given(makeExamples(6, 1)), { epochs: 1, threads: 1 })
console.log((await run[Symbol.asyncIterator]().next()).value.type)
`
  const flags = ['--conditions=@esc/source', '--import', 'tsx', '--input-type=module']
  expect(await run([...flags, '-e', source])).toEqual({ code: 0, signal: null, output: 'step\n' })
})

test('a process that only opens an engine and releases it ends with 0', async () => {
  expect(await runProgram(2, 'release')).toEqual({ code: 0, signal: null, output: 'released\n' })
})

test.each(['esm', 'cjs'] as const)(
  'a program bundled as %s without its worker says that it needs workers: 0, and then trains',
  async (format) => {
    const dir = join(folder, format)
    await mkdir(dir)
    await bundle(dir, ['fixtures/ending-process'], format)
    const train = (workers: number) => run([join(dir, 'ending-process.js'), String(workers), 'train'])
    const refused = await train(1)
    expect(refused.output).toMatch(
      /^EscError IO worker threads? (1 of 1 )?cannot be started: .*; in a program bundled into one file set workers: 0\n$/,
    )
    expect(refused.code).toBe(4)
    expect(await train(0)).toEqual({ code: 0, signal: null, output: 'true\n' })
  },
)
