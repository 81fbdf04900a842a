/** Writes the state of a training into a file, and reads it. A training that goes on from it gives the same bytes. */
import {
  type EpochRecord,
  EscError,
  type NetworkGraph,
  namedWeights,
  type RngState,
  type Weight,
  withWeights,
} from '@esc/core'
import { readSafetensors, type Safetensors, writeSafetensors } from '@esc/core/safetensors'
import * as z from 'zod/mini'
import type { EngineState } from '../../engine/engine.js'
import { digest, type Part } from './digest.js'
import type { RunDescription } from './run-description.js'

/** The state of a training after an epoch. */
export interface SavedTraining {
  state: EngineState
  /** State of the generator for dropout. */
  rng: RngState
  /** At least one epoch. */
  history: readonly EpochRecord[]
  /** Weights of the best epoch. */
  best: NetworkGraph
}

const format = 'esc-training'
const version = '2'

const whole = z.int().check(z.nonnegative())
const word = z.int().check(z.minimum(0), z.maximum(2 ** 32 - 1))
const finite = z.number()
const descriptionSchema = z.record(z.string(), z.string())
const progressSchema = z.strictObject({
  steps: whole,
  rng: z.tuple([word, word, word, word, word, word]),
  history: z
    .array(
      z.strictObject({
        epoch: whole,
        trainLoss: finite,
        trainAccuracy: finite,
        validationLoss: z.nullable(finite),
        validationAccuracy: z.nullable(finite),
        learningRate: finite,
      }),
    )
    .check(
      z.minLength(1),
      z.refine((records) => records.every(({ epoch }, i) => epoch === i + 1)),
    ),
})

/** Writes a checkpoint. */
export async function encodeCheckpoint(
  run: RunDescription,
  { state, rng, history, best }: SavedTraining,
): Promise<Uint8Array> {
  const weights = new Map(namedWeights(best).map(({ name, weight }) => [name, weight]))
  const tensors = new Map<string, Weight>()
  for (const [name, data] of Object.entries(state.values)) {
    // `slot/node.weight` has the shape of `node.weight`. A node's name may have a slash, too.
    const weight = weights.get(name) ?? weights.get(name.slice(name.indexOf('/') + 1))
    tensors.set(`state/${name}`, { shape: weight?.shape ?? [data.length], data })
  }
  for (const [name, weight] of weights) tensors.set(`best/${name}`, weight)
  const progress = { steps: state.steps, rng, history }
  const texts = { run: JSON.stringify(run), progress: JSON.stringify(progress) }
  const metadata = { format, version, ...texts, digest: await digestOf({ tensors, metadata: texts }) }
  return writeSafetensors({ tensors, metadata })
}

/** A digest of everything in the checkpoint. Without it, training would go on with a bit that changed on the disk. */
export function digestOf({ tensors, metadata: { run, progress } }: Safetensors): Promise<string> {
  const arrays = [...tensors].map(([name, { shape, data }]): Part => [{ name, shape }, data])
  return digest([[{ run, progress }, new Float32Array(0)], ...arrays])
}

/**
 * Reads a checkpoint of this run.
 *
 * @param graph - The network with its initial weights.
 * @throws EscError CORRUPT_DATA if it is no checkpoint, or damaged; UNSUPPORTED_FORMAT if it has another version; INVALID_INPUT
 *   saying what differs if it belongs to another training.
 */
export async function decodeCheckpoint(
  bytes: Uint8Array,
  graph: NetworkGraph,
  run: RunDescription,
): Promise<SavedTraining> {
  const file = readSafetensors(bytes)
  const { tensors, metadata } = file
  if (metadata.format !== format) throw corruptCheckpoint('it is another safetensors file')
  if (metadata.version !== version) {
    const found = JSON.stringify(metadata.version)
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `the checkpoint has version ${found}; only version ${version} can be read; remove it to start anew`,
    )
  }
  if (metadata.digest !== (await digestOf(file)))
    throw corruptCheckpoint('its digest does not match its content')
  assertSameRun(parsed(descriptionSchema, metadata.run, 'run'), run)
  const { history, ...progress } = parsed(progressSchema, metadata.progress, 'progress')
  const withPrefix = (prefix: string) =>
    [...tensors].flatMap(([name, { data }]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), data] as const] : [],
    )
  assertWeights(tensors, graph)
  return {
    state: { steps: progress.steps, values: Object.fromEntries(withPrefix('state/')) },
    rng: progress.rng,
    history,
    best: withWeights(graph, Object.fromEntries(withPrefix('best/'))),
  }
}

/** Checks the weights. The engine checks the optimiser's arrays when it is restored. */
function assertWeights(tensors: ReadonlyMap<string, Weight>, graph: NetworkGraph): void {
  for (const { name, weight } of namedWeights(graph)) {
    for (const path of [`state/${name}`, `best/${name}`]) {
      const found = tensors.get(path)?.data.length ?? 'no'
      const needed = weight.data.length
      if (found !== needed) throw corruptCheckpoint(`it has ${found} values '${path}', not ${needed}`)
    }
  }
  for (const [name, { data }] of tensors) {
    const at = data.findIndex((value) => !Number.isFinite(value))
    if (at >= 0) throw corruptCheckpoint(`value ${at} of ${JSON.stringify(name.slice(0, 80))} is ${data[at]}`)
  }
}

/** @throws EscError INVALID_INPUT saying what differs. */
function assertSameRun(saved: RunDescription, present: RunDescription): void {
  const keys = [...new Set([...Object.keys(saved), ...Object.keys(present)])]
  const differences = keys.filter((key) => saved[key] !== present[key])
  if (differences.length > 0) throw otherRun(differences.map((key) => [key, saved[key], present[key]]))
}

/**
 * The error for a checkpoint of another training.
 *
 * @param differences - What differs, its value in the checkpoint, and its value now.
 */
export function otherRun(
  differences: readonly (readonly [what: string, then: unknown, now: unknown])[],
): EscError {
  const list = differences.map(
    ([what, then, now]) => `${what} was ${then ?? 'not there'}, is ${now ?? 'not there'}`,
  )
  return new EscError(
    'INVALID_INPUT',
    `the checkpoint is of another run: ${list.join('; ')}. Repeat the earlier settings to go on; remove the checkpoint, or choose another one, to start anew`,
    { detail: { differences: differences.map(([what]) => what) } },
  )
}

function parsed<T>(schema: z.ZodMiniType<T>, text: string | undefined, name: string): T {
  try {
    return schema.parse(JSON.parse(text ?? ''))
  } catch (cause) {
    throw corruptCheckpoint(`its '${name}' does not have the form that this version writes`, cause)
  }
}

/** The error for a checkpoint from which training cannot go on. */
export function corruptCheckpoint(what: string, cause?: unknown): EscError {
  return new EscError(
    'CORRUPT_DATA',
    `no checkpoint of a training, or a damaged one: ${what}; remove it to start anew`,
    {
      cause,
    },
  )
}
