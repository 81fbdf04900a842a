import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { throwsCode } from '@esc/expect'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { lockFolder } from './lock-folder.js'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'esc-lock-'))
})
afterEach(() => rm(dir, { recursive: true }))

const flags = ['--conditions=@esc/source', '--import', 'tsx', '--input-type=module', '-e']
const importing = `const { lockFolder } = await import(${JSON.stringify(new URL('./lock-folder.ts', import.meta.url).href)})`

test('a folder in place of the lock file is an IO error', async () => {
  await mkdir(join(dir, 'lock'))
  await expect(lockFolder(dir)).rejects.toThrow(throwsCode('IO', /cannot remove .*lock/))
})

test('a process that exits unlocks the folder', async () => {
  const program = `
    ${importing}
    await lockFolder(process.argv[1])
    process.stdout.write('taken')
    process.exit(0)`
  expect(spawnSync(process.execPath, [...flags, program, dir], { encoding: 'utf8' }).stdout).toBe('taken')
  expect(await readdir(dir)).toEqual([])
})

describe('of three processes at the same moment exactly one locks', () => {
  let children: ChildProcess[] = []

  /** Writes `ready`. Then it locks each folder that a line of its input names, and writes `taken` or the code of the error. */
  const program = `
    const { createInterface } = await import('node:readline')
    ${importing}
    process.stdout.write('ready')
    for await (const dir of createInterface({ input: process.stdin })) {
      await lockFolder(dir).then(
        () => process.stdout.write('taken'),
        (error) => process.stdout.write(error.code))
    }`
  const nextWords = () => Promise.all(children.map(async ({ stdout }) => (await once(stdout!, 'data'))[0]))

  beforeAll(async () => {
    children = [1, 2, 3].map(() => {
      const child = spawn(process.execPath, [...flags, program], { stdio: ['pipe', 'pipe', 'inherit'] })
      child.stdout.setEncoding('utf8')
      return child
    })
    expect(await nextWords()).toEqual(['ready', 'ready', 'ready'])
  }, 300_000)
  afterAll(() => {
    for (const child of children) child.kill()
  })

  test.each([
    ['a free folder', null],
    ['a folder with the lock of a killed process', '999999999 1'],
    ['a folder with an empty lock', ''],
  ])('%s', { timeout: 300_000 }, async (_, left) => {
    if (left !== null) await writeFile(join(dir, 'lock'), left)
    const outcomes = nextWords()
    for (const { stdin } of children) stdin!.write(`${dir}\n`)
    expect((await outcomes).sort()).toEqual(['IO', 'IO', 'taken'])
  })
})
