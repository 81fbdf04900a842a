/** Describes a training by texts, so that the checkpoint of another training is noticed. */
import { EscError, type FeatureSet, type NetworkGraph, namedWeights, type TrainedModel } from '@esc/core'
import type { ResolvedOptions } from '../resolve-options.js'
import { canonicalJson, digest, type Part } from './digest.js'

/** Everything that changes the result and can be compared: a text for each name, and the names are readable. */
export type RunDescription = Readonly<Record<string, string>>

/**
 * Describes a training.
 *
 * @param earlier - The trained model that training goes on from; `null` without one.
 * @param examples - A digest of each part.
 * @throws EscError INVALID_OPTION if there is no SHA-256: a page has it only over https and on localhost; or if an augmentation of the
 *   set has no id, so that nobody could tell whether it is the same.
 */
export async function describeRun(
  { graph, earlier }: { graph: NetworkGraph; earlier: TrainedModel | null },
  examples: { train: string; validation: string },
  { labels, augmentation }: Pick<FeatureSet, 'labels' | 'augmentation'>,
  options: ResolvedOptions,
): Promise<RunDescription> {
  const nodes = graph.nodes.map(({ name, op, inputs, attributes }) => [name, op, inputs, attributes])
  const structure = canonicalJson([graph.input, graph.output, nodes])
  const weights = namedWeights(graph).map(
    ({ name, weight: { shape, data } }): Part => [{ name, shape }, data],
  )
  const { batchSize, normalize, seed, earlyStopping, optimizer, loss, teachers, ema, frozen, sampling } =
    options
  return {
    network: `${graph.name} (${await digest([[structure, new Float32Array(0)]])})`,
    'initial weights': await digest(weights),
    labels: canonicalJson(labels),
    'training examples': examples.train,
    'validation examples': examples.validation,
    normalize: earlier
      ? `as the earlier model (${await digest([[earlier.normalizer, new Float32Array(0)]])})`
      : String(normalize),
    batchSize: String(batchSize),
    seed: String(seed),
    earlyStopping: canonicalJson(earlyStopping),
    ema: String(ema),
    frozen: canonicalJson(frozen),
    sampling,
    optimizer: describeOptions({ ...optimizer, kind: optimizer.kind ?? 'adam' }),
    loss: describeOptions({ ...loss, kind: loss.kind ?? 'softmax' }),
    augmentation: describeAugmentation(augmentation),
    teacher: await describeTeachers(teachers),
  }
}

/** Leaves out options that are `null`: they are off by default, too. */
function describeOptions(options: object): string {
  return canonicalJson(Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null)))
}

function describeAugmentation(augmentation: FeatureSet['augmentation']): string {
  if (!augmentation) return 'none'
  if (augmentation.id !== null) return augmentation.id
  throw new EscError(
    'INVALID_OPTION',
    'checkpoint: the set changes its examples by a function without an id, so a resumed training could not be compared; give it one with customAugment(id, function) of @esc/dsp',
  )
}

async function describeTeachers(teachers: readonly TrainedModel[]): Promise<string> {
  if (teachers.length === 0) return 'none'
  const parts = teachers.flatMap(({ graph, normalizer }) => [
    [normalizer, new Float32Array(0)] as Part,
    ...namedWeights(graph).map(({ name, weight: { shape, data } }): Part => [{ name, shape }, data]),
  ])
  return digest(parts)
}
