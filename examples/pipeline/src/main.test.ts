/** The command as its user runs it: a process of its own, on small synthetic recordings on disk. */
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeAudio, loadAudio } from '@esc/audio-io/node'
import { parseManifest } from '@esc/core/manifest'
import { writeSyntheticEsc10 } from '@esc/dataset/node'
import { createExtractor, mfcc13 } from '@esc/dsp'
import { loadModel, openClassifier } from '@esc/edge/node'
import { readModel } from '@esc/onnx'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { RunMetrics } from './results.js'

const main = join(dirname(fileURLToPath(import.meta.url)), 'main.ts')
const outputs = [
  ...['history.csv', 'metrics.json', 'model.int8.onnx', 'model.json', 'model.onnx', 'network.safetensors'],
  'report.html',
]
// A run takes seconds, and on a busy machine many; some tests have five.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 })

let work: string
let data: string

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'esc-pipeline-'))
  data = await writeSyntheticEsc10(join(work, 'data'), { clipsPerClass: 10, durationSec: 1 })
})
afterAll(() => rm(work, { recursive: true }))

interface Finished {
  code: number | null
  stdout: string
  stderr: string
}

function start(nodeFlags: readonly string[], argv: readonly string[]): Promise<Finished> {
  const flags = ['--conditions=@esc/source', '--import', 'tsx', ...nodeFlags]
  const child = spawn(process.execPath, [...flags, main, ...argv], {
    env: { ...process.env, INIT_CWD: work },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const result = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    result.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    result.stderr += text
  })
  return new Promise<Finished>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...result }))
  })
}

const run = (...argv: string[]) => start([], argv)

/** A run that sends itself Ctrl-C as it writes `word`: from here it could come when the run has ended. */
function runInterrupted(word: string, ...argv: string[]): Promise<Finished> {
  const program = `
    const { stdout } = process
    const write = stdout.write.bind(stdout)
    stdout.write = (text, ...rest) => {
      if (text.includes(${JSON.stringify(word)})) {
        process.kill(process.pid, 'SIGINT')
        stdout.write = write
      }
      return write(text, ...rest)
    }`
  return start(['--import', `data:text/javascript,${encodeURIComponent(program)}`], argv)
}

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

describe('a whole run', () => {
  let first: Finished
  beforeAll(async () => {
    first = await run('--data', 'data', '--epochs', '2', '--out', 'first')
  })

  test('ends well, says where the results are, and what they are of', () => {
    expect(first.stderr).toBe('')
    expect(first.code).toBe(0)
    expect(first.stdout).toMatch(/These clips are synthetic/)
    expect(first.stdout).toMatch(/^report {3}first\/report\.html$/m)
    expect(first.stdout).toMatch(/^models {3}first\/model\.onnx, first\/model\.int8\.onnx$/m)
    expect(first.stdout).toMatch(/leaked test clips: 0/)
    expect(first.stdout).not.toContain('\x1b')
  })

  test('writes seven files and no others, which fit together', async () => {
    const dir = join(work, 'first')
    expect((await readdir(dir)).sort()).toEqual(outputs)
    const manifest = parseManifest(JSON.parse(await readFile(join(dir, 'model.json'), 'utf8')))
    const metrics = JSON.parse(await readFile(join(dir, 'metrics.json'), 'utf8')) as RunMetrics
    expect(manifest.dataset).toMatchObject({ synthetic: true, clips: 100 })
    expect(manifest.metrics).toMatchObject({
      accuracy: metrics.float.accuracy,
      int8Accuracy: metrics.int8!.accuracy,
    })
    expect(manifest.split).toMatchObject({
      name: 'folds',
      testFold: 1,
      validationFold: 2,
      seed: 42,
      leakedTestClips: 0,
    })
    expect(manifest.windows).toEqual({ windowSec: 5, hopSec: 2.5 })
    expect(metrics.split).toMatchObject({ testFold: 1, validationFold: 2, leakedTestClips: 0 })
    expect(metrics.test.confusion.flat().reduce((a, b) => a + b)).toBe(metrics.split.test)
    const right = metrics.predictions.filter(({ label, float }) => label === float.label).length
    expect(metrics.predictions.length).toBe(metrics.split.test)
    expect(right / metrics.split.test).toBeCloseTo(metrics.float.accuracy, 12)
    for (const { file, bytes } of [metrics.float, metrics.int8!]) {
      expect((await stat(join(dir, file))).size).toBe(bytes)
      const model = readModel(await readFile(join(dir, file)))
      expect(JSON.parse(model.metadata.labels!)).toEqual(manifest.labels)
      expect(model.metadata.synthetic).toBe('true')
    }
    const history = (await readFile(join(dir, 'history.csv'), 'utf8')).trimEnd().split('\n')
    expect(history.length).toBe(1 + metrics.training.epochs)
    expect(await readFile(join(dir, 'report.html'), 'utf8')).toMatch(/^<!doctype html>/i)
  })

  test('the network can be loaded again, to the last bit', async () => {
    const model = await loadModel(join(work, 'first'))
    expect(model.history.length).toBe(2)
    expect(model.graph.name).toBe('audio-cnn')
    expect(model.dataset).toEqual({ name: 'synthetic-esc10', synthetic: true })
  })

  test('the folder classifies a clip', async () => {
    const classifier = await openClassifier(join(work, 'first'))
    const [name] = await readdir(join(data, 'audio'))
    const predictions = await classifier.classify(join(data, 'audio', name!))
    expect(predictions.length).toBe(10)
    expect(predictions.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5)
    await classifier.release()
  })

  test('the same seed gives the same files, apart from times', async () => {
    const again = await run('--data', 'data', '--epochs', '2', '--out', 'again')
    expect(again.code).toBe(0)
    for (const name of outputs.filter((file) => file !== 'metrics.json' && file !== 'report.html')) {
      const [a, b] = await Promise.all(['first', 'again'].map((dir) => readFile(join(work, dir, name))))
      expect(a!.equals(b!), name).toBe(true)
    }
    const [a, b] = await Promise.all(
      ['first', 'again'].map(async (dir) => {
        const { times, ...rest } = JSON.parse(
          await readFile(join(work, dir, 'metrics.json'), 'utf8'),
        ) as RunMetrics
        expect(times.totalSec).toBeGreaterThan(0)
        return rest
      }),
    )
    expect(b).toEqual(a)
  })
})

