import { readFileSync } from 'node:fs'
import { createRng, isEscError, type Rng } from '@esc/core'
import { describe, expect, test } from 'vitest'
import { cpuMs } from '../../fixtures/cpu-time.js'
import { repairFrames } from '../../fixtures/flac-frames.js'
import { bytesSource } from '../reading.js'
import { decodeFlac, probeFlac } from './decode.js'
import { streamFlac } from './stream.js'

const originals = ['mono-s8.flac', 'mono-s24.flac', 'stereo-s16.flac', 'six-s16.flac'].map(
  (name) => new Uint8Array(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url))),
)

/** Flips up to eight bits, in half of the files only in the header. */
function flip(bytes: Uint8Array, rng: Rng): Uint8Array {
  const out = bytes.slice()
  const reach = rng.uniform() < 0.5 ? 60 : out.length
  for (let n = rng.integer(8); n >= 0; n--) out[rng.integer(reach)]! ^= 1 << rng.integer(8)
  return out
}

function cut(bytes: Uint8Array, rng: Rng): Uint8Array {
  return bytes.slice(0, rng.integer(bytes.length))
}

/** Removes, doubles or overwrites a part. */
function splice(bytes: Uint8Array, rng: Rng): Uint8Array {
  const from = rng.integer(bytes.length)
  const source = rng.integer(bytes.length)
  const out = Array.from(bytes)
  out.splice(from, rng.integer(300), ...bytes.subarray(source, source + rng.integer(300)))
  return Uint8Array.from(out)
}

/** Flips bits and corrects the checksums, so that the damage reaches the decoder. */
function flipAndRepair(bytes: Uint8Array, rng: Rng): Uint8Array {
  const out = flip(bytes, rng)
  repairFrames(out, bytes)
  return out
}

/** Decodes, and names the outcome: sound in range, or the code of an error. */
function outcome(bytes: Uint8Array, tolerant: boolean): string {
  try {
    const { channels } = decodeFlac(bytes, { tolerant })
    const isSound = channels.every((s) => s.length > 0 && s.every((v) => v >= -1 && v < 1))
    return isSound ? 'decoded' : 'bad samples'
  } catch (error) {
    return isEscError(error) ? error.code : `other error: ${error}`
  }
}

async function streamed(bytes: Uint8Array, tolerant: boolean): Promise<string> {
  try {
    let samples = 0
    for await (const { channels } of streamFlac(bytesSource(bytes), { tolerant })) {
      samples += channels[0]!.length
      if (samples > 2 ** 20) break
    }
    return samples > 0 ? 'decoded' : 'no samples'
  } catch (error) {
    return isEscError(error) ? error.code : `other error: ${error}`
  }
}

describe.each([{ tolerant: false }, { tolerant: true }])(
  'damaged files, tolerant: $tolerant',
  ({ tolerant }) => {
    test.each([
      { what: '700 flipped', mutate: flip, seed: 1 },
      { what: '700 cut', mutate: cut, seed: 2 },
      { what: '700 spliced', mutate: splice, seed: 3 },
      { what: '900 flipped, with correct checksums', mutate: flipAndRepair, seed: 4 },
    ])(
      '$what: decode or fail with an EscError, within a second of processor time',
      { timeout: 300_000 },
      async (fuzz) => {
        const rng = createRng(fuzz.seed)
        const outcomes: Record<string, number> = {}
        let slowestMs = 0
        for (let i = 0; i < Number.parseInt(fuzz.what, 10); i++) {
          const bytes = fuzz.mutate(originals[i % originals.length]!, rng)
          let key = ''
          const ms = await cpuMs(() => {
            key = outcome(bytes, tolerant)
          })
          slowestMs = Math.max(slowestMs, ms)
          outcomes[key] = (outcomes[key] ?? 0) + 1
          // A sound longer than an hour is refused, but can be streamed.
          if (key !== 'INVALID_INPUT') expect(await streamed(bytes, tolerant), `file ${i}`).toBe(key)
          if (key === 'decoded' && !tolerant) expect(probeFlac(bytes).frames).toBeGreaterThan(0)
        }
        const allowed = ['decoded', 'CORRUPT_DATA', 'UNSUPPORTED_FORMAT', 'INVALID_INPUT']
        expect(Object.keys(outcomes).filter((key) => !allowed.includes(key))).toEqual([])
        expect(slowestMs).toBeLessThan(1000)
        expect(outcomes.CORRUPT_DATA).toBeGreaterThan(0)
        if (tolerant || fuzz.mutate === flipAndRepair) expect(outcomes.decoded).toBeGreaterThan(0)
      },
    )
  },
)
