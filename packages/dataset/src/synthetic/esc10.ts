/** A synthetic data set in ESC-10's shape: `synthesizeEsc10`. With it a whole run needs no recording. */
import { type AudioClip, assertInRange, assertInteger, assertKnown, createRng, type Rng } from '@esc/core'
import type { ClipRecord, Dataset } from '../record.js'
import { parseEsc50 } from '../tables/esc50.js'
import { cryingBaby, dog, rooster, sneezing } from './animals.js'
import { chainsaw, clockTick, helicopter } from './machines.js'
import { drawRecording, renderScene, type Voice } from './recording.js'
import { between } from './signal.js'
import { cracklingFire, rain, seaWaves } from './weather.js'

/** Size and seed of a synthetic set. */
export interface SyntheticOptions {
  /** Seed of all random numbers. @defaultValue `42` */
  seed?: number
  /** At least 5, so that each fold has each class. ESC-10 has 40. @defaultValue `40` */
  clipsPerClass?: number
  /** Hz. @defaultValue `44_100` */
  sampleRate?: number
  /** Length of each clip in seconds, at most 60. @defaultValue `5` */
  durationSec?: number
}

/** A record with its sound. */
export interface SyntheticClip extends ClipRecord {
  clip: AudioClip
}

/** A synthetic set: a table, and functions that compute the sounds. */
export interface SyntheticEsc10 {
  dataset: Dataset
  /** The table as ESC-50's `meta/esc50.csv`. */
  csv: string
  /** Computes the clip of `dataset.records[index]`. It does not depend on other clips. */
  clipAt(index: number): AudioClip
  /** Computes all clips one by one, in the table's order. */
  clips(): Generator<SyntheticClip, void, undefined>
}

const foldCount = 5
const classes: readonly { target: number; label: string; voice: Voice }[] = [
  { target: 0, label: 'dog', voice: dog },
  { target: 1, label: 'rooster', voice: rooster },
  { target: 10, label: 'rain', voice: rain },
  { target: 11, label: 'sea_waves', voice: seaWaves },
  { target: 12, label: 'crackling_fire', voice: cracklingFire },
  { target: 20, label: 'crying_baby', voice: cryingBaby },
  { target: 21, label: 'sneezing', voice: sneezing },
  { target: 38, label: 'clock_tick', voice: clockTick },
  { target: 40, label: 'helicopter', voice: helicopter },
  { target: 41, label: 'chainsaw', voice: chainsaw },
]

/**
 * Makes a synthetic ESC-10: computed sounds that imitate the ten classes, in five folds, with the file names, the target numbers and
 * the table of ESC-50. Some sources have two or three clips, which lie in one fold and share pitch, pace, room, noise and level.
 * Three things make the classes hard to tell apart: noise, padding, and in every fourth clip a fainter sound of another class.
 *
 * It shows that a pipeline works and how much time it takes. It says nothing about real sounds: an accuracy on it does not predict the
 * accuracy on recordings.
 *
 * @returns The table, and the clips on demand: mono, peak <= 1, the same samples for the same options.
 * @throws EscError INVALID_OPTION if an option is unknown or out of range; INVALID_OPTION from `clipAt` if there is no
 *   such clip.
 * @example
 * const { dataset, clips } = synthesizeEsc10({ seed: 42, clipsPerClass: 5 })
 * for (const { id, label, clip } of clips()) console.log(id, label, clip.samples.length)
 */
export function synthesizeEsc10(options: SyntheticOptions = {}): SyntheticEsc10 {
  assertKnown('synthesizeEsc10', options, {
    seed: true,
    clipsPerClass: true,
    sampleRate: true,
    durationSec: true,
  })
  const { seed = 42, clipsPerClass = 40, sampleRate = 44100, durationSec = 5 } = options
  assertInteger('clipsPerClass', clipsPerClass, foldCount, 2000)
  assertInteger('sampleRate', sampleRate, 8000, 192000)
  assertInRange('durationSec', durationSec, 0.5, 60)
  const rng = createRng(seed)
  const csv = planTable(rng.fork('table'), clipsPerClass)
  const dataset = { ...parseEsc50(csv), name: 'synthetic-esc10', synthetic: true }
  const length = Math.round(durationSec * sampleRate)
  const clipAt = (index: number): AudioClip => {
    assertInteger('index', index, 0, dataset.records.length - 1)
    return { samples: renderClip(rng, dataset.records[index]!, length, sampleRate), sampleRate }
  }
  function* clips(): Generator<SyntheticClip, void, undefined> {
    for (const [index, record] of dataset.records.entries()) yield { ...record, clip: clipAt(index) }
  }
  return { dataset, csv, clipAt, clips }
}

/**
 * Writes ESC-50's table, with equally many clips in each fold, and one to three clips of each source.
 */
function planTable(rng: Rng, clipsPerClass: number): string {
  const rows: string[] = []
  const taken = new Set<number>()
  for (const { target, label } of classes) {
    for (let fold = 1; fold <= foldCount; fold++) {
      let left = Math.ceil((clipsPerClass - fold + 1) / foldCount)
      while (left > 0) {
        const source = drawSource(rng, taken)
        const size = Math.min(left, drawSourceSize(rng))
        for (const take of ['A', 'B', 'C'].slice(0, size)) {
          rows.push(
            `${fold}-${source}-${take}-${target}.wav,${fold},${target},${label},True,${source},${take}`,
          )
        }
        left -= size
      }
    }
  }
  return `${['filename,fold,target,category,esc10,src_file,take', ...rows.sort()].join('\n')}\n`
}

function drawSource(rng: Rng, taken: Set<number>): number {
  let source = 100000 + rng.integer(900000)
  while (taken.has(source)) source = 100000 + rng.integer(900000)
  taken.add(source)
  return source
}

function drawSourceSize(rng: Rng): number {
  const u = rng.uniform()
  if (u < 0.7) return 1
  return u < 0.9 ? 2 : 3
}

/** Each clip has its own generators of random numbers, forked from the set's by the clip's source and name. */
function renderClip(rng: Rng, record: ClipRecord, length: number, sampleRate: number): Float32Array {
  const recording = drawRecording(rng.fork(`source ${record.group}`))
  const own = rng.fork(`clip ${record.id}`)
  const other = classes[(record.labelIndex + 1 + own.integer(classes.length - 1)) % classes.length]!
  const distractor =
    own.uniform() < 0.25
      ? { voice: other.voice, recording: drawRecording(own), levelDb: between(own, -24, -4) }
      : null
  return renderScene(own, classes[record.labelIndex]!.voice, recording, distractor, length, sampleRate)
}
