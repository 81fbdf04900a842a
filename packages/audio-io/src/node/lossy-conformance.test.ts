/** Compares every lossy codec, at every rate and number of channels that it allows, with ffmpeg. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  decodeToFloat,
  deinterleave,
  ffmpeg,
  floatsOf,
  hasFfmpeg,
  whySkipped,
  worst,
} from '../../fixtures/tools.js'
import { decodeAudio } from './files.js'

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

// MP3 has no 96 kHz and no 5.1. Opus always decodes to 48 kHz, and its encoder takes no higher rate.
const CODECS: Codec[] = [
  {
    name: 'OGG Vorbis',
    extension: 'ogg',
    rates: RATES,
    channels: [1, 2, 6],
    // From a file of one page, ffmpeg 5.1 drops the last block.
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
  codec.rates.flatMap((rate) =>
    codec.channels.map((channels) => ({
      ...codec,
      rate,
      channels,
      file: `${rate}-${channels}.${codec.extension}`,
    })),
  ),
)

/**
 * Converts the file's order of 5.1 (left, centre, right, surround left and right, LFE) to ffmpeg's order, which is
 * WAV's.
 */
const IN_WAV_ORDER = [0, 2, 1, 5, 3, 4]

describe.skipIf(!hasFfmpeg)(`lossy codecs as ffmpeg${whySkipped('ffmpeg')}`, () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'audio-io-lossy-'))
    for (const rate of RATES) writeFiles(rate)
    decodeToFloat(cases.map(({ file, decode }) => ({ path: join(folder, file), decode })))
  }, 300_000)
  afterAll(() => rmSync(folder, { recursive: true }))

  /** Writes all files of a rate with one process; each number of channels has noise of its own in each channel. */
  function writeFiles(rate: number): void {
    const sources = Array.from({ length: 6 }, (_, k) => {
      return ['-f', 'lavfi', '-i', `anoisesrc=c=pink:r=${rate}:d=0.5:a=0.4:seed=${k + 1}`]
    }).flat()
    const made = cases.filter((one) => one.rate === rate)
    const joined = made.map(({ channels }, i) => {
      const inputs = Array.from({ length: channels }, (_, k) => `[${k}:a]`).join('')
      const filter = channels === 1 ? 'anull' : `join=inputs=${channels}:channel_layout=${LAYOUTS[channels]}`
      return `${inputs}${filter}[out${i}]`
    })
    const outputs = made.flatMap(({ encode, file }, i) => [
      '-map',
      `[out${i}]`,
      ...encode,
      join(folder, file),
    ])
    ffmpeg(...sources, '-filter_complex', joined.join(';'), ...outputs)
  }

  test.each(cases)('decodes $name at $rate Hz, $channels channels', async (one) => {
    const { rate, channels, extension, decodedRate = rate, tolerance, file } = one
    const path = join(folder, file)
    const theirs = floatsOf(`${path}.f32`)
    const audio = await decodeAudio(path)
    expect(audio.sampleRate).toBe(decodedRate)
    expect(audio.channels).toHaveLength(channels)
    const ours =
      channels === 6 && extension !== 'mp3' ? IN_WAV_ORDER.map((k) => audio.channels[k]!) : audio.channels
    expect(worst(ours, deinterleave(theirs, channels))).toBeLessThan(tolerance)
    // Silence would equal silence.
    expect(theirs.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0)).toBeGreaterThan(0.05)
  })
})
