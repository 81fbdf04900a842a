import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeAudio } from './files.js'

const folder = new URL('../../fixtures/', import.meta.url)

/** Each channel as ffmpeg 5.1 decoded it: interleaved in the file beside. */
function expected(name: string, channels: number): Float32Array[] {
  const bytes = new Uint8Array(readFileSync(new URL(name.replace(/\.\w+$/, '.f32'), folder)))
  const all = new Float32Array(bytes.buffer)
  return Array.from({ length: channels }, (_, channel) => all.filter((_, i) => i % channels === channel))
}

describe('compressed fixtures', () => {
  it.each([
    // MP3: the decoders differ by float rounding. Opus: ffmpeg.test.ts says why it is further off.
    ['mono-cbr.mp3', 1, 16000, 3e-6],
    ['stereo-vbr.mp3', 2, 32000, 3e-6],
    ['mono-opus.opus', 1, 48000, 1e-4],
    ['stereo-opus.opus', 2, 48000, 1e-4],
  ])("%s: every sample of %i channels is ffmpeg's", async (name, count, rate, tolerance) => {
    const { channels, sampleRate } = await decodeAudio(new URL(name, folder))
    const theirs = expected(name, count)
    expect(sampleRate).toBe(rate)
    expect(channels.map((samples) => samples.length)).toEqual(theirs.map((samples) => samples.length))
    for (const [channel, samples] of channels.entries()) {
      const differences = samples.map((sample, i) => Math.abs(sample - theirs[channel]![i]!))
      const worst = differences.reduce((max, value) => Math.max(max, value), 0)
      expect(worst, `channel ${channel} at ${differences.indexOf(worst)}`).toBeLessThan(tolerance)
    }
  })

  it.each(['mono-cbr.mp3', 'stereo-s16.flac', 'stereo-opus.opus'])(
    '%s: several at a time decode as one after the other',
    async (name) => {
      const one = await decodeAudio(new URL(name, folder))
      const many = await Promise.all(Array.from({ length: 8 }, () => decodeAudio(new URL(name, folder))))
      for (const audio of many) expect(audio).toEqual(one)
    },
  )
})
