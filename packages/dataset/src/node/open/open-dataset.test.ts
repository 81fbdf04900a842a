import { execFileSync } from 'node:child_process'
import { constants } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { decodeAudio, writeWav } from '@esc/audio-io/node'
import { throwsCode } from '@esc/expect'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { auditTable } from '../../audit/table.js'
import { openCsvDataset } from './open-csv.js'
import { openDataset } from './open-dataset.js'
import type { OpenedDataset } from './open-files.js'

const table = `filename,fold,target,category,esc10,src_file,take
1-7-A-0.wav,1,0,dog,True,7,A
2-8-A-1.ogg,2,1,rooster,True,8,A
2-9-A-3.wav,2,3,cow,False,9,A
`

let dir = ''

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'esc-dataset-'))
  await mkdir(join(dir, 'set', 'audio'), { recursive: true })
  await mkdir(join(dir, 'set', 'meta'))
  await writeFile(join(dir, 'set', 'meta', 'esc50.csv'), table)
  await writeFile(join(dir, 'set', 'audio', '1-7-A-0.wav'), '')
  await writeFile(join(dir, 'set', 'audio', 'notes.txt'), '')
})

afterEach(() => rm(dir, { recursive: true, force: true }))

describe('openDataset', () => {
  test('reads the table, finds the sounds, and lists those that are not there', async () => {
    const opened = await openDataset(join(dir, 'set'))
    expect(opened.dataset).toMatchObject({
      name: 'esc50',
      labels: ['dog', 'rooster', 'cow'],
      synthetic: false,
    })
    expect(opened.pathOf(opened.dataset.records[1]!)).toBe(join(opened.dir, 'audio', '2-8-A-1.ogg'))
    expect(opened.missing.map(({ id }) => id)).toEqual(['2-8-A-1', '2-9-A-3'])
    const { dataset, missing } = await openDataset(join(dir, 'set'), { subset: 'esc10' })
    expect(dataset).toMatchObject({ name: 'esc10', labels: ['dog', 'rooster'] })
    expect(missing.map(({ id }) => id)).toEqual(['2-8-A-1'])
  })

  test('does not take a folder for a sound', async () => {
    await mkdir(join(dir, 'set', 'audio', '2-8-A-1.ogg'))
    expect((await openDataset(join(dir, 'set'))).missing.map(({ id }) => id)).toContain('2-8-A-1')
  })

  test('takes esc50.csv, then esc10.csv, then the only CSV file', async () => {
    const meta = join(dir, 'set', 'meta')
    await writeFile(join(meta, 'other.csv'), 'x,y\n')
    expect((await openDataset(join(dir, 'set'))).dataset.records.length).toBe(3)
    await rm(join(meta, 'esc50.csv'))
    await writeFile(join(meta, 'esc10.csv'), table.split('\n').slice(0, 3).join('\n'))
    expect((await openDataset(join(dir, 'set'))).dataset.records.length).toBe(2)
    await rm(join(meta, 'esc10.csv'))
    await writeFile(join(meta, 'third.csv'), table)
    await expect(openDataset(join(dir, 'set'))).rejects.toThrow(throwsCode('IO'))
    await rm(join(meta, 'other.csv'))
    expect((await openDataset(join(dir, 'set'))).dataset.records.length).toBe(3)
  })

  test('says what is missing, where, and what a data set looks like', async () => {
    await expect(openDataset(join(dir, 'none'))).rejects.toThrow(throwsCode('IO'))
    await expect(openDataset(join(dir, 'none'))).rejects.toThrow(
      /none: .*expected a folder with meta\/esc50.csv/,
    )
    await rm(join(dir, 'set', 'meta', 'esc50.csv'))
    await expect(openDataset(join(dir, 'set'))).rejects.toThrow(/esc50.csv: there is no CSV file/)
    await rm(join(dir, 'set', 'meta'), { recursive: true })
    await expect(openDataset(join(dir, 'set'))).rejects.toThrow(throwsCode('IO'))
    await mkdir(join(dir, 'set', 'meta'))
    await writeFile(join(dir, 'set', 'meta', 'esc50.csv'), table)
    await rm(join(dir, 'set', 'audio'), { recursive: true })
    await expect(openDataset(join(dir, 'set'))).rejects.toThrow(/audio: /)
  })

  test.skipIf(process.platform === 'win32')(
    'takes links to nothing, and to what is no file, for missing',
    async () => {
      const pipe = join(dir, 'set', 'pipe')
      execFileSync('mkfifo', [pipe])
      await symlink(pipe, join(dir, 'set', 'audio', '2-8-A-1.ogg'))
      await symlink('nothing.wav', join(dir, 'set', 'audio', '2-9-A-3.wav'))
      const { missing } = await openDataset(join(dir, 'set'))
      expect(missing.map(({ id }) => id)).toEqual(['2-8-A-1', '2-9-A-3'])
    },
  )

  test("puts the table's path before its errors", async () => {
    await writeFile(join(dir, 'set', 'meta', 'esc50.csv'), table.replace('cow', ''))
    await expect(openDataset(join(dir, 'set'))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/meta\/esc50\.csv: line 4, column category/),
      detail: { line: 4, column: 'category' },
    })
  })

  test('follows a link to the folder, and refuses links that leave it', async () => {
    await symlink(join(dir, 'set'), join(dir, 'link'))
    expect((await openDataset(join(dir, 'link'))).dataset.records.length).toBe(3)
    await symlink('1-7-A-0.wav', join(dir, 'set', 'audio', '2-8-A-1.ogg'))
    expect((await openDataset(join(dir, 'set'))).missing.map(({ id }) => id)).toEqual(['2-9-A-3'])
    await writeFile(join(dir, 'secret'), '')
    await symlink(join(dir, 'secret'), join(dir, 'set', 'audio', '2-9-A-3.wav'))
    await expect(openDataset(join(dir, 'set'))).rejects.toThrow(throwsCode('IO'))
    await rm(join(dir, 'set', 'audio', '2-9-A-3.wav'))
    await rm(join(dir, 'set', 'meta', 'esc50.csv'))
    await symlink(join(dir, 'secret'), join(dir, 'set', 'meta', 'esc50.csv'))
    await expect(openDataset(join(dir, 'set'))).rejects.toThrow(/is a link to/)
  })
})

