/** `--dry-run`: a quick check that clip, recipe, network and optimiser fit together, before a long run is started. */
import {
  applyNormalizer,
  createRng,
  EscError,
  type FeatureMatrix,
  type FeatureRecipe,
  fitNormalizer,
  isEscError,
  type NetworkGraph,
  parameterCount,
  type Rng,
} from '@esc/core'
import type { ClipRecord } from '@esc/dataset'
import { extractFeatures } from '@esc/dataset/node'
import { ortEngine } from '@esc/model'
import { ortRuntime } from '@esc/onnx/node'
import type { StageConsole } from './console.js'
import { printFindings } from './flag-words.js'
import { networks } from './networks.js'
import type { RunOptions } from './options.js'
import type { RunContext } from './stages/context.js'
import { type ClipSource, openSource } from './stages/source.js'

const batchSize = 8

/** Runs the first clip and a random batch through the network, with one optimiser step each, and prints shapes and losses. */
export async function dryRun({ options, console, signal }: RunContext): Promise<void> {
  const { sounds, dataset } = await openSource(options)
  if ('folder' in sounds) printFindings(sounds.folder.findings, console.line)
  const classes = dataset.labels.length
  const { recipe, network } = networks[options.model]
  const { record, features } = await firstClip({ sounds, dataset }, recipe, options)
  const { bins, frames } = features
  const graph = network({ bins, frames, classes, seed: options.seed })
  console.line(
    `network        ${graph.name}, ${parameterCount(graph).toLocaleString('en')} parameters, ${classes} classes`,
  )

  const rng = createRng(options.seed).fork('dry run')
  const expected = `ln ${classes} = ${Math.log(classes).toFixed(2)}`
  const kind = dataset.synthetic ? 'synthetic clip' : 'real clip'
  const feature = `${recipe.mfcc ? 'MFCC' : 'log-mel'}, normalised; the loss of an untrained network is near ${expected}`
  console.line(`${kind.padEnd(14)} ${record.filename} (${record.label}), ${feature}`)
  const attempt = { graph, classes, rng, console, learningRate: options.learningRate }
  await tryStep([applyNormalizer(features, fitNormalizer([features]))], [record.labelIndex], attempt)
  signal.throwIfAborted()
  console.line(`random batch   unit variance; the loss of an untrained network is near ${expected}`)
  const noise = Array.from({ length: batchSize }, (): FeatureMatrix => {
    return { bins, frames, data: Float32Array.from({ length: bins * frames }, () => rng.normal()) }
  })
  await tryStep(
    noise,
    noise.map(() => rng.integer(classes)),
    attempt,
  )
  signal.throwIfAborted()
  console.line('Dry run finished: features, network, loss and optimiser fit together. Nothing was written.')
}

/** The features of the first clip, or with `skipBad` of the first one that can be read. */
async function firstClip(
  { sounds, dataset }: Pick<ClipSource, 'sounds' | 'dataset'>,
  recipe: FeatureRecipe,
  { skipBad, tolerant, windows }: Pick<RunOptions, 'skipBad' | 'tolerant' | 'windows'>,
): Promise<{ record: ClipRecord; features: FeatureMatrix }> {
  for (const [i, record] of dataset.records.entries()) {
    const missing =
      'missing' in sounds ? sounds.missing.filter((absent) => !skipBad || absent === record) : []
    const one = { ...sounds, missing, dataset: { ...dataset, records: [record] } }
    try {
      // For one clip a worker thread is not worth its start.
      const set = await extractFeatures(one, recipe, { workers: 0, tolerant, windows })
      return { record, features: (await set.get(0)).features }
    } catch (error) {
      const isLast = i === dataset.records.length - 1
      if (!skipBad || isLast || !isEscError(error) || error.detail.skippable !== true) throw error
    }
  }
  throw new EscError('INVALID_INPUT', 'the data set has no clips')
}

interface Attempt {
  graph: NetworkGraph
  classes: number
  rng: Rng
  console: StageConsole
  learningRate: number
}

/** Makes two steps on the same examples, from the network's first weights, and prints the loss before and after one step. */
async function tryStep(
  matrices: readonly FeatureMatrix[],
  labels: readonly number[],
  { graph, classes, rng, console, learningRate }: Attempt,
): Promise<void> {
  const [channels, bins, frames] = graph.input.shape
  const dims = [matrices.length, channels, bins, frames]
  const data = Float32Array.from(matrices.flatMap((matrix) => [...matrix.data]))
  const target = new Float32Array(matrices.length * classes)
  for (const [row, label] of labels.entries()) target[row * classes + label] = 1
  const engine = await ortEngine({ runtime: ortRuntime })(graph, { rng: rng.fork('dropout') })
  const batch = {
    input: { type: 'float32' as const, dims, data },
    target: { type: 'float32' as const, dims: [matrices.length, classes], data: target },
    learningRate,
  }
  try {
    const before = await engine.step(batch)
    const after = await engine.step(batch)
    if (!Number.isFinite(before.loss + after.loss)) {
      throw new EscError(
        'DIVERGED',
        `loss=${before.loss}, then ${after.loss}; the features do not suit the network`,
      )
    }
    console.line(`  input        [${dims.join(', ')}]`)
    console.line(`  logits       [${matrices.length}, ${before.logits.length / matrices.length}]`)
    console.line(`  loss         ${before.loss.toFixed(4)}, after one Adam step ${after.loss.toFixed(4)}`)
  } finally {
    await engine.release()
  }
}
