/** A quick proof that clip, recipe, network and optimiser fit together, before anything long is started. */
import { toMono } from '@esc/audio-io'
import {
  createRng,
  EscError,
  type Example,
  type FeatureMatrix,
  type NetworkGraph,
  parameterCount,
  type Rng,
} from '@esc/core'
import { createExtractor } from '@esc/dsp'
import { ortEngine, packInputs, packTargets } from '@esc/model'
import { ortRuntime } from '@esc/onnx/node'
import type { StageConsole } from './console.js'
import { networks } from './networks.js'
import type { RunContext } from './stages/context.js'
import { openSource } from './stages/source.js'

/** As many as ESC-50 has, so that the random batch's loss can be compared with ln 50. */
const esc50Classes = 50
const batchSize = 8
const learningRate = 1e-3

/** Runs the first clip and a random batch through the network, with one optimiser step each, and prints what comes out. */
export async function dryRun({ options, console, signal }: RunContext): Promise<void> {
  const source = await openSource(options)
  const record = source.dataset.records[0]!
  const classes = Math.max(esc50Classes, source.dataset.labels.length)
  const { recipe, create } = networks[options.model]
  const { channels, sampleRate } = await source.decode(0)
  const features = createExtractor(recipe).extract({ samples: toMono(channels), sampleRate })
  const { bins, frames } = features
  const graph = create({ bins, frames, classes, seed: options.seed })
  console.line(
    `network        ${graph.name}, ${parameterCount(graph).toLocaleString('en')} parameters, ${classes} classes`,
  )

  const rng = createRng(options.seed).fork('dry run')
  const noise = (): FeatureMatrix => ({
    bins,
    frames,
    data: Float32Array.from({ length: bins * frames }, () => rng.normal()),
  })
  const random = Array.from({ length: batchSize }, (_, i) =>
    example(`random ${i}`, noise(), rng.integer(classes)),
  )
  const kind = source.dataset.synthetic ? 'synthetic clip' : 'real clip'
  const feature = `${recipe.mfcc ? 'MFCC' : 'log-mel'} as the recipe makes it`
  console.line(`${kind.padEnd(14)} ${record.filename} (${record.label}), ${feature}`)
  const attempt = { graph, classes, rng, console }
  await tryStep([example(record.id, features, record.labelIndex)], attempt)
  signal.throwIfAborted()
  const expected = `ln ${classes} = ${Math.log(classes).toFixed(2)}`
  console.line(`random batch   unit variance; the loss of an untrained network is near ${expected}`)
  await tryStep(random, attempt)
  signal.throwIfAborted()
  console.line('Dry run finished: features, network, loss and optimiser fit together. Nothing was written.')
}

/** Two steps from the network's first weights on the same examples: the loss before, and after one step. */
async function tryStep(
  examples: Example[],
  { graph, classes, rng, console }: { graph: NetworkGraph; classes: number; rng: Rng; console: StageConsole },
): Promise<void> {
  const indices = examples.map((_, i) => i)
  const input = packInputs(examples, indices, graph.input.shape)
  const target = packTargets(examples, indices, classes)
  const engine = await ortEngine({ runtime: ortRuntime })(graph, { rng: rng.fork('dropout') })
  try {
    const before = await engine.step({ input, target, learningRate })
    const after = await engine.step({ input, target, learningRate })
    if (!Number.isFinite(before.loss + after.loss)) {
      throw new EscError(
        'INVALID_INPUT',
        `loss=${before.loss}, then ${after.loss}; the features do not suit the network`,
      )
    }
    console.line(`  input        [${input.dims.join(', ')}]`)
    console.line(`  logits       [${examples.length}, ${before.logits.length / examples.length}]`)
    console.line(`  loss         ${before.loss.toFixed(4)}, after one Adam step ${after.loss.toFixed(4)}`)
  } finally {
    await engine.release()
  }
}

function example(id: string, features: FeatureMatrix, labelIndex: number): Example {
  return { id, features, labelIndex, group: id, fold: null }
}
