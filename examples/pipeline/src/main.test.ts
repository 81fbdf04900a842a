/** Results of the command, in a process of its own, on small synthetic recordings on disk. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeAudio, loadAudio } from '@esc/audio-io/node'
import { parseManifest } from '@esc/core/manifest'
import { writeSyntheticEsc10 } from '@esc/dataset/node'
import { createExtractor, mfcc13 } from '@esc/dsp'
import { loadModel, openClassifier } from '@esc/edge/node'
import { readModel } from '@esc/onnx'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createProgram, type Finished, type Program } from './fixture-program.js'
import type { RunMetrics } from './results.js'

const outputs = [
  ...['history.csv', 'metrics.json', 'model.int8.onnx', 'model.json', 'model.onnx', 'network.safetensors'],
  'report.html',
]
// A run takes seconds, or many seconds on a busy machine. Some tests make five runs.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 })

let work: string
let data: string
let run: Program['run']
let runInterrupted: Program['runInterrupted']
/** A run with the default options and two epochs, which others are compared with. */
let first: Finished

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'esc-pipeline-'))
  data = await writeSyntheticEsc10(join(work, 'data'), { clipsPerClass: 10, durationSec: 1 })
  const program = await createProgram(work)
  run = program.run
  runInterrupted = program.runInterrupted
  first = await run('--data', 'data', '--epochs', '2', '--out', 'first')
})
afterAll(() => rm(work, { recursive: true }))

async function metricsIn(out: string): Promise<RunMetrics> {
  return JSON.parse(await readFile(join(work, out, 'metrics.json'), 'utf8'))
}

/** Two folders of results hold the same, apart from times. */
async function expectSame(a: string, b: string): Promise<void> {
  for (const name of outputs.filter((file) => file !== 'metrics.json' && file !== 'report.html')) {
    const [left, right] = await Promise.all([a, b].map((dir) => readFile(join(work, dir, name))))
    expect(left!.equals(right!), name).toBe(true)
  }
  const [left, right] = await Promise.all(
    [a, b].map(async (dir) => {
      const { times, ...rest } = await metricsIn(dir)
      expect(times.totalSec).toBeGreaterThan(0)
      return rest
    }),
  )
  expect(right).toEqual(left)
}

describe('a whole run', () => {
  test('ends well, and says where the results are and which data they come from', () => {
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
    const metrics = await metricsIn('first')
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
    expect(first.stdout).toContain(`test accuracy ${(100 * metrics.linearProbe.accuracy).toFixed(1)} %`)
    expect(metrics.linearProbe.accuracy).toBeGreaterThan(0.5)
    const isBeaten = metrics.float.accuracy > metrics.linearProbe.accuracy
    expect(/warning: the network (loses to|is only as good as) the linear probe/.test(first.stdout)).toBe(
      !isBeaten,
    )
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
})

test('the same options give the same files, also where --features keeps the features', async () => {
  const kept = join(work, 'kept')
  const argv = ['--data', 'data', '--epochs', '2', '--features', 'kept']
  expect((await run(...argv, '--out', 'fills')).code).toBe(0)
  await expectSame('first', 'fills')
  const names = await readdir(kept)
  expect(names.filter((name) => name.endsWith('_mfcc.npy')).length).toBe(100)
  const changed = () => Promise.all(names.map(async (name) => (await stat(join(kept, name))).mtimeMs))
  const before = await changed()

  const reads = await run(...argv, '--out', 'reads')
  expect(reads.code).toBe(0)
  expect(reads.stdout).toContain(`100 of them from ${kept}`)
  await expectSame('first', 'reads')
  expect(await readdir(kept)).toEqual(names)
  expect(await changed()).toEqual(before)
})

test('--checkpoint: a stopped run continues where it was, and ends like one that was not stopped', async () => {
  const argv = ['--data', 'data', '--epochs', '6']
  const keeping = [...argv, '--checkpoint', 'kept-training/state.safetensors']
  expect((await run(...argv, '--out', 'unstopped')).code).toBe(0)
  const { code, stderr } = await runInterrupted('epoch  2/6', ...keeping, '--out', 'resumed')
  expect(code).toBe(130)
  const kept = join(work, 'kept-training', 'state.safetensors')
  expect(stderr).toBe(`Stopped. Finished epochs are kept in ${kept}.\n`)

  // The second time there is nothing left to do.
  for (const earlier of [
    /^ {2}[2-5] of 6 epochs were finished earlier/m,
    /^ {2}6 of 6 epochs were finished earlier/m,
  ]) {
    const resumed = await run(...keeping, '--out', 'resumed')
    expect(resumed.code).toBe(0)
    expect(resumed.stdout).toMatch(earlier)
    await expectSame('unstopped', 'resumed')
  }
  expect(await readdir(join(work, 'kept-training'))).toEqual(['state.safetensors'])

  const other = await run(...keeping, '--seed', '7', '--out', 'other-seed')
  expect(other.code).toBe(1)
  expect(other.stderr).toMatch(/^error: the checkpoint is of another run: .*seed was 42, is 7/)
  expect(other.stderr.trimEnd().split('\n').length).toBe(1)
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

test.each([
  ['in memory', []],
  ['that are stored', ['--features', 'saved-features']],
  ['that were stored earlier', ['--features', 'saved-features']],
])('--save-audio with features %s keeps the clips as the features see them', async (_, more) => {
  await rm(join(work, 'saved'), { recursive: true, force: true })
  const argv = ['--data', 'data', '--epochs', '1', '--out', 'saved', '--save-audio', ...more]
  expect((await run(...argv)).code).toBe(0)
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
  const metrics = await metricsIn('flags')
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
    const rows = (await readFile(join(data, 'meta', 'esc50.csv'), 'utf8')).trimEnd().split(/\r?\n/).slice(1)
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

  test('gets a split of its own, and the number of leaks is not known', async () => {
    const { code, stdout } = await run('--data', dir, '--epochs', '1', '--no-int8')
    expect(code).toBe(0)
    expect(stdout).toMatch(/the data set has no folds of its own: split stratified-group/)
    expect(stdout).toMatch(
      /no groups are known, so a leak between clips of one recording cannot be seen; --group names the groups/,
    )
    expect(stdout).not.toMatch(/leaked test clips: 0|0 of \d+ test clips? (has|have) a sibling/)
    const out = join('runs', 'folders-audio-cnn-stratified-group')
    const metrics = await metricsIn(out)
    expect(metrics.split).toMatchObject({ name: 'stratified-group', leakedTestClips: null, testFold: null })
    expect(await readFile(join(work, out, 'report.html'), 'utf8')).toMatch(/no groups are known/i)
  })

  test('--group finds groups in the file names', async () => {
    const { code, stdout } = await run(
      '--data',
      dir,
      '--epochs',
      '1',
      '--group',
      '^site(\\d+)_',
      '--no-int8',
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
    const { code, stdout } = await run(
      '--data',
      'data',
      '--epochs',
      '1',
      '--group',
      'take',
      '--no-int8',
      '--out',
      'takes',
    )
    expect(code).toBe(0)
    // Takes A and B are in every fold.
    expect(stdout).toMatch(/^✔ split .*; leaked test clips: 20$/m)
  })
})
