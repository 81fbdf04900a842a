import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeWav } from '@esc/audio-io/node'
import { createRng } from '@esc/core'
import { resample } from '@esc/dsp'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { DatasetAudit } from '../audit/dataset.js'
import { auditFacts } from '../audit/dataset.js'
import type { ClipFacts } from '../audit/measure.js'
import { auditTable } from '../audit/table.js'
import { predefinedFolds } from '../splits/predefined-folds.js'
import { stratifiedSplit } from '../splits/stratified-split.js'
import { parseEsc50 } from '../tables/esc50.js'
import { auditDataset } from './audit-dataset.js'
import { openDataset } from './open/open-dataset.js'

const rate = 44100
let dir = ''

/** A folder in ESC-50's layout; clips of one label, each from a source of its own. */
async function writeTable(filenames: readonly string[]): Promise<void> {
  const rows = filenames.map((name, i) => `${name},${1 + (i % 2)},0,rain,True,${i},A`)
  const table = ['filename,fold,target,category,esc10,src_file,take', ...rows, ''].join('\n')
  await writeFile(join(dir, 'meta', 'esc50.csv'), table)
}

function rain(seed: number): Float32Array {
  const rng = createRng(seed)
  return Float32Array.from({ length: 3 * rate }, () => 0.1 * rng.normal())
}

const pathOf = (filename: string) => join(dir, 'audio', filename)

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'esc-audit-'))
  await mkdir(join(dir, 'audio'))
  await mkdir(join(dir, 'meta'))
})

afterEach(() => rm(dir, { recursive: true, force: true }))

test('reports files that are missing, torn or no sound, and their copies, without a path', async () => {
  await writeTable(['good.wav', 'torn.wav', 'text.wav', 'lost.wav', 'copy.wav', 'stereo.wav'])
  await writeWav(pathOf('good.wav'), { samples: rain(1), sampleRate: rate })
  await copyFile(pathOf('good.wav'), pathOf('copy.wav'))
  await copyFile(pathOf('good.wav'), pathOf('torn.wav'))
  await truncate(pathOf('torn.wav'), 20)
  await writeFile(pathOf('text.wav'), 'hello')
  await writeWav(pathOf('stereo.wav'), { channels: [rain(2), rain(3)], sampleRate: rate })
  const done: number[] = []
  const { audit } = await auditDataset(await openDataset(dir), {
    onProgress: (event) => done.push(event.done),
  })
  expect(audit.clips).toMatchObject({ clips: 3, missing: ['lost'], duplicates: [['good', 'copy']] })
  expect(audit.clips.unreadable.map(({ id }) => id)).toEqual(['torn', 'text'])
  expect(audit.clips.unreadable[0]!.reason).toMatch(/^torn\.wav: ./)
  expect(JSON.stringify(audit)).not.toContain(dir)
  expect(done).toEqual([1, 2, 3, 4, 5])
})

describe.skipIf(spawnSync('ffmpeg', ['-version']).status !== 0)(
  'lossy copies (skipped without ffmpeg)',
  () => {
    const encode = (from: string, to: string, ...options: string[]) => {
      const { status, stderr } = spawnSync('ffmpeg', [
        '-v',
        'error',
        '-i',
        pathOf(from),
        ...options,
        pathOf(to),
      ])
      expect(status, String(stderr)).toBe(0)
    }

    test('finds them, and sees their low-pass', async () => {
      const names = ['a.wav', 'a.ogg', 'b.wav', 'b.mp3', 'c.wav', 'c.ogg'].map((name, i) => `${i}-${name}`)
      await writeTable(names)
      for (const name of ['0-a.wav', '2-b.wav', '4-c.wav']) {
        await writeWav(pathOf(name), { samples: rain(Number(name[0])), sampleRate: rate })
      }
      encode('0-a.wav', '1-a.ogg', '-c:a', 'libvorbis', '-b:a', '64k')
      encode('2-b.wav', '3-b.mp3', '-c:a', 'libmp3lame', '-b:a', '48k', '-cutoff', '10000')
      encode('4-c.wav', '5-c.ogg', '-af', 'adelay=100,volume=0.3', '-c:a', 'libvorbis', '-q:a', '1')
      const { audit, facts } = await auditDataset(await openDataset(dir))
      expect(audit.clips.nearDuplicates.map(({ ids }) => ids)).toEqual([
        ['0-a', '1-a'],
        ['2-b', '3-b'],
        ['4-c', '5-c'],
      ])
      expect(audit.clips.nearDuplicates[2]!.offsetSec).toBeCloseTo(-0.1, 5)
      const [, , whole, mp3] = facts
      expect(whole!.bandwidthHz).toBe(22050)
      expect(Math.abs(mp3!.bandwidthHz - 10000)).toBeLessThan(1000)
    })
  },
)

