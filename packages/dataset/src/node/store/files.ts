/** The files of a feature store: their names, the entry beside each clip's features, and how they are read and written. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type ClipWindows, EscError, type FeatureRecipe } from '@esc/core'
import { ioError, type WriteSyncOptions, writeAtomicallySync } from '@esc/core/node'
import { featureRecipeSchema } from '@esc/core/recipe'
import * as z from 'zod/mini'
import type { ClipFacts } from '../../audit/measure.js'
import { sortedJson } from '../../sorted-json.js'

/** The state of a sound file when its features were computed. */
export interface SoundFacts {
  /** Absolute. */
  path: string
  bytes: number
  /** When it was last written, in milliseconds since 1970. */
  modifiedMs: number
  sha256: string
}

/** Shape and checksum of a stored `.npy` file. */
export interface StoredMatrix {
  /** The number of matrices in it, one after the other; `null` if it holds one matrix of a whole clip. */
  windows: number | null
  bins: number
  frames: number
  /** Checksum of the whole file. */
  crc32: number
}

/** The entry beside a clip's features. It is written after them: if it is there, they are whole. */
export interface FeatureEntry {
  id: string
  /** The same as in the store's index. */
  recipeHash: string
  /** Version of this package. It fixes the versions of the packages that compute. */
  library: string
  sound: SoundFacts
  features: StoredMatrix
  spectrogram: StoredMatrix | null
  facts: ClipFacts | null
  /** What the decoder had to repair. */
  warnings: readonly string[]
  /** Whether the decoder was allowed to read a damaged file as far as it goes. */
  tolerant: boolean
}

/** The index of a store: what all its entries have in common. */
export interface FeatureIndex {
  version: 2
  library: string
  /** SHA-256 of recipe and windows as canonical JSON. */
  recipeHash: string
  recipe: FeatureRecipe
  /** How clips are cut into matrices; `null` if each clip has one. */
  windows: ClipWindows | null
}

/** Paths of one clip's files. */
export interface EntryPaths {
  features: string
  spectrogram: string
  entry: string
}

const wholeNumber = z.int().check(z.nonnegative())
const hash = z.string().check(z.regex(/^[0-9a-f]{64}$/))
const storedMatrix = z.strictObject({
  windows: z.nullable(wholeNumber),
  bins: wholeNumber,
  frames: wholeNumber,
  crc32: wholeNumber,
})
const clipFacts: z.ZodMiniType<ClipFacts> = z.strictObject({
  id: z.string(),
  durationSec: z.number(),
  sampleRate: z.number(),
  channels: wholeNumber,
  peak: z.number(),
  rmsDb: z.number(),
  leadingSilenceSec: z.number(),
  trailingSilenceSec: z.number(),
  insideSilenceSec: z.number(),
  digitalSilenceShare: z.number(),
  clippedShare: z.number(),
  dcOffset: z.number(),
  hash: z.string(),
  mixLossDb: z.number(),
  codec: z.nullable(z.string()),
  warnings: z.array(z.string()),
  bandwidthHz: z.number(),
  fingerprint: z.array(wholeNumber),
})
const entrySchema: z.ZodMiniType<FeatureEntry> = z.strictObject({
  id: z.string(),
  recipeHash: hash,
  library: z.string(),
  sound: z.strictObject({ path: z.string(), bytes: wholeNumber, modifiedMs: z.number(), sha256: hash }),
  features: storedMatrix,
  spectrogram: z.nullable(storedMatrix),
  facts: z.nullable(clipFacts),
  warnings: z.array(z.string()),
  tolerant: z.boolean(),
})
const sealedSchema = z.strictObject({ entry: entrySchema, crc32: wholeNumber })
const indexSchema: z.ZodMiniType<FeatureIndex> = z.strictObject({
  version: z.literal(2),
  library: z.string(),
  recipeHash: hash,
  recipe: featureRecipeSchema,
  windows: z.nullable(z.strictObject({ windowSec: z.number(), hopSec: z.number() })),
})
/** The index of an earlier version. Its features are computed again. */
const firstIndexSchema = z.strictObject({
  version: z.literal(1),
  library: z.string(),
  recipeHash: hash,
  recipe: featureRecipeSchema,
})

