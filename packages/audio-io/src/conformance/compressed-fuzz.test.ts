import { createRng, isEscError, type Rng } from '@esc/core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { cpuMs } from '../../fixtures/cpu-time.js'
import { fixture } from '../../fixtures/load.js'
import { repairChecksums } from '../../fixtures/ogg-pages.js'
import type { DecodedAudio } from '../audio.js'
import { mp3 } from '../codecs/mp3.js'
import { opus } from '../codecs/opus.js'
import { vorbis } from '../codecs/vorbis.js'
import { decodeCompressed } from '../compressed.js'
import { readMp3 } from '../mp3/read.js'
import { readOggOpus } from '../ogg/opus.js'
import { readOggVorbis } from '../ogg/vorbis.js'

// The Opus and MP3 decoders print their errors, and also return them.
beforeAll(() => void vi.spyOn(console, 'error').mockImplementation(() => {}))
afterAll(() => void vi.restoreAllMocks())

/** Flips bits, cuts the file, or removes, doubles and overwrites a part. */
function damage(bytes: Uint8Array, rng: Rng): Uint8Array {
  const kind = rng.integer(3)
  const at = rng.integer(bytes.length)
  if (kind === 0) return rng.uniform() < 0.5 ? bytes.slice(0, at) : bytes.slice(at)
  const out = Array.from(bytes)
  if (kind === 1) {
    const reach = rng.uniform() < 0.5 ? Math.min(80, out.length) : out.length
    for (let n = rng.integer(8); n >= 0; n--) out[rng.integer(reach)]! ^= 1 << rng.integer(8)
  } else {
    const source = rng.integer(bytes.length)
    out.splice(at, rng.integer(64), ...bytes.subarray(source, source + rng.integer(64)))
  }
  return Uint8Array.from(out)
}

/** Decodes, and names the outcome: sound of finite samples, or the code of an EscError. */
async function outcome(decode: () => Promise<DecodedAudio>): Promise<string> {
  try {
    const { channels } = await decode()
    const isSound = channels.every((samples) => samples.length > 0 && samples.every(Number.isFinite))
    return isSound ? 'decoded' : 'bad samples'
  } catch (error) {
    return isEscError(error) ? error.code : `other error: ${error}`
  }
}

const formats = [
  { format: 'Vorbis', read: readOggVorbis, decode: vorbis, names: ['mono-vorbis.ogg', 'stereo-vorbis.ogg'] },
  { format: 'Opus', read: readOggOpus, decode: opus, names: ['mono-opus.opus', 'stereo-opus.opus'] },
  { format: 'MP3', read: readMp3, decode: mp3, names: ['mono-cbr.mp3', 'bare-cbr.mp3', 'stereo-vbr.mp3'] },
]
const cases = formats.flatMap((format) => [
  { ...format, tolerant: false, repair: false },
  { ...format, tolerant: true, repair: false },
  ...(format.format === 'MP3'
    ? []
    : [
        { ...format, tolerant: false, repair: true },
        { ...format, tolerant: true, repair: true },
      ]),
])

describe('60 damaged files each decode to finite samples, or fail with an EscError', () => {
  test.each(cases)(
    '$format, tolerant=$tolerant, checksums made right: $repair',
    async ({ read, decode, names, tolerant, repair }) => {
      const rng = createRng(5)
      const originals = names.map(fixture)
      const outcomes: Record<string, number> = {}
      for (let i = 0; i < 60; i++) {
        const bytes = damage(originals[i % originals.length]!, rng)
        if (repair) repairChecksums(bytes)
        let key = ''
        const ms = await cpuMs(async () => {
          key = await outcome(async () => decodeCompressed(read(bytes, tolerant), decode, { tolerant }))
        })
        outcomes[key] = (outcomes[key] ?? 0) + 1
        expect(ms).toBeLessThan(1000)
      }
      const allowed = ['decoded', 'CORRUPT_DATA', 'UNSUPPORTED_FORMAT', 'INVALID_INPUT']
      expect(Object.keys(outcomes).filter((key) => !allowed.includes(key))).toEqual([])
    },
  )
})
