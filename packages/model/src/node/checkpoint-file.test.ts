/** Checkpoints in files: nothing is lost if the process is killed. */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createRng } from '@esc/core'
import { temporaryPath } from '@esc/core/node'
import { throwsCode } from '@esc/expect'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from './fixtures/bundle.js'
import { trainTiny } from './fixtures/training-process.js'
import { checkpointFile } from './index.js'

let work: string
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'esc-checkpoint-'))
  await bundle(work, ['fixtures/training-process', 'fixtures/writing-process'])
}, 60_000)
afterAll(() => rm(work, { recursive: true }))

/**
 * Runs a program until it ends, or until it has written `word` as often as `kill.after` says; then kills it after `kill.delayMs`.
 * The program reads a byte of input for each time. It gets a few more bytes, so that it still runs when it is killed.
 *
 * @returns How often it wrote the word. `signal` is null if it ended by itself.
 */
function runAndKill(program: string, argv: string[], word: string, kill: { after: number; delayMs: number }) {
  const path = join(work, `${program}.js`)
  const child = spawn(process.execPath, [path, ...argv], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.write('.'.repeat(kill.after + 5))
  let said = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const before = said
    said += text.split(word).length - 1
    if (before < kill.after && said >= kill.after) setTimeout(() => child.kill('SIGKILL'), kill.delayMs)
  })
  return new Promise<{ said: number; signal: string | null; code: number | null }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ said, signal, code }))
  })
}

const rng = createRng(Date.now())
/** Names of a temporary file of this process, and of one of a dead process. */
function temporaryNames(dir: string) {
  const name = basename(temporaryPath(dir))
  return { name, dead: name.replace(/-\d+-/, '-999999999-') }
}

/** Temporary files. A process that was just killed may leave one, until the next process begins. */
const temporary = async (dir: string) => (await readdir(dir)).filter((name) => name.endsWith('.tmp'))

test('a training that is killed again and again ends with the same bytes as one that never was', async () => {
  const dir = await mkdtemp(join(work, 'killed-'))
  const [checkpoint, weights] = [join(dir, 'a.safetensors'), join(dir, 'weights')]
  let kills = 0
  for (;;) {
    const kill = { after: 3 + rng.integer(8), delayMs: rng.integer(20) }
    const { signal, code } = await runAndKill('training-process', [checkpoint, weights], 'epoch', kill)
    expect((await temporary(dir)).length).toBeLessThanOrEqual(1)
    if (signal === null) {
      expect(code).toBe(0)
      break
    }
    kills++
  }
  expect(kills).toBeGreaterThanOrEqual(1)
  expect(await temporary(dir)).toEqual([])
  expect(Buffer.compare(await readFile(weights), await trainTiny({}))).toBe(0)
}, 240_000)

test('a process that is killed while it writes leaves the old or the new checkpoint, and at most one temporary file', async () => {
  const dir = await mkdtemp(join(work, 'writing-'))
  const path = join(dir, 'big.safetensors')
  let unfinished = 0
  // Most kills, but not all, happen while a file is half written.
  for (let kill = 0; kill < 4 || (kill < 50 && unfinished === 0); kill++) {
    await runAndKill('writing-process', [path], 'writes', {
      after: 2 + rng.integer(3),
      delayMs: rng.integer(20),
    })
    const left = await temporary(dir)
    expect(left.length).toBeLessThanOrEqual(1)
    unfinished += left.length
    const bytes = (await readFile(path)) as Uint8Array
    expect(bytes.length).toBe(3e7)
    expect(Buffer.compare(bytes, new Uint8Array(3e7).fill(bytes[0]!))).toBe(0)
  }
  expect(unfinished).toBeGreaterThan(0)
  await checkpointFile(path).read()
  expect(await readdir(dir)).toEqual(['big.safetensors'])
}, 240_000)

describe('checkpointFile', () => {
  test('creates its folder, and replaces what it wrote', async () => {
    const path = join(work, 'new', 'folder', 'x.safetensors')
    const store = checkpointFile(path)
    expect(await store.read()).toBeNull()
    await store.write(Uint8Array.of(1, 2, 3))
    await store.write(Uint8Array.of(4))
    expect(await readdir(join(work, 'new', 'folder'))).toEqual(['x.safetensors'])
    expect([...(await checkpointFile(path).read())!]).toEqual([4])
  })

  test('removes only temporary files of its own dead processes', async () => {
    const dir = await mkdtemp(join(work, 'others-'))
    const { name: own, dead } = temporaryNames(dir)
    const names = [own, 'x.999999999.01234567-89ab-cdef-0123-456789abcdef.tmp', 'x.notes.tmp', 'x.1.tmp']
    const leftover = dead
    for (const name of [...names, leftover]) await writeFile(join(dir, name), '')
    await checkpointFile(join(dir, 'x')).read()
    expect((await readdir(dir)).sort()).toEqual(names.sort())
  })

  test('errors name the path', async () => {
    await writeFile(join(work, 'occupied'), 'a file')
    await mkdir(join(work, 'folder'), { recursive: true })
    const inFile = join(work, 'occupied', 'x')
    const failure = (action: string, path: string) => throwsCode('IO', `cannot ${action} ${path}: `)
    await expect(checkpointFile(inFile).write(Uint8Array.of(1))).rejects.toEqual(failure('write', inFile))
    await expect(checkpointFile(inFile).read()).rejects.toEqual(failure('read', inFile))
    const folder = join(work, 'folder')
    await expect(checkpointFile(folder).read()).rejects.toEqual(failure('read', folder))
    await expect(checkpointFile(folder).write(Uint8Array.of(1))).rejects.toEqual(failure('write', folder))
    expect(await temporary(work)).toEqual([])
  })
})
