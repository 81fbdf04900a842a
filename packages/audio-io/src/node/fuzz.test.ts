/**
 * Damaged files of every format, through the entry for Node. `VERIFY_LONG=1` tries 20,000; otherwise the first
 * quarter of each kind.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { createRng, isEscError } from '@esc/core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { cpuMs } from '../../fixtures/cpu-time.js'
import { repairFrames } from '../../fixtures/flac-frames.js'
import { cut, flip, lie, splice } from '../../fixtures/mutations.js'
import { repairChecksums } from '../../fixtures/ogg-pages.js'
import { decodeAudio } from './files.js'

const folder = new URL('../../fixtures/', import.meta.url)
const load = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)))
const pcm = [
  ...readdirSync(folder),
  ...readdirSync(new URL('pcm/', folder)).map((name) => `pcm/${name}`),
].filter((name) => /\.(wav|aiff|aifc)$/.test(name) && !name.includes('head'))

// The Opus and MP3 decoders print their errors, and also return them.
beforeAll(() => void vi.spyOn(console, 'error').mockImplementation(() => {}))
afterAll(() => void vi.restoreAllMocks())

const MUTATIONS = [flip, cut, splice, lie]

/** Decodes, and names the outcome: sound of finite samples, or the code of an EscError. */
async function outcome(bytes: Uint8Array, tolerant: boolean): Promise<string> {
  try {
    const { channels, sampleRate, warnings = [] } = await decodeAudio(bytes, { tolerant })
    const finite = channels.every((samples) => samples.length > 0 && samples.every(Number.isFinite))
    if (!finite || channels.length === 0 || !(sampleRate > 0)) return 'bad samples'
    return warnings.length > 0 ? 'decoded in part' : 'decoded'
  } catch (error) {
    return isEscError(error) ? error.code : `other error: ${error}`
  }
}

interface Family {
  what: string
  count: number
  names: string[]
  /** Corrects the checksums, so that the damage reaches the decoder. */
  repair?: (bytes: Uint8Array, original: Uint8Array) => void
}

const FAMILIES: Family[] = [
  { what: 'WAV and AIFF', count: 8000, names: pcm },
  { what: 'FLAC', count: 2000, names: ['mono-s24.flac', 'stereo-s16.flac'] },
  {
    what: 'FLAC, checksums right',
    count: 1000,
    names: ['mono-s24.flac', 'stereo-s16.flac'],
    repair: repairFrames,
  },
  { what: 'OGG Vorbis', count: 2000, names: ['mono-vorbis.ogg', 'stereo-vorbis.ogg'] },
  {
    what: 'OGG Vorbis, checksums right',
    count: 1000,
    names: ['mono-vorbis.ogg', 'stereo-vorbis.ogg'],
    repair: repairChecksums,
  },
  { what: 'Opus', count: 2000, names: ['mono-opus.opus', 'stereo-opus.opus'] },
  {
    what: 'Opus, checksums right',
    count: 1000,
    names: ['mono-opus.opus', 'stereo-opus.opus'],
    repair: repairChecksums,
  },
  { what: 'MP3', count: 3000, names: ['mono-cbr.mp3', 'bare-cbr.mp3', 'stereo-vbr.mp3'] },
]

/** The share of the files that are tried. */
const share = process.env.VERIFY_LONG === '1' ? 1 : 0.25

const ALLOWED = ['decoded', 'decoded in part', 'CORRUPT_DATA', 'UNSUPPORTED_FORMAT', 'INVALID_INPUT']

describe('damaged files are decoded or refused with an EscError, each within a second of processor time', () => {
  test('there are 20,000 in all', () => {
    expect(FAMILIES.reduce((sum, { count }) => sum + count, 0)).toBe(20_000)
  })

  const families = FAMILIES.map((family) => ({ ...family, tried: family.count * share }))
  test.each(families)('$tried of $what', { timeout: 3_600_000 }, async ({ count, tried, names, repair }) => {
    const originals = names.map(load)
    // The first file of a format compiles its codec, which must not count as decoding time.
    for (const original of originals) await outcome(original, false)
    const rng = createRng(count + names.length)
    const outcomes = { strict: {} as Record<string, number>, tolerant: {} as Record<string, number> }
    let slowestMs = 0
    for (let i = 0; i < tried; i++) {
      const original = originals[i % originals.length]!
      const bytes = repair ? flip(original, rng) : MUTATIONS[rng.integer(MUTATIONS.length)]!(original, rng)
      repair?.(bytes, original)
      for (const mode of ['strict', 'tolerant'] as const) {
        let key = ''
        const ms = await cpuMs(async () => {
          key = await outcome(bytes, mode === 'tolerant')
        })
        slowestMs = Math.max(slowestMs, ms)
        outcomes[mode][key] = (outcomes[mode][key] ?? 0) + 1
        // If the strict reader accepts a file, the tolerant one does the same work.
        if (key === 'decoded') break
      }
    }
    const seen = [...Object.keys(outcomes.strict), ...Object.keys(outcomes.tolerant)]
    expect(seen.filter((key) => !ALLOWED.includes(key))).toEqual([])
    expect(slowestMs).toBeLessThan(1000)
    // Some damage is not noticed, and some is not fatal.
    expect(outcomes.strict.decoded).toBeGreaterThan(0)
    expect(outcomes.strict.CORRUPT_DATA).toBeGreaterThan(repair ? 0 : tried / 5)
    expect(outcomes.tolerant['decoded in part']).toBeGreaterThan(repair ? 0 : tried / 30)
  })
})