test('--features keeps features, takes them from there, and changes no result', async () => {
  const argv = ['--data', 'data', '--epochs', '2', '--features', 'kept']
  const plain = await run('--data', 'data', '--epochs', '2', '--out', 'plain')
  expect(plain.code).toBe(0)
  for (const out of ['fills', 'reads']) {
    expect((await run(...argv, '--out', out)).code).toBe(0)
    for (const name of [
      'history.csv',
      'model.int8.onnx',
      'model.json',
      'model.onnx',
      'network.safetensors',
    ]) {
      const [a, b] = await Promise.all(['plain', out].map((dir) => readFile(join(work, dir, name))))
      expect(a!.equals(b!), name).toBe(true)
    }
  }
  const kept = await readdir(join(work, 'kept'))
  expect(kept.filter((name) => name.endsWith('_mfcc.npy')).length).toBe(100)
  const changed = async () =>
    Math.max(...(await Promise.all(kept.map(async (name) => (await stat(join(work, 'kept', name))).mtimeMs))))
  const before = await changed()
  expect((await run(...argv, '--out', 'reads')).code).toBe(0)
  expect(await changed()).toBe(before)
})

test('--checkpoint: a run that is stopped goes on where it was, and ends as one that was not', async () => {
  const argv = ['--data', 'data', '--epochs', '6']
  const keeping = [...argv, '--checkpoint', 'kept-training/state.safetensors']
  expect((await run(...argv, '--out', 'unstopped')).code).toBe(0)
  const { code, stderr } = await runInterrupted('epoch  2/6', ...keeping, '--out', 'resumed')
  expect(code).toBe(130)
  const kept = join(work, 'kept-training', 'state.safetensors')
  expect(stderr).toBe(`Stopped. Epochs that are finished are kept in ${kept}.\n`)

  // The second time there is nothing left to do.
  for (const earlier of [
    /^ {2}[2-5] of 6 epochs were finished earlier/m,
    /^ {2}6 of 6 epochs were finished earlier/m,
  ]) {
    const resumed = await run(...keeping, '--out', 'resumed')
    expect(resumed.code).toBe(0)
    expect(resumed.stdout).toMatch(earlier)
    for (const name of [
      'history.csv',
      'model.int8.onnx',
      'model.json',
      'model.onnx',
      'network.safetensors',
    ]) {
      const [a, b] = await Promise.all(['unstopped', 'resumed'].map((dir) => readFile(join(work, dir, name))))
      expect(a!.equals(b!), name).toBe(true)
    }
    const [a, b] = await Promise.all(
      ['unstopped', 'resumed'].map(async (dir) => {
        const text = await readFile(join(work, dir, 'metrics.json'), 'utf8')
        return { ...(JSON.parse(text) as RunMetrics), times: null }
      }),
    )
    expect(b).toEqual(a)
  }
  expect(await readdir(join(work, 'kept-training'))).toEqual(['state.safetensors'])

  const other = await run(...keeping, '--seed', '7', '--out', 'other-seed')
  expect(other.code).toBe(1)
  expect(other.stderr).toMatch(/^error: the checkpoint is of another run: .*seed was 42, is 7/)
  expect(other.stderr.trimEnd().split('\n').length).toBe(1)
})

