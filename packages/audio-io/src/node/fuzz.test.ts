import { readdirSync, readFileSync } from 'node:fs'
import { createRng, isEscError, type Rng } from '@esc/core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { repairFrames } from '../../fixtures/flac-frames.js'
import { decodeAudio } from './files.js'

const folder = new URL('../../fixtures/', import.meta.url)
const load = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)))
const wavs = readdirSync(folder)
  .filter((name) => name.endsWith('.wav'))
  .map(load)
const oggs = ['mono-vorbis.ogg', 'stereo-vorbis.ogg'].map(load)
const opuses = ['mono-opus.opus', 'stereo-opus.opus'].map(load)
const flacs = ['mono-s24.flac', 'stereo-s16.flac'].map(load)
const mp3s = ['mono-cbr.mp3', 'bare-cbr.mp3', 'stereo-vbr.mp3'].map(load)

// The FLAC and MP3 decoders print what they also return.
beforeAll(() => void vi.spyOn(console, 'error').mockImplementation(() => {}))
afterAll(() => void vi.restoreAllMocks())

type Mutation = (bytes: Uint8Array, rng: Rng) => Uint8Array

/** Flips up to eight bits, half of them where headers are. */
function flip(bytes: Uint8Array, rng: Rng): Uint8Array {
  const out = bytes.slice()
  const reach = rng.uniform() < 0.5 ? Math.min(80, out.length) : out.length
  for (let n = rng.integer(8); n >= 0; n--) out[rng.integer(reach)]! ^= 1 << rng.integer(8)
  return out
}

function cut(bytes: Uint8Array, rng: Rng): Uint8Array {
  const at = rng.integer(bytes.length)
  return rng.uniform() < 0.5 ? bytes.slice(0, at) : bytes.slice(at)
}

/** Removes, doubles or overwrites a stretch. */
function splice(bytes: Uint8Array, rng: Rng): Uint8Array {
  const [from, to, source] = [0, 0, 0].map(() => rng.integer(bytes.length)) as [number, number, number]
  const out = Array.from(bytes)
  out.splice(from, rng.integer(64), ...bytes.subarray(source, source + rng.integer(64)))
  if (rng.uniform() < 0.5) out.splice(to, 4, 0xff, 0xff, 0xff, 0xff)
  return Uint8Array.from(out)
}

/** Gives each page that can be walked the checksum of what it now holds, so that damage reaches the decoder. */
function repairChecksums(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer)
  let offset = 0
  while (offset + 27 <= bytes.length) {
    let end = offset + 27 + bytes[offset + 26]!
    for (const lacing of bytes.subarray(offset + 27, end)) end += lacing
    if (end > bytes.length) return
    view.setUint32(offset + 22, 0, true)
    let crc = 0
    for (let i = offset; i < end; i++) {
      crc ^= bytes[i]! << 24
      for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1
    }
    view.setInt32(offset + 22, crc, true)
    offset = end
  }
}

/** Decodes; the outcome is sound that is all numbers, or an EscError. */
async function outcome(bytes: Uint8Array): Promise<string> {
  try {
    const { channels, sampleRate } = await decodeAudio(bytes)
    const finite = channels.every((samples) => samples.length > 0 && samples.every(Number.isFinite))
    return finite && sampleRate > 0 ? 'decoded' : 'bad samples'
  } catch (error) {
    return isEscError(error) ? error.code : `other error: ${error}`
  }
}

async function fuzz(
  count: number,
  seed: number,
  originals: readonly Uint8Array[],
  mutations: readonly Mutation[],
  finish = (_bytes: Uint8Array, _original: Uint8Array) => {},
): Promise<Record<string, number>> {
  const rng = createRng(seed)
  const outcomes: Record<string, number> = {}
  let slowestMs = 0
  for (let i = 0; i < count; i++) {
    const original = originals[i % originals.length]!
    const mutate = mutations[rng.integer(mutations.length)]!
    const bytes = mutate(original, rng)
    finish(bytes, original)
    const started = performance.now()
    const key = await outcome(bytes)
    slowestMs = Math.max(slowestMs, performance.now() - started)
    outcomes[key] = (outcomes[key] ?? 0) + 1
  }
  expect(slowestMs).toBeLessThan(1000)
  return outcomes
}

const allowed = ['decoded', 'CORRUPT_DATA', 'UNSUPPORTED_FORMAT', 'INVALID_INPUT']

describe('damaged files decode or fail with an EscError', () => {
  it.each([
    { what: '1000 WAV files', count: 1000, seed: 1, originals: wavs, mutations: [flip, cut, splice] },
    { what: '600 OGG files', count: 600, seed: 2, originals: oggs, mutations: [flip, cut, splice] },
    { what: '600 Opus files', count: 600, seed: 4, originals: opuses, mutations: [flip, cut, splice] },
    { what: '600 FLAC files', count: 600, seed: 5, originals: flacs, mutations: [flip, cut, splice] },
    { what: '600 MP3 files', count: 600, seed: 6, originals: mp3s, mutations: [flip, cut, splice] },
  ])('$what', { timeout: 120_000 }, async ({ count, seed, originals, mutations }) => {
    const outcomes = await fuzz(count, seed, originals, mutations)
    expect(Object.keys(outcomes).filter((key) => !allowed.includes(key))).toEqual([])
    expect(outcomes.CORRUPT_DATA).toBeGreaterThan(count / 4)
  })

  it.each([
    { what: '400 OGG files', seed: 3, originals: oggs, repair: repairChecksums },
    { what: '400 Opus files', seed: 7, originals: opuses, repair: repairChecksums },
    { what: '400 FLAC files', seed: 8, originals: flacs, repair: repairFrames },
  ])('$what with checksums made right', { timeout: 120_000 }, async ({ seed, originals, repair }) => {
    const outcomes = await fuzz(400, seed, originals, [flip], repair)
    expect(Object.keys(outcomes).filter((key) => !allowed.includes(key))).toEqual([])
    // Some damage to the sound itself is within the codec's rules.
    expect(outcomes.decoded).toBeGreaterThan(0)
  })
})
