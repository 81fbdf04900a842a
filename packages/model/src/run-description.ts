/** What makes a training what it is, so that a checkpoint of another one is noticed. */
import { EscError, type NetworkGraph, namedWeights } from '@esc/core'
import type { ResolvedOptions } from './train-options.js'

/** Everything that changes the result and can be compared, as texts by what a person would call it. */
export type RunDescription = Readonly<Record<string, string>>

/**
 * Describes a training.
 *
 * @param examples - A digest of each part.
 * @throws EscError INVALID_OPTION where there is no SHA-256: pages have it over https and on localhost only.
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

/** `null` turns off what is off by default, too. */
function describeOptions(options: object): string {
  return canonicalJson(Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null)))
}

/** Values, and what they are. */
export type Part = readonly [header: unknown, data: Float32Array]

/** A SHA-256 that grows part by part, so that no second copy of all features has to fit into memory. */
export interface Digest {
  add(part: Part): Promise<void>
  /** Its first 16 hexadecimal digits. */
  finish(): Promise<string>
}

/**
 * Starts a digest over parts in their order.
 *
 * @throws EscError INVALID_OPTION as {@link describeRun}.
 */
export function createDigest(): Digest {
  if (!globalThis.crypto?.subtle) {
    throw new EscError(
      'INVALID_OPTION',
      'checkpoint needs SHA-256, which pages have over https and on localhost only',
    )
  }
  const hashes: Uint8Array[] = []
  return {
    async add([header, data]) {
      const text = new TextEncoder().encode(`${canonicalJson(header)}\n`)
      const bytes = new Uint8Array(text.length + data.byteLength)
      bytes.set(text)
      bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), text.length)
      hashes.push(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
    },
    async finish() {
      const all = new Uint8Array(32 * hashes.length)
      for (const [i, hash] of hashes.entries()) all.set(hash, 32 * i)
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all))
      return Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('')
    },
  }
}

/** {@link createDigest} over parts that are there. */
export async function digest(parts: readonly Part[]): Promise<string> {
  const growing = createDigest()
  for (const part of parts) await growing.add(part)
  return growing.finish()
}

/** JSON that does not depend on the order in which an object's keys were written. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
