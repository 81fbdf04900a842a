import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeWav } from '../wav.js'
import { decodeAudio } from './files.js'

const present = spawnSync('ffmpeg', ['-version']).status === 0

function ffmpeg(...args: string[]): Uint8Array {
  const { status, stdout, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...args], {
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(stderr.toString())
  return new Uint8Array(stdout)
}

/** Each channel as ffmpeg decodes it. */
function reference(path: string, channels: number): Float32Array[] {
  return Array.from({ length: channels }, (_, channel) => {
    const raw = ffmpeg('-i', path, '-filter:a', `pan=mono|c0=c${channel}`, '-f', 'f32le', '-')
    return new Float32Array(raw.buffer)
  })
}

describe.skipIf(!present)(`against ffmpeg${present ? '' : ' (skipped: ffmpeg is absent)'}`, () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'audio-io-ffmpeg-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const formats = ['u8', 's16le', 's24le', 's32le', 'f32le', 'f64le', 'alaw', 'mulaw']
  const cases = formats.flatMap((format) => [1, 2].map((channels) => ({ format, channels })))

  it.each(cases)(
    'decodes noise in $format, $channels channels, sample by sample',
    async ({ format, channels }) => {
      const path = join(folder, `${format}-${channels}.wav`)
      const noise = Array.from({ length: channels }, (_, i) => `anoisesrc=c=pink:r=44100:d=1:a=0.9:seed=${i}`)
      const merge = channels === 1 ? 'anull' : `amerge=inputs=${channels}`
      const inputs = noise.flatMap((source) => ['-f', 'lavfi', '-i', source])
      ffmpeg(...inputs, '-filter_complex', merge, '-c:a', `pcm_${format}`, path)
      const audio = await decodeAudio(path)
      expect(audio.sampleRate).toBe(44100)
      expect(audio.channels).toEqual(reference(path, channels))
    },
  )

  it.each([1, 2])('decodes OGG Vorbis of %i channels within 2e-5', async (channels) => {
    const path = join(folder, `${channels}.ogg`)
    ffmpeg('-f', 'lavfi', '-i', 'anoisesrc=c=pink:r=44100:d=3:a=0.9:seed=7', '-ac', String(channels), path)
    const audio = await decodeAudio(path)
    const expected = reference(path, channels)
    expect(audio.channels.map((samples) => samples.length)).toEqual(expected.map((samples) => samples.length))
    for (const [channel, samples] of audio.channels.entries()) {
      const worst = samples.reduce(
        (max, sample, i) => Math.max(max, Math.abs(sample - expected[channel]![i]!)),
        0,
      )
      expect(worst).toBeLessThan(2e-5)
    }
  })

  it.each([16, 24, 32] as const)('writes %i-bit files that ffmpeg reads as we do', async (bitDepth) => {
    const path = join(folder, `ours-${bitDepth}.wav`)
    const channels = [0, 1, 2].map((k) => Float32Array.from({ length: 999 }, (_, i) => Math.sin(i * (i + k))))
    writeFileSync(path, encodeWav({ channels, sampleRate: 32000 }, { bitDepth }))
    const audio = await decodeAudio(new Uint8Array(readFileSync(path)))
    expect(audio.channels).toEqual(reference(path, 3))
  })
})
