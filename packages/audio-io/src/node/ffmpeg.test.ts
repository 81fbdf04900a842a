import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { probeAudio } from '../probe.js'
import { encodeWav } from '../wav/encode.js'
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

  test.each(cases)(
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

  /** Makes one second of noise at 44.1 kHz into `name`, and decodes it with us and with ffmpeg. */
  async function both(name: string, channels: number, encode: string[], decode: string[] = []) {
    const path = join(folder, name)
    ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'anoisesrc=c=pink:r=44100:d=1:a=0.9:seed=7',
      '-ac',
      String(channels),
      ...encode,
      path,
    )
    const raw = ffmpeg(...decode, '-i', path, '-f', 'f32le', '-')
    const all = new Float32Array(raw.buffer)
    const theirs = Array.from({ length: channels }, (_, channel) =>
      all.filter((_, i) => i % channels === channel),
    )
    return { ours: await decodeAudio(path), theirs, info: probeAudio(new Uint8Array(readFileSync(path))) }
  }

  function worst(ours: readonly Float32Array[], theirs: readonly Float32Array[]): number {
    expect(ours.map((samples) => samples.length)).toEqual(theirs.map((samples) => samples.length))
    return ours.reduce(
      (max, samples, channel) =>
        samples.reduce((most, sample, i) => Math.max(most, Math.abs(sample - theirs[channel]![i]!)), max),
      0,
    )
  }

  const matrix = [16000, 44100, 48000].flatMap((rate) => [1, 2].map((channels) => ({ rate, channels })))

  describe.each(matrix)('at $rate Hz, $channels channels', ({ rate, channels }) => {
    const at = (...args: string[]) => [...args, '-ar', String(rate)]

    test.each([
      [16, 's16'],
      [24, 's32'],
    ])('decodes FLAC of %i bits, bit by bit', async (bits, format) => {
      const encode = at('-sample_fmt', format, '-bits_per_raw_sample', String(bits))
      const { ours, theirs, info } = await both(`${rate}-${channels}-${bits}.flac`, channels, encode)
      expect(ours).toEqual({ channels: theirs, sampleRate: rate })
      expect(info).toMatchObject({ bitDepth: bits, frames: rate, durationSec: 1 })
    })

    test.each([
      ['constant bit rate', ['-b:a', '64k']],
      ['variable bit rate', ['-q:a', '2']],
      ['no info frame', ['-write_xing', '0', '-id3v2_version', '0']],
    ])('decodes MP3 of %s within 2e-5', async (name, options) => {
      const { ours, theirs } = await both(`${rate}-${channels}-${name}.mp3`, channels, at(...options))
      expect(ours.sampleRate).toBe(rate)
      // Measured: 3e-6. Both compute in float32, in another order.
      expect(worst(ours.channels, theirs)).toBeLessThan(2e-5)
    })

    test('decodes OGG Vorbis within 2e-5', async () => {
      const { ours, theirs } = await both(`${rate}-${channels}.ogg`, channels, at())
      expect(ours.sampleRate).toBe(rate)
      expect(worst(ours.channels, theirs)).toBeLessThan(2e-5)
    })
  })

  // Frames state such rates in kHz, in Hz, and in tens of Hz.
  test.each([22000, 12345, 123450])('decodes FLAC at %i Hz, bit by bit', async (rate) => {
    const { ours, theirs } = await both(`${rate}.flac`, 1, ['-ar', String(rate)])
    expect(ours).toEqual({ channels: theirs, sampleRate: rate })
  })

  // The reference is libopus: ffmpeg's own decoder is 10 dB off where Opus codes speech (SILK).
  const libopus = ['-request_sample_fmt', 'flt', '-c:a', 'libopus']
  test.each([
    ['music, one channel', 1, [], 1e-6],
    ['music, two channels', 2, ['-b:a', '128k'], 1e-6],
    ['all on one page', 1, ['-t', '0.3'], 1e-6],
    ['packets of 2.5 ms', 2, ['-frame_duration', '2.5'], 1e-6],
    ['speech', 2, ['-application', 'voip', '-b:a', '16k'], 1e-6],
    ['speech, packets of 60 ms', 2, ['-vbr', 'off', '-frame_duration', '60', '-b:a', '12k'], 1e-6],
  ])('decodes Opus: %s', async (name, channels, options, tolerance) => {
    const encode = ['-c:a', 'libopus', ...options]
    const { ours, theirs, info } = await both(`${name}.opus`, channels, encode, libopus)
    expect(ours.sampleRate).toBe(48000)
    expect(info).toMatchObject({ codec: 'opus', sampleRate: 48000, frames: theirs[0]!.length })
    expect(worst(ours.channels, theirs)).toBeLessThan(tolerance)
  })

  test('decodes Opus and FLAC of 5.1 channels', async () => {
    const pan = 'pan=5.1|c0=c0|c1=.5*c0|c2=.25*c0|c3=.1*c0|c4=.7*c0|c5=.3*c0'
    const flac = await both('six.flac', 6, ['-af', pan, '-sample_fmt', 's16'])
    expect(flac.ours.channels).toEqual(flac.theirs)
    const options = ['-af', pan, '-c:a', 'libopus', '-mapping_family', '1']
    const { ours, theirs } = await both('six.opus', 6, options, libopus)
    // The file's order is left, centre, right, surround left and right, LFE; ffmpeg puts them in WAV's.
    const [left, center, right, ...back] = ours.channels
    const inOrder = [left!, right!, center!, back[2]!, back[0]!, back[1]!]
    expect(worst(inOrder, theirs)).toBeLessThan(1e-6)
  })

  test.each([16, 24, 32] as const)('writes %i-bit files that ffmpeg reads as we do', async (bitDepth) => {
    const path = join(folder, `ours-${bitDepth}.wav`)
    const channels = [0, 1, 2].map((k) => Float32Array.from({ length: 999 }, (_, i) => Math.sin(i * (i + k))))
    writeFileSync(path, encodeWav({ channels, sampleRate: 32000 }, { bitDepth }))
    const audio = await decodeAudio(new Uint8Array(readFileSync(path)))
    expect(audio.channels).toEqual(reference(path, 3))
  })
})
