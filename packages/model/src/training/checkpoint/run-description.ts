/** Describes a training by texts, so that the checkpoint of another training is noticed. */
import { type NetworkGraph, namedWeights } from '@esc/core'
import type { ResolvedOptions } from '../resolve-options.js'
import { canonicalJson, digest, type Part } from './digest.js'

/** Everything that changes the result and can be compared: a text for each name, and the names are readable. */
export type RunDescription = Readonly<Record<string, string>>

/**
 * Describes a training.
 *
 * @param examples - A digest of each part.
 * @throws EscError INVALID_OPTION if there is no SHA-256: a page has it only over https and on localhost.
 */
export async function describeRun(
  graph: NetworkGraph,
  examples: { train: string; validation: string },
  labels: readonly string[],
  options: ResolvedOptions,
): Promise<RunDescription> {
  const nodes = graph.nodes.map(({ name, op, inputs, attributes }) => [name, op, inputs, attributes])
  const structure = canonicalJson([graph.input, graph.output, nodes])
  const weights = namedWeights(graph).map(
    ({ name, weight: { shape, data } }): Part => [{ name, shape }, data],
  )
  const { batchSize, normalize, seed, patience, optimizer, loss, augment, mix, teacherLogits } = options
  return {
    network: `${graph.name} (${await digest([[structure, new Float32Array(0)]])})`,
    'initial weights': await digest(weights),
    labels: canonicalJson(labels),
    'training examples': examples.train,
    'validation examples': examples.validation,
    normalize: String(normalize),
    batchSize: String(batchSize),
    seed: String(seed),
    patience: String(patience),
    optimizer: describeOptions({ ...optimizer, kind: optimizer.kind ?? 'adam' }),
    loss: describeOptions({ ...loss, kind: loss.kind ?? 'softmax' }),
    augment: augment ? 'given' : 'not given',
    mix: mix ? 'given' : 'not given',
    teacherLogits: teacherLogits ? await digest([['teacherLogits', teacherLogits]]) : 'not given',
  }
}

/** Leaves out options that are `null`: they are off by default, too. */
function describeOptions(options: object): string {
  return canonicalJson(Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null)))
}
