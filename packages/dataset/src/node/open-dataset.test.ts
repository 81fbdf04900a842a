import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { auditTable } from '../audit/table.js'
import { openDataset } from './open-dataset.js'

const withCode = (code: string) => ({ name: 'EscError', code })
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
  it('reads the table, finds the sounds, and lists those that are not there', async () => {
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

  it('does not take a folder for a sound', async () => {
    await mkdir(join(dir, 'set', 'audio', '2-8-A-1.ogg'))
    expect((await openDataset(join(dir, 'set'))).missing.map(({ id }) => id)).toContain('2-8-A-1')
  })

  it('takes esc50.csv, then esc10.csv, then the only CSV file', async () => {
    const meta = join(dir, 'set', 'meta')
    await writeFile(join(meta, 'other.csv'), 'x,y\n')
    expect((await openDataset(join(dir, 'set'))).dataset.records.length).toBe(3)
    await rm(join(meta, 'esc50.csv'))
    await writeFile(join(meta, 'esc10.csv'), table.split('\n').slice(0, 3).join('\n'))
    expect((await openDataset(join(dir, 'set'))).dataset.records.length).toBe(2)
    await rm(join(meta, 'esc10.csv'))
    await writeFile(join(meta, 'third.csv'), table)
    await expect(openDataset(join(dir, 'set'))).rejects.toMatchObject(withCode('IO'))
    await rm(join(meta, 'other.csv'))
    expect((await openDataset(join(dir, 'set'))).dataset.records.length).toBe(3)
  })

  it('says what is missing, where, and what a data set looks like', async () => {
    await expect(openDataset(join(dir, 'none'))).rejects.toMatchObject(withCode('IO'))
    await expect(openDataset(join(dir, 'none'))).rejects.toThrow(
      /none: .*expected a folder with meta\/esc50.csv/,
    )
    await rm(join(dir, 'set', 'meta', 'esc50.csv'))
    await expect(openDataset(join(dir, 'set'))).rejects.toThrow(/esc50.csv: there is no CSV file/)
    await rm(join(dir, 'set', 'meta'), { recursive: true })
    await expect(openDataset(join(dir, 'set'))).rejects.toMatchObject(withCode('IO'))
    await mkdir(join(dir, 'set', 'meta'))
    await writeFile(join(dir, 'set', 'meta', 'esc50.csv'), table)
    await rm(join(dir, 'set', 'audio'), { recursive: true })
    await expect(openDataset(join(dir, 'set'))).rejects.toThrow(/audio: /)
  })

  it("puts the table's path before its errors", async () => {
    await writeFile(join(dir, 'set', 'meta', 'esc50.csv'), table.replace('cow', ''))
    await expect(openDataset(join(dir, 'set'))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/meta\/esc50\.csv: line 4, column category/),
      detail: { line: 4, column: 'category' },
    })
  })

  it('follows a link to the folder, and refuses links that leave it', async () => {
    await symlink(join(dir, 'set'), join(dir, 'link'))
    expect((await openDataset(join(dir, 'link'))).dataset.records.length).toBe(3)
    await symlink('1-7-A-0.wav', join(dir, 'set', 'audio', '2-8-A-1.ogg'))
    expect((await openDataset(join(dir, 'set'))).missing.map(({ id }) => id)).toEqual(['2-9-A-3'])
    await writeFile(join(dir, 'secret'), '')
    await symlink(join(dir, 'secret'), join(dir, 'set', 'audio', '2-9-A-3.wav'))
    await expect(openDataset(join(dir, 'set'))).rejects.toMatchObject(withCode('IO'))
    await rm(join(dir, 'set', 'audio', '2-9-A-3.wav'))
    await rm(join(dir, 'set', 'meta', 'esc50.csv'))
    await symlink(join(dir, 'secret'), join(dir, 'set', 'meta', 'esc50.csv'))
    await expect(openDataset(join(dir, 'set'))).rejects.toThrow(/is a link to/)
  })
})

const recordings = process.env.ESC10_DIR

describe.skipIf(!recordings)('real ESC-10 (skipped unless ESC10_DIR names its folder)', () => {
  it('has 400 clips of ten classes from 304 sources, none of which crosses folds', async () => {
    const { dataset, missing } = await openDataset(recordings!, { subset: 'esc10' })
    expect(missing).toEqual([])
    expect(dataset).toMatchObject({ name: 'esc10', synthetic: false })
    const audit = auditTable(dataset)
    expect(audit.classes.map(({ clips }) => clips)).toEqual(Array(10).fill(40))
    expect(audit.folds).toEqual([1, 2, 3, 4, 5].map((fold) => ({ fold, clips: 80 })))
    expect(audit).toMatchObject({ sources: 304, clipsSharingSource: 163, crossingSources: [] })
  })
})
