import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { loadAudio } from '@esc/audio-io/node'
import type { ProgressEvent } from '@esc/core'
import { isTemporaryName, temporaryPath } from '@esc/core/node'
import { throwsCode } from '@esc/expect'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { synthesizeEsc10 } from '../synthetic/esc10.js'
import { openDataset } from './open/open-dataset.js'
import { writeSyntheticEsc10 } from './write-synthetic.js'

const options = { clipsPerClass: 5, sampleRate: 8000, durationSec: 0.5 }

let dir = ''

beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'esc-synthetic-')), 'set')
})

afterEach(() => rm(join(dir, '..'), { recursive: true, force: true }))

/** Bytes of every file by its path, with the time it was last written. */
async function snapshot(): Promise<Record<string, readonly [bytes: string, time: number]>> {
  const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  )
  const entries = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name)
    return [path, [await readFile(path, 'base64'), (await stat(path)).mtimeMs]] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

/** Breaks a run off after so many clips. */
async function writeSome(count: number): Promise<void> {
  const controller = new AbortController()
  const reason = new Error('enough')
  const run = writeSyntheticEsc10(dir, { ...options, signal: controller.signal }, ({ done }) => {
    if (done === count) controller.abort(reason)
  })
  await expect(run).rejects.toBe(reason)
}

describe('writeSyntheticEsc10', () => {
  test('writes a folder that opens as a whole synthetic set with the same sounds', async () => {
    const events: ProgressEvent[] = []
    const root = await writeSyntheticEsc10(dir, options, (event) => events.push(event))
    const { dataset, missing, pathOf } = await openDataset(root, { subset: 'esc10' })
    const expected = synthesizeEsc10(options)
    expect(dataset).toEqual(expected.dataset)
    expect(missing).toEqual([])
    expect(events.map(({ done }) => done)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    for (const index of [0, 31]) {
      const { samples, sampleRate } = await loadAudio(pathOf(dataset.records[index]!), { sampleRate: 8000 })
      const clip = expected.clipAt(index)
      expect(sampleRate).toBe(clip.sampleRate)
      expect(samples.length).toBe(clip.samples.length)
      // 16-bit storage: within one step.
      expect(Math.max(...samples.map((value, i) => Math.abs(value - clip.samples[i]!)))).toBeLessThan(
        1 / 32767,
      )
    }
  })

  test('leaves a finished folder alone', async () => {
    await writeSyntheticEsc10(dir, options)
    const before = await snapshot()
    await writeSyntheticEsc10(dir, options)
    expect(await snapshot()).toEqual(before)
  })

  test('begins again where it was killed before anything was whole', async () => {
    for (const name of ['audio', 'meta']) {
      const folder = join(dir, name)
      await mkdir(folder, { recursive: true })
      const own = basename(temporaryPath(folder))
      await writeFile(join(folder, own.replace(/-\d+-/, '-999999999-')), 'half')
    }
    await writeSyntheticEsc10(dir, options)
    const files = await readdir(dir, { recursive: true })
    expect(files.filter((name) => isTemporaryName(basename(name)))).toEqual([])
    expect(await readdir(join(dir, 'meta'))).toEqual(['SYNTHETIC.json', 'esc50.csv'])
  })

  test('completes a folder that was broken off, which does not open before', async () => {
    await writeSome(20)
    expect((await readdir(join(dir, 'audio'))).length).toBe(20)
    await expect(openDataset(dir)).rejects.toThrow(throwsCode('IO'))
    const before = await snapshot()
    await writeSyntheticEsc10(dir, options)
    const after = await snapshot()
    for (const [path, file] of Object.entries(before)) {
      if (path.endsWith('.wav')) expect(after[path]).toEqual(file)
    }
    const { dataset, missing } = await openDataset(dir)
    expect(dataset).toEqual(synthesizeEsc10(options).dataset)
    expect(missing).toEqual([])
  })

  test('puts a sound back that was deleted from a finished folder', async () => {
    await writeSyntheticEsc10(dir, options)
    const before = await snapshot()
    const [path] = Object.keys(before).filter((name) => name.endsWith('.wav'))
    await rm(path!)
    await writeSyntheticEsc10(dir, options)
    expect((await snapshot())[path!]![0]).toBe(before[path!]![0])
  })

  test('refuses a folder of other options, finished or not', async () => {
    await writeSome(3)
    const other = writeSyntheticEsc10(dir, { ...options, seed: 1 })
    await expect(other).rejects.toThrow(throwsCode('INVALID_INPUT'))
    expect((await readdir(join(dir, 'audio'))).length).toBe(3)
  })

  test('refuses a folder that holds something else, and leaves it as it is', async () => {
    await mkdir(join(dir, 'meta'), { recursive: true })
    await writeFile(join(dir, 'meta', 'esc50.csv'), 'precious')
    await expect(writeSyntheticEsc10(dir, options)).rejects.toThrow(throwsCode('INVALID_INPUT'))
    expect(await readdir(dir, { recursive: true })).toEqual(
      expect.arrayContaining(['meta', 'meta/esc50.csv']),
    )
    expect(await readFile(join(dir, 'meta', 'esc50.csv'), 'utf8')).toBe('precious')
  })

  test('names the path that cannot be written', async () => {
    await writeFile(dir, 'a file where the folder should be')
    await expect(writeSyntheticEsc10(dir, options)).rejects.toThrow(throwsCode('IO'))
    await expect(writeSyntheticEsc10(dir, options)).rejects.toThrow(dir)
  })

  test('refuses options out of range before it touches the disk', async () => {
    await expect(writeSyntheticEsc10(dir, { clipsPerClass: 1 })).rejects.toThrow(throwsCode('INVALID_OPTION'))
    await expect(stat(dir)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