test('--features goes on without damaged clips, too, and lists them', async () => {
  const dir = await damaged('broken-kept', async (copy) => {
    const names = (await readdir(join(copy, 'audio'))).sort()
    await writeFile(join(copy, 'audio', names[1]!), 'RIFF is all that is left')
  })
  const argv = ['--data', dir, '--epochs', '1', '--features', 'kept-broken', '--out', 'kept-skipped']
  const refused = await run(...argv)
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(/repair or remove it, or skip it \(--skip-bad\)$/m)
  expect((await run(...argv, '--skip-bad')).code).toBe(0)
  const text = await readFile(join(work, 'kept-skipped', 'metrics.json'), 'utf8')
  expect((JSON.parse(text) as RunMetrics).dataset.skipped.length).toBe(1)
  expect(text).not.toContain(work)
})

test('--dry-run prints shapes and losses, and writes nothing', async () => {
  const before = await readdir(work)
  const { code, stdout } = await run('--data', 'data', '--model', 'mel-cnn', '--dry-run')
  expect(code).toBe(0)
  expect(stdout).toContain('[1, 1, 128, 216]')
  expect(stdout).toContain('[8, 10]')
  const losses = Array.from(stdout.matchAll(/ {2}loss +([\d.]+)/g), ([, loss]) => Number(loss))
  expect(losses.length).toBe(2)
  for (const loss of losses) expect(Math.abs(loss - Math.log(10))).toBeLessThan(0.8)
  expect(await readdir(work)).toEqual(before)
})

test('--help reads without a terminal', async () => {
  const { code, stdout } = await run('--help')
  expect(code).toBe(0)
  expect(stdout).toContain('--skip-bad')
  expect(stdout).not.toContain('\x1b')
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110)
})

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
      /--test-fold 8 is no fold of this data set; it has 1, 2, 3, 4, 5/,
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
      dir = await damaged('broken', async (copy) => {
        names = (await readdir(join(copy, 'audio'))).sort().slice(0, 2)
        await rm(join(copy, 'audio', names[0]!))
      })
    })
    test('missing', () => refused(['--data', dir], 1, new RegExp(`${names[0]}.*--skip-bad`)))
    test('damaged', async () => {
      await cp(join(data, 'audio', names[0]!), join(dir, 'audio', names[0]!))
      await writeFile(join(dir, 'audio', names[1]!), 'RIFF is all that is left')
      await refused(['--data', dir], 1, new RegExp(`${names[1]}.*--skip-bad`))
    })
    test('--skip-bad goes on without them and lists them', async () => {
      await rm(join(dir, 'audio', names[0]!))
      expect((await run('--data', dir, '--skip-bad', '--dry-run')).code).toBe(0)
      const result = await run('--data', dir, '--skip-bad', '--epochs', '1', '--out', 'skipped')
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

test.each([[[]], [['--features', 'saved-features']]])(
  '--save-audio %j keeps the clips as the features see them',
  async (more) => {
    // With a store: the second time features are there already.
    for (const _ of [1, ...more]) {
      const { code } = await run('--data', 'data', '--epochs', '1', '--out', 'saved', '--save-audio', ...more)
      expect(code).toBe(0)
    }
    expect((await readdir(join(work, 'saved'))).sort()).toEqual([...outputs, 'processed'].sort())
    expect(await readdir(join(work, 'saved', 'processed'))).toEqual(['audio'])
    const names = await readdir(join(work, 'saved', 'processed', 'audio'))
    const sources = (await readdir(join(data, 'audio'))).map((name) => name.replace(/\.\w+$/, '.wav'))
    expect(names.sort()).toEqual(sources.sort())
    const kept = await decodeAudio(join(work, 'saved', 'processed', 'audio', names[0]!))
    const original = await loadAudio(join(data, 'audio', names[0]!), { sampleRate: null })
    const expected = createExtractor(mfcc13).prepare(original).samples
    expect(kept.sampleRate).toBe(44100)
    expect(kept.channels[0]!.length).toBe(expected.length)
    const worst = kept.channels[0]!.reduce(
      (most, sample, i) => Math.max(most, Math.abs(sample - expected[i]!)),
      0,
    )
    // Half a step of 16 bits, and a whole one at +1.
    expect(worst).toBeLessThanOrEqual(1 / 32768)
  },
)

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
    /^error: --checkpoint .*results must be a file, and --out makes a folder there/,
  ],
  ['above them', 'above', 2, /^error: --checkpoint .*above must be a file, and --out makes a folder there/],
])('--checkpoint %s is told before anything is computed', async (_, checkpoint, exitCode, message) => {
  const out = checkpoint === 'above' ? 'above/results' : 'results'
  const argv = ['--data', 'data', '--epochs', '1', '--out', out, '--checkpoint', checkpoint]
  const { code, stdout, stderr } = await run(...argv)
  expect(stderr).toMatch(message)
  expect(code).toBe(exitCode)
  expect(stdout).not.toContain('compute features')
  await expect(stat(join(work, out))).rejects.toThrow('ENOENT')
})