describe('openDataset, tables and folders as people have them', () => {
  const root = () => join(dir, 'set')
  const own = 'filename,fold,target,category,src_file\na.wav,1,0,dog,1\nb.wav,2,1,rain,2\n'

  beforeEach(async () => {
    await rm(join(root(), 'meta'), { recursive: true })
    await rm(join(root(), 'audio'), { recursive: true })
    for (const folder of ['meta', 'audio']) await mkdir(join(root(), folder))
    for (const name of ['a.wav', 'b.wav']) await writeFile(join(root(), 'audio', name), '')
  })

  test("takes a table of one's own in ESC-50's layout, with the flag esc10 or without it", async () => {
    const path = join(root(), 'meta', 'mine.csv')
    await writeFile(path, own)
    expect((await openDataset(root())).dataset).toMatchObject({ name: 'set', labels: ['dog', 'rain'] })
    await writeFile(path, own.replace('src_file', 'src_file,esc10').replaceAll(/,(\d)\n/g, ',$1,False\n'))
    expect((await openDataset(root())).dataset.records).toHaveLength(2)
    await expect(openDataset(root(), { subset: 'esc10' })).rejects.toThrow(
      throwsCode(
        'INVALID_OPTION',
        /mine\.csv: subset=esc10: none of .* 2 rows has True in column esc10; take all/,
      ),
    )
  })

  test.each([
    [
      'a byte-order mark, CRLF, and semicolons',
      `\ufeffsep=;\r\n${own.replaceAll(',', ';').replaceAll('\n', '\r\n')};;;;\r\n`,
    ],
    ['comments and empty lines', `# recorded in May\n\n${own.replace('b.wav', '# the second one\n\nb.wav')}`],
    ['tabs', own.replaceAll(',', '\t')],
  ])('reads a table with %s', async (_, text) => {
    await writeFile(join(root(), 'meta', 'mine.csv'), text)
    // A Mac leaves such a file beside each.
    await writeFile(join(root(), 'meta', '._mine.csv'), 'x')
    await writeFile(join(root(), 'meta', '~$mine.csv'), 'x')
    const { dataset, missing } = await openDataset(root())
    expect(dataset.records.map(({ id, label, fold }) => [id, label, fold])).toEqual([
      ['a', 'dog', 1],
      ['b', 'rain', 2],
    ])
    expect(missing).toEqual([])
  })

  test('takes folders of sounds, whatever lies in a folder called meta', async () => {
    await writeFile(join(root(), 'meta', 'notes.csv'), 'day,weather\n1,rain\n')
    await rm(join(root(), 'audio'), { recursive: true })
    for (const path of ['dog/1.wav', 'rain/1.wav']) {
      await mkdir(dirname(join(root(), path)), { recursive: true })
      await writeFile(join(root(), path), '')
    }
    expect((await openDataset(root())).dataset.labels).toEqual(['dog', 'rain'])
  })

  test('says which file a name without its ending may be', async () => {
    await writeFile(join(root(), 'meta', 'mine.csv'), own.replaceAll('.wav', ''))
    const { missing, folder } = await openDataset(root())
    expect(missing).toHaveLength(2)
    expect(folder.findings[0]).toMatchObject({
      code: 'NAME_DIFFERS',
      message: expect.stringMatching(/2 clips \('a' is 'a\.wav' there; 'b' is 'b\.wav' there\)/),
    })
  })

  test('keeps a row whose file name begins with #', async () => {
    await writeFile(join(root(), 'meta', 'mine.csv'), own.replace('b.wav', '#b.wav'))
    const { missing, folder } = await openDataset(root())
    expect(missing.map(({ filename }) => filename)).toEqual(['#b.wav'])
    expect(folder.findings).toMatchObject([{ code: 'UNLISTED_SOUND', files: ['audio/b.wav'] }])
  })

  test('finds names in another Unicode form, and says where case or spaces differ', async () => {
    const [nfc, nfd] = ['gr\u00fcn.wav', 'gru\u0308n.wav']
    await writeFile(join(root(), 'meta', 'mine.csv'), own.replace('a.wav', nfc).replace('b.wav', 'B .wav'))
    await writeFile(join(root(), 'audio', nfd), '')
    const { dataset, missing, pathOf, folder } = await openDataset(root())
    expect(pathOf(dataset.records[0]!)).toBe(join(root(), 'audio', nfd))
    expect(missing.map(({ filename }) => filename)).toEqual(['B .wav'])
    expect(folder.findings[0]).toMatchObject({
      code: 'NAME_DIFFERS',
      message: expect.stringMatching(
        /1 clip \('B \.wav' is 'b\.wav' there\); rename the files or correct the table/,
      ),
    })
  })

  test('counts the sounds of rows that were not selected, and names sounds that no row names', async () => {
    const flagged =
      'filename,fold,target,category,src_file,esc10\na.wav,1,0,dog,1,True\nb.wav,2,1,rain,2,False\n'
    await writeFile(join(root(), 'meta', 'esc50.csv'), flagged)
    await writeFile(join(root(), 'audio', 'c.wav'), '')
    await writeFile(join(root(), 'README.md'), '')
    const { folder } = await openDataset(root(), { subset: 'esc10' })
    expect(folder).toMatchObject({ files: 5, clips: 1, unused: 1, notSound: 2 })
    expect(folder.findings).toMatchObject([
      { severity: 'warning', code: 'UNLISTED_SOUND', files: ['audio/c.wav'] },
    ])
  })

  test('takes nested folders of classes, and says so where they are needed', async () => {
    await rm(join(root(), 'meta'), { recursive: true })
    for (const path of ['dog/near/a.wav', 'cat/far/b.wav']) {
      await mkdir(dirname(join(dir, 'deep', path)), { recursive: true })
      await writeFile(join(dir, 'deep', path), '')
    }
    expect((await openDataset(join(dir, 'deep'), { nested: true })).dataset.labels).toEqual(['cat', 'dog'])
    await expect(openDataset(join(dir, 'deep'))).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringMatching(/found fewer \(there are some deeper; nested takes them\)/),
      detail: { option: 'nested' },
    })
  })
})

