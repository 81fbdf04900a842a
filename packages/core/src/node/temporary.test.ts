import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { throwsCode } from '@esc/expect'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  createTemporaryFolder,
  isTemporaryName,
  removeAtExit,
  removeStaleTemporaries,
  temporaryPath,
} from './temporary.js'
import { writeAtomically, writeAtomicallySync, writeFilesAtomically } from './write-atomically.js'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'esc-temporary-'))
})
afterEach(() => rm(dir, { recursive: true }))

const ownName = () => basename(temporaryPath(dir))
/** A temporary name of another process. */
const nameOf = (part: { machine?: string; pid?: number; start?: number }) => {
  const [, esc, machine, pid, start, rest] = /^(\.esc)-(\w+)-(\w+)-(\w+)-(.*)$/.exec(ownName())!
  return [esc, part.machine ?? machine, part.pid ?? pid, part.start ?? start, rest].join('-')
}
/** No process has this number: the largest on Linux is 4,194,304. */
const deadPid = 999999999

const program = (body: string) => `
const core = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)})
const dir = process.argv[1]
${body}`
const flags = ['--conditions=@esc/source', '--import', 'tsx', '--input-type=module', '-e']
const runProgram = (body: string) =>
  spawnSync(process.execPath, [...flags, program(body), dir], { encoding: 'utf8' })

test('a temporary name is short, hidden and unused, and isTemporaryName knows it', () => {
  const names = [ownName(), ownName()]
  expect(new Set(names).size).toBe(2)
  for (const name of names) {
    expect(isTemporaryName(name)).toBe(true)
    expect(name).toMatch(/^\..*\.tmp$/)
    expect(Buffer.byteLength(name)).toBeLessThan(80)
  }
})

test.each(['', '.tmp', 'x.tmp', '.esc', '.esc-notes.tmp', 'model.onnx.1.tmp', 'dog.wav', '.esc-features-x'])(
  '%j is not a temporary name',
  (name) => expect(isTemporaryName(name)).toBe(false),
)

test('a name that contains a temporary name is not one', () => {
  expect(isTemporaryName(`a${ownName()}`)).toBe(false)
  expect(isTemporaryName(`${ownName()}.wav`)).toBe(false)
  expect(isTemporaryName(`${ownName()}\n`)).toBe(false)
})

test('removes files of dead processes, also if a new process has the number of a dead one', async () => {
  await mkdir(join(dir, nameOf({ pid: deadPid }), 'deep'), { recursive: true })
  const stale = [nameOf({ pid: deadPid }), nameOf({ start: 1 }), nameOf({ pid: process.ppid, start: 1 })]
  for (const name of stale) await writeFile(join(dir, name), '')
  await removeStaleTemporaries(dir)
  expect(await readdir(dir)).toEqual([])
})

test('keeps files of running processes, files that another machine made today, and files with other names', async () => {
  const [own, others] = [ownName(), nameOf({ machine: '00000000', pid: deadPid })]
  const names = [own, others, 'notes.tmp', '.esc-notes.tmp', `copy-of${nameOf({ pid: deadPid })}`]
  for (const name of names) await writeFile(join(dir, name), '')
  await removeStaleTemporaries(dir)
  expect((await readdir(dir)).sort()).toEqual(names.sort())

  const yesterday = new Date(Date.now() - 25 * 3600 * 1000)
  for (const name of names) await utimes(join(dir, name), yesterday, yesterday)
  await removeStaleTemporaries(dir)
  expect((await readdir(dir)).sort()).toEqual(names.filter((name) => name !== others).sort())
})

test('a folder that does not exist is not an error', async () => {
  await removeStaleTemporaries(join(dir, 'nowhere'))
  expect(await readdir(dir)).toEqual([])
})