/** The usual file systems have names of up to 255 bytes. Endings such as `_logmel.json` need some of them. */
const maxStemBytes = 200

/** Path of the file that holds the recipe of a store. */
export function indexPath(dir: string): string {
  return join(dir, 'index.json')
}

/**
 * The name of a clip's files, without an ending: its id if that is a file name on every system, else the usable part of it and a
 * hash.
 *
 * @example fileStem('dog__12:30') // 'dog__12_30~5f3c0e7a9b1d2468'
 */
export function fileStem(id: string): string {
  const isName = /^[^.\p{C}/\\:*?"<>|][^\p{C}/\\:*?"<>|]*$/u.test(id) && !/[. ~]$|~[0-9a-f]{16}$/.test(id)
  if (isName && Buffer.byteLength(id) <= maxStemBytes) return id
  let stem = ''
  for (const character of id.replaceAll(/[\p{C}/\\:*?"<>|]/gu, '_').replace(/^\./, '_')) {
    if (Buffer.byteLength(stem + character) > maxStemBytes - 17) break
    stem += character
  }
  return `${stem}~${createHash('sha256').update(id, 'utf16le').digest('hex').slice(0, 16)}`
}

/** Paths of a clip's files. */
export function entryPaths(dir: string, id: string, recipe: FeatureRecipe): EntryPaths {
  const name = fileStem(id)
  const stem = join(dir, `${name}_${recipe.mfcc ? 'mfcc' : 'logmel'}`)
  return { features: `${stem}.npy`, spectrogram: join(dir, `${name}_spec.npy`), entry: `${stem}.json` }
}

/** SHA-256, hexadecimal, of JSON with sorted keys: equal for equal recipes, whatever the order of their keys. */
export function hashRecipe(recipe: FeatureRecipe, windows: ClipWindows | null): string {
  return createHash('sha256').update(sortedJson({ recipe, windows })).digest('hex')
}

/** Reads an entry that {@link writeEntry} wrote. */
export async function readEntry(path: string): Promise<FeatureEntry | 'absent' | 'damaged'> {
  const text = await readText(path)
  if (text === null) return 'absent'
  const value = parseJson(text)
  const sealed = z.safeParse(sealedSchema, value)
  if (!sealed.success) return 'damaged'
  // The checksum is of the value as it was read: a schema may put its keys in another order.
  const found = crc32(JSON.stringify((value as { entry: unknown }).entry))
  return found === sealed.data.crc32 ? sealed.data.entry : 'damaged'
}

/** Seals an entry with a checksum of its own, and writes it as `writeAtomicallySync` does. */
export function writeEntry(path: string, entry: FeatureEntry, options?: WriteSyncOptions): void {
  const text = JSON.stringify({ entry, crc32: crc32(JSON.stringify(entry)) })
  writeAtomicallySync(path, `${text}\n`, options)
}

/**
 * Reads the index of a store.
 *
 * @returns `null` if there is none; `'old'` if an earlier version wrote it.
 * @throws EscError CORRUPT_DATA if the file is something else. It may belong to another program.
 */
export async function readIndex(dir: string): Promise<FeatureIndex | 'old' | null> {
  const path = indexPath(dir)
  const text = await readText(path)
  if (text === null) return null
  const value = parseJson(text)
  const index = z.safeParse(indexSchema, value)
  if (index.success && hashRecipe(index.data.recipe, index.data.windows) === index.data.recipeHash) {
    return index.data
  }
  if (z.safeParse(firstIndexSchema, value).success) return 'old'
  const rule = 'is not the index of a feature store, or is damaged; remove it, or choose another folder'
  throw new EscError('CORRUPT_DATA', `${path} ${rule}`, { detail: { path } })
}

/** The bytes of a stored file, or `null` if it is absent or not the file that was written. */
export async function readStored(path: string, stored: StoredMatrix): Promise<Uint8Array | null> {
  const bytes = await ifThere(path, () => readFile(path))
  return bytes && crc32(bytes) === stored.crc32 ? bytes : null
}

function readText(path: string): Promise<string | null> {
  return ifThere(path, () => readFile(path, 'utf8'))
}

async function ifThere<T>(path: string, read: () => Promise<T>): Promise<T | null> {
  try {
    return await read()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw ioError('read', path, cause)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
