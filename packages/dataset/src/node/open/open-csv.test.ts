import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeAudio, writeWav } from '@esc/audio-io/node'
import { throwsCode } from '@esc/expect'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type OpenCsvMapping, openCsvDataset } from './open-csv.js'
import { openDataset } from './open-dataset.js'

const clip = { samples: Float32Array.from({ length: 80 }, (_, i) => (i % 8) / 16), sampleRate: 8000 }
const mapping: OpenCsvMapping = {
  table: 'meta/birds.csv',
  audioDir: 'audio',
  columns: { filename: 'file', label: 'species', group: 'site' },
  delimiter: ';',
}
const text = 'file;species;site\nnorth/1.wav;wren;n\nnorth/2.wav;owl;n\nsouth/1.wav;owl;s\n3.wav;wren;s\n'

let dir = ''
let root = ''

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'esc-csv-'))
  root = join(dir, 'birds')
  await mkdir(join(root, 'audio', 'north'), { recursive: true })
  await mkdir(join(root, 'meta'))
  await writeFile(join(root, mapping.table), text)
  await writeWav(join(root, 'audio', 'north', '1.wav'), clip)
  await writeWav(join(root, 'audio', '3.wav'), clip)
})

afterEach(() => rm(dir, { recursive: true, force: true }))

describe('openCsvDataset', () => {
  test('reads the table and finds the sounds in their folders', async () => {
    const { dataset, missing, pathOf } = await openCsvDataset(root, mapping)
    expect(dataset).toMatchObject({ name: 'birds', labels: ['owl', 'wren'], synthetic: false })
    expect(dataset.records.map(({ group, fold }) => [group, fold])).toEqual([
      ['n', null],
      ['n', null],
      ['s', null],
      ['s', null],
    ])
    expect(missing.map(({ filename }) => filename)).toEqual(['north/2.wav', 'south/1.wav'])
    expect((await decodeAudio(pathOf(dataset.records[0]!))).channels[0]).toEqual(clip.samples)
    expect((await decodeAudio(pathOf(dataset.records[3]!))).channels[0]).toEqual(clip.samples)
  })

  test('says where the sounds are if it is not where the table says', async () => {
    const { missing, folder } = await openCsvDataset(root, {
      table: mapping.table,
      columns: { filename: 'file', label: 'species' },
    })
    expect(missing).toHaveLength(4)
    expect(folder.findings[0]).toMatchObject({
      code: 'OTHER_FOLDER',
      message: expect.stringMatching(/3 clips \(.*3\.wav is audio\/3\.wav\); give the folder \(audioDir\)/),
    })
  })

  test('looks for sounds beside the table where no folder is named', async () => {
    await writeFile(join(root, 'all.csv'), 'f,l\naudio/3.wav,wren\naudio/4.wav,owl\n')
    const { missing } = await openCsvDataset(root, {
      table: 'all.csv',
      columns: { filename: 'f', label: 'l' },
    })
    expect(missing.map(({ filename }) => filename)).toEqual(['audio/4.wav'])
  })

  test.each([
    [{ ...mapping, table: '../birds.csv' }, /^mapping\.table: must hold no folder '\.\.'/],
    [{ ...mapping, table: '/etc/passwd' }, /^mapping\.table: must be a relative path/],
    [{ ...mapping, audioDir: '..' }, /^mapping\.audioDir: /],
    [{ ...mapping, audio: 'audio' }, /^mapping: .*"audio"/],
    [{ ...mapping, table: undefined }, /^mapping\.table: /],
  ])('refuses the mapping %j, naming the key', async (bad, message) => {
    await expect(openCsvDataset(root, bad as OpenCsvMapping)).rejects.toThrow(
      throwsCode('INVALID_OPTION', message),
    )
  })

  test("puts the table's path before its errors", async () => {
    await writeFile(join(root, mapping.table), text.replace('south', '../../south'))
    await expect(openCsvDataset(root, mapping)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /meta\/birds\.csv: line 4, column file: "\.\.\/\.\.\/south\/1\.wav" must/),
    )
    await writeFile(join(root, mapping.table), Buffer.from(`${text}4.wav;m\xf6we;s\n`, 'latin1'))
    await expect(openCsvDataset(root, mapping)).rejects.toThrow(
      throwsCode('CORRUPT_DATA', /meta\/birds\.csv: the table is not UTF-8/),
    )
  })

  test('says what is not there', async () => {
    await expect(openCsvDataset(join(dir, 'none'), mapping)).rejects.toThrow(
      throwsCode('IO', /none: .*expected a folder with meta\/birds\.csv/),
    )
    await expect(openCsvDataset(root, { ...mapping, audioDir: 'wav' })).rejects.toThrow(
      throwsCode('IO', /birds\/wav: ENOENT/),
    )
    await rm(join(root, mapping.table))
    await expect(openCsvDataset(root, mapping)).rejects.toThrow(throwsCode('IO', /birds\.csv: ENOENT/))
    await mkdir(join(root, mapping.table))
    await expect(openCsvDataset(root, mapping)).rejects.toThrow(throwsCode('IO', /it is not a file/))
  })

  test('refuses a huge table before it reads it', async () => {
    await truncate(join(root, mapping.table), 64e6 + 1)
    const huge = throwsCode('IO', /birds\.csv: it has 64000001 bytes, and a table at most 64000000/)
    await expect(openCsvDataset(root, mapping)).rejects.toMatchObject(huge)
    await expect(openDataset(root)).rejects.toMatchObject(huge)
  })

  test('refuses links that leave the folder, on any level', async () => {
    const outside = join(dir, 'outside')
    await mkdir(outside)
    await writeFile(join(outside, '1.wav'), '')
    await symlink(outside, join(root, 'audio', 'south'))
    await expect(openCsvDataset(root, mapping)).rejects.toThrow(throwsCode('IO', /south is a link to/))
    await rm(join(root, 'audio', 'south'))
    await symlink(join(outside, '1.wav'), join(root, 'audio', 'north', '2.wav'))
    await expect(openCsvDataset(root, mapping)).rejects.toThrow(throwsCode('IO', /2\.wav is a link to/))
    await rm(join(root, 'audio'), { recursive: true })
    await symlink(outside, join(root, 'audio'))
    await expect(openCsvDataset(root, mapping)).rejects.toThrow(throwsCode('IO', /audio is a link to/))
    await symlink(join(outside, '1.wav'), join(root, 'table.csv'))
    await expect(openCsvDataset(root, { ...mapping, table: 'table.csv' })).rejects.toThrow(
      throwsCode('IO', /table\.csv is a link to/),
    )
  })
})
