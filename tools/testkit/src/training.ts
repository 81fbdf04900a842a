/** Runs and trains small models with a runtime. It runs in Node and in a page, so that both can be compared. */
import {
  createRng,
  type Example,
  type FeatureSet,
  featureSet,
  type NetworkGraph,
  type TrainedModel,
} from '@esc/core'
import { audioCnn, melCnn, ortEngine } from '@esc/model'
import { lowerNetwork, type OnnxRuntime, type Tensor, writeModel } from '@esc/onnx'

const classes = 5
const clips = 8
const threads = 1

/** `fit` of `@esc/model/node` or `/browser`. */
type Fit = (
  graph: NetworkGraph,
  set: FeatureSet,
  split: { train: number[]; validation: number[] },
  options: { epochs: number; batchSize: number; threads: number },
) => Promise<TrainedModel>

/** Returns logits, and losses and logits of three training steps, of both architectures; and losses of two epochs of one of them. */
export async function useTraining(runtime: OnnxRuntime, fit: Fit): Promise<Record<string, number[]>> {
  const numbers: Record<string, number[]> = {}
  const audio = audioCnn({ bins: 13, frames: 43, classes })
  for (const graph of [audio, melCnn({ bins: 32, frames: 27, classes })]) {
    const { input, target } = randomClips(graph)
    const session = await runtime.createSession(writeModel(lowerNetwork(graph)), { threads })
    const { logits } = await session.run({ input })
    await session.release()
    numbers[`${graph.name}, logits`] = [...(logits!.data as Float32Array)]

    const engine = await ortEngine({ runtime, threads })(graph, { rng: createRng(2) })
    for (let step = 1; step <= 3; step++) {
      const { loss, logits } = await engine.step({ input, target, learningRate: 1e-3 })
      numbers[`${graph.name}, step ${step}`] = [loss, ...logits]
    }
    await engine.release()
  }
  // The other network cannot be compared over epochs: the true gradient of a bias before BatchNorm is 0, and Adam makes full steps
  // of its rounding error.
  const { examples } = randomClips(audio)
  const options = { epochs: 2, batchSize: 3, threads }
  const set = featureSet(examples, {
    labels: Array.from({ length: classes }, (_, label) => `class ${label}`),
  })
  const { history } = await fit(audio, set, { train: [0, 1, 2, 3, 4], validation: [5, 6, 7] }, options)
  numbers.epochs = history.flatMap(({ trainLoss, validationLoss }) => [trainLoss, validationLoss!])
  return numbers
}

/** Noise with labels, as examples and as a batch. */
function randomClips({ input: { shape } }: NetworkGraph) {
  const [, bins, frames] = shape
  const rng = createRng(1)
  const size = bins * frames
  const data = Float32Array.from({ length: clips * size }, () => 2 * rng.uniform() - 1)
  const examples = Array.from({ length: clips }, (_, i): Example => {
    const features = { data: data.slice(i * size, (i + 1) * size), bins, frames }
    return { id: `clip ${i}`, features, labelIndex: i % classes }
  })
  const input: Tensor = { type: 'float32', dims: [clips, ...shape], data }
  const target: Tensor = {
    type: 'float32',
    dims: [clips, classes],
    data: Float32Array.from({ length: clips * classes }, (_, i) =>
      i % classes === Math.floor(i / classes) % classes ? 1 : 0,
    ),
  }
  return { examples, input, target }
}
