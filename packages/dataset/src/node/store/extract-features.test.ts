import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { decodeWav, encodeWav } from '@esc/audio-io'
import type { FeatureRecipe, ProgressEvent } from '@esc/core'
import { isTemporaryName, temporaryPath } from '@esc/core/node'
import {
  amplitudeToDb,
  createExtractor,
  createWindowExtractor,
  logmel64,
  magnitude,
  mfcc13,
  stft,
} from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { measureClip } from '../../audit/measure.js'
import { decodeNpy } from '../../npy.js'
import type { ClipRecord } from '../../record.js'
import { extractFeatures } from './extract-features.js'
import type { ExtractFeaturesOptions } from './extracted-features.js'
import { openFeatures } from './open-features.js'

const recipe: FeatureRecipe = {
  ...mfcc13,
  sampleRate: 8000,
  durationSec: 0.1,
  stft: { ...mfcc13.stft, nFft: 256, winLength: 256, hopLength: 128 },
  mel: { ...mfcc13.mel, nMels: 20 },
}
const clipOf = (seed: number) => ({
  samples: Float32Array.from({ length: 800 }, (_, i) => Math.sin(i * (seed + 1) * 0.05) / 2),
  sampleRate: 8000,
})
const clipCount = 10

let root = ''
let dir = ''
let records: ClipRecord[] = []
const pathOf = ({ filename }: Pick<ClipRecord, 'filename'>) => join(root, 'audio', filename)

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'esc-features-'))
  dir = join(root, 'features')
  await mkdir(join(root, 'audio'))
  records = Array.from({ length: clipCount }, (_, i) => ({
    id: `c${i}`,
    filename: `c${i}.wav`,
    fold: 1 + (i % 5),
    labelIndex: i % 2,
    label: i % 2 ? 'cat' : 'dog',
    group: `g${i}`,
  }))
  for (const [i, record] of records.entries()) await writeFile(pathOf(record), encodeWav(clipOf(i)))
})

afterEach(() => rm(root, { recursive: true, force: true }))

const opened = () => ({ dataset: { name: 'x', labels: ['dog', 'cat'], records, synthetic: false }, pathOf })
const extractSet = (options: ExtractFeaturesOptions = {}, by = recipe) =>
  extractFeatures(opened(), by, { dir, workers: 0, ...options })
const extract = async (options: ExtractFeaturesOptions = {}, by = recipe) =>
  (await extractSet(options, by)).summary
const open = () => openFeatures(dir, opened().dataset)
const counts = (computed: number, cached: number, rebuilt = 0) => ({ computed, cached, rebuilt, failed: [] })

/** Every file of the store: all of it, since the times of the sounds that entries hold stay the same. */
async function snapshot(): Promise<Record<string, string>> {
  const entries = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isFile())
  const names = entries.map(({ name }) => name).sort()
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name), 'base64')])),
  )
}

test('keeps what an audit takes only when asked, and computes clips again that lack it', async () => {
  expect(await extract()).toEqual(counts(clipCount, 0))
  const { sha256, facts } = (await extractSet()).clips[3]!
  const bytes = await readFile(pathOf(records[3]!))
  expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  expect(facts).toBe(null)
  expect(await extract({ facts: true })).toEqual(counts(clipCount, 0))
  const { channels, sampleRate } = decodeWav(bytes)
  expect((await extractSet({ facts: true })).clips[3]).toEqual({
    id: 'c3',
    sha256,
    facts: measureClip('c3', { channels, sampleRate, codec: 'wav pcm_s16le' }),
    warnings: [],
  })
  // Facts that are there and not needed are no reason to compute a clip again, and they are kept.
  expect(await extract()).toEqual(counts(0, clipCount))
  expect(await extract({ spectrogram: true })).toEqual(counts(clipCount, 0))
  expect(await extract({ facts: true, spectrogram: true })).toEqual(counts(0, clipCount))
})

