/** Tuning: how far a recording's pitches deviate from A = 440 Hz. */
import { assertInteger, assertPositive, EscError, type FeatureMatrix } from '@esc/core'
import { exp, ln } from '../math.js'
import { assertGiven, type Names } from '../option-names.js'
import { assertMagnitude, binFrequencies } from './magnitude.js'

/** Options of {@link estimateTuning}. */
export interface TuningOptions {
  /** Sample rate of the clip in Hz. */
  sampleRate: number
  /**
   * Length of the transform in samples.
   *
   * @defaultValue `2 * (bins - 1)`
   */
  nFft?: number
  /**
   * Step of the result as a share of a pitch class, in (0, 1).
   *
   * @defaultValue `0.01`, which is one cent with 12 classes
   */
  resolution?: number
  /**
   * Pitch classes in an octave.
   *
   * @defaultValue `12`
   */
  binsPerOctave?: number
}

const tuningNames: Names<TuningOptions> = {
  sampleRate: true,
  nFft: true,
  resolution: true,
  binsPerOctave: true,
}

/**
 * Finds the most frequent deviation of a spectrogram's louder peaks from the pitches of A = 440 Hz.
 *
 * @param spectrogram - Magnitude or power; shape [bins, frames].
 * @returns Share of a pitch class, in [-0.5, 0.5), a multiple of `resolution`; 0 if there is no peak.
 * @throws EscError INVALID_OPTION if an option is unknown, out of its range or does not fit the matrix;
 *   INVALID_INPUT if the matrix is empty, not finite or negative somewhere.
 * @see librosa 0.10.2 `estimate_tuning` with `S`, `pitch_tuning`.
 * @example estimateTuning(power, { sampleRate: clip.sampleRate })
 */
export function estimateTuning(spectrogram: FeatureMatrix, options: TuningOptions): number {
  assertGiven('estimateTuning', options, tuningNames)
  const { resolution = 0.01, binsPerOctave = 12 } = options
  if (!(resolution > 0 && resolution < 1)) {
    throw new EscError('INVALID_OPTION', `resolution=${resolution} must lie between 0 and 1, both excluded`)
  }
  assertInteger('binsPerOctave', binsPerOctave, 1)
  const { hz, height } = spectralPeaks(spectrogram, options)
  const loud = median(height)
  const steps = Math.ceil(1 / resolution)
  const edges = Float64Array.from({ length: steps + 1 }, (_, i) => -0.5 + i / steps)
  const counts = new Int32Array(steps)
  for (let i = 0; i < hz.length; i++) {
    if (height[i]! < loud) continue
    const classes = binsPerOctave * hzToOctaves(hz[i]!)
    const residual = classes - Math.floor(classes)
    const deviation = residual >= 0.5 ? residual - 1 : residual
    let step = Math.min(steps - 1, Math.floor((deviation + 0.5) * steps))
    // Rounding may have put the product above on the other side of an edge.
    if (deviation < edges[step]!) step--
    else if (step < steps - 1 && deviation >= edges[step + 1]!) step++
    counts[step]!++
  }
  return hz.length === 0 ? 0 : edges[counts.indexOf(Math.max(...counts))]!
}

/**
 * Computes octaves above 27.5 Hz, the A of octave 0.
 *
 * @param hz - > 0.
 * @param tuning - Deviation from A = 440 Hz in pitch classes.
 * @see librosa 0.10.2 `hz_to_octs`.
 */
export function hzToOctaves(hz: number, tuning = 0, binsPerOctave = 12): number {
  const a440 = 440 * exp((tuning / binsPerOctave) * Math.LN2)
  return ln(hz / (a440 / 16)) / Math.LN2
}

/**
 * Finds every frame's local maxima from 150 to 4000 Hz that are above a tenth of the frame's largest value. A
 * parabola through three bins makes their frequency and height more exact.
 *
 * @see librosa 0.10.2 `piptrack`.
 */
function spectralPeaks(
  spectrogram: FeatureMatrix,
  { sampleRate, nFft }: TuningOptions,
): { hz: number[]; height: number[] } {
  assertPositive('sampleRate', sampleRate)
  assertMagnitude(spectrogram, 'spectrogram')
  const { data, bins, frames } = spectrogram
  const freq = binFrequencies(spectrogram, { sampleRate, ...(nFft !== undefined && { nFft }) })
  const highest = Math.min(4000, sampleRate / 2)
  const floors = new Float64Array(frames)
  for (let i = 0; i < data.length; i++) {
    const value = 0.1 * data[i]!
    if (value > floors[i % frames]!) floors[i % frames] = value
  }
  const hz: number[] = []
  const height: number[] = []
  for (let bin = 1; bin < bins; bin++) {
    if (!(freq[bin]! >= 150 && freq[bin]! < highest)) continue
    const last = bin === bins - 1
    for (let frame = 0, i = bin * frames; frame < frames; frame++, i++) {
      const value = data[i]!
      const before = data[i - frames]!
      const after = last ? value : data[i + frames]!
      if (!(value > floors[frame]! && value > before && value >= after)) continue
      const curve = after + before - 2 * value
      const slope = (after - before) / 2
      const shift = last || Math.abs(slope) >= Math.abs(curve) ? 0 : -slope / curve
      hz.push(freq[bin]! + (shift * freq[bin]!) / bin)
      height.push(value + 0.5 * slope * shift)
    }
  }
  return { hz, height }
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
