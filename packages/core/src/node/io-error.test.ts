import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { throwsCode } from '@esc/expect'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256 } from '../hash.js'
import { hashFile, ioError, onDisk, workerError, workerProgram } from './index.js'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'esc-io-'))
})
afterEach(() => rm(dir, { recursive: true }))

test('an IO error has the message and the path of the system error, and holds it as its cause', async () => {
  const path = join(dir, 'nowhere')
  const failure = await onDisk('open', path, readFile(path)).catch((error) => error)
  expect(failure).toEqual(throwsCode('IO', `cannot open ${path}: ENOENT: no such file or directory`))
  expect(failure.detail).toEqual({ path })
  expect(failure.cause.code).toBe('ENOENT')
  expect(await onDisk('read', dir, readdir(dir))).toEqual([])
  expect(ioError('write', 'a', 'it is a folder')).toEqual(
    throwsCode('IO', /^cannot write a: it is a folder$/),
  )
})

test("hashFile returns the hash of the file's bytes", async () => {
  const bytes = new Uint8Array(200_000).map((_, i) => i * i)
  await writeFile(join(dir, 'a'), bytes)
  expect(await hashFile(join(dir, 'a'))).toBe(await sha256(bytes))
  await expect(hashFile(join(dir, 'b'))).rejects.toThrow(throwsCode('IO', `cannot read ${join(dir, 'b')}: `))
})

test('a worker is found beside the file that starts it, as source or as a build', () => {
  const built = workerProgram('file:///lib/node/index.js', './engine-worker')
  expect(built).toEqual({ url: new URL('file:///lib/node/engine-worker.js'), execArgv: [] })
  const source = workerProgram('file:///src/node/engine.ts', './engine-worker')
  expect(source.url.href).toBe('file:///src/node/engine-worker.ts')
  expect(source.execArgv).toContain('--conditions=@esc/source')
  expect(() => workerProgram(undefined, './engine-worker')).toThrow(throwsCode('IO', 'set workers: 0'))
})

test('the error differs for a worker that was not found and a worker that died', () => {
  const missing = Object.assign(new Error('no module'), { code: 'ERR_MODULE_NOT_FOUND' })
  expect(workerError('worker thread 1', missing)).toEqual(
    throwsCode('IO', /^worker thread 1 cannot be started: no module; .* set workers: 0$/),
  )
  expect(workerError('worker thread 1', new Error('no memory'))).toEqual(
    throwsCode('IO', /^worker thread 1 died: no memory$/),
  )
})