test('refuses two clips of one id, and finds a file name for any id', async () => {
  records = records.map((record, i) => (i === 1 ? { ...record, id: 'c0' } : record))
  await expect(extract()).rejects.toThrow(throwsCode('INVALID_INPUT', /"c0" must be unique/))
  const ids = [
    '../c0',
    'a/b',
    'a\\b',
    'a_b',
    '2024-05-01T12:30:00',
    '.hidden',
    '',
    'a\0',
    'é'.repeat(127),
    '\ud800',
  ]
  records = records.map((record, i) => ({ ...record, id: ids[i] ?? record.id }))
  const audioDir = join(root, 'waveforms')
  expect(await extract({ audioDir })).toEqual(counts(clipCount, 0))
  expect(await extract()).toEqual(counts(0, clipCount))
  expect(await readdir(dir)).toHaveLength(2 * clipCount + 1)
  expect(await readdir(audioDir)).toHaveLength(clipCount)
  expect((await readdir(root)).sort()).toEqual(['audio', 'features', 'waveforms'])
  const set = await open()
  expect(set.records.map(({ id }) => id)).toEqual(records.map(({ id }) => id))
  expect((await set.get(4)).features).toEqual((await (await extractSet({ dir: null })).get(4)).features)
})

test('looks into a sound at another path, though its size and time are those of the one before', async () => {
  await extract()
  await cp(join(root, 'audio'), join(root, 'others'), { recursive: true, preserveTimestamps: true })
  const other = join(root, 'others', 'c4.wav')
  const { mtime } = await stat(other)
  await writeFile(other, encodeWav(clipOf(77)))
  await utimes(other, mtime, mtime)
  const moved = {
    ...opened(),
    pathOf: ({ filename }: Pick<ClipRecord, 'filename'>) => join(root, 'others', filename),
  }
  expect((await extractFeatures(moved, recipe, { dir, workers: 0 })).summary).toEqual(
    counts(1, clipCount - 1),
  )
})

