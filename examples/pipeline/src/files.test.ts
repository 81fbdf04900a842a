/** What is written into a folder of results, and what is left when it is not. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pendingFolder } from './files.js'

let work = ''
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'esc-files-'))
})
afterEach(() => rm(work, { recursive: true }))

describe('a pending folder that is given up', () => {
  test('goes with the folders that were made for it', async () => {
    const pending = pendingFolder(join(work, 'runs', 'new'), 'processed/audio')
    await writeFile(join(await pending.open(), '1.wav'), '')
    await pending.discard()
    expect(await readdir(work)).toEqual([])
  })

  test('leaves what others put there meanwhile: a checkpoint, another run', async () => {
    const pending = pendingFolder(join(work, 'runs', 'new'), 'processed/audio')
    await writeFile(join(await pending.open(), '1.wav'), '')
    await writeFile(join(work, 'runs', 'new', 'training.safetensors'), '')
    await mkdir(join(work, 'runs', 'other'))
    await pending.discard()
    expect((await readdir(work, { recursive: true })).sort()).toEqual([
      'runs',
      'runs/new',
      'runs/new/training.safetensors',
      'runs/other',
    ])
  })
})
