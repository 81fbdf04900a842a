import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { encodeWav } from '@esc/audio-io'
import { type EscError, isEscError } from '@esc/core'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openCsvDataset } from './open-csv.js'
import { openDataset } from './open-dataset.js'
import type { OpenedDataset } from './open-files.js'
import { openFolderDataset } from './open-folder.js'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'esc-vanish-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const wav = encodeWav({ samples: Float32Array.of(0.5, -0.5), sampleRate: 8000 })
const contents = {
  sound: wav,
  text: new TextEncoder().encode('notes of a walk'),
  mp4: new TextEncoder().encode('\0\0\0 ftypisom'),
  noise: Uint8Array.from({ length: 64 }, (_, i) => (i * 97) % 251),
  none: new Uint8Array(),
}
const names = [
  'a',
  'b.wav',
  'c.WAV',
  'd.bwf',
  'e.3gp',
  'f.xyz',
  'g.txt',
  '.h.wav',
  '._b.wav',
  '.DS_Store',
  'Thumbs.db',
  'j.zip',
  'k:1.ogg',
  'l\n.wav',
  'README',
]
const folders = ['', 'dog', 'cat', 'dog/night', '__MACOSX', '.git', '.old', 'docs', 'cat/deep/er']

const file = fc.record({
  folder: fc.constantFrom(...folders),
  name: fc.constantFrom(...names),
  content: fc.constantFrom(...(Object.keys(contents) as (keyof typeof contents)[])),
})
const tree = fc.record({
  /** Without it there are seldom two classes. */
  hasClasses: fc.boolean(),
  files: fc.uniqueArray(file, { maxLength: 30, selector: ({ folder, name }) => `${folder}/${name}` }),
  links: fc.uniqueArray(fc.constantFrom('dog/link.wav', 'cat/broken.wav', 'docs/folder'), { maxLength: 3 }),
})

interface Tree {
  hasClasses: boolean
  files: { folder: string; name: string; content: keyof typeof contents }[]
  links: string[]
}

async function grow(root: string, { hasClasses, files, links }: Tree): Promise<void> {
  await mkdir(root, { recursive: true })
  for (const folder of hasClasses ? ['dog', 'cat'] : []) {
    await mkdir(join(root, folder), { recursive: true })
    await writeFile(join(root, folder, 'z.wav'), wav)
  }
  for (const { folder, name, content } of files) {
    await mkdir(join(root, folder), { recursive: true })
    await writeFile(join(root, folder, name), contents[content])
  }
  for (const link of links) {
    await mkdir(dirname(join(root, link)), { recursive: true })
    await symlink(
      link === 'docs/folder' ? '../dog' : link === 'dog/link.wav' ? 'b.wav' : 'nothing',
      join(root, link),
    )
  }
}

/** Every file and link below, however it is called. */
async function countFiles(root: string): Promise<number> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => !entry.isDirectory()).length
}

function expectAll({ dataset, missing, folder }: OpenedDataset, files: number): void {
  const named = folder.findings.flatMap((finding) => finding.files ?? [])
  expect(new Set(named).size).toBe(named.length)
  expect(folder.clips).toBe(dataset.records.length - missing.length)
  expect({ sum: folder.clips + folder.unused + folder.notSound + named.length, files: folder.files }).toEqual(
    {
      sum: files,
      files,
    },
  )
}

/** An error names a file, or says that there are not two classes. */
function expectTold(error: unknown, root: string): asserts error is EscError {
  if (!isEscError(error)) throw error
  expect(['INVALID_INPUT', 'IO']).toContain(error.code)
  expect(error.message).toContain(root)
}

test.skipIf(process.platform === 'win32').each([
  ['', {}],
  [' with nested', { nested: true }],
  [' with skipBad', { skipBad: true }],
  [' with both', { nested: true, skipBad: true }],
])(
  'every file of a folder for each class%s is a clip, no sound, in a finding, or in an error',
  async (_, options) => {
    let run = 0
    let opened = 0
    await fc.assert(
      fc.asyncProperty(tree, async (given) => {
        const root = join(dir, String(run++))
        await grow(root, given)
        try {
          expectAll(await openFolderDataset(root, options), await countFiles(root))
          opened++
        } catch (error) {
          expectTold(error, root)
        }
      }),
      { numRuns: 60 },
    )
    expect(run).toBeGreaterThan(0)
    if ('skipBad' in options) expect(opened).toBeGreaterThan(5)
  },
)

test.skipIf(process.platform === 'win32')(
  'every file beside a table is a clip, no sound, or in a finding',
  async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(tree, fc.boolean(), async (given, isEsc50) => {
        const root = join(dir, String(run++))
        await grow(join(root, 'audio'), given)
        await mkdir(join(root, 'meta'))
        const rows = ['dog/b.wav,0', 'cat/c.WAV,1', 'dog/e.3gp,0', 'g.txt,1', 'absent.wav,0']
        const table = isEsc50
          ? [
              'filename,fold,target,category,src_file,esc10',
              'b.wav,1,0,dog,1,True',
              'c.WAV,1,1,cat,2,True',
              'd.bwf,1,1,cat,3,False',
            ]
          : ['file,label', ...rows]
        await writeFile(join(root, 'meta', 'list.csv'), table.join('\n'))
        const opened = isEsc50
          ? await openDataset(root, { subset: 'esc10' })
          : await openCsvDataset(root, {
              table: 'meta/list.csv',
              audioDir: 'audio',
              columns: { filename: 'file', label: 'label' },
            })
        expectAll(opened, await countFiles(root))
      }),
      { numRuns: 60 },
    )
    expect(run).toBeGreaterThan(0)
  },
)
