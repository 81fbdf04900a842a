/** The bandwidth of a clip, and a fingerprint that finds its copies, from one spectrogram. */
import { melFrequencies, spectrogram } from '@esc/dsp'

/** Result of {@link measureSpectrum}; see `ClipFacts`. */
export interface SpectralFacts {
  bandwidthHz: number
  fingerprint: number[]
}

const framesPerSec = 50
/** Frames of one spectrogram: an hour of sound needs no more memory than ten seconds. */
const blockFrames = 512
/** Power of the noise below which a spectrum counts as empty. */
const noiseFloor = 10 ** (-90 / 10)
/** Frames and windows with less than this share of the loudest one's power count as silence: 60 dB below it. */
const silentPower = 10 ** (-60 / 10)
/** Width of the band below a frequency of which half must also hold sound. */
const whistleHz = 1000
const wordBits = 32
const lowestHz = 300
const highestHz = 4000
/** Weights of 19 frames of 40 ms, 20 ms apart: 0.4 s. */
const taper = Float64Array.from({ length: 19 }, (_, i) => Math.sin((Math.PI * (i + 1)) / 20) ** 2)

/**
 * Measures the effective bandwidth and the fingerprint of a clip, from one spectrogram with frames of 40 ms every
 * 20 ms.
 *
 * The bandwidth is the highest frequency at which the averaged spectrum (Welch's method, without silent frames) reaches that of
 * white noise at -90 dB, which is 6 dB above the rounding noise of dithered 16-bit samples. At least half of the 1000 Hz below it
 * must reach it, too: a lone whistle is no bandwidth. The Hann window's side lobes add about 200 Hz to a low-pass 70 dB deep.
 *
 * The fingerprint is that of Haitsma and Kalker: the signs of the energy's differences between neighbouring bands and
 * successive windows. Differs from them: the long windows are sums of short frames, so that one spectrogram serves
 * both; the bands are mel bands from 300 to 4000 Hz, and the step is 20 ms.
 *
 * @param samples - Mono, at least one, all finite.
 * @param sampleRate - Hz.
 * @see P. D. Welch, The use of fast Fourier transform for the estimation of power spectra, IEEE Trans. Audio
 *   Electroacoustics 15(2), 1967; J. Haitsma, T. Kalker, A highly robust audio fingerprinting system, ISMIR 2002.
 */
export function measureSpectrum(samples: Float32Array, sampleRate: number): SpectralFacts {
  const hopLength = Math.max(8, Math.round(sampleRate / framesPerSec))
  const winLength = 2 * hopLength
  const nFft = 2 ** Math.ceil(Math.log2(winLength))
  // A window lies in the middle of its transform. At every rate the windows must begin at the same times.
  const margin = (nFft - winLength) / 2
  const padded = new Float32Array(Math.max(samples.length, winLength) + 2 * margin)
  padded.set(samples, margin)
  const frames = Math.floor((padded.length - nFft) / hopLength) + 1
  const sounding = findSounding(padded, { frames, hopLength, margin })
  // In bins. A bin reaches half a bin to both sides of its frequency.
  const edges = melFrequencies(wordBits + 2, { fmin: lowestHz, fmax: highestHz }).map(
    (hz) => (hz * nFft) / sampleRate + 0.5,
  )
  const hasBands = sampleRate >= 2 * highestHz
  const bands = new Float64Array(hasBands ? frames * (wordBits + 1) : 0)
  const totals = new Float64Array(nFft / 2 + 1)
  for (let first = 0; first < frames; first += blockFrames) {
    const count = Math.min(blockFrames, frames - first)
    const start = first * hopLength
    const block = padded.subarray(start, start + (count - 1) * hopLength + nFft)
    const { data } = spectrogram(block, { nFft, hopLength, winLength, center: false, power: 2 })
    addSounding(totals, data, sounding.subarray(first, first + count))
    if (hasBands) addBands(bands.subarray(first * (wordBits + 1)), data, edges, count)
  }
  // White noise of power p has |X|² = p Σw² on average, and Σw² of a Hann window is 3/8 of its length.
  const scale = (sounding.reduce((sum, flag) => sum + flag, 0) * 3 * winLength) / 8
  const bin = lastBinAbove(totals, noiseFloor * scale, (whistleHz * nFft) / sampleRate)
  return { bandwidthHz: (bin * sampleRate) / nFft, fingerprint: hasBands ? toWords(bands) : [] }
}

