/** `network.safetensors`: a trained model with everything that further training needs. */
import {
  assertTrainedModel,
  EscError,
  type NetworkNode,
  namedWeights,
  type TrainedModel,
  type Weight,
} from '@esc/core'
import { featureRecipeSchema } from '@esc/core/recipe'
import { readSafetensors, writeSafetensors } from '@esc/core/safetensors'
import * as z from 'zod/mini'

const format = 'esc-network'
const version = '1'

const whole = z.int().check(z.nonnegative())
const finite = z.number()
const positive = z.number().check(z.positive())
const nodeSchema = z.strictObject({
  op: z.string(),
  name: z.string(),
  inputs: z.array(z.string()),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.number())])),
  /** Names of the node's weights, in their order. The values are tensors named `node.weight`. */
  weights: z.array(z.string()),
})
const modelSchema = z.strictObject({
  graph: z.strictObject({
    name: z.string(),
    input: z.strictObject({ name: z.string(), shape: z.tuple([whole, whole, whole]) }),
    nodes: z.array(nodeSchema),
    output: z.string(),
  }),
  labels: z.array(z.string()),
  recipe: z.nullable(featureRecipeSchema),
  normalizer: z.nullable(z.strictObject({ mean: z.array(finite), std: z.array(positive) })),
  activation: z.enum(['softmax', 'sigmoid']),
  // Files without the field were written before there was a temperature.
  temperature: z._default(positive, 1),
  windows: z.nullable(z.strictObject({ windowSec: positive, hopSec: positive })),
  dataset: z.nullable(z.strictObject({ name: z.string(), synthetic: z.boolean() })),
  history: z.array(
    z.strictObject({
      epoch: whole,
      trainLoss: finite,
      trainAccuracy: finite,
      validationLoss: z.nullable(finite),
      validationAccuracy: z.nullable(finite),
      learningRate: finite,
    }),
  ),
  bestEpoch: whole,
  stoppedEarly: z.boolean(),
})

/**
 * A trained model as one safetensors file: the weights are its tensors, and everything else is JSON in its header.
 *
 * @throws EscError INVALID_INPUT if the model's parts do not fit each other, or a weight is not finite.
 */
export function encodeNetwork(model: TrainedModel): Uint8Array {
  assertTrainedModel(model)
  const { graph, labels, recipe, normalizer, activation, windows, dataset } = model
  const { temperature, history, bestEpoch, stoppedEarly } = model
  const nodes = graph.nodes.map(({ op, name, inputs, attributes, weights }) => {
    return { op, name, inputs, attributes, weights: Object.keys(weights) }
  })
  const { name, input, output } = graph
  const described = {
    ...{ graph: { name, input, nodes, output }, labels, recipe, normalizer, activation, windows, dataset },
    ...{ temperature, history, bestEpoch, stoppedEarly },
  }
  const tensors = new Map(namedWeights(graph).map(({ name, weight }): [string, Weight] => [name, weight]))
  const bytes = writeSafetensors({ tensors, metadata: { format, version, model: JSON.stringify(described) } })
  try {
    decodeNetwork(bytes)
  } catch (cause) {
    // It is better to find this now than after training, when the model is needed.
    const what = 'the model could not be read again after saving'
    throw new EscError('INVALID_INPUT', `${what}: ${(cause as Error).message}`, { cause })
  }
  return bytes
}

/**
 * Reads what {@link encodeNetwork} wrote. It does not trust the bytes.
 *
 * @throws EscError CORRUPT_DATA saying what is wrong with the file; UNSUPPORTED_FORMAT if a newer version wrote it.
 */
export function decodeNetwork(bytes: Uint8Array): TrainedModel {
  const { tensors, metadata } = readSafetensors(bytes)
  if (metadata.format !== format) throw corrupt('it is a safetensors file of another kind')
  if (metadata.version !== version) {
    const found = JSON.stringify(metadata.version)
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `the network file has version ${found}, but this version of @esc/edge reads ${version}; update @esc/edge`,
    )
  }
  const { graph, ...others } = parse(metadata.model)
  const used = new Set<string>()
  const nodes = graph.nodes.map(({ weights, ...node }) => {
    const found = weights.map((key): [string, Weight] => {
      const name = `${node.name}.${key}`
      const weight = tensors.get(name)
      if (!weight) throw corrupt(`it has no weight '${name.slice(0, 80)}'`)
      const at = weight.data.findIndex((value) => !Number.isFinite(value))
      if (at >= 0) throw corrupt(`value ${at} of weight '${name.slice(0, 80)}' is ${weight.data[at]}`)
      used.add(name)
      return [key, weight]
    })
    return { ...node, weights: Object.fromEntries(found) } as unknown as NetworkNode
  })
  const unused = [...tensors.keys()].find((name) => !used.has(name))
  if (unused !== undefined) throw corrupt(`no node has the weight '${unused.slice(0, 80)}'`)
  const model: TrainedModel = { ...others, graph: { ...graph, nodes } }
  try {
    assertTrainedModel(model)
  } catch (cause) {
    // The error may be of any class: a node may lack fields that the checks of its kind read.
    throw corrupt((cause as Error).message, cause)
  }
  return model
}

function parse(text: string | undefined): z.output<typeof modelSchema> {
  try {
    return modelSchema.parse(JSON.parse(text ?? ''))
  } catch (cause) {
    throw corrupt('its description is not one that this version writes', cause)
  }
}

function corrupt(what: string, cause?: unknown): EscError {
  return new EscError('CORRUPT_DATA', `this is not a network file, or it is damaged: ${what}`, { cause })
}
