import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decodeAiff, probeAiff } from './aiff.js'
import { decodeWav, probeWav } from './decode.js'

const folder = new URL('../../fixtures/pcm/', import.meta.url)
const load = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)))

/** Codec, bit depth, and samples per channel. */
const FILES: Readonly<Record<string, [codec: string, bitDepth: number, frames: number]>> = {
  'alaw.aiff': ['pcm_alaw', 8, 100],
  'f32be.aiff': ['pcm_f32be', 32, 100],
  'f64be.aiff': ['pcm_f64be', 64, 100],
  'ima.wav': ['adpcm_ima_wav', 4, 121],
  'ms.wav': ['adpcm_ms', 4, 116],
  'mulaw.aiff': ['pcm_mulaw', 8, 100],
  'pipe.wav': ['pcm_s16le', 16, 100],
  'rf64.wav': ['pcm_s24le', 24, 100],
  'rifx.wav': ['pcm_s16be', 16, 100],
  's16be.aiff': ['pcm_s16be', 16, 100],
  's16le.aiff': ['pcm_s16le', 16, 100],
  's24be.aiff': ['pcm_s24be', 24, 100],
  's32be.aiff': ['pcm_s32be', 32, 100],
  's8.aiff': ['pcm_s8', 8, 100],
  'sox24.aifc': ['pcm_s24be', 24, 100],
  'sox24.aiff': ['pcm_s24be', 24, 100],
  'soxima.wav': ['adpcm_ima_wav', 4, 505],
  'soxms.wav': ['adpcm_ms', 4, 500],
}

describe('WAV and AIFF fixtures made by ffmpeg and sox', () => {
  test('all exist', () => {
    expect(readdirSync(folder).filter((name) => !name.endsWith('.f32'))).toEqual(Object.keys(FILES))
  })

  test.each(Object.keys(FILES))("%s: every sample is ffmpeg's", (name) => {
    const [left, right, ...more] = (name.endsWith('.wav') ? decodeWav : decodeAiff)(load(name)).channels
    const expected = new Float32Array(load(`${name}.f32`).buffer)
    expect(more).toEqual([])
    expect(left).toEqual(expected.filter((_, i) => i % 2 === 0))
    expect(right).toEqual(expected.filter((_, i) => i % 2 === 1))
  })

  test.each(Object.entries(FILES))(
    '%s: the header alone says what it holds',
    (name, [codec, bitDepth, frames]) => {
      const isWav = name.endsWith('.wav')
      expect((isWav ? probeWav : probeAiff)(load(name))).toEqual({
        container: isWav ? 'wav' : 'aiff',
        codec,
        sampleRate: 8000,
        channels: 2,
        durationSec: frames / 8000,
        frames,
        bitDepth,
        // ffmpeg wrote to a pipe, and could not go back to fill in the sizes.
        ...(name === 'pipe.wav' && {
          warnings: [expect.stringMatching(/states a size of 4294967295 bytes/)],
        }),
      })
    },
  )
})
