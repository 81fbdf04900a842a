/** The stages on data as users have it: long clips, files of all kinds, recorders' headers. Each run is in this process. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { encodeWav } from '@esc/audio-io'
import type { EscError } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createStageConsole } from './console.js'
import { bundlePipeline } from './fixture-program.js'
import { parseOptions } from './options.js'
import type { runPipeline } from './run.js'

vi.setConfig({ testTimeout: 300_000 })

const sampleRate = 8000
let work = ''
let data = ''

// From a bundle, its worker threads start several times faster.
let program = ''
let runBundled: typeof runPipeline
beforeAll(async () => {
  program = await mkdtemp(join(tmpdir(), 'esc-field-program-'))
  await bundlePipeline(program)
  const { href } = pathToFileURL(join(program, 'run.js'))
  runBundled = (await import(/* @vite-ignore */ href)).runPipeline
})
afterAll(() => rm(program, { recursive: true }))

beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'esc-field-'))
  data = join(work, 'sounds')
})
afterEach(() => rm(work, { recursive: true }))

/** Faint noise, with a tone of one second from `fromSec` on. */
function clip(seconds: number, hz: number, seed: number, fromSec = 0): Uint8Array {
  let state = seed
  const samples = Float32Array.from({ length: seconds * sampleRate }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const at = i / sampleRate
    const tone = at >= fromSec && at < fromSec + 1 ? 0.5 * Math.sin(2 * Math.PI * hz * at) : 0
    return tone + 0.02 * (state / 2 ** 31 - 1)
  })
  return encodeWav({ samples, sampleRate })
}

async function put(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(join(data, path)), { recursive: true })
  await writeFile(join(data, path), bytes)
}

/** Two classes, each with a tone of its own. */
async function putClasses(seconds: number, fromSec: number, each = 10): Promise<void> {
  for (const [k, label] of ['low', 'high'].entries()) {
    for (let i = 0; i < each; i++)
      await put(`${label}/${i}.wav`, clip(seconds, [300, 2000][k]!, 100 * k + i + 1, fromSec))
  }
}

/** Runs the command's stages. It returns what they printed, and what they found or why they ended. */
async function run(...argv: string[]) {
  const lines: string[] = []
  const out = argv.includes('--out') ? [] : ['--out', join(work, 'out')]
  const options = parseOptions(['--data', data, '--no-int8', '--split', 'stratified', ...out, ...argv], work)
  const console = createStageConsole({ write: (text) => lines.push(text) })
  const context = { options, console, signal: new AbortController().signal, cwd: work }
  try {
    const { results, out: dir } = await runBundled(context)
    return { lines: lines.join(''), metrics: results.metrics, out: dir, error: null }
  } catch (error) {
    // The bundle has a class of errors of its own, so `instanceof` does not hold.
    if ((error as Error).name !== 'EscError') throw error
    return { lines: lines.join(''), metrics: null, out: null, error: error as EscError }
  }
}

test('windows cover all of a long clip, and every figure counts clips', async () => {
  await putClasses(7, 5.5)
  const cut = await run('--epochs', '1')
  expect(cut.lines).toMatch(
    /warning: 20 of 20 clips are longer than 5 s, and the rest of each is not used: 2\.00 s in the median.*\(--windows 5\)/,
  )
  const heard = await run('--windows', '2,1', '--epochs', '2')
  expect(heard.lines).not.toMatch(/is not used/)
  expect(heard.lines).toMatch(/MFCC 13 × 173, 120 windows of 20 clips/)
  const { split, test: report, predictions, windows, dataset, audit } = heard.metrics!
  expect([split.train + split.validation + split.test, dataset.clips]).toEqual([20, 20])
  expect(predictions).toHaveLength(split.test)
  expect(new Set(predictions.map(({ clipId }) => clipId)).size).toBe(split.test)
  expect(report.perClass.reduce((sum, { support }) => sum + support, 0)).toBe(split.test)
  expect(audit.split).toMatchObject({ train: split.train, test: split.test })
  expect(windows).toEqual({ windowSec: 2, hopSec: 1 })
  const manifest = JSON.parse(await readFile(join(heard.out!, 'model.json'), 'utf8'))
  expect(manifest).toMatchObject({
    windows: { windowSec: 2, hopSec: 1 },
    split: { test: split.test, train: split.train },
  })
  expect(await readFile(join(heard.out!, 'report.html'), 'utf8')).toMatch(/--windows 2,1/)
  const { error } = await run('--windows', '0.01')
  expect(error).toEqual(
    throwsCode(
      'INVALID_OPTION',
      /^--windows 0\.01 makes \d+ frames?, too few for audio-cnn .*; use longer windows$/,
    ),
  )
})

test('other files beside the clips are reported, used or left out', async () => {
  await putClasses(1, 0)
  await put('low/phone.3gp', new TextEncoder().encode('\0\0\0\x14ftyp3gp4\0\0\0\0'))
  const refused = await run('--epochs', '1')
  expect(refused.error).toEqual(
    throwsCode(
      'INVALID_INPUT',
      /low\/phone\.3gp is a 3GP file, which cannot be decoded; convert it .*, or skip it$/,
    ),
  )
  expect(refused.error).toMatchObject({ detail: { skippable: true } })
  for (const path of ['__MACOSX/low/._0.wav', 'high/.DS_Store', 'high/notes.txt', 'low/list.xyz']) {
    await put(path, new TextEncoder().encode('x'))
  }
  // The recorder was switched off before it wrote the size: the header says 0.
  const streamed = clip(1, 300, 77)
  new DataView(streamed.buffer).setUint32(40, 0, true)
  await put('low/streamed.bwf', streamed)
  await put('low/cut.wav', clip(1, 300, 78).subarray(0, 9001))
  const strict = await run('--epochs', '1', '--skip-bad')
  expect(strict.lines).toMatch(
    /warning: sounds of a format that cannot be decoded, left out: 1 file \(low\/phone\.3gp is a 3GP file/,
  )
  expect(strict.lines).toMatch(/warning: files of unknown type, left out: 1 file \(low\/list\.xyz\)/)
  expect(strict.lines).toMatch(/skipped low\/cut\.wav: /)
  expect(strict.metrics!.dataset).toMatchObject({ clips: 21, skipped: [{ filename: 'low/cut.wav' }] })
  expect(strict.metrics!.audit.folder).toMatchObject({ files: 27, clips: 22, notSound: 3 })
  const tolerant = await run('--epochs', '1', '--skip-bad', '--tolerant')
  expect(tolerant.metrics!.dataset.clips).toBe(22)
  expect(tolerant.lines).toMatch(/damaged or unfinished files that could still be read: 2 clips: low__cut \(/)
  expect(await readFile(join(tolerant.out!, 'report.html'), 'utf8')).toMatch(/--skip-bad.*--tolerant/s)
})

test('results, features and a checkpoint inside the data set are not taken for data', async () => {
  await putClasses(1, 0)
  const inside = [
    ...['--out', join(data, 'runs', 'a'), '--features', join(data, 'features')],
    ...['--checkpoint', join(data, 'run.safetensors'), '--save-audio'],
  ]
  for (const time of [1, 2]) {
    const { metrics } = await run('--epochs', '1', ...inside)
    expect(metrics!.dataset).toMatchObject({ clips: 20, labels: ['high', 'low'] })
    expect(metrics!.audit.folder!.findings, `run ${time}`).toEqual([])
  }
})
