/** From a clip of any length to a network's inputs, one for each window. */
import {
  type AudioClip,
  assertInteger,
  type ClipWindows,
  type ClipWindowsOptions,
  EscError,
  type FeatureMatrix,
  type FeatureRecipe,
  resolveWindows,
} from '@esc/core'
import { frameCount } from '../stft/frame.js'
import { assertRecipe, createAnalysis, createPreparation } from './extractor.js'

/** A recipe and windows with their tables, for one clip after another. */
export interface WindowExtractor {
  /** A copy of the recipe it was made from. */
  readonly recipe: FeatureRecipe
  readonly windows: ClipWindows
  /** Rows of its matrices: coefficients or mel bins. */
  readonly bins: number
  /** Columns of its matrices. */
  readonly frames: number
  /**
   * Runs the recipe on each window, in the order of time. Resampling, noise reduction, trimming and the norm are of the whole
   * clip; what follows is of each window alone.
   *
   * @returns At least one matrix of shape [bins, frames], new storage, each computed when it is asked for.
   * @throws EscError INVALID_INPUT as `extract` of {@link createExtractor}.
   */
  extract(clip: AudioClip): Generator<FeatureMatrix, void, undefined>
}

/**
 * Plans the features of windows. The recipe's `durationSec` has no effect: the windows take its place. A clip of one window
 * gives the bits that {@link createExtractor} gives with `durationSec` as long as a window.
 *
 * @throws EscError INVALID_OPTION naming the parameter that is unknown or out of its range, or if a window is shorter than one
 *   frame.
 * @example for (const features of createWindowExtractor(logmel64, { windowSec: 2 }).extract(clip)) console.log(features.frames)
 */
export function createWindowExtractor(recipe: FeatureRecipe, windows: ClipWindowsOptions): WindowExtractor {
  const resolved = resolveWindows(windows)
  assertRecipe(recipe)
  const own = structuredClone(recipe)
  const { sampleRate, durationSec } = own
  const { hopLength } = own.stft
  const prepare = createPreparation(own, null)
  const analysis = createAnalysis(own)
  const length = Math.round(resolved.windowSec * sampleRate)
  const hop = Math.max(1, Math.round(resolved.hopSec * sampleRate))
  const frames = framesOf(analysis.frames, length)
  if (frames === null) {
    const found = `windows.windowSec=${resolved.windowSec} makes ${length} samples`
    throw new EscError('INVALID_OPTION', `${found}, less than one frame of recipe.stft.nFft`)
  }

  function analyseShort(samples: Float32Array): FeatureMatrix {
    // A recipe without a duration takes such a clip as it is; zeros at its end would change what lies beyond the edge.
    const isEnough = durationSec === null && framesOf(analysis.frames, samples.length) === frames
    if (isEnough || samples.length === length) return analysis.run(samples)
    const padded = new Float32Array(length)
    padded.set(samples)
    return analysis.run(padded)
  }

  return {
    recipe: own,
    windows: resolved,
    bins: analysis.bins,
    frames,
    *extract(clip) {
      // A copy: the generator may be left for a while, and another clip taken meanwhile.
      const samples = prepare(clip).slice()
      if (samples.length <= length) {
        yield analyseShort(samples)
        return
      }
      const last = samples.length - length
      let start = 0
      for (; start <= last; start += hop) yield analysis.run(samples.subarray(start, start + length))
      // What is left at the end has a window of its own if it is as long as the step from frame to frame.
      if (last - (start - hop) >= hopLength) yield analysis.run(samples.subarray(last))
    },
  }
}

/**
 * The windows of a network that was trained on whole clips: as long as the recipe's duration or, without one, the longest that
 * has so many frames; each begins in the middle of the one before.
 *
 * @param frames - Columns that the network reads.
 * @throws EscError INVALID_OPTION if the recipe has an unknown name; INVALID_INPUT if its duration makes another number of
 *   frames.
 * @example windowsOfClips(mfcc13, 431) // { windowSec: 5, hopSec: 2.5 }
 */
export function windowsOfClips(recipe: FeatureRecipe, frames: number): ClipWindows {
  assertRecipe(recipe)
  assertInteger('frames', frames, 1)
  const { nFft, hopLength, center } = recipe.stft
  const samples = frames * hopLength + (center ? 0 : nFft) - 1
  const windows = resolveWindows({ windowSec: recipe.durationSec ?? samples / recipe.sampleRate })
  const made = framesOfWindow(recipe, windows)
  if (made === frames) return windows
  throw new EscError('INVALID_INPUT', `the recipe makes ${made} frames; the features have ${frames}`)
}

/**
 * Columns of one window's features; 0 if a window is shorter than one frame.
 *
 * @throws EscError INVALID_OPTION if the recipe or the windows have an unknown name, or a length is out of its range.
 * @example framesOfWindow(logmel128, { windowSec: 5 }) // 216
 */
export function framesOfWindow(recipe: FeatureRecipe, windows: ClipWindowsOptions): number {
  assertRecipe(recipe)
  const { windowSec } = resolveWindows(windows)
  const { nFft: frameLength, hopLength, center } = recipe.stft
  const count = (length: number) => frameCount(length, { frameLength, hopLength, center })
  return framesOf(count, Math.round(windowSec * recipe.sampleRate)) ?? 0
}

/** `null` where it is too short for one. */
function framesOf(frames: (length: number) => number, length: number): number | null {
  try {
    return frames(length)
  } catch {
    return null
  }
}
