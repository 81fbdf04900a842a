/** Every lossy codec at every rate and number of channels that it allows, against ffmpeg. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeAudio } from './files.js'

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0

const RATES = [8000, 16000, 44100, 48000, 96000]
const LAYOUTS = { 1: 'mono', 2: 'stereo', 6: '5.1' } as const
type Channels = 1 | 2 | 6

interface Codec {
  name: string
  extension: string
  rates: number[]
  channels: Channels[]
  encode: string[]
  /** How the reference decodes. */
  decode: string[]
  decodedRate?: number
  tolerance: number
}

// MP3 has no 96 kHz and no 5.1; Opus decodes to 48 kHz whatever went in, and its encoder takes none above that.
const CODECS: Codec[] = [
  {
    name: 'OGG Vorbis',
    extension: 'ogg',
    rates: RATES,
    channels: [1, 2, 6],
    // ffmpeg 5.1 drops the last block of a file of one page.
    encode: ['-c:a', 'libvorbis', '-page_duration', '20000'],
    decode: [],
    tolerance: 2e-5,
  },
  {
    name: 'Opus',
    extension: 'opus',
    rates: [8000, 16000, 48000],
    channels: [1, 2, 6],
    encode: ['-c:a', 'libopus', '-mapping_family', '1'],
    decode: ['-request_sample_fmt', 'flt', '-c:a', 'libopus'],
    decodedRate: 48000,
    tolerance: 2e-5,
  },
  {
    name: 'MP3',
    extension: 'mp3',
    rates: [8000, 16000, 44100, 48000],
    channels: [1, 2],
    encode: ['-c:a', 'libmp3lame'],
    decode: [],
    tolerance: 2e-5,
  },
]

const cases = CODECS.flatMap((codec) =>
  codec.rates.flatMap((rate) => codec.channels.map((channels) => ({ ...codec, rate, channels }))),
)

/** The file's order of 5.1, left, centre, right, surround left and right, LFE, in ffmpeg's: WAV's. */
const IN_WAV_ORDER = [0, 2, 1, 5, 3, 4]

function ffmpeg(args: readonly string[]): Uint8Array {
  const { status, stdout, stderr } = spawnSync('ffmpeg', ['-v', 'error', '-y', ...args], {
    maxBuffer: 2 ** 26,
  })
  if (status !== 0) throw new Error(`ffmpeg ${args.join(' ')}: ${stderr}`)
  return new Uint8Array(stdout)
}

describe.skipIf(!hasFfmpeg)(
  `lossy codecs as ffmpeg${hasFfmpeg ? '' : ' (skipped: ffmpeg is absent)'}`,
  () => {
    let folder = ''
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'audio-io-lossy-'))
    })
    afterAll(() => rmSync(folder, { recursive: true }))

    test.each(cases)('$name at $rate Hz, $channels channels', async (test) => {
      const { rate, channels, extension, encode, decode, decodedRate = rate, tolerance } = test
      const path = join(folder, `${rate}-${channels}.${extension}`)
      const sources = Array.from({ length: channels }, (_, k) => [
        '-f',
        'lavfi',
        '-i',
        `anoisesrc=c=pink:r=${rate}:d=0.5:a=0.4:seed=${k + 1}`,
      ]).flat()
      const join6 =
        channels === 1
          ? []
          : ['-filter_complex', `join=inputs=${channels}:channel_layout=${LAYOUTS[channels]}`]
      ffmpeg([...sources, ...join6, ...encode, path])
      const raw = ffmpeg([...decode, '-i', path, '-f', 'f32le', '-'])
      const theirs = new Float32Array(raw.slice().buffer)
      const audio = await decodeAudio(path)
      expect(audio.sampleRate).toBe(decodedRate)
      expect(audio.channels).toHaveLength(channels)
      const ours =
        channels === 6 && extension !== 'mp3' ? IN_WAV_ORDER.map((k) => audio.channels[k]!) : audio.channels
      const frames = theirs.length / channels
      expect(ours[0]).toHaveLength(frames)
      let worst = 0
      for (let i = 0; i < theirs.length; i++) {
        worst = Math.max(worst, Math.abs(ours[i % channels]![Math.floor(i / channels)]! - theirs[i]!))
      }
      expect(worst).toBeLessThan(tolerance)
      // Not silence against silence.
      expect(theirs.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)).toBeGreaterThan(0.05)
    })
  },
)