test('the temporary folder of a process stays while it runs, and is removed after it was killed', async () => {
  const body = `
    await core.createTemporaryFolder(dir)
    process.stdout.write('made')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, [...flags, program(body), dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  const made = await readdir(dir)
  expect(made.map(isTemporaryName)).toEqual([true])
  await removeStaleTemporaries(dir)
  expect(await readdir(dir)).toEqual(made)
  child.kill('SIGKILL')
  await once(child, 'close')
  expect(await readdir(dir)).toEqual(made)
  await removeStaleTemporaries(dir)
  expect(await readdir(dir)).toEqual([])
})

test('remove also removes the empty folders that were made for a temporary folder', async () => {
  const folder = await createTemporaryFolder(join(dir, 'runs', 'new'))
  await writeFile(join(folder.path, '1.wav'), '')
  folder.remove()
  folder.remove()
  expect(await readdir(dir)).toEqual([])

  const second = await createTemporaryFolder(join(dir, 'runs', 'new'))
  await writeFile(join(dir, 'runs', 'notes'), '')
  second.remove()
  expect(await readdir(join(dir, 'runs'))).toEqual(['notes'])
})

test('createTemporaryFolder removes what killed processes left beside it', async () => {
  await writeFile(join(dir, nameOf({ pid: deadPid })), '')
  const folder = await createTemporaryFolder(dir)
  expect(await readdir(dir)).toEqual([basename(folder.path)])
  folder.remove()
})

test('a temporary folder below a file is an IO error', async () => {
  await writeFile(join(dir, 'file'), '')
  const failure = throwsCode('IO', `cannot write ${join(dir, 'file')}: `)
  await expect(createTemporaryFolder(join(dir, 'file'))).rejects.toThrow(failure)
})

test.each([
  ['process.exit', 'process.exit(3)', 3],
  ['an error that nothing catches', `throw new Error('a fault')`, 1],
])('%s removes unfinished files, and nothing else', (_, end, code) => {
  const { status } = runProgram(`
    const { writeFileSync } = await import('node:fs')
    const folder = await core.createTemporaryFolder(dir + '/runs/new')
    writeFileSync(folder.path + '/1.wav', '')
    await core.writeAtomically(dir + '/done', 'whole')
    void core.writeAtomically(dir + '/big', new Uint8Array(1e8))
    core.removeAtExit(dir + '/lock')
    writeFileSync(dir + '/lock', '')
    const forget = core.removeAtExit(dir + '/kept')
    writeFileSync(dir + '/kept', '')
    forget()
    ${end}`)
  expect(status).toBe(code)
  const { stdout } = spawnSync('ls', ['-A', dir], { encoding: 'utf8' })
  expect(stdout.trim().split('\n')).toEqual(['done', 'kept'])
})

test('a temporary folder is removed even if a thread still writes into it', () => {
  const { status, stderr } = runProgram(`
    const { Worker } = await import('node:worker_threads')
    const { once } = await import('node:events')
    const folder = await core.createTemporaryFolder(dir)
    const worker = new Worker(\`
      const { parentPort, workerData } = require('node:worker_threads')
      const { writeFileSync } = require('node:fs')
      for (let i = 0; ; i++) {
        writeFileSync(workerData + '/' + i, 'x')
        if (i === 100) parentPort.postMessage('writes')
      }\`, { eval: true, execArgv: [], workerData: folder.path })
    await once(worker, 'message')
    process.exit(3)`)
  expect([status, stderr]).toEqual([3, ''])
  expect(spawnSync('ls', ['-A', dir], { encoding: 'utf8' }).stdout).toBe('')
})

test('unfinished files share one exit listener, and finished ones have none', () => {
  const before = process.listenerCount('exit')
  const forgets = Array.from({ length: 20 }, () => removeAtExit(temporaryPath(dir)))
  expect(process.listenerCount('exit')).toBe(before + 1)
  for (const forget of forgets) forget()
  expect(process.listenerCount('exit')).toBe(before)
})

test('writes a file whose name has the greatest length of a name', async () => {
  const path = join(dir, `${'ä'.repeat(126)}.js`)
  expect(Buffer.byteLength(basename(path))).toBe(255)
  await writeAtomically(path, 'first')
  writeAtomicallySync(path, 'second')
  await writeFilesAtomically(dir, { [basename(path)]: 'third', other: 'too' })
  expect(await readFile(path, 'utf8')).toBe('third')
  expect((await readdir(dir)).sort()).toEqual(['other', basename(path)].sort())
})

test('if one of several files cannot be written, all keep their old content', async () => {
  await writeFile(join(dir, 'a'), 'old')
  const failure = throwsCode('IO', `cannot write ${dir}: `)
  await expect(writeFilesAtomically(dir, { a: 'new', 'no/where': 'new' })).rejects.toThrow(failure)
  expect(await readFile(join(dir, 'a'), 'utf8')).toBe('old')
  expect(await readdir(dir)).toEqual(['a'])
})

test('a folder in place of the file is an IO error, and no temporary file is left', async () => {
  await mkdir(join(dir, 'folder'))
  const failure = throwsCode('IO', `cannot write ${join(dir, 'folder')}: `)
  await expect(writeAtomically(join(dir, 'folder'), '')).rejects.toThrow(failure)
  expect(() => writeAtomicallySync(join(dir, 'folder'), '')).toThrow(failure)
  expect(await readdir(dir)).toEqual(['folder'])
})
