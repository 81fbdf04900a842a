/** Sounds → features: decode, measure, mono, and what the recipe says. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { toMono } from '@esc/audio-io'
import { writeWav } from '@esc/audio-io/node'
import { EscError, type Example, type FeatureRecipe, isEscError, type OnProgress } from '@esc/core'
import { type ClipFacts, type ClipRecord, measureClip } from '@esc/dataset'
import { extractFeatures, openFeatures } from '@esc/dataset/node'
import { createExtractor, type Extractor } from '@esc/dsp'
import type { SkippedClip } from '../results.js'
import type { ClipSource } from './source.js'

/** Features of every clip that could be read. */
export interface PreparedClips {
  records: ClipRecord[]
  examples: Example[]
  facts: ClipFacts[]
  skipped: SkippedClip[]
  /** SHA-256 over ids, labels and the hashes of the sounds, hexadecimal. */
  hash: string
}

/** Options of {@link prepareClips}. */
export interface PrepareOptions {
  recipe: FeatureRecipe
  /** Leave out clips that cannot be read instead of stopping. */
  skipBad: boolean
  /** A folder that takes each clip as its features see it, as 16-bit WAV; `null` for none. */
  saveTo: string | null
  /** The folder of a feature store; `null` computes in memory. */
  store: string | null
  signal: AbortSignal
  onProgress: OnProgress
}

/**
 * Reads every clip once.
 *
 * @throws EscError the code of what is wrong with a clip, naming its file, unless `skipBad`; INVALID_INPUT if no clip is
 *   left; the signal's reason.
 */
export async function prepareClips(source: ClipSource, options: PrepareOptions): Promise<PreparedClips> {
  const { store } = options
  const prepared =
    store === null ? await prepareHere(source, options) : await prepareInStore(source, store, options)
  if (prepared.examples.length === 0) {
    const count = source.dataset.records.length + source.missing.length
    throw new EscError('INVALID_INPUT', `none of ${count} clips could be read`)
  }
  const hash = createHash('sha256')
  for (const [i, { id, label }] of prepared.records.entries()) {
    hash.update(`${id}\0${label}\0${prepared.hashes[i]}\0`)
  }
  return { ...prepared, hash: hash.digest('hex') }
}

/** Clips that were read, and the hash of each one's sound. */
interface ReadClips extends Omit<PreparedClips, 'hash'> {
  hashes: string[]
}

/** In parallel, and only what the store has not. */
async function prepareInStore(
  { dataset, missing, pathOf }: ClipSource,
  dir: string,
  { recipe, skipBad, signal, onProgress }: PrepareOptions,
): Promise<ReadClips> {
  const setup = { recipe, dir, facts: true, skipBad, signal, onProgress }
  const { failed } = await extractFeatures({ dataset, pathOf: pathOf! }, setup).catch((error) => {
    if (!isEscError(error)) throw error
    throw new EscError(error.code, error.message.replace('set skipBad', 'use --skip-bad'), { cause: error })
  })
  const reasons = new Map(failed.map(({ id, reason }) => [id, reason]))
  const records = dataset.records.filter(({ id }) => !reasons.has(id))
  const skipped = dataset.records.flatMap((record) => {
    const reason = reasons.get(record.id)?.replaceAll(pathOf!(record), record.filename)
    return reason === undefined ? [] : [{ filename: record.filename, reason }]
  })
  const store = await openFeatures(dir, { records })
  const clips: ReadClips = { records, examples: [], facts: [], skipped: [...missing, ...skipped], hashes: [] }
  for (let i = 0; i < records.length; i++) {
    signal.throwIfAborted()
    const { sha256, facts } = await store.describe(i)
    if (facts === null) {
      throw new EscError(
        'IO',
        `another process changed ${dir} meanwhile; run it again, or choose another folder`,
      )
    }
    clips.examples.push(await store.get(i))
    clips.facts.push(facts)
    clips.hashes.push(sha256)
  }
  return clips
}

async function prepareHere(source: ClipSource, options: PrepareOptions): Promise<ReadClips> {
  const { recipe, skipBad, saveTo, signal, onProgress } = options
  const extractor = createExtractor(recipe)
  const { records } = source.dataset
  const prepared: ReadClips = {
    records: [],
    examples: [],
    facts: [],
    skipped: [...source.missing],
    hashes: [],
  }
  for (const [index, record] of records.entries()) {
    // The event loop gets a turn for each clip, so that Ctrl-C is heard.
    await new Promise((resolve) => setImmediate(resolve))
    signal.throwIfAborted()
    try {
      const { facts, example, sha256 } = await prepareClip(source, index, extractor, saveTo)
      prepared.records.push(record)
      prepared.hashes.push(sha256)
      prepared.facts.push(facts)
      prepared.examples.push(example)
    } catch (error) {
      if (!isEscError(error)) throw error
      if (!skipBad) {
        throw new EscError(error.code, `${error.message}; mend or remove it, or use --skip-bad`, {
          cause: error,
        })
      }
      // The file's name alone: its path is the business of whoever runs this, not of a report's readers.
      const { path } = error.detail
      const reason =
        typeof path === 'string' ? error.message.replaceAll(path, record.filename) : error.message
      prepared.skipped.push({ filename: record.filename, reason })
    }
    onProgress({ stage: 'compute features', done: index + 1, total: records.length, detail: record.filename })
  }
  return prepared
}

async function prepareClip(source: ClipSource, index: number, extractor: Extractor, saveTo: string | null) {
  const record = source.dataset.records[index]!
  const { channels, sampleRate, sha256 } = await source.decode(index)
  const facts = measureClip(record.id, channels, sampleRate)
  const clip = { samples: toMono(channels), sampleRate }
  if (saveTo !== null) await writeWav(join(saveTo, `${record.id}.wav`), extractor.prepare(clip))
  const example: Example = {
    id: record.id,
    features: extractor.extract(clip),
    labelIndex: record.labelIndex,
    group: record.group,
    fold: record.fold,
  }
  return { facts, example, sha256 }
}
