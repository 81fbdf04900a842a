/** The extractor: it carries out a recipe, from a clip to a network's input. */
import {
  type AudioClip,
  assertClip,
  assertInteger,
  assertMatrix,
  assertOneOf,
  assertPositive,
  EscError,
  type FeatureMatrix,
  type FeatureRecipe,
} from '@esc/core'
import { aWeight } from '../augment/loudness.js'
import { assertGateOptions, spectralGate } from '../effects/spectral-gate.js'
import { assertTrimOptions, trimInterval } from '../effects/trim.js'
import { createMelPlan } from '../mel/mel.js'
import { createCepstrum } from '../mel/mfcc.js'
import { createResampler } from '../resample/resample.js'
import { assertDbOptions, stabilizedLog, writeDecibels } from '../scaling/db.js'
import { createScaler } from '../scaling/normalize.js'
import { melFrequencies } from '../units.js'
import { assertRecipeNames } from './recipe-names.js'

/** A recipe with its tables and work buffers, for one clip after another. */
export interface Extractor {
  /** A copy of its recipe. */
  readonly recipe: FeatureRecipe
  /** Rows of its matrices: coefficients or mel bins. */
  readonly bins: number
  /** Columns of its matrices; `null` if the recipe sets no duration, because then they depend on the clip. */
  readonly frames: number | null
  /**
   * Runs the recipe: resample, denoise, trim, normalise, pad or cut, STFT, mel, dB, DCT.
   *
   * @returns Shape [bins, frames], new storage.
   * @throws EscError INVALID_INPUT if the clip has no samples, samples that are not finite, a sample rate
   *   that is not a finite number > 0, or (with `center: false` and no duration) fewer samples than `nFft`.
   */
  extract(clip: AudioClip): FeatureMatrix
  /**
   * Computes the mel power of a prepared waveform, before the logarithm. A waveform of any length is taken as it is.
   *
   * @returns Shape [mel bins, frames], new storage.
   * @throws EscError INVALID_INPUT as `extract`, or if the clip is not at the recipe's rate.
   */
  melPower(prepared: AudioClip): FeatureMatrix
  /**
   * Runs the end of the recipe: logarithm and DCT. `fromMelPower(melPower(prepare(clip)))` has the same bits as `extract(clip)`.
   *
   * @returns Shape [bins, frames], new storage.
   * @throws EscError INVALID_INPUT if the matrix is not one of mel power: another number of bins, or values that are negative or
   *   not finite.
   */
  fromMelPower(power: FeatureMatrix): FeatureMatrix
  /**
   * What each mel bin counts in the loudness of mel power: the A-weighting at its middle, without the factor of Slaney's norm.
   * `betweenClassMix` takes it.
   */
  readonly loudnessWeights: Float64Array
  /**
   * Runs the first half of the recipe: resample, denoise, trim, normalise, pad or cut. `extract` computes the
   * features of this waveform.
   *
   * @returns A clip at the recipe's rate, new storage.
   * @throws EscError INVALID_INPUT as `extract`.
   */
  prepare(clip: AudioClip): AudioClip
}

/**
 * Plans the features of a recipe. It computes tables once. `extract` returns the same numbers as the plain
 * functions called one after another.
 *
 * @throws EscError INVALID_OPTION naming the parameter that is unknown or out of its range.
 * @example
 * const extractor = createExtractor(mfcc13)
 * const features = extractor.extract(clip) // 13 × 431
 */
