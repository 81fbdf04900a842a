/** The phase vocoder's arithmetic on one frame after another. It uses WebAssembly where that is available. */
import { createKernel, createLayout } from '../fft/kernel.js'

/** One frame of a spectrum. */
export interface Spectrum {
  re: Float64Array
  im: Float64Array
}

/**
 * The state of a vocoder: the old frames behind and ahead of the new frame, and the "lead", which is the
 * phase of the new frame minus that of the frame behind.
 */
export interface VocoderSteps {
  /** An old frame. The caller fills it. */
  readonly input: Spectrum
  /** The new frame. */
  readonly output: Spectrum
  /** Makes the input, or silence, the frame behind or the frame ahead. */
  load(place: 'behind' | 'ahead', isSilent: boolean): void
  /** Exchanges the frame behind and the frame ahead. */
  swap(): void
  /** Adds the phase of the frame ahead minus that of the frame behind to the lead. */
  advance(): void
  /** Fills the output with the frame at `weight` (0 to 1) between the frame behind and the frame ahead. */
  interpolate(weight: number): void
}

/** Begins with a lead of 0. @example const steps = createVocoderSteps(1025) */
export function createVocoderSteps(bins: number): VocoderSteps {
  return createWasmSteps(bins) ?? createScriptSteps(bins)
}

function createWasmSteps(bins: number): VocoderSteps | null {
  // The kernel takes two bins at a time. If the number of bins is odd, it computes one more that nobody
  // reads.
  const n = bins + (bins % 2)
  const { take, bytes } = createLayout()
  const spectrum = () => ({ re: take(8 * n), im: take(8 * n) })
  const polar = () => ({ magnitude: take(8 * n), ...spectrum() })
  const [input, output, lead] = [spectrum(), spectrum(), spectrum()]
  let behind = polar()
  let ahead = polar()
  const instance = createKernel(bytes())
  if (!instance) return null
  const { kernel, buffer } = instance
  const view = (address: number) => new Float64Array(buffer, address, bins)
  const [inputs, outputs] = [input, output].map(({ re, im }) => ({ re: view(re), im: view(im) })) as [
    Spectrum,
    Spectrum,
  ]
  view(lead.re).fill(1)
  return {
    input: inputs,
    output: outputs,
    load(place, isSilent) {
      const { magnitude, re, im } = place === 'behind' ? behind : ahead
      if (isSilent) for (const part of [inputs.re, inputs.im]) part.fill(0)
      kernel.toPolar(n, input.re, input.im, magnitude, re, im)
    },
    swap() {
      ;[behind, ahead] = [ahead, behind]
    },
    advance() {
      kernel.addDifference(n, ahead.re, ahead.im, behind.re, behind.im, lead.re, lead.im)
    },
    interpolate(weight) {
      const { magnitude, re, im } = behind
      kernel.interpolate(
        n,
        weight,
        magnitude,
        ahead.magnitude,
        re,
        im,
        lead.re,
        lead.im,
        output.re,
        output.im,
      )
    },
  }
}

/** A frame as magnitudes, and as complex numbers of magnitude 1 that hold the phases. */
interface Polar extends Spectrum {
  magnitude: Float64Array
}

/** {@link createVocoderSteps} without WebAssembly. */
export function createScriptSteps(bins: number): VocoderSteps {
  const zeros = () => new Float64Array(bins)
  const [input, output] = [0, 1].map(() => ({ re: zeros(), im: zeros() })) as [Spectrum, Spectrum]
  const lead = { re: zeros().fill(1), im: zeros() }
  let behind: Polar = { magnitude: zeros(), re: zeros(), im: zeros() }
  let ahead: Polar = { magnitude: zeros(), re: zeros(), im: zeros() }
  return {
    input,
    output,
    load(place, isSilent) {
      if (isSilent) for (const part of [input.re, input.im]) part.fill(0)
      toPolar(input, place === 'behind' ? behind : ahead)
    },
    swap() {
      ;[behind, ahead] = [ahead, behind]
    },
    advance: () => addDifference(lead, ahead, behind),
    interpolate: (weight) => interpolate(behind, ahead, weight, lead, output),
  }
}

function toPolar({ re: a, im: b }: Spectrum, { magnitude, re, im }: Polar): void {
  for (let k = 0; k < re.length; k++) {
    const x = a[k]!
    const y = b[k]!
    const length = Math.sqrt(x * x + y * y)
    const scale = 1 / length
    magnitude[k] = length
    // Zero has the phase 0, as in numpy.
    re[k] = length > 0 ? x * scale : 1
    im[k] = length > 0 ? y * scale : 0
  }
}

/**
 * Writes the frame at `weight` (0 to 1) between `from` and `to`. Its phases are those of `from` plus the
 * lead.
 */
function interpolate(from: Polar, to: Polar, weight: number, lead: Spectrum, { re, im }: Spectrum): void {
  for (let k = 0; k < re.length; k++) {
    const magnitude = (1 - weight) * from.magnitude[k]! + weight * to.magnitude[k]!
    re[k] = magnitude * (from.re[k]! * lead.re[k]! - from.im[k]! * lead.im[k]!)
    im[k] = magnitude * (from.re[k]! * lead.im[k]! + from.im[k]! * lead.re[k]!)
  }
}

/** Adds the phase of `ahead` minus that of `behind` to the lead. */
function addDifference({ re, im }: Spectrum, ahead: Spectrum, behind: Spectrum): void {
  for (let k = 0; k < re.length; k++) {
    const a = ahead.re[k]!
    const b = ahead.im[k]!
    const c = behind.re[k]!
    const d = behind.im[k]!
    const turnRe = a * c + b * d
    const turnIm = b * c - a * d
    const x = re[k]! * turnRe - im[k]! * turnIm
    const y = re[k]! * turnIm + im[k]! * turnRe
    // One step of Newton's method for 1 / √(x² + y²), which is near 1. Without it, rounding errors would add
    // up.
    const scale = 1.5 - 0.5 * (x * x + y * y)
    re[k] = x * scale
    im[k] = y * scale
  }
}
