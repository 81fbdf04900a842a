/** How the command ends when it cannot finish: on wrong input, on places that it cannot write to, and on Ctrl-C. */
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeSyntheticEsc10 } from '@esc/dataset/node'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createProgram, type Program } from './fixture-program.js'
import type { RunMetrics } from './results.js'

// A run takes seconds, or many seconds on a busy machine.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 })

let work: string
let data: string
let run: Program['run']
let runInterrupted: Program['runInterrupted']

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'esc-refusals-'))
  data = await writeSyntheticEsc10(join(work, 'data'), { clipsPerClass: 10, durationSec: 1 })
  const program = await createProgram(work)
  run = program.run
  runInterrupted = program.runInterrupted
})
afterAll(() => rm(work, { recursive: true }))

/** A copy of the data set, changed. */
async function damaged(name: string, change: (dir: string) => Promise<unknown>): Promise<string> {
  const dir = join(work, name)
  await cp(data, dir, { recursive: true })
  await change(dir)
  return dir
}

const table = (dir: string) => join(dir, 'meta', 'esc50.csv')
async function editTable(dir: string, edit: (lines: string[]) => string[]) {
  const text = await readFile(table(dir), 'utf8')
  await writeFile(table(dir), `${edit(text.trimEnd().split(/\r?\n/)).join('\n')}\n`)
}

describe('bad input ends with one clear line, a code, and nothing written', () => {
  async function refused(argv: string[], code: number, message: RegExp) {
    const result = await run(...argv, '--epochs', '1', '--out', 'refused')
    expect(result.stderr).toMatch(message)
    expect(result.stderr.trimEnd().split('\n').length).toBe(1)
    expect(result.code).toBe(code)
    await expect(stat(join(work, 'refused'))).rejects.toThrow('ENOENT')
  }

  test('an unknown flag', () =>
    refused(['--modle', 'mel-cnn'], 2, /unknown option '--modle' \(Did you mean --model\?\)/))
  test('a missing folder', () => refused(['--data', 'nowhere'], 1, /nowhere/))
  test('a fold that does not exist', () =>
    refused(
      ['--data', 'data', '--test-fold', '8'],
      2,
      /--test-fold 8 is not a fold of this data set; its folds are 1, 2, 3, 4, 5/,
    ))

  test('a table without a column', async () => {
    const dir = await damaged('no-column', (copy) =>
      editTable(copy, ([header, ...rows]) => [header!.replace('fold', 'part'), ...rows]),
    )
    await refused(['--data', dir], 1, /esc50\.csv.*fold/)
  })
  test('a class with one clip', async () => {
    const dir = await damaged('rare', (copy) => {
      let kept = 0
      return editTable(copy, (lines) => lines.filter((line) => !line.includes(',dog,') || kept++ === 0))
    })
    await refused(['--data', dir], 1, /class dog has 1 clip/)
  })
  test('no rows', async () => {
    const dir = await damaged('no-rows', (copy) => editTable(copy, ([header]) => [header!]))
    await refused(['--data', dir], 1, /esc50\.csv/)
  })

  describe('a row whose file is missing, and one whose file is damaged', () => {
    let dir: string
    let names: string[]
    beforeAll(async () => {
      dir = await damaged('broken', async () => {})
      names = (await readdir(join(dir, 'audio'))).sort().slice(0, 2)
    })
    /** Removes the first file, or damages the second one, or both. */
    async function spoil({ first, second }: { first: boolean; second: boolean }): Promise<void> {
      for (const name of names) await cp(join(data, 'audio', name), join(dir, 'audio', name))
      if (first) await rm(join(dir, 'audio', names[0]!))
      if (second) await writeFile(join(dir, 'audio', names[1]!), 'RIFF is all that is left')
    }

    test('missing', async () => {
      await spoil({ first: true, second: false })
      await refused(['--data', dir], 1, new RegExp(`${names[0]}.*--skip-bad`))
    })
    test('damaged', async () => {
      await spoil({ first: false, second: true })
      await refused(['--data', dir], 1, new RegExp(`${names[1]}.*--skip-bad`))
    })
    test('damaged: --features goes on without it, too, and lists it', async () => {
      await spoil({ first: false, second: true })
      const kept = ['--features', 'kept', '--out', 'kept-skipped']
      const argv = ['--data', dir, '--epochs', '1', '--no-int8', ...kept]
      const stopped = await run(...argv)
      expect(stopped.code).toBe(1)
      expect(stopped.stderr).toMatch(/repair or remove it, or skip it \(--skip-bad\)$/m)
      expect((await run(...argv, '--skip-bad')).code).toBe(0)
      const text = await readFile(join(work, 'kept-skipped', 'metrics.json'), 'utf8')
      expect((JSON.parse(text) as RunMetrics).dataset.skipped.length).toBe(1)
      expect(text).not.toContain(work)
    })
    test('--skip-bad goes on without them and lists them', async () => {
      await spoil({ first: true, second: true })
      expect((await run('--data', dir, '--skip-bad', '--dry-run')).code).toBe(0)
      const result = await run('--data', dir, '--skip-bad', '--epochs', '1', '--no-int8', '--out', 'skipped')
      expect(result.code).toBe(0)
      const metrics = JSON.parse(await readFile(join(work, 'skipped', 'metrics.json'), 'utf8')) as RunMetrics
      expect(metrics.dataset.skipped.map(({ filename }) => filename).sort()).toEqual(names)
      expect(metrics.dataset.clips).toBe(98)
      const report = await readFile(join(work, 'skipped', 'report.html'), 'utf8')
      for (const name of names) expect(report).toContain(name)
      expect(JSON.stringify(metrics)).not.toContain(work)
      expect(report).not.toContain(work)
    })
  })
})