describe('openDataset on other layouts', () => {
  const clip = { samples: new Float32Array(80).fill(0.25), sampleRate: 8000 }
  const urban = `slice_file_name,fsID,start,end,salience,fold,classID,class
7-3-0-0.wav,7,0.0,0.3,1,5,3,dog_bark
8-1-0-0.wav,8,4.8,5.4,2,10,1,car_horn
9-1-0-0.wav,9,4.8,5.4,2,3,1,car_horn
`
  let root = ''

  beforeEach(async () => {
    root = join(dir, 'other')
    await mkdir(root)
  })

  async function addSound(path: string): Promise<void> {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeWav(join(root, path), clip)
  }

  test('opens UrbanSound8K', async () => {
    await addSound('audio/fold5/7-3-0-0.wav')
    await mkdir(join(root, 'audio', 'fold10'))
    await mkdir(join(root, 'metadata'))
    await writeFile(join(root, 'metadata', 'UrbanSound8K.csv'), urban)
    const { dataset, missing, pathOf } = await openDataset(root)
    expect(dataset).toMatchObject({ name: 'urbansound8k', labels: ['car_horn', 'dog_bark'] })
    expect(missing.map(({ filename }) => filename)).toEqual(['fold10/8-1-0-0.wav', 'fold3/9-1-0-0.wav'])
    expect((await decodeAudio(pathOf(dataset.records[0]!))).channels[0]).toEqual(clip.samples)
    await expect(openDataset(root, { subset: 'esc10' })).rejects.toThrow(
      throwsCode('INVALID_OPTION', /subset=esc10 .*UrbanSound8K/),
    )
    await writeFile(join(root, 'metadata', 'UrbanSound8K.csv'), urban.replace('8-1-0-0.wav', '../8.wav'))
    await expect(openDataset(root)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /UrbanSound8K\.csv: line 3, column slice_file_name: /),
    )
    await writeFile(join(dir, 'secret'), '')
    await symlink(dir, join(root, 'audio', 'fold3'))
    await writeFile(join(root, 'metadata', 'UrbanSound8K.csv'), urban)
    await expect(openDataset(root)).rejects.toThrow(/fold3 is a link to/)
  })

  test('opens a folder for each class', async () => {
    await addSound('wren/1.wav')
    await addSound('owl/1.wav')
    const { dataset } = await openDataset(root, { subset: 'esc50' })
    expect(dataset).toMatchObject({ name: 'other', labels: ['owl', 'wren'] })
    await expect(openDataset(root, { subset: 'esc10' })).rejects.toThrow(throwsCode('INVALID_OPTION'))
  })

  test.each([
    ["ESC-50's folder without its table", ['audio/1-7-A-0.wav', 'tests/notes.txt']],
    ["UrbanSound8K's folder without its table", ['audio/fold1/7-3-0-0.wav', 'audio/fold2/8-1-0-0.wav']],
    ['sounds with no class', ['1.wav', '2.wav']],
    [
      'parts with classes in them',
      ['train/dog/1.wav', 'train/cat/1.wav', 'test/dog/2.wav', 'test/cat/2.wav'],
    ],
    ['nothing', []],
  ])('does not take %s for classes, and says what it looked for', async (_what, paths) => {
    for (const path of paths) await addSound(path)
    await expect(openDataset(root)).rejects.toThrow(
      throwsCode(
        'IO',
        /other: looked for meta\/esc50\.csv.*metadata\/UrbanSound8K\.csv.*two folders or more.*openCsvDataset/,
      ),
    )
  })

  test('does not take folds for classes', async () => {
    await addSound('fold1/1.wav')
    await addSound('fold2/2.wav')
    await expect(openDataset(root)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /parts instead of classes \(fold1, fold2\)/),
    )
  })
})