describe('extractFeatures', () => {
  test('keeps what the extractor makes, and openFeatures reads it', async () => {
    const events: ProgressEvent[] = []
    expect(await extract({ onProgress: (event) => events.push(event) })).toEqual(counts(clipCount, 0))
    expect(events.map(({ done, total }) => [done, total])).toEqual(records.map((_, i) => [i + 1, clipCount]))
    const store = await open()
    expect(store).toMatchObject({
      recipe,
      windows: null,
      labels: ['dog', 'cat'],
      dataset: { name: 'x', synthetic: false },
    })
    expect(store.records).toEqual(
      records.map(({ id, labelIndex, group, fold }) => ({ id, clipId: id, labelIndex, group, fold })),
    )
    const extractor = createExtractor(recipe)
    for (const at of records.keys()) {
      // Sounds are stored in 16 bits.
      const { data } = extractor.extract(clipOf(at))
      const { features } = await store.get(at)
      expect(features).toMatchObject({ bins: 13, frames: 7 })
      expect(Math.max(...data.map((value, i) => Math.abs(value - features.data[i]!)))).toBeLessThan(2)
    }
    expect(Object.keys(await snapshot()).slice(0, 2)).toEqual(['c0_mfcc.json', 'c0_mfcc.npy'])
  })

  test('makes the same bytes in threads as in this one; a second run writes nothing', async () => {
    await extract()
    const expected = await snapshot()
    await rm(dir, { recursive: true })
    expect(await extract({ workers: 2 })).toEqual(counts(clipCount, 0))
    expect(await snapshot()).toEqual(expected)
    const before = (await stat(dir)).mtimeMs
    expect(await extract({ workers: 3 })).toEqual(counts(0, clipCount))
    expect((await stat(dir)).mtimeMs).toBe(before)
  })

  test('keeps the spectrogram in dB with that option, with the same features', async () => {
    await extract()
    const { 'index.json': index, ...before } = await snapshot()
    expect(await extract({ spectrogram: true })).toEqual(counts(clipCount, 0))
    const after = await snapshot()
    expect(after['index.json']).toBe(index)
    expect(after['c0_mfcc.npy']).toBe(before['c0_mfcc.npy'])
    const { data, shape } = decodeNpy(await readFile(join(dir, 'c3_spec.npy')))
    const [channel] = decodeWav(await readFile(pathOf(records[3]!))).channels
    const { samples } = createExtractor(recipe).prepare({ samples: channel!, sampleRate: 8000 })
    const expected = amplitudeToDb(magnitude(stft(samples, recipe.stft)), { ref: 'max' })
    expect(shape).toEqual([129, 7])
    expect(data).toEqual(expected.data)
    expect(await extract({ spectrogram: true })).toEqual(counts(0, clipCount))
    expect(await extract()).toEqual(counts(0, clipCount))
    const other = { ...recipe, durationSec: 0.2 }
    expect(await extract({}, other)).toEqual(counts(clipCount, 0))
    expect(Object.keys(await snapshot()).filter((name) => name.includes('_spec'))).toEqual([])
  })

  test('names files by what they hold', async () => {
    await extract({ spectrogram: true }, { ...logmel64, durationSec: 0.1 })
    expect(Object.keys(await snapshot()).slice(0, 3)).toEqual([
      'c0_logmel.json',
      'c0_logmel.npy',
      'c0_spec.npy',
    ])
  })

  test.each([0, 1])(
    'keeps features in memory if no folder is named, the same with %i workers',
    async (workers) => {
      const stored = await extractSet({ facts: true })
      const { summary, clips, get, ...known } = await extractSet({ dir: null, workers, facts: true })
      const { summary: _, clips: storedClips, get: read, ...others } = stored
      expect(known).toEqual(others)
      expect(clips).toEqual(storedClips)
      expect(summary).toEqual(counts(clipCount, 0))
      for (const at of records.keys()) expect(await get(at)).toEqual(await read(at))
    },
  )

  test('takes sounds that a program makes', async () => {
    const files = await extractSet({ dir: null })
    const events: number[] = []
    const source = {
      dataset: opened().dataset,
      read: async (index: number) => decodeWav(await readFile(pathOf(records[index]!))),
    }
    const made = await extractFeatures(source, recipe, { onProgress: ({ done }) => events.push(done) })
    expect(events).toEqual(records.map((_, i) => i + 1))
    expect(made.records).toEqual(files.records)
    for (const at of records.keys()) expect(await made.get(at)).toEqual(await files.get(at))
    await expect(extractFeatures(source, recipe, { dir })).rejects.toThrow(
      throwsCode('INVALID_OPTION', /dir goes with sounds that are files/),
    )
    const broken = { ...source, read: () => ({ channels: [new Float32Array(0)], sampleRate: 8000 }) }
    await expect(extractFeatures(broken, recipe)).rejects.toThrow(throwsCode('INVALID_INPUT', /^c0: /))
    const controller = new AbortController()
    const stopped = async () => {
      controller.abort('stop')
      controller.signal.throwIfAborted()
    }
    const { signal } = controller
    await expect(extractFeatures({ ...source, read: stopped as never }, recipe, { signal })).rejects.toBe(
      'stop',
    )
  })

  test.each<[string, () => unknown, RegExp]>([
    ['an error of any class', () => JSON.parse('{'), /read failed for 'c2': .*JSON/],
    ['no sound', () => undefined, /read made no sound for 'c2'/],
    ['channels of another kind', () => ({ channels: [[0, 1]], sampleRate: 8000 }), /read made no sound/],
    ['no rate', () => ({ channels: [new Float32Array(8000)] }), /read made no sound/],
  ])('a function that makes %s fails its clip, and skipBad skips it', async (_, make, message) => {
    const read = async (index: number) =>
      index === 2 ? make() : decodeWav(await readFile(pathOf(records[index]!)))
    const source = { dataset: opened().dataset, read: read as never }
    const detail = { id: 'c2', skippable: true }
    await expect(extractFeatures(source, recipe)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message,
      detail,
    })
    const { summary, records: kept } = await extractFeatures(source, recipe, { skipBad: true })
    expect(summary.failed).toMatchObject([{ id: 'c2', code: 'INVALID_INPUT' }])
    expect(kept.map(({ id }) => id)).not.toContain('c2')
  })

  test('refuses folders and signals of a wrong type', async () => {
    const sounds = dirname(pathOf(records[0]!))
    await expect(extract({ audioDir: sounds })).rejects.toThrow(
      throwsCode('INVALID_OPTION', /is a folder of the sounds; choose another/),
    )
    await expect(extract({ windows: false as never })).rejects.toThrow(throwsCode('INVALID_OPTION'))
    for (const options of [{ dir: '' }, { dir: 7 }, { audioDir: {} }, { signal: 'stop' }]) {
      await expect(extractFeatures(opened(), recipe, options as never)).rejects.toThrow(
        throwsCode('INVALID_OPTION', /^(dir|audioDir|signal) is /),
      )
    }
    await expect(openFeatures(undefined as never, opened().dataset)).rejects.toThrow(
      throwsCode('INVALID_OPTION'),
    )
  })

  test('keeps the waveforms that the features are of, whether features are there or not', async () => {
    const audioDir = join(root, 'processed', 'audio')
    for (const more of [{}, { workers: 1 }, { dir: null }]) {
      await extract({ audioDir, ...more })
      const kept = decodeWav(await readFile(join(audioDir, 'c3.wav')))
      const [channel] = decodeWav(await readFile(pathOf(records[3]!))).channels
      const { samples, sampleRate } = createExtractor(recipe).prepare({ samples: channel!, sampleRate: 8000 })
      expect(kept.sampleRate).toBe(sampleRate)
      expect(kept.channels[0]!.length).toBe(samples.length)
      expect(Math.max(...samples.map((value, i) => Math.abs(value - kept.channels[0]![i]!)))).toBeLessThan(
        1e-4,
      )
      expect((await readdir(audioDir)).length).toBe(clipCount)
      await rm(audioDir, { recursive: true })
    }
    await writeFile(join(root, 'processed', 'file'), '')
    await expect(extract({ audioDir: join(root, 'processed', 'file', 'x') })).rejects.toThrow(
      throwsCode('IO'),
    )
  })

  test.each([0, 1])('with windows each clip is several examples, with %i workers', async (workers) => {
    await writeFile(
      pathOf(records[4]!),
      encodeWav({ ...clipOf(4), samples: new Float32Array(1800).fill(0.3) }),
    )
    const windows = { windowSec: 0.1, hopSec: 0.05 }
    const here = await extractSet({ dir: null, windows, workers })
    expect(await extract({ windows, workers })).toEqual(counts(clipCount, 0))
    expect(await extract({ windows, workers })).toEqual(counts(0, clipCount))
    const store = await open()
    for (const set of [here, store]) {
      expect(set.windows).toEqual(windows)
      expect(set.records.filter(({ clipId }) => clipId === 'c4').map(({ id }) => id)).toEqual([
        'c4#0',
        'c4#1',
        'c4#2',
        'c4#3',
      ])
      expect(set.records.length).toBe(clipCount + 3)
      const [channel] = decodeWav(await readFile(pathOf(records[4]!))).channels
      const cut = [...createWindowExtractor(recipe, windows).extract({ samples: channel!, sampleRate: 8000 })]
      for (const [i, features] of cut.entries()) expect(await set.get(4 + i)).toEqual({ features })
    }
    expect(decodeNpy(await readFile(join(dir, 'c4_mfcc.npy'))).shape).toEqual([4, 13, 7])
    // Another rule, or none, is another store.
    expect(await extract({ windows: { windowSec: 0.1 } })).toEqual(counts(0, clipCount))
    expect(await extract({ windows: { windowSec: 0.1, hopSec: 0.1 } })).toEqual(counts(clipCount, 0))
    expect(await extract()).toEqual(counts(clipCount, 0))
  })

  test('makes a set that knows how many windows a clip has from the disk alone', async () => {
    await extract({ windows: { windowSec: 0.04 } })
    const before = await open()
    await rm(join(dir, 'c2_mfcc.json'))
    await expect(open()).rejects.toThrow(throwsCode('INVALID_INPUT', /'c2' has no features/))
    expect(before.records.length).toBeGreaterThan(3 * clipCount)
  })
})