test('--help reads without a terminal', async () => {
  const { code, stdout } = await run('--help')
  expect(code).toBe(0)
  expect(stdout).toContain('--skip-bad')
  expect(stdout).not.toContain('\x1b')
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110)
})

test('an output folder that cannot be made is named before anything is computed', async () => {
  await writeFile(join(work, 'occupied'), 'a file')
  const { code, stdout, stderr } = await run('--data', 'data', '--epochs', '1', '--out', 'occupied/run')
  expect(code).toBe(1)
  expect(stderr).toMatch(/^error: cannot write to .*occupied/)
  expect(stdout).not.toContain('compute features')
  expect(await readFile(join(work, 'occupied'), 'utf8')).toBe('a file')
})

test.each([
  ['a folder', 'data', 1, /^error: cannot write to .*data: it is a folder\n$/],
  [
    'where the results go',
    'results',
    2,
    /^error: --checkpoint .*results must be a file, but --out makes a folder there/,
  ],
  ['above them', 'above', 2, /^error: --checkpoint .*above must be a file, but --out makes a folder there/],
])('--checkpoint %s is refused before anything is computed', async (_, checkpoint, exitCode, message) => {
  const out = checkpoint === 'above' ? 'above/results' : 'results'
  const argv = ['--data', 'data', '--epochs', '1', '--out', out, '--checkpoint', checkpoint]
  const { code, stdout, stderr } = await run(...argv)
  expect(stderr).toMatch(message)
  expect(code).toBe(exitCode)
  expect(stdout).not.toContain('compute features')
  await expect(stat(join(work, out))).rejects.toThrow('ENOENT')
})

test('Ctrl-C stops it and leaves nothing behind', async () => {
  const argv = ['--data', 'data', '--epochs', '500', '--out', 'stopped', '--save-audio']
  const { code, stderr } = await runInterrupted('epoch', ...argv)
  expect(code).toBe(130)
  expect(stderr).toBe('Stopped. Nothing was written.\n')
  await expect(stat(join(work, 'stopped'))).rejects.toThrow('ENOENT')
})

test('Ctrl-C before there is an epoch to keep does not say that one is kept', async () => {
  const argv = [
    '--data',
    'data',
    '--epochs',
    '500',
    '--out',
    'stopped',
    '--checkpoint',
    'none/state.safetensors',
  ]
  const { code, stderr } = await runInterrupted('read the table', ...argv)
  expect(code).toBe(130)
  expect(stderr).toBe('Stopped. Nothing was written.\n')
})
