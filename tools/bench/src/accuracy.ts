/** Test accuracies on real recordings, beside those of the same networks in PyTorch on the same features. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { applyNormalizer, type FeatureRecipe, type FeatureSet, fitNormalizer, type Split } from '@esc/core'
import { trainValTest } from '@esc/dataset'
import { extractFeatures, openDataset } from '@esc/dataset/node'
import { logmel128, mfcc13 } from '@esc/dsp'
import { audioCnn, melCnn, type Network } from '@esc/model'
import { evaluate, fit } from '@esc/model/node'
import { formatTable } from './rows.js'

interface Contest {
  network: string
  recipe: FeatureRecipe
  create: Network
  /** Trainings in each fold. */
  seeds: number
}

const contests: readonly Contest[] = [
  { network: 'audio-cnn', recipe: mfcc13, create: audioCnn, seeds: 5 },
  { network: 'mel-cnn', recipe: logmel128, create: melCnn, seeds: 1 },
]
const folds = [1, 2, 3, 4, 5]

/**
 * Accuracies of one network, one for each fold and seed. Both lists have the same order. `peer` is `null` if
 * PyTorch did not finish all of them.
 */
export interface AccuracyRow {
  case: string
  ours: number[]
  peer: number[] | null
}

/**
 * Trains every network on three folds, chooses the epoch by the fourth, and tests on the fifth. The list is
 * empty if `ESC10_DIR` is not set.
 */
export async function accuracySuite(): Promise<AccuracyRow[]> {
  const source = process.env.ESC10_DIR
  if (source === undefined) return []
  const opened = await openDataset(source, { subset: 'esc10' })
  const rows: AccuracyRow[] = []
  for (const contest of contests) {
    const dir = await mkdtemp(join(tmpdir(), 'esc-bench-'))
    try {
      const features = await extractFeatures(opened, contest.recipe)
      const ours: number[] = []
      const peer: number[] = []
      for (const testFold of folds) {
        const split = trainValTest(features, { testFold })
        for (let seed = 1; seed <= contest.seeds; seed++) {
          const model = await fit(contest.create, features, split, { seed })
          ours.push((await evaluate(model, features, split.test)).accuracy)
        }
        peer.push(...(await trainPeer(contest, features, split, dir)))
        // Printed after each fold, so that a run that is stopped early still shows the figures of the
        // finished folds.
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

/** Returns one accuracy for each seed, or fewer if PyTorch is not installed or fails. */
async function trainPeer(
  { network, seeds }: Contest,
  features: FeatureSet,
  split: Required<Split>,
  dir: string,
): Promise<number[]> {
  const matricesOf = (part: Int32Array) =>
    Promise.all(Array.from(part, async (index) => (await features.get(index)).features))
  const normalizer = fitNormalizer(await matricesOf(split.train))
  for (const [name, part] of Object.entries(split)) {
    const matrices = await matricesOf(part)
    await writeFile(
      join(dir, `${name}.x`),
      matrices.map((matrix) => applyNormalizer(matrix, normalizer).data),
    )
    await writeFile(
      join(dir, `${name}.y`),
      Uint8Array.from(part, (index) => features.records[index]!.labelIndex),
    )
  }
  const { bins, frames } = (await features.get(0)).features
  const classes = features.labels.length
  const program = fileURLToPath(new URL('../src/accuracy_peer.py', import.meta.url))
  const args = [program, network, dir, ...[bins, frames, classes, seeds].map(String)]
  const child = spawn('/usr/bin/python3', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  // Without Python, no line arrives, and the list stays empty.
  child.on('error', () => {})
  const accuracies: number[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('cannot: ')) return []
    accuracies.push(Number(line))
  }
  return accuracies
}

/** Formats rows as aligned text: means in percent, and the mean difference with its standard error. */
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
