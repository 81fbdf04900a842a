import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFolder } from './lock-folder.js'

let dir = ''
let children: ChildProcess[] = []
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'esc-lock-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill()
  await rm(dir, { recursive: true })
})

/** Says that it is ready, takes the folder when it is told to, says how that went, and keeps the folder until its input ends. */
const program = `
const { once } = await import('node:events')
const { lockFolder } = await import(${JSON.stringify(new URL('./lock-folder.ts', import.meta.url).href)})
process.stdout.write('ready')
await once(process.stdin, 'data')
await lockFolder(process.argv[1]).then(
  () => process.stdout.write('taken'),
  (error) => process.stdout.write(error.code))`

function start(): ChildProcess {
  const flags = ['--conditions=@esc/source', '--import', 'tsx', '--input-type=module', '-e', program, dir]
  const child = spawn(process.execPath, flags, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdout.setEncoding('utf8')
  return child
}

const nextWords = () => Promise.all(children.map(async ({ stdout }) => (await once(stdout!, 'data'))[0]))

test('a folder in the place of the lock is told', async () => {
  await mkdir(join(dir, 'lock'))
  await expect(lockFolder(dir)).rejects.toMatchObject({ code: 'IO', message: /cannot remove .*lock/ })
})

test('a process that exits gives the folder back', async () => {
  const taking = `
    const { lockFolder } = await import(${JSON.stringify(new URL('./lock-folder.ts', import.meta.url).href)})
    await lockFolder(process.argv[1])
    process.stdout.write('taken')
    process.exit(0)`
  const flags = ['--conditions=@esc/source', '--import', 'tsx', '--input-type=module', '-e', taking, dir]
  expect(spawnSync(process.execPath, flags, { encoding: 'utf8' }).stdout).toBe('taken')
  expect(await readdir(dir)).toEqual([])
})

test.each([
  ['a free folder', null],
  ['what a killed process left', '999999999 1'],
  ['a lock that was never written', ''],
])('of three processes at one moment one gets %s', { timeout: 300_000 }, async (_, left) => {
  if (left !== null) await writeFile(join(dir, 'lock'), left)
  children = [start(), start(), start()]
  expect(await nextWords()).toEqual(['ready', 'ready', 'ready'])
  const outcomes = nextWords()
  for (const { stdin } of children) stdin!.write('now')
  expect((await outcomes).sort()).toEqual(['IO', 'IO', 'taken'])
})
