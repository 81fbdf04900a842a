/** Training in programs of their own: how they end, and bundled. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

// Programs take long to start on a busy machine.
vi.setConfig({ testTimeout: 300_000 })

const require = createRequire(import.meta.url)
const here = fileURLToPath(new URL('.', import.meta.url))
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'esc-model-'))
})
afterAll(() => rm(folder, { recursive: true }))

const program = (workers: number, end: string) => `
import { createRng } from '@esc/core'
import { audioCnn } from '@esc/model'
import { nodeEngine } from '@esc/model/node'
const graph = audioCnn({ bins: 13, frames: 431, classes: 2 })
const engine = await nodeEngine({ workers: ${workers}, threads: 1 })(graph, { rng: createRng(1) }).catch((error) => {
  console.log(error.name, error.code, error.message)
  process.exit(4)
})
const float = (dims) => ({ type: 'float32', dims, data: new Float32Array(dims.reduce((a, b) => a * b)).fill(0.5) })
const step = engine.step({ input: float([16, 1, 13, 431]), target: float([16, 2]), learningRate: 1e-3 })
${end}
`

function run(args: string[]): Promise<{ code: unknown; signal: unknown; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: here }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, signal: error?.signal ?? null, output: stdout + stderr })
    })
  })
}

const runSource = (source: string) =>
  run(['--conditions=@esc/source', '--import', 'tsx', '--input-type=module', '-e', source])

test('a process that exits during a step does so with its own code', async () => {
  const source = program(1, 'await new Promise((resolve) => setTimeout(resolve, 10)); process.exit(3)')
  expect(await runSource(source)).toEqual({ code: 3, signal: null, output: '' })
})

test.each([1, 2])(
  'one that fails just after a step was begun ends with its error (%i workers)',
  async (workers) => {
    for (let time = 0; time < 2; time++) {
      const { code, signal, output } = await runSource(program(workers, "throw new Error('something else')"))
      expect({ code, signal }).toEqual({ code: 1, signal: null })
      expect(output).toMatch(/Error: something else/)
    }
  },
)

test('one that exits while a thread is being started does so with its own code', async () => {
  for (const ms of [100, 400]) {
    const source = `setTimeout(() => process.exit(3), ${ms})\n${program(1, '')}`
    expect(await runSource(source)).toEqual({ code: 3, signal: null, output: '' })
  }
})

test('one that leaves a training standing ends', async () => {
  const source = `
import { train } from '@esc/model/node'
import { given, graph, makeExamples } from ${JSON.stringify(join(here, '../fixtures/training.ts'))}
const run = train(graph, ...given(makeExamples(6, 1)), { epochs: 1, threads: 1 })
console.log((await run[Symbol.asyncIterator]().next()).value.type)
`
  expect(await runSource(source)).toEqual({ code: 0, signal: null, output: 'step\n' })
})

test('one that only opens an engine and releases it ends with 0', async () => {
  const opens = program(2, '').replace(
    /^const step = .*$/m,
    "await engine.release(); console.log('released')",
  )
  expect(await runSource(opens)).toEqual({ code: 0, signal: null, output: 'released\n' })
})

test.each(['esm', 'cjs'] as const)(
  'a program bundled as %s is told to do without workers, and then trains',
  async (format) => {
    const bundle = async (workers: number) => {
      const entry = join(folder, `in-${workers}.mjs`)
      const outfile = join(folder, `out-${workers}.${format === 'esm' ? 'mjs' : 'cjs'}`)
      const source = program(workers, 'console.log(String((await step).loss > 0)); await engine.release()')
      // CommonJS has no top-level await.
      const [imports, body] = source.split('const graph')
      await writeFile(entry, `${imports}void (async () => { const graph${body} })()`)
      await build({
        entryPoints: [entry],
        outfile,
        bundle: true,
        format,
        logLevel: 'error',
        platform: 'node',
        conditions: ['@esc/source'],
        nodePaths: [join(here, '../../../../node_modules')],
        plugins: [
          {
            name: 'native',
            setup: ({ onResolve }) =>
              onResolve({ filter: /^onnxruntime-node$/ }, () => ({
                path:
                  format === 'esm'
                    ? import.meta.resolve('onnxruntime-node')
                    : require.resolve('onnxruntime-node'),
                external: true,
              })),
          },
        ],
        banner:
          format === 'esm'
            ? {
                js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
              }
            : {},
      })
      return run([outfile])
    }
    const refused = await bundle(1)
    expect(refused.output).toMatch(
      /^EscError IO worker threads? (1 of 1 )?cannot be started: .*; in a program bundled into one file set workers: 0\n$/,
    )
    expect(refused.code).toBe(4)
    expect(await bundle(0)).toEqual({ code: 0, signal: null, output: 'true\n' })
  },
)
