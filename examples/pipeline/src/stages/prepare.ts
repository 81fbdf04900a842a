/** Sounds → features: decode, measure, mono, and what the recipe says. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { toMono } from '@esc/audio-io'
import { writeWav } from '@esc/audio-io/node'
import { EscError, type Example, type FeatureRecipe, isEscError, type OnProgress } from '@esc/core'
import { type ClipFacts, type ClipRecord, measureClip } from '@esc/dataset'
import { createExtractor, type Extractor } from '@esc/dsp'
import type { SkippedClip } from '../results.js'
import type { ClipSource } from './source.js'

/** Features of every clip that could be read. */
export interface PreparedClips {
  records: ClipRecord[]
  examples: Example[]
  facts: ClipFacts[]
  skipped: SkippedClip[]
  /** SHA-256 over ids, labels and samples, hexadecimal. */
  hash: string
}

/** Options of {@link prepareClips}. */
export interface PrepareOptions {
  recipe: FeatureRecipe
  /** Leave out clips that cannot be read instead of stopping. */
  skipBad: boolean
  /** A folder that takes each clip as its features see it, as 16-bit WAV; `null` for none. */
  saveTo: string | null
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
  const { recipe, skipBad, saveTo, signal, onProgress } = options
  const extractor = createExtractor(recipe)
  const { records } = source.dataset
  const hash = createHash('sha256')
  const prepared: Omit<PreparedClips, 'hash'> = {
    records: [],
    examples: [],
    facts: [],
    skipped: [...source.missing],
  }
  for (const [index, record] of records.entries()) {
    // The event loop gets a turn for each clip, so that Ctrl-C is heard.
    await new Promise((resolve) => setImmediate(resolve))
    signal.throwIfAborted()
    try {
      const { facts, example, samples } = await prepareClip(source, index, extractor, saveTo)
      hash
        .update(`${record.id}\0${record.label}\0`)
        .update(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength))
      prepared.records.push(record)
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
  if (prepared.examples.length === 0) {
    throw new EscError(
      'INVALID_INPUT',
      `none of ${records.length + source.missing.length} clips could be read`,
    )
  }
  return { ...prepared, hash: hash.digest('hex') }
}

async function prepareClip(source: ClipSource, index: number, extractor: Extractor, saveTo: string | null) {
  const record = source.dataset.records[index]!
  const { channels, sampleRate } = await source.decode(index)
  const facts = measureClip(record.id, channels, sampleRate)
  const samples = toMono(channels)
  const clip = { samples, sampleRate }
  if (saveTo !== null) await writeWav(join(saveTo, `${record.id}.wav`), extractor.prepare(clip))
  const example: Example = {
    id: record.id,
    features: extractor.extract(clip),
    labelIndex: record.labelIndex,
    group: record.group,
    fold: record.fold,
  }
  return { facts, example, samples }
}
