/** What makes a training what it is, so that a checkpoint of another one is noticed. */
import { EscError, type Example, type NetworkGraph, namedWeights } from '@esc/core'
import type { ResolvedOptions, TrainExamples } from './train-options.js'

/** Everything that changes the result and can be compared, as texts by what a person would call it. */
export type RunDescription = Readonly<Record<string, string>>

/**
 * Describes a training.
 *
 * @throws EscError INVALID_OPTION where there is no SHA-256: pages have it over https and on localhost only.
 */
export async function describeRun(
  graph: NetworkGraph,
  { train, validation = [] }: TrainExamples,
  options: ResolvedOptions,
): Promise<RunDescription> {
  const nodes = graph.nodes.map(({ name, op, inputs, attributes }) => [name, op, inputs, attributes])
  const structure = canonicalJson([graph.input, graph.output, nodes])
  const weights = namedWeights(graph).map(
    ({ name, weight: { shape, data } }): Part => [{ name, shape }, data],
  )
  const { batchSize, seed, patience, optimizer, loss, augment, mix, teacherLogits } = options
  return {
    network: `${graph.name} (${await digest([[structure, new Float32Array(0)]])})`,
    'initial weights': await digest(weights),
    'training examples': await describeExamples(train),
    'validation examples': await describeExamples(validation),
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

/** `null` turns off what is off by default, too. */
function describeOptions(options: object): string {
  return canonicalJson(Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null)))
}

async function describeExamples(examples: readonly Example[]): Promise<string> {
  const parts = examples.map(({ id, labelIndex, features: { bins, frames, data } }): Part => {
    return [{ id, labelIndex, bins, frames }, data]
  })
  return `${examples.length} (${await digest(parts)})`
}

/** Values, and what they are. */
export type Part = readonly [header: unknown, data: Float32Array]

/**
 * The first 16 hexadecimal digits of a SHA-256 over parts in their order.
 *
 * @throws EscError INVALID_OPTION as {@link describeRun}.
 */
export async function digest(parts: readonly Part[]): Promise<string> {
  if (!globalThis.crypto?.subtle) {
    throw new EscError(
      'INVALID_OPTION',
      'checkpoint needs SHA-256, which pages have over https and on localhost only',
    )
  }
  // Part by part, so that no second copy of all features has to fit into memory.
  const hashes = new Uint8Array(32 * parts.length)
  for (const [i, [header, data]] of parts.entries()) {
    const text = new TextEncoder().encode(`${canonicalJson(header)}\n`)
    const bytes = new Uint8Array(text.length + data.byteLength)
    bytes.set(text)
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), text.length)
    hashes.set(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), 32 * i)
  }
  const all = new Uint8Array(await crypto.subtle.digest('SHA-256', hashes))
  return Array.from(all.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** JSON that does not depend on the order in which an object's keys were written. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
