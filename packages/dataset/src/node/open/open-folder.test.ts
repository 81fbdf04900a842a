import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { encodeWav } from '@esc/audio-io'
import { decodeAudio, writeWav } from '@esc/audio-io/node'
import { mfcc13 } from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { extractFeatures } from '../store/extract-features.js'
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

describe('openFolderDataset', () => {
  test('makes a class of each folder, in order, and its sounds can be read', async () => {
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

  test('takes groups from the paths', async () => {
    const { dataset } = await openFolderDataset(root, { groupOf: (path) => path.replace(/^.*\//, '') })
    expect(dataset.records.map(({ group }) => group)).toEqual(['a.wav', 'a.wav', 'b.WAV'])
    await expect(openFolderDataset(root, { groupOf: () => '' })).rejects.toThrow(
      throwsCode('INVALID_OPTION', /groupOf\('owl\/a\.wav'\)= must be text/),
    )
  })

  test('takes every name of a sound, and passes over hidden, other and empty things', async () => {
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

  test.each([
    ['stray.wav', /stray\.wav is in no class folder/],
    ['owl/2024/c.wav', /owl\/2024\/c\.wav lies in a folder in 'owl'; take such sounds, too \(nested\)/],
    ['owl/c.m4a', /owl\/c\.m4a has a format that cannot be decoded; convert it to wav or flac, or skip it/],
    ['wren/a.ogg', /wren\/a\.wav has the id 'wren__a', and so has wren\/a\.ogg; rename or remove one/],
    ['owl/a\nb.wav', /has a name with the character U\+000A, a line break; rename it/],
  ])('refuses %s, so that nothing is lost in silence', async (path, message) => {
    await addFile(path)
    await expect(openFolderDataset(root)).rejects.toThrow(throwsCode('INVALID_INPUT', message))
  })

  test('refuses what has less than two classes, or parts instead', async () => {
    await rm(join(root, 'wren'), { recursive: true })
    await expect(openFolderDataset(root)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /birds must have a folder of sounds .*found only 'owl'/),
    )
    await rm(join(root, 'owl'), { recursive: true })
    await expect(openFolderDataset(root)).rejects.toThrow(throwsCode('INVALID_INPUT', /found none/))
    for (const part of ['fold1', 'fold2', 'Test', 'train']) await addFile(`${part}/a.wav`)
    await expect(openFolderDataset(root)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /parts instead of classes \(Test, fold1, fold2, train\)/),
    )
    await expect(openFolderDataset(join(dir, 'none'))).rejects.toThrow(throwsCode('IO', /none: .*expected/))
  })

  test('follows links to files in it, and refuses those that leave it or lead to folders', async () => {
    await symlink(root, join(dir, 'link'))
    await symlink('a.wav', join(root, 'owl', 'again.wav'))
    const { records } = (await openFolderDataset(join(dir, 'link'))).dataset
    expect(records.map(({ id }) => id)).toContain('owl__again')
    await symlink('owl', join(root, 'eagle'))
    await expect(openFolderDataset(root)).rejects.toThrow(
      throwsCode('IO', /eagle is a link to a folder; use the folder itself/),
    )
    await rm(join(root, 'eagle'))
    await writeFile(join(dir, 'secret.wav'), '')
    await symlink(join(dir, 'secret.wav'), join(root, 'owl', 'b.wav'))
    await expect(openFolderDataset(root)).rejects.toThrow(throwsCode('IO', /b\.wav is a link to/))
    await rm(join(root, 'owl', 'b.wav'))
    await symlink(dir, join(root, 'heron'))
    await expect(openFolderDataset(root)).rejects.toThrow(throwsCode('IO', /heron is a link to/))
  })

  test('takes names that other systems could not hold', async () => {
    const odd = [
      'owl/2024-05-01T12:30:00.wav',
      'owl/a..wav',
      'owl/b\\c.wav',
      'owl/what?.wav',
      `owl/${'é'.repeat(125)}.wav`,
    ]
    for (const path of odd) await addSound(path)
    const { dataset, pathOf } = await openFolderDataset(root)
    expect(dataset.records.map(({ filename }) => filename)).toEqual(expect.arrayContaining(odd))
    for (const record of dataset.records) expect((await decodeAudio(pathOf(record))).sampleRate).toBe(8000)
  })

  test('takes folders whose names differ in their Unicode form for one class', async () => {
    await addSound('v\u00f6gel/1.wav')
    await addSound('vo\u0308gel/2.wav')
    const { dataset, pathOf } = await openFolderDataset(root)
    expect(dataset.labels).toEqual(['owl', 'v\u00f6gel', 'wren'])
    const birds = dataset.records.filter(({ label }) => label === 'v\u00f6gel')
    expect(birds.map(({ id }) => id)).toEqual(['v\u00f6gel__2', 'v\u00f6gel__1'])
    for (const record of birds) expect((await decodeAudio(pathOf(record))).sampleRate).toBe(8000)
    await addSound('vo\u0308gel/1.wav')
    await expect(openFolderDataset(root)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /has the name of .* in another Unicode form; rename or remove one/),
    )
  })

  test('takes sounds in deeper folders with nested', async () => {
    for (const path of ['owl/night/a.wav', 'owl/night/far/a.wav', 'tit/north/a.wav']) await addSound(path)
    const { dataset, folder } = await openFolderDataset(root, { nested: true })
    expect(dataset.labels).toEqual(['owl', 'tit', 'wren'])
    expect(dataset.records.map(({ id }) => id)).toEqual([
      ...['owl__a', 'owl__night__a', 'owl__night__far__a', 'tit__north__a', 'wren__a', 'wren__b'],
    ])
    expect(folder).toMatchObject({ files: 6, clips: 6, findings: [] })
    const refused = openFolderDataset(root)
    await expect(refused).rejects.toThrow(
      throwsCode('INVALID_INPUT', /owl\/night\/a\.wav \(and 2 more such files\) lies in a folder in 'owl'/),
    )
    await expect(refused).rejects.toMatchObject({ detail: { skippable: true, option: 'nested' } })
  })

  test('tells sounds from the rest by their first bytes where the name says nothing', async () => {
    const wav = encodeWav(clip)
    const bytes: Record<string, Uint8Array> = {
      'owl/1.bwf': wav,
      'owl/2': wav,
      'owl/3.dat': new Uint8Array(100).fill(7),
      'owl/4.xyz': new TextEncoder().encode('\0\0\0\x10ftypisom\0\0\0\0'),
    }
    for (const [path, content] of Object.entries(bytes)) await writeFile(join(root, path), content)
    await expect(openFolderDataset(root)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /owl\/4\.xyz is an MP4 .*, which cannot be decoded; convert it/),
    )
    const { dataset, folder } = await openFolderDataset(root, { skipBad: true })
    expect(dataset.records.map(({ filename }) => filename)).toEqual([
      ...['owl/1.bwf', 'owl/2', 'owl/a.wav', 'wren/a.wav', 'wren/b.WAV'],
    ])
    expect(folder.findings.map(({ code, files }) => [code, files])).toEqual([
      ['OTHER_SOUND', ['owl/4.xyz']],
      ['UNKNOWN_FILE', ['owl/3.dat']],
    ])
  })

  test('loses no class of sounds that cannot be decoded', async () => {
    for (const name of ['1.3gp', '2.3gp', '3.amr']) await addFile(`siren/${name}`)
    await expect(openFolderDataset(root)).rejects.toThrow(
      throwsCode(
        'INVALID_INPUT',
        /siren\/1\.3gp \(and 2 more such files\) has a format that cannot be decoded/,
      ),
    )
    const { folder } = await openFolderDataset(root, { skipBad: true })
    expect(folder.findings).toMatchObject([
      {
        severity: 'warning',
        code: 'LOST_CLASS',
        message: expect.stringMatching(/left out: siren; the next findings say why$/),
      },
      { severity: 'warning', code: 'OTHER_SOUND', files: ['siren/1.3gp', 'siren/2.3gp', 'siren/3.amr'] },
    ])
  })

  test('passes over what systems leave, and what these libraries wrote', async () => {
    for (const path of [
      '__MACOSX/owl/._a.wav',
      'owl/Thumbs.db',
      'owl/@eaDir/a.wav/x',
      '.git/x/y',
      'owl/.DS_Store',
    ])
      await addFile(path)
    const dataset = await openFolderDataset(root)
    await extractFeatures(dataset, mfcc13, {
      dir: join(root, 'features'),
      workers: 0,
    })
    const again = await openFolderDataset(root)
    expect(again.dataset).toEqual(dataset.dataset)
    // Two files for each clip, and the index.
    expect(again.folder).toMatchObject({
      files: 3 + 5 + 3 * 2 + 1,
      clips: 3,
      notSound: 5 + 3 * 2 + 1,
      findings: [],
    })
  })

  test('takes sounds that lie beside what these libraries wrote, and no waveforms of a run', async () => {
    for (const path of ['owl/metrics.json', 'owl/report.html', 'metrics.json', 'report.html'])
      await addFile(path)
    for (const path of ['owl/processed/audio/owl__a.wav', 'processed/audio/owl__a.wav']) await addSound(path)
    const { dataset, folder } = await openFolderDataset(root, { nested: true })
    expect(dataset.records.map(({ id }) => id)).toEqual(['owl__a', 'wren__a', 'wren__b'])
    expect(folder).toMatchObject({ files: 9, clips: 3, notSound: 6, findings: [] })
  })

  test('names real sounds in folders of the system', async () => {
    for (const path of ['lost+found/a.wav', '__MACOSX/owl/b.wav']) await addSound(path)
    const { folder } = await openFolderDataset(root)
    expect(folder.findings).toMatchObject([
      { severity: 'info', code: 'HIDDEN_FILE', files: ['__MACOSX/owl/b.wav', 'lost+found/a.wav'] },
    ])
  })

  test.skipIf(process.platform !== 'linux')('names a file whose name is not UTF-8', async () => {
    const odd = Buffer.concat([Buffer.from(`${root}/owl/caf`), Buffer.from([0xe9]), Buffer.from('.wav')])
    await writeFile(odd, encodeWav(clip))
    await expect(openFolderDataset(root)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /owl\/caf\\xE9\.wav has a name that is not UTF-8; rename it, or skip it/),
    )
    const { dataset, folder } = await openFolderDataset(root, { skipBad: true })
    expect(dataset.records).toHaveLength(3)
    expect(folder.findings).toMatchObject([{ code: 'ODD_NAME', files: ['owl/caf\\xE9.wav'] }])
  })

  test('names folders that are no classes, and sounds of no class', async () => {
    await mkdir(join(root, 'eagle'))
    await addFile('docs/notes.txt')
    await addSound('stray.wav')
    const { folder } = await openFolderDataset(root, { skipBad: true })
    expect(folder.findings.map(({ code, message }) => [code, message])).toEqual([
      [
        'LOOSE_SOUND',
        'sounds that are in no class folder, left out: 1 file (stray.wav is in no class folder)',
      ],
      ['EMPTY_FOLDER', 'folders without a sound, which are no classes: docs; eagle'],
    ])
  })
})
