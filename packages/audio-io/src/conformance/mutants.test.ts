/**
 * Damaged files of every container. Each is either refused with an EscError, or decoded: with the same result at once
 * and block by block, and with the length that probing states. None hangs or needs memory without limit.
 * `VERIFY_LONG=1` tries 20,000.
 */

import { createRng, type Rng } from '@esc/core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { decodeAll, type Outcome } from '../../fixtures/decode-all.js'
import { fixture } from '../../fixtures/load.js'
import { cut, flip, lie, misstate, splice, surroundWithTags } from '../../fixtures/mutations.js'
import { repairChecksums } from '../../fixtures/ogg-pages.js'

const FILES = [
  ...[
    'stereo-s16le.wav',
    'mono-f32le.wav',
    'pcm/rf64.wav',
    'pcm/rifx.wav',
    'pcm/ms.wav',
    'pcm/ima.wav',
    'pcm/pipe.wav',
  ],
  ...['pcm/s16be.aiff', 'pcm/sox24.aifc', 'pcm/f64be.aiff'],
  ...['mono-s24.flac', 'stereo-s16.flac', 'stereo-flac.oga'],
  ...['mono-vorbis.ogg', 'one-page.ogg', 'mono-opus.opus', 'stereo-opus.opus'],
  ...['mono-cbr.mp3', 'bare-cbr.mp3', 'stereo-vbr.mp3'],
]
const MUTATIONS = [flip, cut, splice, lie, misstate, misstate, surroundWithTags]
const count = process.env.VERIFY_LONG === '1' ? 20_000 : 400
const MIB = 2 ** 20
// A FLAC frame of 11 bytes can hold 65,535 samples of silence. No format has more samples per byte.
const MAX_SAMPLES_PER_BYTE = 65_535 / 11
// This includes the codecs' WebAssembly.
const MAX_MEMORY = 1024 * MIB

// The Opus and MP3 decoders print their errors, and also return them.
beforeAll(() => void vi.spyOn(console, 'error').mockImplementation(() => {}))
afterAll(() => void vi.restoreAllMocks())

function mutate(original: Uint8Array, rng: Rng): Uint8Array {
  let bytes = original
  for (let n = rng.integer(2); n >= 0 && bytes.length > 0; n--)
    bytes = MUTATIONS[rng.integer(MUTATIONS.length)]!(bytes, rng)
  // Otherwise the checksum would stop every changed page.
  if (bytes[0] === 0x4f && rng.uniform() < 0.7) repairChecksums(bytes)
  return bytes
}

/** Says what is wrong with an outcome; `null` if nothing is. */
function fault(
  { channels, error, disagreement }: Outcome,
  size: number,
  strict: Outcome | null,
): string | null {
  if (disagreement !== null) return disagreement
  if (strict?.error === null) {
    // If the strict reader accepts a file, the tolerant one must return the same.
    const isSame =
      strict.channels.length === channels.length &&
      strict.channels.every(
        (samples, channel) => Buffer.compare(bytesOf(samples), bytesOf(channels[channel]!)) === 0,
      )
    if (!isSame) return `strict and tolerant differ: ${error?.message}`
  }
  if (error) return null
  const frames = channels[0]!.length
  if (frames === 0 || channels.some((samples) => samples.length !== frames))
    return `channels of ${frames} samples`
  if (frames > size * MAX_SAMPLES_PER_BYTE) return `${frames} samples from ${size} bytes`
  return channels.every((samples) => samples.every(Number.isFinite)) ? null : 'samples that are no numbers'
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

test(`${count} mutants are decoded with the same result in every way, or refused`, {
  timeout: 3_600_000,
}, async () => {
  const rng = createRng(count)
  const originals = FILES.map(fixture)
  const before = process.resourceUsage().maxRSS
  const outcomes: Record<string, number> = {}
  const faults: string[] = []
  for (let i = 0; i < count; i++) {
    const bytes = mutate(originals[i % originals.length]!, rng)
    let strict: Outcome | null = null
    for (const mode of ['strict', 'tolerant']) {
      const what = `mutant ${i} of ${FILES[i % FILES.length]}, ${mode}`
      try {
        const outcome: Outcome = await decodeAll(bytes, mode === 'tolerant')
        const wrong = fault(outcome, bytes.length, strict)
        if (wrong !== null) faults.push(`${what}: ${wrong}`)
        const { error, warnings } = outcome
        const key = `${mode} ${error?.code ?? (warnings.length > 0 ? 'with warnings' : 'decoded')}`
        outcomes[key] = (outcomes[key] ?? 0) + 1
        strict = outcome
      } catch (cause) {
        // Any other error than an EscError is a fault.
        faults.push(`${what}: ${(cause as Error).stack}`)
      }
    }
  }
  expect(faults).toEqual([])
  // In kibibytes.
  expect((process.resourceUsage().maxRSS - before) * 1024).toBeLessThan(MAX_MEMORY)
  // Some damage is not noticed, and some is not fatal.
  expect(outcomes['strict CORRUPT_DATA']).toBeGreaterThan(count / 10)
  expect(outcomes['strict with warnings']).toBeGreaterThan(count / 50)
  expect(outcomes['strict decoded']).toBeGreaterThan(count / 10)
})
