/** What training comes to: test accuracies on real recordings beside those of PyTorch's networks on the same features. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import {
  applyNormalizer,
  type Example,
  type FeatureRecipe,
  fitNormalizer,
  type NetworkGraph,
} from '@esc/core'
import { predefinedFolds } from '@esc/dataset'
import { extractFeatures, openDataset, openFeatures } from '@esc/dataset/node'
import { logmel128, mfcc13 } from '@esc/dsp'
import { type ArchitectureOptions, audioCnn, evaluate, melCnn } from '@esc/model'
import { fit } from '@esc/model/node'
import { lowerNetwork, writeModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { formatTable } from './rows.js'

interface Contest {
  network: string
  recipe: FeatureRecipe
  create: (options: ArchitectureOptions) => NetworkGraph
  /** Trainings a fold. */
  seeds: number
}

const contests: readonly Contest[] = [
  { network: 'audio-cnn', recipe: mfcc13, create: audioCnn, seeds: 5 },
  { network: 'mel-cnn', recipe: logmel128, create: melCnn, seeds: 1 },
]
const folds = [1, 2, 3, 4, 5]

/** Accuracies by network, each of one fold and seed; both lists in the same order, `peer` `null` where PyTorch did not make them all. */
export interface AccuracyRow {
  case: string
  ours: number[]
  peer: number[] | null
}

type Parts = Readonly<Record<'train' | 'validation' | 'test', Example[]>>

/** Trains every network on three folds, with the next one to choose the epoch by, and tests on one; empty without `ESC10_DIR`. */
export async function accuracySuite(): Promise<AccuracyRow[]> {
  const source = process.env.ESC10_DIR
  if (source === undefined) return []
  const { dataset, pathOf } = await openDataset(source, { subset: 'esc10' })
  const rows: AccuracyRow[] = []
  for (const contest of contests) {
    const dir = await mkdtemp(join(tmpdir(), 'esc-bench-'))
    try {
      await extractFeatures({ dataset, pathOf }, { recipe: contest.recipe, dir })
      const examples: Example[] = []
      for await (const example of await openFeatures(dir, dataset)) examples.push(example)
      const ours: number[] = []
      const peer: number[] = []
      for (const testFold of folds) {
        const parts = splitExamples(examples, testFold)
        for (let seed = 1; seed <= contest.seeds; seed++) {
          ours.push(await trainOurs(contest, parts, dataset.labels, seed))
        }
        peer.push(...(await trainPeer(contest, parts, dataset.labels.length, dir)))
        // All of the fold: whoever stops after some folds has their figures.
        const lately = (values: readonly number[]) => values.slice(-contest.seeds).map(percent).join(' ')
        process.stderr.write(
          `${contest.network}, test fold ${testFold}: ${lately(ours)}; PyTorch: ${lately(peer)}\n`,
        )
      }
      const name = `${contest.network}, ${folds.length} folds × ${contest.seeds} seeds`
      rows.push({ case: name, ours, peer: peer.length === ours.length ? peer : null })
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  }
  return rows
}

function splitExamples(examples: readonly Example[], testFold: number): Parts {
  const split = predefinedFolds(
    examples.map(({ fold }) => fold),
    { testFold, validationFold: (testFold % folds.length) + 1 },
  )
  const normalizer = fitNormalizer(Array.from(split.train, (index) => examples[index]!.features))
  const part = (indices: Int32Array) =>
    Array.from(indices, (index) => {
      const example = examples[index]!
      return { ...example, features: applyNormalizer(example.features, normalizer) }
    })
  return { train: part(split.train), validation: part(split.validation!), test: part(split.test) }
}

async function trainOurs(
  { create }: Contest,
  { train, validation, test }: Parts,
  labels: readonly string[],
  seed: number,
): Promise<number> {
  const { bins, frames } = train[0]!.features
  const { graph } = await fit(
    create({ bins, frames, classes: labels.length, seed }),
    { train, validation },
    { seed },
  )
  const session = await ortRuntime.createSession(writeModel(lowerNetwork(graph)))
  const { accuracy } = await evaluate(session, test, labels, { inputShape: graph.input.shape })
  await session.release()
  return accuracy
}

/** One accuracy for each seed; fewer where PyTorch is not installed, or fails. */
async function trainPeer(
  { network, seeds }: Contest,
  parts: Parts,
  classes: number,
  dir: string,
): Promise<number[]> {
  for (const [name, examples] of Object.entries(parts)) {
    await writeFile(
      join(dir, `${name}.x`),
      examples.map(({ features }) => features.data),
    )
    await writeFile(
      join(dir, `${name}.y`),
      Uint8Array.from(examples, ({ labelIndex }) => labelIndex),
    )
  }
  const { bins, frames } = parts.train[0]!.features
  const program = fileURLToPath(new URL('../src/accuracy_peer.py', import.meta.url))
  const args = [program, network, dir, ...[bins, frames, classes, seeds].map(String)]
  const child = spawn('/usr/bin/python3', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  // Where there is no Python, no line comes.
  child.on('error', () => {})
  const accuracies: number[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('cannot: ')) return []
    accuracies.push(Number(line))
  }
  return accuracies
}

/** Rows as aligned text: means in percent, and the mean difference with its standard error. */
export function formatAccuracyRows(rows: readonly AccuracyRow[]): string {
  const cells = rows.map(({ case: name, ours, peer }) => {
    if (peer === null) return [name, percent(mean(ours)), 'did not run', '–']
    const differences = ours.map((accuracy, i) => accuracy - peer[i]!)
    const average = mean(differences)
    const squares = differences.map((difference) => (difference - average) ** 2)
    const error = Math.sqrt(mean(squares) / (differences.length - 1))
    return [name, percent(mean(ours)), percent(mean(peer)), `${percent(average)} ± ${percent(error)}`]
  })
  return formatTable([['case', 'ours %', 'PyTorch %', 'difference'], ...cells])
}

function percent(value: number): string {
  return (100 * value).toFixed(1)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
