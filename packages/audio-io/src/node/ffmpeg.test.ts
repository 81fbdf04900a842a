/** Sound that ffmpeg encodes, in every format: decoded here and by ffmpeg, sample by sample. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  decodeToFloat,
  deinterleave,
  type Encoded,
  expectSame,
  ffmpeg,
  floatsOf,
  hasFfmpeg,
  whySkipped,
  worst,
} from '../../fixtures/tools.js'
import { probeAudio } from '../probe.js'
import { encodeWav } from '../wav/encode.js'
import { decodeAudio } from './files.js'

/** How ffmpeg writes a file from a second of noise. */
interface Made {
  name: string
  channels: number
  encode: string[]
  /** Options of ffmpeg's decoder. @defaultValue none */
  decode?: string[]
}

const formats = ['u8', 's16le', 's24le', 's32le', 'f32le', 'f64le', 'alaw', 'mulaw']
const pcm = formats.flatMap((format) =>
  [1, 2].map((channels) => ({
    format,
    ...{ name: `${format}-${channels}.wav`, channels, encode: ['-c:a', `pcm_${format}`] },
  })),
)

const matrix = [16000, 44100, 48000].flatMap((rate) => [1, 2].map((channels) => ({ rate, channels })))
const flacBits = [
  [16, 's16'],
  [24, 's32'],
] as const
const mp3Modes: [string, string[]][] = [
  ['constant bit rate', ['-b:a', '64k']],
  ['variable bit rate', ['-q:a', '2']],
  ['no info frame', ['-write_xing', '0', '-id3v2_version', '0']],
]
// Frames state such rates in kHz, in Hz, and in tens of Hz.
const oddRates = [22000, 12345, 123450]

// The reference is libopus: ffmpeg's own decoder is 10 dB off where Opus codes speech (SILK).
const libopus = ['-request_sample_fmt', 'flt', '-c:a', 'libopus']
const opusModes: [string, number, string[]][] = [
  ['music, one channel', 1, []],
  ['music, two channels', 2, ['-b:a', '128k']],
  ['all on one page', 1, ['-t', '0.3']],
  ['packets of 2.5 ms', 2, ['-frame_duration', '2.5']],
  ['speech', 2, ['-application', 'voip', '-b:a', '16k']],
  ['speech, packets of 60 ms', 2, ['-vbr', 'off', '-frame_duration', '60', '-b:a', '12k']],
]
const pan = 'pan=5.1|c0=c0|c1=.5*c0|c2=.25*c0|c3=.1*c0|c4=.7*c0|c5=.3*c0'

const files: Made[] = [
  ...matrix.flatMap(({ rate, channels }) => {
    const at = ['-ar', `${rate}`]
    return [
      ...flacBits.map(([bits, format]) => ({
        name: `${rate}-${channels}-${bits}.flac`,
        channels,
        encode: ['-sample_fmt', format, '-bits_per_raw_sample', `${bits}`, ...at],
      })),
      ...mp3Modes.map(([mode, options]) => ({
        name: `${rate}-${channels}-${mode}.mp3`,
        channels,
        encode: [...options, ...at],
      })),
      { name: `${rate}-${channels}.ogg`, channels, encode: at },
    ]
  }),
  ...oddRates.map((rate) => ({ name: `${rate}.flac`, channels: 1, encode: ['-ar', `${rate}`] })),
  ...opusModes.map(([mode, channels, options]) => ({
    name: `${mode}.opus`,
    channels,
    encode: ['-c:a', 'libopus', ...options],
    decode: libopus,
  })),
  { name: 'six.flac', channels: 6, encode: ['-af', pan, '-sample_fmt', 's16'] },
  {
    name: 'six.opus',
    channels: 6,
    encode: ['-af', pan, '-c:a', 'libopus', '-mapping_family', '1'],
    decode: libopus,
  },
]

const bitDepths = [16, 24, 32] as const
const ours = [0, 1, 2].map((k) => Float32Array.from({ length: 999 }, (_, i) => Math.sin(i * (i + k))))

