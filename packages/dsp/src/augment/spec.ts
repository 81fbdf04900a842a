/** What an augmentation is, as JSON: its name and its options. */

/** Name and options of an augmentation. It is plain JSON, so it can be sent to a thread or kept in a file. */
export interface AugmentSpec {
  /** Name of the function that made it, such as `gain`. */
  name: string
  /** The options that the function was given. @defaultValue none */
  options?: Readonly<Record<string, unknown>>
  /** Those that `compose` and `someOf` join. @defaultValue none */
  augments?: readonly AugmentSpec[]
  /** How many of them `someOf` applies. @defaultValue none */
  count?: number | readonly [number, number]
}

/** The part of an augmentation that says what it does. */
export interface Identity {
  readonly spec?: AugmentSpec | undefined
  readonly id?: string | undefined
}

/** The spec of an augmentation whose options are JSON. Options without a value are left out. */
export function specOf(name: string, options: object): { spec: AugmentSpec; id: string } {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const spec: AugmentSpec = Object.keys(given).length === 0 ? { name } : { name, options: given }
  return { spec, id: JSON.stringify(spec) }
}

/** The identity of an augmentation that holds samples. They are no JSON: there is no spec, and the id has a digest of them. */
export function identityOfSamples(
  name: string,
  options: object,
  samples: readonly Float32Array[],
): { spec: undefined; id: string } {
  const digest = samples.reduce((hash, each) => digestOf(each, hash), 0x811c9dc5)
  const id = `${specOf(name, options).id} with ${samples.length} recordings (${(digest >>> 0).toString(16)})`
  return { spec: undefined, id }
}

/** The identity of several augmentations that are joined. It has a spec if all of them have one. */
export function joinedIdentity(
  name: string,
  augments: readonly Identity[],
  options: object,
  count?: AugmentSpec['count'],
): Identity {
  const joined = { ...specOf(name, options).spec, ...(count === undefined ? {} : { count }) }
  const specs = augments.flatMap(({ spec }) => spec ?? [])
  if (specs.length === augments.length) {
    const spec = { ...joined, augments: specs }
    return { spec, id: JSON.stringify(spec) }
  }
  const ids = augments.flatMap(({ id }) => id ?? [])
  return ids.length === augments.length ? { id: JSON.stringify({ ...joined, augments: ids }) } : {}
}

/** FNV-1a over the bits of the samples. */
function digestOf(samples: Float32Array, start: number): number {
  const bits = new Uint32Array(samples.slice().buffer)
  let hash = start
  for (let i = 0; i < bits.length; i++) hash = Math.imul(hash ^ bits[i]!, 0x01000193)
  return hash
}