const recordings = process.env.ESC10_DIR

describe.skipIf(!recordings)('real ESC-10 (skipped unless ESC10_DIR names its folder)', () => {
  test('has 400 clips of ten classes from 304 sources, none of which crosses folds', async () => {
    const { dataset, missing } = await openDataset(recordings!, { subset: 'esc10' })
    expect(missing).toEqual([])
    expect(dataset).toMatchObject({ name: 'esc10', synthetic: false })
    const audit = auditTable(dataset)
    expect(audit.classes.map(({ clips }) => clips)).toEqual(Array(10).fill(40))
    expect(audit.folds).toEqual([1, 2, 3, 4, 5].map((fold) => ({ fold, clips: 80 })))
    expect(audit).toMatchObject({ sources: 304, clipsSharingSource: 163, crossingSources: [] })
  })
  test('reads the same by a mapping of its columns, and from a folder for each class', async () => {
    const esc = await openDataset(recordings!, { subset: 'esc10' })
    const csv = await openCsvDataset(recordings!, {
      table: `meta/${(await readdir(join(recordings!, 'meta'))).find((name) => name.endsWith('.csv'))}`,
      audioDir: 'audio',
      columns: { filename: 'filename', label: 'category', fold: 'fold', group: 'src_file' },
    })
    expect(csv.missing).toEqual([])
    expect(csv.dataset.labels).toEqual([...esc.dataset.labels].sort())
    const facts = ({ dataset }: OpenedDataset) =>
      dataset.records.map(({ id, filename, label, fold, group }) => ({ id, filename, label, fold, group }))
    expect(facts(csv)).toEqual(facts(esc))
    const classes = join(dir, 'classes')
    for (const record of esc.dataset.records) {
      const folder = join(classes, record.label)
      await mkdir(folder, { recursive: true })
      await copyFile(esc.pathOf(record), join(folder, record.filename), constants.COPYFILE_FICLONE)
    }
    const opened = await openDataset(classes)
    expect(opened.dataset.labels).toEqual(csv.dataset.labels)
    expect(opened.dataset.records.map(({ id }) => id)).toEqual(
      esc.dataset.records.map(({ id, label }) => `${label}__${id}`).sort(),
    )
    const record = opened.dataset.records[0]!
    expect((await decodeAudio(opened.pathOf(record))).channels[0]!.length).toBeGreaterThan(0)
  })
})