describe.skipIf(!hasFfmpeg)(`against ffmpeg${whySkipped('ffmpeg')}`, () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'audio-io-ffmpeg-'))
    writeAll()
    for (const bitDepth of bitDepths) {
      const path = join(folder, `ours-${bitDepth}.wav`)
      writeFileSync(path, encodeWav({ channels: ours, sampleRate: 32000 }, { bitDepth }))
    }
    decodeToFloat([
      ...[...pcm, ...files].map(
        ({ name, decode = [] }: Made): Encoded => ({ path: join(folder, name), decode }),
      ),
      ...bitDepths.map((bitDepth) => join(folder, `ours-${bitDepth}.wav`)),
    ])
  }, 300_000)
  afterAll(() => rmSync(folder, { recursive: true }))

  /** Writes all files of this test with one process. */
  function writeAll(): void {
    const noise = [0, 1, 7].flatMap((seed) => {
      return ['-f', 'lavfi', '-i', `anoisesrc=c=pink:r=44100:d=1:a=0.9:seed=${seed}`]
    })
    const pairs = formats.map((_, i) => `[pair${i}]`)
    const merge = `[0:a][1:a]amerge=inputs=2,asplit=${formats.length}${pairs.join('')}`
    const outputs = [
      ...pcm.map((file) => ({
        ...file,
        source: file.channels === 1 ? '0:a' : pairs[formats.indexOf(file.format)]!,
      })),
      ...files.map((file) => ({
        ...file,
        encode: ['-ac', `${file.channels}`, ...file.encode],
        source: '2:a',
      })),
    ].flatMap(({ name, source, encode }) => ['-map', source, ...encode, join(folder, name)])
    ffmpeg(...noise, '-filter_complex', merge, ...outputs)
  }

  /** A file decoded by us and by ffmpeg. */
  async function both(name: string, channels: number) {
    const path = join(folder, name)
    return {
      ours: await decodeAudio(path),
      theirs: deinterleave(floatsOf(`${path}.f32`), channels),
      info: probeAudio(new Uint8Array(readFileSync(path))),
    }
  }

  test.each(pcm)(
    'decodes noise in $format, $channels channels, sample by sample',
    async ({ name, channels }) => {
      const { ours, theirs } = await both(name, channels)
      expect(ours.sampleRate).toBe(44100)
      expectSame(ours.channels, theirs)
    },
  )

  describe.each(matrix)('at $rate Hz, $channels channels', ({ rate, channels }) => {
    test.each(flacBits)('decodes FLAC of %i bits, bit by bit', async (bits) => {
      const { ours, theirs, info } = await both(`${rate}-${channels}-${bits}.flac`, channels)
      expectSame(ours.channels, theirs)
      expect(ours.sampleRate).toBe(rate)
      expect(ours.warnings).toBeUndefined()
      expect(info).toMatchObject({ bitDepth: bits, frames: rate, durationSec: 1 })
    })

    test.each(mp3Modes)('decodes MP3 of %s within 2e-5', async (mode) => {
      const { ours, theirs } = await both(`${rate}-${channels}-${mode}.mp3`, channels)
      expect(ours.sampleRate).toBe(rate)
      // Measured: 3e-6. Both compute in float32, in another order.
      expect(worst(ours.channels, theirs)).toBeLessThan(2e-5)
    })

    test('decodes OGG Vorbis within 2e-5', async () => {
      const { ours, theirs } = await both(`${rate}-${channels}.ogg`, channels)
      expect(ours.sampleRate).toBe(rate)
      expect(worst(ours.channels, theirs)).toBeLessThan(2e-5)
    })
  })

  test.each(oddRates)('decodes FLAC at %i Hz, bit by bit', async (rate) => {
    const { ours, theirs } = await both(`${rate}.flac`, 1)
    expectSame(ours.channels, theirs)
    expect(ours.sampleRate).toBe(rate)
    expect(ours.warnings).toBeUndefined()
  })

  test.each(opusModes)('decodes Opus: %s', async (mode, channels) => {
    const { ours, theirs, info } = await both(`${mode}.opus`, channels)
    expect(ours.sampleRate).toBe(48000)
    expect(info).toMatchObject({ codec: 'opus', sampleRate: 48000, frames: theirs[0]!.length })
    expect(worst(ours.channels, theirs)).toBeLessThan(1e-6)
  })

  test('decodes Opus and FLAC of 5.1 channels', async () => {
    const flac = await both('six.flac', 6)
    expectSame(flac.ours.channels, flac.theirs)
    const { ours, theirs } = await both('six.opus', 6)
    // The file's order is left, centre, right, surround left and right, LFE; ffmpeg converts it to WAV's order.
    const [left, center, right, ...back] = ours.channels
    const inOrder = [left!, right!, center!, back[2]!, back[0]!, back[1]!]
    expect(worst(inOrder, theirs)).toBeLessThan(1e-6)
  })

  test.each(bitDepths)('writes %i-bit files that ffmpeg reads as we do', async (bitDepth) => {
    const { ours, theirs } = await both(`ours-${bitDepth}.wav`, 3)
    expectSame(ours.channels, theirs)
  })
})
