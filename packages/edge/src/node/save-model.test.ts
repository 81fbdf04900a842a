import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { createRng, type Weight } from '@esc/core'
import { lockFolder, temporaryPath } from '@esc/core/node'
import { throwsCode } from '@esc/expect'
import { writeModel } from '@esc/onnx'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { calibration, frames, labels, makeClip, model, otherModel, recipe } from '../fixtures/tiny-model.js'
import { exportModel, readManifest, withEvaluation } from '../index.js'
import type { ModelFiles } from '../model-files.js'
import { bundleProgram } from './fixtures/bundle-program.js'
import { loadModel, openClassifier, packModel, saveModel, writeModelFiles } from './index.js'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'esc-model-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const clip = makeClip(0.5)
const answersOf = async (folder: string) => {
  const classifier = await openClassifier(folder)
  const answers = await classifier.classify(clip)
  await classifier.release()
  return answers
}

describe('saveModel', () => {
  test('saves a model that loadModel gives back to the last bit, and leaves other files alone', async () => {
    const folder = join(dir, 'models', 'demo')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'report.html'), 'mine')
    await saveModel(folder, model)
    expect(await loadModel(folder)).toEqual(model)
    expect((await readdir(folder)).sort()).toEqual([
      'model.json',
      'model.onnx',
      'network.safetensors',
      'report.html',
    ])
    await saveModel(folder, model, {
      int8: { calibrateOn: calibration, indices: [0, 1, 2] },
      overwrite: true,
    })
    expect((await readdir(folder)).sort()).toContain('model.int8.onnx')
    // A model without an int8 file removes the int8 file of the model before it.
    await saveModel(folder, otherModel, { overwrite: true })
    expect((await readdir(folder)).sort()).toEqual([
      'model.json',
      'model.onnx',
      'network.safetensors',
      'report.html',
    ])
    expect(await loadModel(folder)).toEqual(otherModel)
  })

  test('replaces another model only with overwrite; the same model may be saved again', async () => {
    await saveModel(dir, model)
    const before = await readFile(join(dir, 'model.json'))
    await saveModel(dir, model)
    // One more file, or other facts in the manifest, count as another model.
    await expect(saveModel(dir, { ...model, dataset: null })).rejects.toThrow(
      throwsCode('INVALID_OPTION', /another/),
    )
    await writeFile(join(dir, 'model.int8.onnx'), 'mine')
    await expect(saveModel(dir, model)).rejects.toThrow(throwsCode('INVALID_OPTION', /model.int8.onnx/))
    await rm(join(dir, 'model.int8.onnx'))
    await expect(saveModel(dir, otherModel)).rejects.toThrow(
      throwsCode(
        'INVALID_OPTION',
        /holds another model \(model.json, model.onnx, network.safetensors\); choose another folder, or set overwrite: true/,
      ),
    )
    expect(await readFile(join(dir, 'model.json'))).toEqual(before)
    expect(await loadModel(dir)).toEqual(model)
  })

  test('does not write over a model.onnx of somebody else', async () => {
    await writeFile(join(dir, 'model.onnx'), 'mine')
    await expect(saveModel(dir, model)).rejects.toThrow(
      throwsCode('INVALID_OPTION', /holds another model \(model.onnx\)/),
    )
    expect(await readFile(join(dir, 'model.onnx'), 'utf8')).toBe('mine')
  })

  test('refuses a folder into which another program is writing', async () => {
    const unlock = await lockFolder(dir, 'model.lock')
    // This process holds the lock here, as another program would.
    await expect(saveModel(dir, model)).rejects.toThrow(
      throwsCode(
        'IO',
        /cannot take .*model.lock: process \d+ is at work here; wait for it, or remove this file/,
      ),
    )
    await unlock()
    await saveModel(dir, model)
    expect(await readdir(dir)).not.toContain('model.lock')
  })

  test('refuses a path that is a file, or lies inside a file', async () => {
    await writeFile(join(dir, 'file'), '')
    await expect(saveModel(join(dir, 'file'), model)).rejects.toThrow(
      throwsCode('IO', /cannot (read|write) .*file/),
    )
    await expect(saveModel(join(dir, 'file', 'deeper'), model)).rejects.toThrow(
      throwsCode('IO', /cannot (read|write)/),
    )
  })

  test('refuses unknown options, and a dir that is not a text', async () => {
    await expect(saveModel(dir, model, { over_write: true } as never)).rejects.toThrow(
      throwsCode('INVALID_OPTION', /saveModel has no option 'over_write' \(write overwrite\)/),
    )
    await expect(saveModel(dir, model, { runtime: null } as never)).rejects.toThrow(
      throwsCode('INVALID_OPTION', /no option 'runtime'/),
    )
    for (const folder of [undefined, '', new URL('file:///tmp/x')]) {
      const refusal = throwsCode('INVALID_OPTION', /^dir is .*; it must be a text/)
      await expect(saveModel(folder as never, model)).rejects.toThrow(refusal)
      await expect(loadModel(folder as never)).rejects.toThrow(refusal)
      await expect(openClassifier(folder as never)).rejects.toThrow(refusal)
    }
    expect(await readdir(dir)).toEqual([])
  })

  test('figures of the int8 file can be added before the files are written', async () => {
    const files = await packModel(model, { int8: { calibrateOn: calibration } })
    const figures = { accuracy: 1, macro: { f1: 1 } }
    await writeModelFiles(dir, withEvaluation(files, { float: figures, int8: figures, agreement: 1 }))
    expect((await openClassifier(dir, { precision: 'int8' })).manifest.metrics!.int8Accuracy).toBe(1)
    const { 'model.onnx': _, ...fewer } = files
    await expect(writeModelFiles(join(dir, 'b'), fewer)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /model.onnx is missing; give all files that packModel returned/),
    )
    const swapped = { ...files, 'model.onnx': files['model.int8.onnx']! }
    await expect(writeModelFiles(join(dir, 'b'), swapped)).rejects.toThrow(
      throwsCode('CORRUPT_DATA', /model.onnx is not the file/),
    )
  })
})

