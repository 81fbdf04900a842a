/** The program of a thread that makes training examples. It must lie beside the file that starts it. */
import { workerData } from 'node:worker_threads'
import { createRng, type DrawnFeatures, type FeatureSet } from '@esc/core'
import { augmentFromSpec, mixFromSpec } from '@esc/dsp'
import { augmentSounds } from '../../augmented/augmented-set.js'
import type { DrawSetup, DrawTask } from './draw-pool.js'
import { readClip } from './read-clip.js'

const { labels, records, paths, recipe, windows, frames, specs, options, tolerant } = workerData as DrawSetup
const bins = recipe.mfcc?.nMfcc ?? recipe.mel.nMels

/** Only the shape of its features is used: examples are made from the sounds. */
const base: FeatureSet = {
  labels,
  recipe,
  windows,
  records,
  get: () => ({ features: { data: new Float32Array(bins * frames), bins, frames } }),
}

const opening = augmentSounds(base, (clipId) => readClip(paths.get(clipId)!, tolerant), recipe, {
  ...options,
  waveform: specs.waveform && augmentFromSpec(specs.waveform),
  power: specs.power && augmentFromSpec(specs.power),
  features: specs.features && augmentFromSpec(specs.features),
  mix: specs.mix && mixFromSpec(specs.mix),
})

async function draw({ index, epoch, rng, train }: DrawTask): Promise<DrawnFeatures> {
  const set = await opening
  return set.get(index, { epoch, rng: createRng(rng), ...(train ? { train } : {}) })
}

export default draw
