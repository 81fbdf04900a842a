/** Stops of a process: of small programs that stop slowly, and of the whole command under npm. */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { namesBelow, writeTones } from './fixture-cuts.js'
import { bundlePipeline } from './fixture-program.js'

vi.setConfig({ testTimeout: 300_000 })
const root = fileURLToPath(new URL('../../..', import.meta.url))

// Bundles start several times faster than the source.
let programs = ''
beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), 'esc-stops-programs-'))
  await bundlePipeline(join(programs, 'pipeline'))
  await build({
    stdin: {
      contents: `export { createTemporaryFolder } from '@esc/core/node'; export { listenForStops } from './stops.js'`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    outfile: join(programs, 'stops.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@esc/source'],
  })
})
afterAll(() => rm(programs, { recursive: true }))

let work = ''
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'esc-stops-'))
})
afterEach(() => rm(work, { recursive: true }))

interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** Starts a program, calls `act` when it has printed `word`, and waits until the program and all its children have ended. */
function run(
  [file, ...argv]: readonly [string, ...string[]],
  [word, act]: [string, (pid: number) => unknown],
  options: { cwd?: string; detached?: boolean } = {},
): Promise<Ended> {
  const child = spawn(file, argv, { cwd: root, ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  let isDone = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
    if (isDone || !said.stdout.includes(word)) return
    isDone = true
    act(child.pid!)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, ...said }))
  })
}

/** A program with a temporary folder. It stops at the end of `body`. */
const program = (body: string): [string, ...string[]] => {
  const text = `
    const { createTemporaryFolder, listenForStops } = await import(${JSON.stringify(join(programs, 'stops.mjs'))})
    const stops = listenForStops(() => process.stderr.write('at once'))
    const folder = await createTemporaryFolder(${JSON.stringify(work)})
    const stopped = new Promise((resolve) => stops.signal.addEventListener('abort', resolve))
    const awake = setInterval(() => {}, 1000)
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    const ending = (async () => { ${body} })()
    process.stdout.write('ready')
    await ending
    folder.remove()
    clearInterval(awake)
    process.exitCode = stops.signal.reason.exitCode`
  return [process.execPath, '--input-type=module', '-e', text]
}

/** Sends a signal, and another one so much later that it is not taken for the same one. */
const inTurn = (first: NodeJS.Signals, second: NodeJS.Signals) => async (pid: number) => {
  process.kill(pid, first)
  await sleep(700)
  process.kill(pid, second)
}

const slowStop = 'await stopped; process.stdout.write("stopping"); await wait(5000)'

describe('a stop', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s aborts, and says %i to the shell', async (name, code) => {
    const ended = await run(program('await stopped'), ['ready', (pid) => process.kill(pid, name)])
    expect(ended).toEqual({ code, signal: null, stdout: 'ready', stderr: '' })
    expect(await readdir(work)).toEqual([])
  })

  test('a second one ends a slow stop, and leaves no temporary folder', async () => {
    const ended = await run(program(slowStop), ['ready', inTurn('SIGINT', 'SIGINT')])
    expect(ended).toEqual({ code: 130, signal: null, stdout: 'readystopping', stderr: 'at once' })
    expect(await readdir(work)).toEqual([])
  })

  test('one signal that comes twice, as npm sends it, does not cut the stop short', async () => {
    const ended = await run(program('await stopped; await wait(200); process.stdout.write(", stopped")'), [
      'ready',
      (pid) => {
        process.kill(pid, 'SIGINT')
        process.kill(pid, 'SIGINT')
        setTimeout(() => process.kill(pid, 'SIGINT'), 20)
      },
    ])
    expect(ended).toEqual({ code: 130, signal: null, stdout: 'ready, stopped', stderr: '' })
  })

  test('work that must not be cut comes to its end, whatever comes', async () => {
    const body = 'await stops.finish(async () => { await wait(1500); process.stdout.write(", finished") })'
    const ended = await run(program(body), ['ready', inTurn('SIGINT', 'SIGTERM')])
    expect(ended).toEqual({ code: 130, signal: null, stdout: 'ready, finished', stderr: '' })
  })
})

describe('npm start', () => {
  async function startAndStop(cwd: string, act: (pid: number) => unknown): Promise<Ended> {
    const tones = await writeTones(join(work, 'tones'))
    const flags = ['--split', 'stratified', '--epochs', '100000', '--patience', '100000', '--save-audio']
    const argv = ['npm', 'start', '--', '--data', tones, ...flags, '--out', join(work, 'out')] as const
    return run([...argv], ['  epoch  1/', act], { cwd, detached: true })
  }

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s to all its processes', async (name) => {
    const bundle = join(programs, 'pipeline')
    const { stderr } = await startAndStop(bundle, (pid) => process.kill(-pid, name))
    expect(stderr).toContain('Stopped. Nothing was written.\n')
    expect(stderr).not.toMatch(/^\s+at /m)
    expect((await namesBelow(work)).filter((path) => !path.startsWith('tones'))).toEqual([])
  })

  test('SIGTERM to npm alone stops the run, too, which here runs from source', async () => {
    const { stderr } = await startAndStop(root, (pid) => process.kill(pid, 'SIGTERM'))
    expect(stderr).toContain('Stopped. Nothing was written.\n')
    expect((await namesBelow(work)).filter((path) => !path.startsWith('tones'))).toEqual([])
  })
})