export function createExtractor(recipe: FeatureRecipe): Extractor {
  assertRecipe(recipe)
  const own = structuredClone(recipe)
  const { sampleRate } = own
  const analysis = createAnalysis(own)
  const length = own.durationSec === null ? null : Math.round(own.durationSec * sampleRate)
  const frames = length === null ? null : plannedFrames(analysis.frames, length)
  const toWaveform = createPreparation(own, length)
  return {
    recipe: own,
    bins: analysis.bins,
    frames,
    extract: (clip) => analysis.run(toWaveform(clip)),
    melPower(prepared) {
      assertClip('prepared', prepared)
      if (prepared.sampleRate !== sampleRate) {
        throw new EscError(
          'INVALID_INPUT',
          `prepared.sampleRate=${prepared.sampleRate} must be the recipe's, ${sampleRate}; call prepare first`,
        )
      }
      return analysis.melPower(prepared.samples)
    },
    fromMelPower(power) {
      assertPower(power, own.mel.nMels)
      return analysis.fromMelPower({ ...power, data: power.data.slice() })
    },
    loudnessWeights: analysis.loudnessWeights,
    prepare: (clip) => ({ samples: toWaveform(clip).slice(), sampleRate }),
  }
}

/**
 * Plans the recipe's first half, from a clip to the waveform for the features.
 *
 * @param length - The waveform is padded or cut to this many samples; `null` keeps its length.
 * @returns A function. Its result is a view of a work buffer, which is valid until the next clip.
 */
export function createPreparation(
  recipe: FeatureRecipe,
  length: number | null,
): (clip: AudioClip) => Float32Array {
  const { sampleRate, denoise, trim, normalize } = recipe
  const scale = createScaler({ norm: normalize })
  let work = new Float32Array(length ?? 0)
  let resampler = { fromRate: sampleRate, run: (samples: Float32Array) => samples }

  function toRecipeRate({ samples, sampleRate: fromRate }: AudioClip): Float32Array {
    if (fromRate === sampleRate) return samples
    if (resampler.fromRate !== fromRate) {
      resampler = { fromRate, run: createResampler(fromRate, sampleRate) }
    }
    return resampler.run(samples)
  }

  function scaleAndFit(loud: Float32Array): Float32Array {
    const size = Math.max(loud.length, length ?? 0)
    if (work.length < size) work = new Float32Array(size)
    const samples = work.subarray(0, size)
    samples.set(loud)
    // The norm covers all samples, also those that are cut off afterwards. Zeros do not change it.
    samples.fill(0, loud.length)
    scale(samples)
    return length === null ? samples : samples.subarray(0, length)
  }

  return (clip) => {
    assertClip('clip', clip)
    const heard = toRecipeRate(clip)
    const whole = denoise ? spectralGate({ samples: heard, sampleRate }, denoise).samples : heard
    const { start, end } = trim ? trimInterval(whole, trim) : { start: 0, end: whole.length }
    return scaleAndFit(whole.subarray(start, end))
  }
}

/** The recipe's second half, from a waveform to features. */
export interface Analysis {
  readonly bins: number
  /** Columns for `length` samples. @throws EscError INVALID_INPUT if they are too few for one. */
  frames(length: number): number
  /** Computes the features. @returns Shape [bins, frames], new storage. */
  run(samples: Float32Array): FeatureMatrix
  /** The first half of `run`: shape [mel bins, frames], new storage. */
  melPower(samples: Float32Array): FeatureMatrix
  /** The second half of `run`. It may write into the matrix's own storage. */
  fromMelPower(power: FeatureMatrix): FeatureMatrix
  /** What each mel bin counts in the loudness. */
  readonly loudnessWeights: Float64Array
}

/**
 * Plans STFT, mel, logarithm and DCT.
 *
 * @throws EscError INVALID_OPTION naming the parameter that is out of its range.
 */
export function createAnalysis(recipe: FeatureRecipe): Analysis {
  const melPlan = createMelPlan(recipe.sampleRate, { ...recipe.stft, ...recipe.mel })
  const cepstrum = recipe.mfcc && createCepstrum(recipe.mel.nMels, recipe.mfcc)
  function fromMelPower(power: FeatureMatrix): FeatureMatrix {
    const logMel = compress(power, recipe)
    return cepstrum ? cepstrum(logMel) : logMel
  }
  return {
    bins: recipe.mfcc?.nMfcc ?? recipe.mel.nMels,
    frames: melPlan.frames,
    run: (samples) => fromMelPower(melPlan.run(samples)),
    melPower: melPlan.run,
    fromMelPower,
    loudnessWeights: loudnessWeightsOf(recipe),
  }
}