test('flags of training reach it', async () => {
  const flags = '--lr 1e-2 --batch-size 8 --patience 1 --weight-decay 1e-3 --class-weights --no-int8'
  const { code, stdout } = await run(
    '--data',
    'data',
    '--epochs',
    '30',
    '--out',
    'flags',
    ...flags.split(' '),
  )
  expect(code).toBe(0)
  const dir = join(work, 'flags')
  expect((await readdir(dir)).sort()).toEqual(outputs.filter((name) => name !== 'model.int8.onnx'))
  const metrics = JSON.parse(await readFile(join(dir, 'metrics.json'), 'utf8')) as RunMetrics
  expect(metrics.options).toMatchObject({
    learningRate: 0.01,
    batchSize: 8,
    patience: 1,
    weightDecay: 1e-3,
    classWeights: true,
  })
  expect([metrics.int8, metrics.parity, metrics.int8Test, metrics.times.latency.int8]).toEqual([
    null,
    null,
    null,
    null,
  ])
  expect(metrics.training.stoppedEarly).toBe(true)
  expect(metrics.training.epochs).toBe(metrics.training.bestEpoch + 1)
  const { history } = await loadModel(dir)
  expect(new Set(history.map(({ learningRate }) => learningRate))).toEqual(new Set([0.01]))
  expect(stdout).toMatch(/^models {3}flags\/model\.onnx$/m)
  expect(await readFile(join(dir, 'report.html'), 'utf8')).toContain('--weight-decay 0.001')
})

describe('a folder for each class, without folds or groups', () => {
  let dir: string
  beforeAll(async () => {
    dir = join(work, 'folders')
    const rows = (await readFile(table(data), 'utf8')).trimEnd().split(/\r?\n/).slice(1)
    for (const row of rows) {
      const [name, , , category, , source] = row.split(',') as [
        string,
        string,
        string,
        string,
        string,
        string,
      ]
      if (!['dog', 'rain', 'rooster'].includes(category)) continue
      await mkdir(join(dir, category), { recursive: true })
      await cp(join(data, 'audio', name), join(dir, category, `site${source}_${name}`))
    }
  })

  test('is split by itself, and no leak is said to be known', async () => {
    const { code, stdout } = await run('--data', dir, '--epochs', '1')
    expect(code).toBe(0)
    expect(stdout).toMatch(/the data set has no folds of its own: split stratified-group/)
    expect(stdout).toMatch(
      /no groups are known, so a leak between clips of one recording cannot be seen; --group names them/,
    )
    expect(stdout).not.toMatch(/leaked test clips: 0|0 of \d+ test clips have a sibling/)
    const out = join(work, 'runs', 'folders-audio-cnn-stratified-group')
    const metrics = JSON.parse(await readFile(join(out, 'metrics.json'), 'utf8')) as RunMetrics
    expect(metrics.split).toMatchObject({ name: 'stratified-group', leakedTestClips: null, testFold: null })
    expect(await readFile(join(out, 'report.html'), 'utf8')).toMatch(/no groups are known/i)
  })

  test('--group finds groups in the file names', async () => {
    const { code, stdout } = await run(
      '--data',
      dir,
      '--epochs',
      '1',
      '--group',
      '^site(\\d+)_',
      '--out',
      'grouped',
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/leaked test clips: 0/)
    const wrong = await run('--data', dir, '--epochs', '1', '--group', 'speaker', '--out', 'grouped')
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toMatch(/has no group in column 'speaker'; the table has no other columns/)
  })

  test('--group takes a column of a table', async () => {
    const { code, stdout } = await run('--data', 'data', '--epochs', '1', '--group', 'take', '--out', 'takes')
    expect(code).toBe(0)
    // Takes A and B are in every fold.
    expect(stdout).toMatch(/^✔ split .*; leaked test clips: 20$/m)
  })
})
