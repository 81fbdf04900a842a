import { readdirSync, readFileSync } from 'node:fs'
import { createRng, isEscError, type Rng } from '@esc/core'
import { describe, expect, it } from 'vitest'
import { decodeAiff } from './aiff.js'
import { decodeWav } from './wav.js'

const folder = new URL('../fixtures/', import.meta.url)
const load = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)))
const pcm = readdirSync(new URL('pcm/', folder)).map((name) => `pcm/${name}`)
const originals = [...readdirSync(folder), ...pcm].filter(
  (name) => /\.(wav|aiff|aifc)$/.test(name) && !name.includes('head'),
)

/** Flips up to eight bits, half of the time where headers are. */
function flip(bytes: Uint8Array, rng: Rng): Uint8Array {
  const out = bytes.slice()
  const reach = rng.uniform() < 0.5 ? Math.min(80, out.length) : out.length
  for (let n = rng.integer(8); n >= 0; n--) out[rng.integer(reach)]! ^= 1 << rng.integer(8)
  return out
}

function cut(bytes: Uint8Array, rng: Rng): Uint8Array {
  return bytes.slice(0, rng.integer(bytes.length))
}

/** Removes, doubles or overwrites a stretch. */
function splice(bytes: Uint8Array, rng: Rng): Uint8Array {
  const [from, source] = [rng.integer(bytes.length), rng.integer(bytes.length)]
  const out = Array.from(bytes)
  out.splice(from, rng.integer(64), ...bytes.subarray(source, source + rng.integer(64)))
  return Uint8Array.from(out)
}

const LIES = [0, 1, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff]

/** Overwrites four bytes of the header with a size that is seldom right. */
function lie(bytes: Uint8Array, rng: Rng): Uint8Array {
  const out = bytes.slice()
  const at = rng.integer(Math.min(120, out.length - 4))
  new DataView(out.buffer).setUint32(at, LIES[rng.integer(LIES.length)]!, rng.uniform() < 0.5)
  return out
}

function outcome(bytes: Uint8Array, decode: typeof decodeWav): string {
  try {
    const { channels, sampleRate } = decode(bytes)
    const finite = channels.every((samples) => samples.length > 0 && samples.every(Number.isFinite))
    return finite && channels.length > 0 && sampleRate > 0 ? 'decoded' : 'bad samples'
  } catch (error) {
    return isEscError(error) ? error.code : `other error: ${error}`
  }
}

describe('damaged WAV and AIFF files', () => {
  it('2000 of them are decoded or refused with an EscError, each within 1 s', { timeout: 60_000 }, () => {
    const rng = createRng(4)
    const outcomes: Record<string, number> = {}
    let slowestMs = 0
    for (let i = 0; i < 2000; i++) {
      const name = originals[i % originals.length]!
      const bytes = [flip, cut, splice, lie][rng.integer(4)]!(load(name), rng)
      const start = performance.now()
      const key = outcome(bytes, name.endsWith('.wav') ? decodeWav : decodeAiff)
      slowestMs = Math.max(slowestMs, performance.now() - start)
      outcomes[key] = (outcomes[key] ?? 0) + 1
    }
    const allowed = ['decoded', 'CORRUPT_DATA', 'UNSUPPORTED_FORMAT', 'INVALID_INPUT']
    expect(Object.keys(outcomes).filter((key) => !allowed.includes(key))).toEqual([])
    // Neither all damage is found, nor all of it fatal: most bits of a file are samples.
    expect(outcomes.decoded).toBeGreaterThan(400)
    expect(outcomes.CORRUPT_DATA).toBeGreaterThan(400)
    expect(slowestMs).toBeLessThan(1000)
  })
})