function loudnessWeightsOf({
  sampleRate,
  mel: { nMels, fmin, fmax, htk, norm },
}: FeatureRecipe): Float64Array {
  // Filter `i` reaches from edge `i` over `i + 1`, its middle, to `i + 2`. Slaney's norm divides by half of this width.
  const edges = melFrequencies(nMels + 2, { fmin, fmax: fmax ?? sampleRate / 2, htk })
  return Float64Array.from({ length: nMels }, (_, i) => {
    return aWeight(edges[i + 1]!) * (norm === 'slaney' ? (edges[i + 2]! - edges[i]!) / 2 : 1)
  })
}

/** @throws EscError INVALID_INPUT unless it is mel power. */
function assertPower(power: FeatureMatrix, nMels: number): void {
  assertMatrix('power', power)
  if (power.bins !== nMels) {
    throw new EscError(
      'INVALID_INPUT',
      `power has ${power.bins} bins; it must have ${nMels}, as the recipe's mel`,
    )
  }
  const at = power.data.findIndex((value) => value < 0)
  if (at >= 0) throw new EscError('INVALID_INPUT', `power.data[${at}]=${power.data[at]} must be >= 0`)
}

/**
 * Takes decibels or the natural logarithm; a recipe has one of them. It may write into the matrix's own
 * storage.
 */
export function compress(mel: FeatureMatrix, { db, log }: Pick<FeatureRecipe, 'db' | 'log'>): FeatureMatrix {
  return db ? { ...mel, data: writeDecibels(mel, db, mel.data) } : stabilizedLog(mel, log!)
}

/**
 * Checks the rules that the plans do not check themselves. The schema in `@esc/core/recipe` reads recipes
 * from outside.
 *
 * @throws EscError INVALID_OPTION naming the parameter that is unknown or out of its range.
 */
export function assertRecipe(recipe: FeatureRecipe): void {
  assertRecipeNames(recipe)
  if (recipe.version !== 1) {
    throw new EscError('INVALID_OPTION', `recipe.version=${recipe.version} must be 1`)
  }
  assertPositive('recipe.sampleRate', recipe.sampleRate)
  if (recipe.denoise) assertGateOptions(recipe.denoise)
  if (recipe.trim) {
    assertTrimOptions(recipe.trim)
    assertInteger('recipe.trim.frameLength', recipe.trim.frameLength, 1)
    assertInteger('recipe.trim.hopLength', recipe.trim.hopLength, 1)
  }
  const normalize = recipe.normalize ?? null
  if (normalize !== null) assertOneOf('recipe.normalize', normalize, ['inf', 'l1', 'l2'])
  if (recipe.durationSec !== null) assertPositive('recipe.durationSec', recipe.durationSec)
  const melNorm = recipe.mel.norm ?? null
  if (melNorm !== null) assertOneOf('recipe.mel.norm', melNorm, ['slaney'])
  if ((recipe.db === null) === (recipe.log === null)) {
    throw new EscError('INVALID_OPTION', 'exactly one of recipe.db and recipe.log must be null')
  }
  if (recipe.db) assertRecipeDb(recipe.db)
  else assertPositive('recipe.log.offset', recipe.log!.offset)
}

function assertRecipeDb(db: NonNullable<FeatureRecipe['db']>): void {
  if (db.ref !== 'max' && !Number.isFinite(db.ref)) {
    const found = typeof db.ref === 'number' ? `=${db.ref}` : ''
    throw new EscError('INVALID_OPTION', `recipe.db.ref${found} must be a finite number, or 'max'`)
  }
  assertDbOptions(db)
}

/** Returns the number of frames. @throws EscError INVALID_OPTION if the duration is too short for one. */
function plannedFrames(frames: (length: number) => number, length: number): number {
  try {
    return frames(length)
  } catch (cause) {
    throw new EscError(
      'INVALID_OPTION',
      `recipe.durationSec makes ${length} samples, less than one frame of recipe.stft.nFft`,
      { cause },
    )
  }
}