/** 1 for each frame within 60 dB of the loudest one, its mean left out; 0 for the others. */
function findSounding(
  samples: Float32Array,
  { frames, hopLength, margin }: { frames: number; hopLength: number; margin: number },
): Float64Array {
  const halves = Float64Array.from({ length: frames + 1 }, (_, half) =>
    variance(samples, margin + half * hopLength, hopLength),
  )
  const power = halves.subarray(0, frames).map((half, frame) => half + halves[frame + 1]!)
  const threshold = power.reduce((most, value) => Math.max(most, value), 0) * silentPower
  return power.map((value) => (value > threshold ? 1 : 0))
}

function variance(samples: Float32Array, start: number, length: number): number {
  let sum = 0
  let squares = 0
  for (let i = start; i < start + length; i++) {
    const value = samples[i]!
    sum += value
    squares += value * value
  }
  return squares / length - (sum / length) ** 2
}

/** Adds the power of the frames whose mask is 1 to each bin's total. */
function addSounding(totals: Float64Array, power: Float32Array, mask: Float64Array): void {
  const frames = mask.length
  for (let bin = 0; bin < totals.length; bin++) {
    const row = bin * frames
    let sum = 0
    for (let frame = 0; frame < frames; frame++) sum += power[row + frame]! * mask[frame]!
    totals[bin]! += sum
  }
}

/** Energy of each band in each frame: `bands[frame * 33 + band]`. A bin on an edge is shared out. */
function addBands(bands: Float64Array, power: Float32Array, edges: Float64Array, frames: number): void {
  for (let band = 0; band <= wordBits; band++) {
    const [low, high] = [edges[band]!, edges[band + 1]!]
    for (let bin = Math.floor(low); bin < high; bin++) {
      const share = Math.min(bin + 1, high) - Math.max(bin, low)
      const row = bin * frames
      for (let frame = 0; frame < frames; frame++) {
        bands[frame * (wordBits + 1) + band]! += share * power[row + frame]!
      }
    }
  }
}

function lastBinAbove(totals: Float64Array, threshold: number, width: number): number {
  const span = Math.max(1, Math.round(width))
  let above = 0
  let last = 0
  for (let bin = 0; bin < totals.length; bin++) {
    if (totals[bin]! > threshold) above++
    if (bin >= span && totals[bin - span]! > threshold) above--
    if (totals[bin]! > threshold && 2 * above >= Math.min(span, bin + 1)) last = bin
  }
  return last
}

/** A word of 32 bits for each window but the first; 0 for silence. */
function toWords(bands: Float64Array): number[] {
  const count = wordBits + 1
  const windows = bands.length / count - taper.length + 1
  const words: number[] = []
  const levels: number[] = []
  let before = new Float64Array(count)
  for (let window = 0; window < windows; window++) {
    const now = new Float64Array(count)
    let level = 0
    for (let k = 0; k < taper.length; k++) {
      const at = (window + k) * count
      for (let band = 0; band < count; band++) now[band]! += taper[k]! * bands[at + band]!
    }
    for (let band = 0; band < count; band++) level += now[band]!
    let word = 0
    let change = 0
    for (let band = 0; band < wordBits; band++) {
      const difference = now[band]! - now[band + 1]! - (before[band]! - before[band + 1]!)
      word = (word << 1) | (difference > 0 ? 1 : 0)
      change += Math.abs(difference)
    }
    // 0 is reserved for silence, and for a tone that repeats exactly: there the signs come from rounding alone.
    const isSteady = change <= 1e-6 * level
    if (window > 0) words.push(isSteady ? 0 : word >>> 0 || 1)
    if (window > 0) levels.push(level)
    before = now
  }
  const loudest = levels.reduce((most, level) => Math.max(most, level), 0)
  return words.map((word, i) => (levels[i]! > loudest * silentPower ? word : 0))
}
