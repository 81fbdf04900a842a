/** Checks of sounds and matrices at the exported edge. */
import { type AudioClip, EscError, type FeatureMatrix } from '@esc/core'

/**
 * Every name of an options object, for `assertKnown`: a list that forgets one does not compile. An exported function
 * checks its own options; functions that it calls get only the names that they know.
 */
export type Names<Options> = Readonly<Record<keyof Options, true>>

/**
 * @throws EscError INVALID_INPUT unless there is at least one sample and all are finite.
 * @see librosa 0.10.2 `util.valid_audio`. Differs from librosa: an empty sound is an error everywhere.
 */
export function assertSamples(samples: Float32Array): void {
  // Not `instanceof`, which says no to arrays of another frame or worker context.
  if (samples[Symbol.toStringTag] !== 'Float32Array') {
    throw new EscError('INVALID_INPUT', 'samples must be a Float32Array of mono samples')
  }
  if (samples.length === 0) throw new EscError('INVALID_INPUT', 'samples.length=0 must be at least 1')
  assertFinite('samples', samples)
}

/** @throws EscError INVALID_INPUT unless the samples are usable and the sample rate is a finite number > 0. */
export function assertClip({ samples, sampleRate }: AudioClip): void {
  if (!(sampleRate > 0 && sampleRate < Number.POSITIVE_INFINITY)) {
    throw new EscError('INVALID_INPUT', `clip.sampleRate=${sampleRate} must be a finite number of Hz > 0`)
  }
  assertSamples(samples)
}

/** @throws EscError INVALID_INPUT unless the matrix is not empty, its data fit its shape, and all are finite. */
export function assertMatrix(name: string, { data, bins, frames }: FeatureMatrix): void {
  if (!(bins >= 1 && frames >= 1 && data.length === bins * frames)) {
    throw new EscError(
      'INVALID_INPUT',
      `${name} has ${data.length} values for ${bins} bins × ${frames} frames; it needs bins * frames >= 1`,
    )
  }
  assertFinite(name, data)
}

function assertFinite(name: string, data: Float32Array): void {
  if (areFinite(data)) return
  const index = data.findIndex((value) => !Number.isFinite(value))
  throw new EscError('INVALID_INPUT', `${name}[${index}]=${data[index]} must be finite`, {
    detail: { index },
  })
}

/** By their bits, four at a time: a test per number, or a sum of them all, would cost several times as much. */
function areFinite(data: Float32Array): boolean {
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length)
  // Without its sign, a number that is not finite has an exponent of ones; one more, and it is negative.
  const magnitude = 0x7fffffff
  const one = 0x800000
  let seen = 0
  let i = 0
  for (; i + 4 <= bits.length; i += 4) {
    const a = (bits[i]! & magnitude) + one
    const b = (bits[i + 1]! & magnitude) + one
    const c = (bits[i + 2]! & magnitude) + one
    const d = (bits[i + 3]! & magnitude) + one
    seen |= a | b | c | d
  }
  for (; i < bits.length; i++) seen |= (bits[i]! & magnitude) + one
  return seen >= 0
}
