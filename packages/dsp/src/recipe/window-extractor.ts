/** The window extractor: it cuts a clip of any length into windows and carries out a recipe on each. */
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
  /** A copy of its recipe. */
  readonly recipe: FeatureRecipe
  /** Length and distance of its windows. */
  readonly windows: ClipWindows
  /** Rows of its matrices: coefficients or mel bins. */
  readonly bins: number
  /** Columns of its matrices. */
  readonly frames: number
  /**
   * Runs the recipe on each window, in the order of time. Resampling, noise reduction, trimming and
   * normalisation work on the whole clip. The later steps work on each window alone.
   *
   * @returns At least one matrix of shape [bins, frames], new storage. Each is computed when the loop reaches
   *   it.
   * @throws EscError INVALID_INPUT as `extract` of {@link createExtractor}.
   */
  extract(clip: AudioClip): Generator<FeatureMatrix, void, undefined>
}

/**
 * Plans the features of windows. They take the place of the recipe's `durationSec`, which has no effect. The
 * result for a clip of one window has the same bits as that of {@link createExtractor} with that window's
 * length as `durationSec`.
 *
 * @throws EscError INVALID_OPTION naming the parameter that is unknown or out of its range, or if a window is
 *   shorter than one frame.
 * @example
 * const extractor = createWindowExtractor(logmel64, { windowSec: 2 })
 * for (const { frames } of extractor.extract(clip)) console.log(frames)
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
    // A recipe without a duration takes such a clip as it is. Zeros at its end would change the padding of
    // its last frames.
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
      // A copy, because the caller may start with another clip before this generator has ended.
      const samples = prepare(clip).slice()
      if (samples.length <= length) {
        yield analyseShort(samples)
        return
      }
      const last = samples.length - length
      let start = 0
      for (; start <= last; start += hop) yield analysis.run(samples.subarray(start, start + length))
      // The rest at the end gets a window of its own if it is at least as long as the hop between frames.
      if (last - (start - hop) >= hopLength) yield analysis.run(samples.subarray(last))
    },
  }
}

/**
 * Returns the windows for a network that was trained on whole clips. A window has the recipe's duration.
 * Without one, it is the longest window with `frames` frames. Each window begins in the middle of the one
 * before.
 *
 * @param frames - Columns that the network reads.
 * @throws EscError INVALID_OPTION if the recipe has an unknown name; INVALID_INPUT if its duration has
 *   another number of frames.
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
 * Counts the columns of one window's features; 0 if a window is shorter than one frame.
 *
 * @throws EscError INVALID_OPTION if the recipe or the windows have an unknown name, or a length is out of
 *   its range.
 * @example framesOfWindow(logmel128, { windowSec: 5 }) // 216
 */
export function framesOfWindow(recipe: FeatureRecipe, windows: ClipWindowsOptions): number {
  assertRecipe(recipe)
  const { windowSec } = resolveWindows(windows)
  const { nFft: frameLength, hopLength, center } = recipe.stft
  const count = (length: number) => frameCount(length, { frameLength, hopLength, center })
  return framesOf(count, Math.round(windowSec * recipe.sampleRate)) ?? 0
}

/** Returns the number of frames, or `null` if the length is too short for one. */
function framesOf(frames: (length: number) => number, length: number): number | null {
  try {
    return frames(length)
  } catch {
    return null
  }
}