describe('what is there already', () => {
  beforeEach(() => extract())

  test('a recipe with its keys in another order is the same, another recipe is not', async () => {
    const reversed = Object.fromEntries(Object.entries(recipe).reverse()) as unknown as FeatureRecipe
    expect(await extract({}, reversed)).toEqual(counts(0, clipCount))
    const other = { ...recipe, normalize: null }
    expect(await extract({}, other)).toEqual(counts(clipCount, 0))
    expect((await open()).recipe).toEqual(other)
  })

  test('entries and an index of another version are computed again', async () => {
    for (const name of ['c4_mfcc.json', 'index.json']) {
      const text = await readFile(join(dir, name), 'utf8')
      await writeFile(join(dir, name), text.replace(/"library": ?"/, '$&9.'))
    }
    // The change also breaks the checksum of c4's entry: it counts as damaged.
    expect(await extract()).toEqual(counts(0, clipCount - 1, 1))
    expect(await extract()).toEqual(counts(0, clipCount))
  })

  test('a sound of another size or content is computed again, one of another time alone is not', async () => {
    await writeFile(pathOf(records[1]!), encodeWav(clipOf(77)))
    await writeFile(pathOf(records[2]!), encodeWav({ ...clipOf(2), samples: clipOf(2).samples.slice(1) }))
    const later = new Date(Date.now() + 5000)
    await utimes(pathOf(records[3]!), later, later)
    const before = await readFile(join(dir, 'c3_mfcc.json'), 'utf8')
    expect(await extract()).toEqual(counts(2, clipCount - 2))
    // The same sound at another time: only the time is noted.
    expect(await readFile(join(dir, 'c3_mfcc.json'), 'utf8')).not.toBe(before)
    expect(await extract()).toEqual(counts(0, clipCount))
  })

  test('a sound of equal size and time is noticed with verify, and not without', async () => {
    const path = pathOf(records[5]!)
    const { atime, mtime } = await stat(path)
    // A time that can be set again to the nanosecond.
    await utimes(path, atime, mtime)
    await extract()
    await writeFile(path, encodeWav(clipOf(99)))
    await utimes(path, atime, mtime)
    expect(await extract()).toEqual(counts(0, clipCount))
    expect(await extract({ verify: true })).toEqual(counts(1, clipCount - 1))
  })

  test('finds damage anywhere, reports it on reading, and repairs it', async () => {
    const expected = await snapshot()
    const flip = async (name: string, at: number) => {
      const bytes = await readFile(join(dir, name))
      bytes[at]! ^= 1
      await writeFile(join(dir, name), bytes)
    }
    await flip('c0_mfcc.npy', 200)
    await flip('c1_mfcc.npy', 20)
    const sealed = expected['c2_mfcc.json']!
    await flip('c2_mfcc.json', Buffer.from(sealed, 'base64').indexOf('sha256') + 12)
    await writeFile(join(dir, 'c3_mfcc.json'), '{"entry":')
    await writeFile(join(dir, 'c4_mfcc.npy'), '')
    await rm(join(dir, 'c5_mfcc.npy'))
    await copyFile(join(dir, 'c7_mfcc.npy'), join(dir, 'c6_mfcc.npy'))
    const store = await open()
    for (let i = 0; i < 7; i++) {
      await expect(store.get(i)).rejects.toThrow(
        throwsCode('CORRUPT_DATA', new RegExp(`c${i}_mfcc\\.(npy|json) is damaged.*; run extractFeatures`)),
      )
    }
    expect((await store.get(7)).features.bins).toBe(13)
    expect(await extract()).toEqual(counts(0, clipCount - 7, 7))
    expect(await snapshot()).toEqual(expected)
  })

  test("an entry under another clip's name is not taken for it", async () => {
    for (const kind of ['json', 'npy'])
      await copyFile(join(dir, `c0_mfcc.${kind}`), join(dir, `c1_mfcc.${kind}`))
    await expect((await open()).get(1)).rejects.toThrow(throwsCode('INVALID_INPUT'))
    expect(await extract()).toEqual(counts(1, clipCount - 1))
  })
})

describe('what goes wrong', () => {
  test('a bad clip is named with the reason and what to do; the others of its batch are kept', async () => {
    await writeFile(pathOf(records[2]!), 'no sound')
    for (const [workers, folder] of [
      [0, 'features'],
      [1, 'others'],
    ] as const) {
      await expect(extract({ workers, dir: join(root, folder) })).rejects.toMatchObject({
        name: 'EscError',
        code: 'UNSUPPORTED_FORMAT',
        message: expect.stringMatching(/c2\.wav: .*; repair or remove it, or skip it$/),
        detail: { id: 'c2', path: pathOf(records[2]!), skippable: true },
      })
    }
    // This comes last: with two bad clips, threads would name the one whose batch is done first.
    await rm(pathOf(records[7]!))
    const summary = await extract({ skipBad: true })
    expect(summary.failed).toMatchObject([
      { id: 'c2', code: 'UNSUPPORTED_FORMAT', reason: expect.stringContaining('c2.wav') },
      { id: 'c7', code: 'IO', reason: expect.stringMatching(/^cannot read c7\.wav: ENOENT/) },
    ])
    expect(summary.computed + summary.cached).toBe(clipCount - 2)
    expect(summary.cached).toBeGreaterThan(0)
    await expect((await open()).get(7)).rejects.toThrow(
      throwsCode('INVALID_INPUT', "c7_mfcc.json is not there: 'c7' has no features"),
    )
  })

  test.each([
    [{ workers: -1 }, {}, 'INVALID_OPTION', /workers=-1/],
    [{ workers: 1.5 }, {}, 'INVALID_OPTION', /workers=1\.5/],
    [{ skip_bad: true }, {}, 'INVALID_OPTION', /extractFeatures has no option 'skip_bad' \(write skipBad\)/],
    [{ windows: { windowSec: 0 } }, {}, 'INVALID_OPTION', /windows.windowSec=0/],
    [{ dir: null, spectrogram: true }, {}, 'INVALID_OPTION', /spectrogram goes with dir/],
    [{}, { sampelRate: 1 }, 'INVALID_OPTION', /recipe has no option 'sampelRate'/],
    [{}, { mel: { ...recipe.mel, fmin: 9000 } }, 'INVALID_OPTION', /fmin/],
  ])('options %o, recipe %o', async (options, change, code, message) => {
    await expect(
      extract(options as ExtractFeaturesOptions, { ...recipe, ...change } as FeatureRecipe),
    ).rejects.toThrow(throwsCode(code, message))
    await expect(stat(dir)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('a folder of something else is left alone', async () => {
    await expect(open()).rejects.toThrow(throwsCode('IO'))
    await mkdir(dir)
    await writeFile(join(dir, 'index.json'), '{"name":"mine"}')
    for (const run of [() => extract(), open]) {
      await expect(run()).rejects.toThrow(
        throwsCode('CORRUPT_DATA', /index\.json is not the index of a feature store, or is damaged/),
      )
    }
    expect(await readdir(dir)).toEqual(['index.json'])
    await expect(extract({ dir: pathOf(records[0]!) })).rejects.toThrow(throwsCode('IO'))
  })

  test('a missing sound is reported before any is computed, or skipped', async () => {
    const missing = records.slice(3, 5)
    for (const record of missing) await rm(pathOf(record))
    const source = { ...opened(), missing }
    await expect(extractFeatures(source, recipe, { dir, workers: 0 })).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringMatching(
        /c3\.wav is in the table and not in the folder \(and 1 more\); add it, remove its row, or skip it/,
      ),
      detail: { id: 'c3', skippable: true },
    })
    await expect(stat(dir)).rejects.toMatchObject({ code: 'ENOENT' })
    const { summary, records: kept } = await extractFeatures(source, recipe, {
      dir,
      workers: 0,
      skipBad: true,
    })
    expect(summary.failed.map(({ id }) => id)).toEqual(['c3', 'c4'])
    expect(kept.map(({ id }) => id)).not.toContain('c3')
  })

  test('refuses a data set if none of its sounds can be read', async () => {
    for (const record of records) await writeFile(pathOf(record), 'no sound')
    await expect(extract({ skipBad: true })).rejects.toThrow(
      throwsCode('INVALID_INPUT', /none of 10 clips could be read; the first: .*c0\.wav/),
    )
  })

  test('refuses values that are no data set', async () => {
    for (const source of [undefined, 'ESC-50', { dataset: opened().dataset }, opened().dataset]) {
      await expect(extractFeatures(source as never, recipe)).rejects.toThrow(
        throwsCode('INVALID_INPUT', /must be what openDataset returned, or \{ dataset, read \}/),
      )
    }
  })

  test('a store of an earlier version is filled anew', async () => {
    await extract()
    const { windows: _, ...index } = JSON.parse(await readFile(join(dir, 'index.json'), 'utf8'))
    await writeFile(join(dir, 'index.json'), JSON.stringify({ ...index, version: 1 }))
    await expect(open()).rejects.toThrow(throwsCode('INVALID_INPUT', /earlier version; run extractFeatures/))
    await extract()
    expect((await open()).records.length).toBe(clipCount)
  })

  test('get refuses an index without a record', async () => {
    await extract()
    const store = await open()
    for (const at of [-1, clipCount, 0.5]) {
      expect(() => store.get(at)).toThrow(throwsCode('INVALID_OPTION'))
    }
  })
})

describe('runs that end early', () => {
  test.each([0, 2])(
    'an abort with %i workers keeps what is finished, and the next run goes on',
    async (workers) => {
      const reason = new Error('enough')
      await expect(extract({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      const controller = new AbortController()
      const run = extract({
        workers,
        signal: controller.signal,
        onProgress: ({ done }) => done === 3 && controller.abort(reason),
      })
      await expect(run).rejects.toBe(reason)
      expect((await readdir(dir)).filter((name) => isTemporaryName(name))).toEqual([])
      const { computed, cached } = await extract()
      expect(cached).toBeGreaterThanOrEqual(3)
      expect(computed + cached).toBe(clipCount)
    },
  )

  test.each(['features', 'kept'])(
    'removes what a killed process left in %s, and nothing else',
    async (name) => {
      const folder = join(root, name)
      const own = basename(temporaryPath(folder))
      const names = [own, '.tmp-of-others', '.esc-notes']
      const left = own.replace(/-\d+-/, '-999999999-')
      for (const each of [...names, left]) await mkdir(join(folder, each), { recursive: true })
      await writeFile(join(folder, left, 'half'), '')
      await extract({ audioDir: join(root, 'kept') })
      const hidden = (await readdir(folder)).filter((each) => each.startsWith('.'))
      expect(hidden.sort()).toEqual(names.sort())
    },
  )
})

/** Runs `extractFeatures` over the sounds of `root` in a process of its own; `dir` is an argument. */
function childArguments(after: string, recipeOfChild = recipe, path = 'features'): string[] {
  const script = `
    import { extractFeatures } from ${JSON.stringify(new URL('extract-features.ts', import.meta.url).href)}
    const records = ${JSON.stringify(records)}
    const pathOf = ({ filename }) => ${JSON.stringify(join(root, 'audio'))} + '/' + filename
    const dir = ${JSON.stringify(join(root, path))}
    const recipe = ${JSON.stringify(recipeOfChild)}
    const dataset = { name: 'x', labels: ['dog', 'cat'], records, synthetic: false }
    const extract = (options) => extractFeatures({ dataset, pathOf }, recipe, { dir, ...options })
    ${after}`
  return ['--conditions=@esc/source', '--import', 'tsx', '--input-type=module', '-e', script]
}

describe('processes', () => {
  test('kill -9 loses nothing that was finished', async () => {
    const child = spawn(
      process.execPath,
      childArguments(`await extract({ workers: 1, onProgress: ({ done }) => console.log(done) })`),
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    await once(child.stdout!, 'data')
    child.kill('SIGKILL')
    await once(child, 'close')
    const finished = (await readdir(dir)).filter((name) => /^c\d_mfcc\.json$/.test(name)).length
    expect(finished).toBeGreaterThan(0)
    expect(await extract()).toEqual(counts(clipCount - finished, finished))
    const resumed = await snapshot()
    await rm(dir, { recursive: true })
    await extract()
    expect(resumed).toEqual(await snapshot())
  })

  test('removes what a killed process left where nothing is to be computed', async () => {
    await extract()
    await mkdir(join(dir, basename(temporaryPath(dir)).replace(/-\d+-/, '-999999999-')))
    expect(await extract()).toEqual(counts(0, clipCount))
    expect((await readdir(dir)).filter(isTemporaryName)).toEqual([])
  })

  test('memory does not depend on how many clips there are', { timeout: 180_000 }, () => {
    // A thousand names of the same ten sounds; neither what is done nor what is to be done may take room.
    const script = `
      const many = Array.from({ length: 1000 }, (_, i) => ({ ...records[i % 10], id: 'clip' + i }))
      const heap = []
      const onProgress = ({ done }) => {
        if (done !== 200 && done !== 1000) return
        gc()
        heap.push(process.memoryUsage().heapUsed)
      }
      await extractFeatures({ dataset: { ...dataset, records: many }, pathOf }, recipe, { dir, workers: 1, onProgress })
      console.log(JSON.stringify(heap))`
    const { stdout } = spawnSync(process.execPath, ['--expose-gc', ...childArguments(script)], {
      encoding: 'utf8',
    })
    const [early, late] = JSON.parse(stdout) as [number, number]
    expect(Math.abs(late - early) / 800).toBeLessThan(500)
  })

  test('two processes at once write the same files as one', async () => {
    const run = () => {
      const child = spawn(process.execPath, childArguments('await extract({ workers: 1 })'), {
        stdio: 'inherit',
      })
      return once(child, 'close')
    }
    expect(await Promise.all([run(), run()])).toEqual([
      [0, null],
      [0, null],
    ])
    const both = await snapshot()
    await rm(dir, { recursive: true })
    await extract()
    expect(both).toEqual(await snapshot())
  })

  test('a full disk (here a file that may not grow) is an IO error, and what is finished is kept', async () => {
    const long = { samples: new Float32Array(8000 * 60).fill(0.1), sampleRate: 8000 }
    await writeFile(pathOf(records[6]!), encodeWav(long))
    const whole = { ...recipe, durationSec: null, trim: null }
    const script = `await extract({ workers: 0 }).catch(({ code, message }) => console.log(code, message))`
    const { stdout } = spawnSync(
      'sh',
      ['-c', 'ulimit -f 100 && exec "$0" "$@"', process.execPath, ...childArguments(script, whole)],
      { encoding: 'utf8' },
    )
    expect(stdout).toMatch(/^IO cannot write .*c6_mfcc\.npy: EFBIG.*; what is finished is kept$/m)
    expect(
      Object.keys(await snapshot()).filter((name) => name.startsWith('c6') || name.startsWith('.')),
    ).toEqual([])
    expect(await extract({}, whole)).toMatchObject({ computed: 4, cached: 6 })
  })
})