test('sees what a lower rate has left of the spectrum', async () => {
  await writeTable(['a.wav'])
  const samples = resample(resample(rain(1), rate, 16000), 16000, rate)
  await writeWav(pathOf('a.wav'), { samples, sampleRate: rate })
  const { facts } = await auditDataset(await openDataset(dir))
  expect(Math.abs(facts[0]!.bandwidthHz - 8000)).toBeLessThan(500)
})

const recordings = process.env.ESC10_DIR

/** All clips. Without it, every fourth clip and those that the tests name. */
const isLong = process.env.VERIFY_LONG === '1'
const oddDuration = ['1-172649-F-40', '1-17808-B-12', '4-164661-B-12']
const clipped = ['2-107351-B-20', '4-167642-A-21', '5-186924-A-12']
const copies = [
  ['2-28314-A-12', '2-30322-A-12'],
  ['2-28314-B-12', '2-30322-B-12'],
  ['3-151080-A-20', '5-151085-A-20'],
]
const narrow = [
  '1-17367-A-10',
  '1-26806-A-1',
  '1-34119-A-1',
  '1-34119-B-1',
  '2-119748-A-38',
  '2-140147-A-38',
  '3-155312-A-0',
  '4-204618-A-11',
]
const special = new Set([...oddDuration, ...clipped, ...copies.flat(), ...narrow])
const shortCount = 115

describe.skipIf(!recordings)('real ESC-10 (skipped unless ESC10_DIR names its folder)', () => {
  let audit: DatasetAudit
  let facts: ClipFacts[]
  let opened: Awaited<ReturnType<typeof openDataset>>
  const idsOf = (code: string) => audit.findings.find((finding) => finding.code === code)?.ids

  beforeAll(async () => {
    opened = await openDataset(recordings!, { subset: 'esc10' })
    const records = opened.dataset.records.filter(({ id }, i) => isLong || i % 4 === 0 || special.has(id))
    const dataset = { ...opened.dataset, records }
    const split = predefinedFolds(dataset, { testFold: 5, validationFold: 4 })
    const result = await auditDataset({ ...opened, dataset }, { split })
    audit = result.audit
    facts = result.facts
  }, 300_000)

  test('reads all clips', () => {
    expect(audit.clips).toMatchObject({
      clips: isLong ? 400 : shortCount,
      missing: [],
      unreadable: [],
      duplicates: [],
      sampleRates: [{ sampleRate: 44100, clips: audit.clips.clips }],
      channels: [{ channels: 1, clips: audit.clips.clips }],
    })
    expect(audit.clips.durationSec!.p50).toBeCloseTo(5, 2)
  })

  test('finds two recordings that are in the set under two source names each', () => {
    // FireBurning and FireBurning_v2 of one author; "baby crying hard" and "baby crying hard and long" of another.
    const { nearDuplicates } = audit.clips
    expect(nearDuplicates.map(({ ids }) => ids)).toEqual(copies)
    expect(nearDuplicates[2]!.offsetSec).toBeCloseTo(0.64, 5)
    expect(audit.findings.find(({ code }) => code === 'NEAR_DUPLICATE')!.message).toMatch(
      /3-151080-A-20 ~ 5-151085-A-20 \(folds 3, 5\)$/,
    )
    // So even the official folds let one clip through.
    expect(audit.split).toMatchObject({ leakedTestClips: 0, leakRate: 0, copiedTestClips: 1 })
    if (isLong) expect(audit.split!.test).toBe(80)
  })

  test('finds the few unusual clips', () => {
    expect(idsOf('ODD_DURATION')).toEqual(oddDuration)
    expect(idsOf('CLIPPING')).toEqual(clipped)
    expect(idsOf('NARROW_BAND')).toEqual(narrow)
    expect(idsOf('SILENT_PADDING')).toHaveLength(isLong ? 88 : 25)
    expect(idsOf('SILENT_GAP')).toHaveLength(isLong ? 18 : 5)
    expect(idsOf('DC_OFFSET')).toBeUndefined()
  })

  test('shows what a split at random lets through', () => {
    const labels = opened.dataset.records.map(({ labelIndex }) => labelIndex)
    const { split } = auditFacts(opened.dataset, facts, { split: stratifiedSplit(labels, { seed: 1 }) })
    expect(split!.leakRate).toBeGreaterThan(0.2)
  })
})

const esc50Table = recordings ? join(recordings, '..', 'esc50-meta', 'esc50.csv') : ''

describe.skipIf(!existsSync(esc50Table))("ESC-50's table (skipped unless it lies beside ESC10_DIR)", () => {
  test('has four sources that cross folds, and 795 clips that share one', async () => {
    const audit = auditTable(parseEsc50(await readFile(esc50Table, 'utf8')))
    expect(audit.clips).toBe(2000)
    expect(audit.clipsSharingSource).toBe(795)
    expect(audit.crossingSources.map(({ group }) => group).sort()).toEqual([
      '131943',
      '134049',
      '209698',
      '234879',
    ])
    expect(audit.crossingSources.flatMap(({ ids }) => ids)).toHaveLength(9)
  })
})
