/** Training in programs of their own: how they end, and bundled. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'

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

test('a process that exits during a step does so with its own code', async () => {
  const source = program(1, 'await new Promise((resolve) => setTimeout(resolve, 10)); process.exit(3)')
  const tsx = ['--conditions=@esc/source', '--import', 'tsx', '--input-type=module', '-e', source]
  expect(await run(tsx)).toEqual({ code: 3, signal: null, output: '' })
})

test('a bundled program is told to do without workers, and then trains', async () => {
  const bundle = async (workers: number) => {
    const entry = join(folder, `in-${workers}.mjs`)
    const outfile = join(folder, `out-${workers}.mjs`)
    await writeFile(entry, program(workers, 'console.log((await step).loss > 0); await engine.release()'))
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      conditions: ['@esc/source'],
      nodePaths: [join(here, '../../../../node_modules')],
      plugins: [
        {
          name: 'native',
          setup: ({ onResolve }) =>
            onResolve({ filter: /^onnxruntime-node$/ }, () => ({
              path: import.meta.resolve('onnxruntime-node'),
              external: true,
            })),
        },
      ],
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
      },
    })
    return run([outfile])
  }
  const refused = await bundle(1)
  expect(refused.output).toMatch(/^EscError IO worker thread 1 of 1 cannot be started: .*set workers: 0\n$/)
  expect(refused.code).toBe(4)
  expect(await bundle(0)).toEqual({ code: 0, signal: null, output: 'true\n' })
})
