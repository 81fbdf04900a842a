/** Folders of results and checkpoints: what a run may write, and what it leaves if it stops. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { temporaryPath } from '@esc/core/node'
import { throwsCode } from '@esc/expect'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { assertWritableFile, clearLeftovers, pendingFolder } from './files.js'

let work = ''
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'esc-files-'))
})
afterEach(() => rm(work, { recursive: true }))

describe('a pending folder that is discarded', () => {
  test('is removed with the folders that were made for it', async () => {
    const pending = pendingFolder(join(work, 'runs', 'new'), 'processed/audio')
    await writeFile(join(await pending.open(), '1.wav'), '')
    pending.discard()
    expect(await readdir(work)).toEqual([])
  })

  test('leaves the files that others put there meanwhile: a checkpoint, another run', async () => {
    const pending = pendingFolder(join(work, 'runs', 'new'), 'processed/audio')
    await writeFile(join(await pending.open(), '1.wav'), '')
    await writeFile(join(work, 'runs', 'new', 'training.safetensors'), '')
    await mkdir(join(work, 'runs', 'other'))
    pending.discard()
    expect((await readdir(work, { recursive: true })).sort()).toEqual([
      'runs',
      'runs/new',
      'runs/new/training.safetensors',
      'runs/other',
    ])
  })
})

describe('a file that will be written', () => {
  test('may be absent, with its folder, or a file', async () => {
    await writeFile(join(work, 'state'), '')
    await assertWritableFile(join(work, 'state'))
    await assertWritableFile(join(work, 'new', 'folder', 'state'))
    expect(await readdir(work)).toEqual(['state'])
  })

  test('must not be a folder, lie below a file, or have too long a name', async () => {
    await mkdir(join(work, 'folder'))
    await writeFile(join(work, 'file'), '')
    const check = (path: string) => expect(assertWritableFile(join(work, path))).rejects
    await check('folder').toThrow(throwsCode('IO', `cannot write to ${join(work, 'folder')}: it is a folder`))
    await check('file/state').toThrow(throwsCode('IO', `${join(work, 'file')} is not a folder`))
    await check('x'.repeat(256)).toThrow(throwsCode('IO', 'ENAMETOOLONG'))
  })
})

test('temporary files of killed runs are removed, and nothing else', async () => {
  const left = (dir: string) => join(dir, basename(temporaryPath(dir)).replace(/-\d+-/, '-999999999-'))
  const processed = join(work, 'processed')
  await mkdir(join(left(processed), 'deep'), { recursive: true })
  await writeFile(left(work), '')
  await writeFile(join(work, 'notes.tmp'), '')
  await clearLeftovers(work, ['processed/audio'])
  expect((await readdir(work, { recursive: true })).sort()).toEqual(['notes.tmp', 'processed'])
})
