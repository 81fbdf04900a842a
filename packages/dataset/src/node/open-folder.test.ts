import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { decodeAudio, writeWav } from '@esc/audio-io/node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFolderDataset } from './open-folder.js'

let dir = ''
let root = ''

const clip = { samples: Float32Array.from({ length: 80 }, (_, i) => (i % 8) / 16), sampleRate: 8000 }

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'esc-folder-'))
  root = join(dir, 'birds')
  for (const path of ['wren/b.WAV', 'wren/a.wav', 'owl/a.wav']) await addSound(path)
})

afterEach(() => rm(dir, { recursive: true, force: true }))

async function addSound(path: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeWav(join(root, path), clip)
}

async function addFile(path: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), 'x')
}

const refusal = (code: string, message: RegExp) => ({
  name: 'EscError',
  code,
  message: expect.stringMatching(message),
})

describe('openFolderDataset', () => {
  it('makes a class of each folder, in order, and its sounds can be read', async () => {
    const opened = await openFolderDataset(root)
    expect(opened.dataset).toEqual({
      name: 'birds',
      labels: ['owl', 'wren'],
      records: [
        { id: 'owl__a', filename: 'owl/a.wav', fold: null, labelIndex: 0, label: 'owl', group: 'owl__a' },
        { id: 'wren__a', filename: 'wren/a.wav', fold: null, labelIndex: 1, label: 'wren', group: 'wren__a' },
        { id: 'wren__b', filename: 'wren/b.WAV', fold: null, labelIndex: 1, label: 'wren', group: 'wren__b' },
      ],
      synthetic: false,
    })
    expect(opened.missing).toEqual([])
    for (const record of opened.dataset.records) {
      expect((await decodeAudio(opened.pathOf(record))).channels[0]).toEqual(clip.samples)
    }
  })

  it('takes groups from the paths', async () => {
    const { dataset } = await openFolderDataset(root, { groupOf: (path) => path.replace(/^.*\//, '') })
    expect(dataset.records.map(({ group }) => group)).toEqual(['a.wav', 'a.wav', 'b.WAV'])
    await expect(openFolderDataset(root, { groupOf: () => '' })).rejects.toMatchObject(
      refusal('INVALID_OPTION', /groupOf\('owl\/a\.wav'\)= must be text/),
    )
  })

  it('takes every name of a sound, and passes over hidden, other and empty things', async () => {
    const names = ['wave', 'aif', 'aiff', 'aifc', 'flac', 'ogg', 'oga', 'opus', 'mp3']
    for (const name of names) await addFile(`tit/${name}.${name}`)
    for (const path of [
      'tit/.DS_Store',
      'tit/._wave.wav',
      'tit/notes.txt',
      '.git/x.wav',
      'docs/a.md',
      'LICENSE',
    ]) {
      await addFile(path)
    }
    await mkdir(join(root, 'empty'))
    await mkdir(join(root, 'tit', '.cache'))
    const { labels, records } = (await openFolderDataset(root)).dataset
    expect(labels).toEqual(['owl', 'tit', 'wren'])
    expect(records.filter(({ label }) => label === 'tit').map(({ filename }) => filename)).toEqual(
      names.map((name) => `tit/${name}.${name}`).sort(),
    )
  })

  it.each([
    ['stray.wav', /stray\.wav belongs to no class/],
    ['owl/2024/c.wav', /owl\/2024 is a folder in 'owl'/],
    ['owl/c.m4a', /owl\/c\.m4a has a format that cannot be decoded/],
    ['wren/a.ogg', /wren\/a\.wav must differ from wren\/a\.ogg in more than its extension/],
    ['owl/12:30.wav', /owl\/12:30\.wav has a name that must be a bare file name/],
    ['owl/a..wav', /owl\/a\.\.wav has a name that must not/],
    ['ow\\l/a.wav', /has a name that must be a bare/],
  ])('refuses %s, so that nothing is lost in silence', async (path, message) => {
    await addFile(path)
    await expect(openFolderDataset(root)).rejects.toMatchObject(refusal('INVALID_INPUT', message))
  })

  it('refuses what has less than two classes, or parts instead', async () => {
    await rm(join(root, 'wren'), { recursive: true })
    await expect(openFolderDataset(root)).rejects.toMatchObject(
      refusal('INVALID_INPUT', /birds must have a folder of sounds .*found only 'owl'/),
    )
    await rm(join(root, 'owl'), { recursive: true })
    await expect(openFolderDataset(root)).rejects.toMatchObject(refusal('INVALID_INPUT', /found none/))
    for (const part of ['fold1', 'fold2', 'Test', 'train']) await addFile(`${part}/a.wav`)
    await expect(openFolderDataset(root)).rejects.toMatchObject(
      refusal('INVALID_INPUT', /parts instead of classes \(Test, fold1, fold2, train\)/),
    )
    await expect(openFolderDataset(join(dir, 'none'))).rejects.toMatchObject(
      refusal('IO', /none: .*expected/),
    )
  })

  it('follows links to files in it, and refuses those that leave it or lead to folders', async () => {
    await symlink(root, join(dir, 'link'))
    await symlink('a.wav', join(root, 'owl', 'again.wav'))
    const { records } = (await openFolderDataset(join(dir, 'link'))).dataset
    expect(records.map(({ id }) => id)).toContain('owl__again')
    await symlink('owl', join(root, 'eagle'))
    await expect(openFolderDataset(root)).rejects.toMatchObject(
      refusal('IO', /eagle: it is a link to a folder/),
    )
    await rm(join(root, 'eagle'))
    await writeFile(join(dir, 'secret.wav'), '')
    await symlink(join(dir, 'secret.wav'), join(root, 'owl', 'b.wav'))
    await expect(openFolderDataset(root)).rejects.toMatchObject(refusal('IO', /b\.wav is a link to/))
    await rm(join(root, 'owl', 'b.wav'))
    await symlink(dir, join(root, 'heron'))
    await expect(openFolderDataset(root)).rejects.toMatchObject(refusal('IO', /heron is a link to/))
  })
})
