/** Runs each program as its reader does: in a folder of its own, on small synthetic recordings. */
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openDataset, writeSyntheticEsc10 } from '@esc/dataset/node'
import { loadModel } from '@esc/edge/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const programs = ['train.ts', 'classify.ts', 'page.ts']
const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const linesOf = async (name: string) => {
  const lines = (await readFile(pathOf(name), 'utf8')).split('\n')
  return lines.filter((line) => line !== '' && !line.startsWith('import '))
}

describe('from a folder of sounds to a classifier', () => {
  let work = ''
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'esc-quickstart-'))
    const data = await writeSyntheticEsc10(join(work, 'ESC-50'), { clipsPerClass: 5, durationSec: 1 })
    // Most time goes into training, so most clips go to the folds of test and validation.
    const table = join(data, 'meta', 'esc50.csv')
    const rows = await readFile(table, 'utf8')
    await writeFile(
      table,
      rows.replaceAll(/(?<=\.\w+),[34](?=,)/g, (fold) => (fold === ',3' ? ',1' : ',2')),
    )
  })
  afterAll(() => rm(work, { recursive: true }))

  const run = async (name: string) => {
    const flags = ['--conditions=@esc/source', '--import', import.meta.resolve('tsx'), pathOf(name)]
    return (
      await promisify(execFile)(process.execPath, flags, {
        cwd: work,
        env: { ...process.env, FORCE_COLOR: '0' },
      })
    ).stdout
  }

  test('train.ts and classify.ts', { timeout: 600_000 }, async () => {
    const output = await run('train.ts')
    expect(output).toMatch(/^clips 50 of 50$/m)
    expect(output).toMatch(/^test accuracy 0?\.?\d+/m)
    const folder = join(work, 'models', 'esc10')
    expect((await readdir(folder)).sort()).toEqual([
      'model.int8.onnx',
      'model.json',
      'model.onnx',
      'network.safetensors',
    ])
    const { history, dataset, windows } = await loadModel(folder)
    expect(history.length).toBeGreaterThan(3)
    expect(dataset).toEqual({ name: 'synthetic-esc10', synthetic: true })
    expect(windows).toEqual({ windowSec: 5, hopSec: 2.5 })

    const { dataset: table, pathOf: soundOf } = await openDataset(join(work, 'ESC-50'))
    await copyFile(soundOf(table.records.find(({ label }) => label === 'dog')!), join(work, 'dog.ogg'))
    expect(await run('classify.ts')).toMatch(
      /^\[\n {2}\{ label: '\w+', score: [\d.e-]+ \},\n( {2}\{.*\},?\n){2}\]\n$/,
    )
    // The second run makes the same model. A different one would be refused, because it would replace the first.
    await run('train.ts')
  })
})

test('the programs are as short as the README says', async () => {
  expect((await linesOf('train.ts')).length).toBeLessThanOrEqual(15)
  expect((await linesOf('classify.ts')).length).toBeLessThanOrEqual(5)
  expect((await linesOf('page.ts')).length).toBeLessThanOrEqual(15)
})

test('the README shows these programs', async () => {
  const readme = await readFile(pathOf('../../../README.md'), 'utf8')
  for (const name of programs) {
    expect(readme).toContain(`\`\`\`ts\n${(await readFile(pathOf(name), 'utf8')).trimEnd()}\n\`\`\``)
  }
})