describe('a save that is cut off', () => {
  const isLong = process.env.VERIFY_LONG === '1'
  let programDir = ''
  let program = ''
  beforeAll(async () => {
    programDir = await mkdtemp(join(tmpdir(), 'esc-saving-'))
    const source = fileURLToPath(new URL('./fixtures/saving-process.ts', import.meta.url))
    program = await bundleProgram(source, programDir)
  })
  afterAll(() => rm(programDir, { recursive: true, force: true }))
  const start = () => spawn(process.execPath, [program, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = async (child: ChildProcess) => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  test('at a random moment leaves the old model or the new one, complete', async () => {
    const answers = [model, otherModel].map(async (each, i) => {
      await saveModel(`${dir}-${i}`, each)
      return answersOf(`${dir}-${i}`)
    })
    const known = await Promise.all(answers)
    await Promise.all([0, 1].map((i) => rm(`${dir}-${i}`, { recursive: true })))
    await saveModel(dir, model)
    const rng = createRng(Date.now() % 2 ** 32)
    for (let cut = 0; cut < (isLong ? 60 : 4); cut++) {
      const child = start()
      child.stdout!.setEncoding('utf8')
      await once(child.stdout!, 'data')
      // Each save first waits a quarter of a second for its lock, and then writes.
      await sleep(200 + rng.integer(400))
      await ended(child)
      const found = await loadModel(dir)
      const which = [model, otherModel].findIndex((each) => isDeepStrictEqual(found, each))
      expect(which).toBeGreaterThanOrEqual(0)
      expect(await answersOf(dir)).toEqual(known[which])
    }
    await saveModel(dir, otherModel, { overwrite: true })
    expect((await readdir(dir)).sort()).toEqual(['model.json', 'model.onnx', 'network.safetensors'])
  })

  test('at every step leaves the old model', async () => {
    await saveModel(dir, model, { int8: { calibrateOn: calibration } })
    const old = await answersOf(dir)
    const next = await packModel(otherModel)
    // A killed save leaves second names of the old files, new bytes under the first names, and the old manifest.
    const { files } = JSON.parse(await readFile(join(dir, 'model.json'), 'utf8'))
    for (const { name, sha256 } of Object.values(files) as { name: string; sha256: string }[]) {
      await rename(join(dir, name), join(dir, `${name}.${sha256.slice(0, 16)}.previous`))
      if (next[name]) await writeFile(join(dir, name), next[name])
      expect(await answersOf(dir)).toEqual(old)
      expect(await loadModel(dir)).toEqual(model)
    }
    await writeFile(temporaryPath(dir).replace(/-\d+-/, '-999999999-'), '')
    await writeModelFiles(dir, next, { overwrite: true })
    expect(await loadModel(dir)).toEqual(otherModel)
    expect((await readdir(dir)).sort()).toEqual(['model.json', 'model.onnx', 'network.safetensors'])
  })

  test('can be repeated without overwrite if the folder had no model', async () => {
    const files = await packModel(model)
    await writeFile(join(dir, 'model.lock'), '999999999 1')
    await writeFile(join(dir, 'model.unfinished'), '')
    await writeFile(join(dir, 'model.onnx'), 'half of i')
    await writeModelFiles(dir, files)
    expect(await loadModel(dir)).toEqual(model)
    expect(await readdir(dir)).not.toContain('model.unfinished')
    // If the folder has a model, an old lock permits nothing.
    await writeFile(join(dir, 'model.lock'), '999999999 1')
    await writeFile(join(dir, 'model.unfinished'), '')
    await expect(saveModel(dir, otherModel)).rejects.toThrow(throwsCode('INVALID_OPTION', /another model/))
    expect(await loadModel(dir)).toEqual(model)
  })

  test('a manifest with foreign file names cannot destroy files', async () => {
    const files = await packModel(model)
    const manifest = readManifest(files)
    const foreign = (name: string): ModelFiles => {
      const float = { ...manifest.files.float, name }
      const json = JSON.stringify({ ...manifest, files: { ...manifest.files, float } })
      const { 'model.onnx': onnx, ...others } = files
      return { ...others, [name]: onnx!, 'model.json': new TextEncoder().encode(json) }
    }
    for (const name of ['report.html', 'model.lock', 'x.0123456789abcdef.previous', 'model.json']) {
      await expect(writeModelFiles(dir, foreign(name))).rejects.toThrow(
        throwsCode('INVALID_INPUT', /files.float.name/),
      )
    }
    await writeFile(join(dir, 'mine.onnx'), 'mine')
    await expect(writeModelFiles(dir, foreign('mine.onnx'))).rejects.toThrow(
      throwsCode('INVALID_OPTION', /another model \(mine.onnx\)/),
    )
    await expect(writeModelFiles(dir, { ...files, 'more.onnx': new Uint8Array() })).rejects.toThrow(
      throwsCode('INVALID_INPUT', /model.json does not name 'more.onnx'/),
    )
    expect(await readFile(join(dir, 'mine.onnx'), 'utf8')).toBe('mine')
    expect(await readdir(dir)).toEqual(['mine.onnx'])
  })

  test('before its first write does not make the files of the folder ours', async () => {
    await writeFile(join(dir, 'model.onnx'), 'mine')
    await writeFile(join(dir, 'model.lock'), '999999999 1')
    await expect(saveModel(dir, model)).rejects.toThrow(throwsCode('INVALID_OPTION', /another model/))
    expect(await readFile(join(dir, 'model.onnx'), 'utf8')).toBe('mine')
  })

  test('a save that fails leaves the files that were there, even if they are no valid model', async () => {
    await saveModel(dir, model)
    await writeFile(join(dir, 'model.json'), '{"version": 3}')
    const before = await readFile(join(dir, 'network.safetensors'))
    await rm(join(dir, 'model.onnx'))
    await mkdir(join(dir, 'model.onnx'))
    await expect(saveModel(dir, otherModel, { overwrite: true })).rejects.toThrow(
      throwsCode('IO', /model.onnx/),
    )
    expect(await readFile(join(dir, 'network.safetensors'))).toEqual(before)
    expect((await readdir(dir)).sort()).toEqual(['model.json', 'model.onnx', 'network.safetensors'])
  })

  test('a model that could not be loaded again is refused before anything is written', async () => {
    await saveModel(dir, model)
    const withNode = (change: object) => {
      const nodes = model.graph.nodes.map((node, i) => (i === 0 ? { ...node, ...change } : node))
      return { ...model, graph: { ...model.graph, nodes } }
    }
    const { kernel, bias } = model.graph.nodes[0]!.weights as Record<string, Weight>
    const odd = [
      withNode({ weights: { kernel, bias: { ...bias!, data: new Float32Array(6).fill(Number.NaN) } } }),
      withNode({ weights: { kernel, bias: { ...bias!, data: new Float64Array(6) } } }),
      withNode({ weights: { kernel, bias: { ...bias!, data: [0, 0, 0, 0, 0, 0] } } }),
      withNode({ weights: undefined }),
      { ...model, stoppedEarly: undefined },
      { ...model, history: [{ ...model.history[0], trainLoss: Number.POSITIVE_INFINITY }] },
      { ...model, history: [{ ...model.history[0], validationLoss: Number.NaN }] },
      { ...model, recipe: {} },
      { ...model, graph: {} },
    ]
    for (const each of odd) {
      await expect(saveModel(dir, each as never, { overwrite: true })).rejects.toThrow(
        throwsCode('INVALID_INPUT'),
      )
    }
    await expect(saveModel(dir, otherModel, { overwrite: 'false' as never })).rejects.toThrow(
      throwsCode('INVALID_OPTION', /overwrite is of type string/),
    )
    expect(await loadModel(dir)).toEqual(model)
  })

  test.skipIf(process.getuid?.() === 0)('a folder without write permission is an error', async () => {
    await chmod(dir, 0o500)
    await expect(saveModel(dir, model)).rejects.toThrow(throwsCode('IO', /EACCES/))
  })
})

describe('openClassifier and loadModel', () => {
  test('name the file that is missing or damaged', async () => {
    await expect(openClassifier(join(dir, 'nowhere'))).rejects.toThrow(
      throwsCode('IO', /cannot read .*nowhere.model.json: ENOENT.*; give the folder that saveModel wrote/),
    )
    await saveModel(dir, model)
    await expect(openClassifier(dir, { precision: 'int8' })).rejects.toThrow(
      throwsCode('INVALID_INPUT', /has no int8 file/),
    )
    await expect(openClassifier(dir, { precision: 'int4' as never })).rejects.toThrow(
      throwsCode('INVALID_OPTION', /precision=int4/),
    )
    const onnx = await readFile(join(dir, 'model.onnx'))
    await writeFile(join(dir, 'model.onnx'), onnx.subarray(0, 100))
    await expect(openClassifier(dir)).rejects.toThrow(
      throwsCode('CORRUPT_DATA', /model.onnx is not the file that model.json names/),
    )
    await rm(join(dir, 'model.onnx'))
    await expect(openClassifier(dir)).rejects.toThrow(throwsCode('IO', /cannot read .*model.onnx/))
    // loadModel does not need model.onnx.
    expect(await loadModel(dir)).toEqual(model)
    await rm(join(dir, 'network.safetensors'))
    await mkdir(join(dir, 'network.safetensors'))
    await expect(loadModel(dir)).rejects.toThrow(throwsCode('IO', /it is not a file/))
    await writeFile(join(dir, 'model.json'), '{')
    await expect(openClassifier(dir)).rejects.toThrow(throwsCode('INVALID_INPUT', /model.json is not JSON/))
    await writeFile(join(dir, 'model.json'), '{"version": 9}')
    await expect(loadModel(dir)).rejects.toThrow(throwsCode('UNSUPPORTED_FORMAT', /manifest.version=9/))
  })

  test('a folder of version 1 can be opened, but its network cannot be loaded', async () => {
    const first = {
      version: 1,
      architecture: 'tiny',
      labels,
      recipe,
      inputShape: [1, 16, frames],
      normalizer: model.normalizer,
      dataset: { name: 'demo', synthetic: true, clips: 3, hash: 'not a hash' },
      split: {
        name: 'folds',
        seed: 1,
        testFold: 1,
        validationFold: 2,
        train: 1,
        validation: 1,
        test: 1,
        leakedTestClips: 0,
      },
      metrics: { accuracy: 0, macroF1: 0, int8Accuracy: null, agreement: null },
      files: { float: 'model.onnx', int8: null },
    }
    await writeFile(join(dir, 'model.json'), JSON.stringify(first))
    await writeFile(join(dir, 'model.onnx'), writeModel(exportModel(model)))
    const answers = await answersOf(dir)
    await expect(loadModel(dir)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /version 1 saved this model, without network.safetensors/),
    )
    // If the int8 file was removed, the float file can still be opened.
    const withInt8 = { ...first, files: { float: 'model.onnx', int8: 'model.int8.onnx' } }
    await writeFile(join(dir, 'model.json'), JSON.stringify(withInt8))
    expect(await answersOf(dir)).toEqual(answers)
    await saveModel(`${dir}-new`, model)
    expect(answers).toEqual(await answersOf(`${dir}-new`))
    await rm(`${dir}-new`, { recursive: true })
    await expect(saveModel(dir, otherModel)).rejects.toThrow(
      throwsCode('INVALID_OPTION', /holds another model/),
    )
    await saveModel(dir, otherModel, { overwrite: true })
    expect(await loadModel(dir)).toEqual(otherModel)
  })
})
