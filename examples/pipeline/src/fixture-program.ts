/** The command as a program that starts quickly, for tests that start it many times. */
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Imports third-party packages by their absolute paths. The bundle lies in a folder without `node_modules`. */
const thirdParty: Plugin = {
  name: 'third-party packages',
  setup(context) {
    context.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (path.startsWith('@esc/') || path.startsWith('node:') || pluginData === 'asked') return null
      const found = await context.resolve(path, { kind, resolveDir, pluginData: 'asked' })
      return found.external ? found : { path: pathToFileURL(found.path).href, external: true }
    })
  },
}

/**
 * Bundles the pipeline and its worker threads. The bundle starts several times faster than the source does.
 *
 * @param dir - A new folder. It gets `main.js`, which is the command, also as `npm start`; and `run.js`, which exports `runPipeline`.
 */
export async function bundlePipeline(dir: string): Promise<void> {
  await build({
    entryPoints: {
      main: source('main.ts'),
      run: source('run.ts'),
      'feature-worker': source('../../../packages/dataset/src/node/store/feature-worker.ts'),
      'engine-worker': source('../../../packages/model/src/node/engine-worker.ts'),
    },
    outdir: dir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@esc/source'],
    plugins: [thirdParty],
  })
  const settings = { type: 'module', scripts: { start: 'node main.js' } }
  await writeFile(join(dir, 'package.json'), JSON.stringify(settings))
}

/** How a run ended. */
export interface Finished {
  code: number | null
  stdout: string
  stderr: string
}

/** The command, ready to be run. */
export interface Program {
  run(...argv: string[]): Promise<Finished>
  /** A run that sends itself Ctrl-C when it writes `word`. A signal from the test could come after the run has ended. */
  runInterrupted(word: string, ...argv: string[]): Promise<Finished>
}

/**
 * Makes the command for runs in a folder.
 *
 * @param work - The folder that relative paths are relative to. The program lies in `work/program`.
 */
export async function createProgram(work: string): Promise<Program> {
  const dir = join(work, 'program')
  await bundlePipeline(dir)
  const start = (nodeFlags: readonly string[], argv: readonly string[]) => {
    const child = spawn(process.execPath, [...nodeFlags, join(dir, 'main.js'), ...argv], {
      env: { ...process.env, INIT_CWD: work },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const result = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      result.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      result.stderr += text
    })
    return new Promise<Finished>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => resolve({ code, ...result }))
    })
  }
  return {
    run: (...argv) => start([], argv),
    runInterrupted(word, ...argv) {
      const program = `
        const { stdout } = process
        const write = stdout.write.bind(stdout)
        stdout.write = (text, ...rest) => {
          if (text.includes(${JSON.stringify(word)})) {
            process.kill(process.pid, 'SIGINT')
            stdout.write = write
          }
          return write(text, ...rest)
        }`
      return start(['--import', `data:text/javascript,${encodeURIComponent(program)}`], argv)
    },
  }
}
