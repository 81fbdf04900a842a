import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRng } from '@esc/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  decodeToFloat,
  deinterleave,
  expectSame,
  ffmpeg,
  floatsOf,
  hasFfmpeg,
  hasSox,
  run,
  soxAll,
  whySkipped,
  worst,
} from '../../fixtures/tools.js'
import type { DecodedAudio } from '../audio.js'
import { readBytes } from '../reading.js'
import { decodeAiff } from '../wav/aiff.js'
import { decodeWav } from '../wav/decode.js'
import { pcmRange } from '../wav/pcm-file.js'
import { readWav } from '../wav/riff.js'

const RATES = [8000, 16000, 44100, 48000, 96000]
const CHANNELS = [1, 2, 6]
const cases = RATES.flatMap((rate) => CHANNELS.map((channels) => ({ rate, channels })))

const FFMPEG_WAV = ['u8', 's16le', 's24le', 's32le', 'f32le', 'f64le', 'alaw', 'mulaw'].map(
  (name) => `pcm_${name}`,
)
const FFMPEG_AIFF = ['s8', 's16be', 's24be', 's32be', 's16le', 'f32be', 'f64be', 'alaw', 'mulaw'].map(
  (name) => `pcm_${name}`,
)
// ffmpeg writes ADPCM of one and two channels only.
const FFMPEG_ADPCM = ['adpcm_ima_wav', 'adpcm_ms']

const SOX = {
  '8.wav': ['-b', '8'],
  '16.wav': ['-b', '16'],
  '24.wav': ['-b', '24'],
  '32.wav': ['-b', '32', '-e', 'signed-integer'],
  'f32.wav': ['-b', '32', '-e', 'floating-point'],
  'f64.wav': ['-b', '64', '-e', 'floating-point'],
  'alaw.wav': ['-e', 'a-law'],
  'mulaw.wav': ['-e', 'u-law'],
  '8.aiff': ['-b', '8'],
  '16.aiff': ['-b', '16'],
  '24.aiff': ['-b', '24'],
  '32.aiff': ['-b', '32', '-e', 'signed-integer'],
  '16.aifc': ['-b', '16'],
  '24.aifc': ['-b', '24'],
}
// ffmpeg 5.1 reads the samples of RIFX as little-endian, so these files are compared with the same files in RIFF.
const SOX_RIFX = ['8.wav', '16.wav', '24.wav', '32.wav', 'f32.wav', 'f64.wav', 'alaw.wav'] as const

const SOX_ADPCM = { 'ima.wav': ['-e', 'ima-adpcm'], 'ms.wav': ['-e', 'ms-adpcm'] }

/** Turns a 24-bit WAV file into one of 20 valid bits, which neither tool writes. */
function with20Bits(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice()
  const view = new DataView(out.buffer)
  const isExtensible = view.getUint16(20, true) === 0xfffe
  view.setUint16(isExtensible ? 38 : 34, 20, true)
  const file = readBytes(out, readWav(out.length))
  const { offset, length } = pcmRange(file, { start: 0, length: file.frames })
  for (let i = offset; i < offset + length; i += 3) out[i]! &= 0xf0
  return out
}

function decode(path: string): DecodedAudio {
  const bytes = new Uint8Array(readFileSync(path))
  return path.endsWith('.wav') ? decodeWav(bytes) : decodeAiff(bytes)
}

/** Compares files with their `.f32`. */
function expectAsDecoded(paths: readonly string[], rate: number, channels: number): void {
  for (const path of paths) {
    const audio = decode(path)
    expect(audio.sampleRate, path).toBe(rate)
    expectSame(audio.channels, deinterleave(floatsOf(`${path}.f32`), channels), path)
  }
}

describe.skipIf(!hasFfmpeg || !hasSox)(
  `every format, rate and number of channels, sample by sample as ffmpeg${whySkipped('ffmpeg', 'sox')}`,
  () => {
    let folder = ''
    /** The files of each kind, rate and number of channels. */
    const files = new Map<string, string[]>()
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'audio-io-conformance-'))
      for (const rate of RATES) writeFiles(rate)
    }, 300_000)
    afterAll(() => rmSync(folder, { recursive: true }))

    /** A path for 0.05 s of noise in float64, raw. */
    function noise(rate: number, channels: number): string {
      const path = join(folder, `${rate}-${channels}.raw`)
      const rng = createRng(rate + channels)
      const samples = Float64Array.from({ length: 0.05 * rate * channels }, () => 1.98 * rng.uniform() - 0.99)
      writeFileSync(path, new Uint8Array(samples.buffer))
      return path
    }

    /** Writes all files of a rate with ffmpeg and sox, and lets ffmpeg decode them. */
    function writeFiles(rate: number): void {
      const inputs: string[] = []
      const outputs: string[] = []
      for (const [i, channels] of CHANNELS.entries()) {
        const layout = { 1: 'mono', 2: 'stereo', 6: '5.1' }[channels]!
        const raw = ['-f', 'f64le', '-ar', `${rate}`, '-ac', `${channels}`, '-channel_layout', layout]
        inputs.push(...raw, '-i', noise(rate, channels))
        const written = ffmpegOutputs(channels).map(([kind, name, ...options]) => {
          const path = join(folder, `${kind}-${rate}-${channels}-${name}`)
          outputs.push('-map', `${i}:a`, ...options, path)
          return { kind, path }
        })
        for (const kind of ['ff', 'built']) {
          const paths = written.flatMap((file) => (file.kind === kind ? [file.path] : []))
          files.set(`${kind}-${rate}-${channels}`, paths)
        }
        files.set(`sox-${rate}-${channels}`, writeWithSox(rate, channels))
      }
      ffmpeg(...inputs, ...outputs)
      for (const channels of CHANNELS) {
        const [twenty, bw64] = files.get(`built-${rate}-${channels}`) as [string, string]
        writeFileSync(twenty, with20Bits(new Uint8Array(readFileSync(twenty))))
        writeFileSync(bw64, Uint8Array.from([0x42, 0x57, ...readFileSync(bw64).subarray(2)]))
      }
      decodeToFloat(
        ['ff', 'sox', 'built'].flatMap((kind) =>
          CHANNELS.flatMap((channels) => files.get(`${kind}-${rate}-${channels}`)!),
        ),
      )
    }

    function ffmpegOutputs(channels: number): [kind: string, name: string, ...options: string[]][] {
      return [
        ...[...FFMPEG_WAV, ...(channels > 2 ? [] : FFMPEG_ADPCM)].map(
          (codec): [string, string, ...string[]] => ['ff', `${codec}.wav`, '-c:a', codec],
        ),
        ...FFMPEG_AIFF.map((codec): [string, string, ...string[]] => ['ff', `${codec}.aiff`, '-c:a', codec]),
        ['ff', 'rf64.wav', '-c:a', 'pcm_s16le', '-rf64', 'always'],
        ['ff', 'rf64f.wav', '-c:a', 'pcm_f32le', '-rf64', 'always'],
        ['built', '20.wav', '-c:a', 'pcm_s24le'],
        ['built', 'bw64.wav', '-rf64', 'always'],
      ]
    }

    function writeWithSox(rate: number, channels: number): string[] {
      const raw = ['-t', 'raw', '-e', 'floating-point', '-b', '64', '-r', `${rate}`, '-c', `${channels}`]
      const input = ['-D', ...raw, join(folder, `${rate}-${channels}.raw`)]
      const written = Object.entries({ ...SOX, ...(channels > 2 ? {} : SOX_ADPCM) }).map(
        ([name, options]) => ({ options, path: join(folder, `sox-${rate}-${channels}-${name}`) }),
      )
      const rifx = SOX_RIFX.map((name) => [
        ...SOX[name],
        '-B',
        join(folder, `rifx-${rate}-${channels}-${name}`),
      ])
      soxAll(
        [...written.map(({ options, path }) => [...options, path]), ...rifx].map((out) => [...input, ...out]),
      )
      return written.map(({ path }) => path)
    }

    test.each(cases)(
      'decodes files that ffmpeg wrote at $rate Hz, $channels channels',
      ({ rate, channels }) => {
        expectAsDecoded(files.get(`ff-${rate}-${channels}`)!, rate, channels)
      },
    )

    test.each(cases)('decodes files that sox wrote at $rate Hz, $channels channels', ({ rate, channels }) => {
      expectAsDecoded(files.get(`sox-${rate}-${channels}`)!, rate, channels)
      for (const name of SOX_RIFX) {
        const path = join(folder, `rifx-${rate}-${channels}-${name}`)
        expect(String.fromCharCode(...readFileSync(path).subarray(0, 4))).toBe('RIFX')
        const { channels: ours, ...rest } = decode(path)
        const { channels: expected, ...expectedRest } = decode(
          join(folder, `sox-${rate}-${channels}-${name}`),
        )
        expect(rest).toEqual(expectedRest)
        expectSame(ours, expected, name)
      }
    })

    test.each(cases)('decodes 20 bits and BW64 at $rate Hz, $channels channels', ({ rate, channels }) => {
      const paths = files.get(`built-${rate}-${channels}`)!
      expect(paths).toHaveLength(2)
      expectAsDecoded(paths, rate, channels)
    })

    test.each(CHANNELS)('decodes what ffmpeg and sox wrote to a pipe, %i channels', (channels) => {
      const raw = ['-f', 'f64le', '-ar', '48000', '-ac', `${channels}`, '-i', noise(48000, channels)]
      const soxRaw = ['-t', 'raw', '-e', 'floating-point', '-b', '64', '-r', '48000', '-c', `${channels}`]
      const files = {
        'ff.wav': ffmpeg(...raw, '-c:a', 'pcm_f32le', '-f', 'wav', '-'),
        'sox.wav': run('sox', ['-D', ...soxRaw, noise(48000, channels), '-b', '16', '-t', 'wav', '-']),
      }
      const paths = Object.entries(files).map(([name, bytes]) => {
        const path = join(folder, `pipe-${channels}-${name}`)
        writeFileSync(path, bytes)
        return path
      })
      decodeToFloat(paths)
      expectAsDecoded(paths, 48000, channels)
    })

    test.each(['ima-adpcm', 'ms-adpcm'])(
      'decodes %s of six channels, which only sox has, within 1e-3 of sox',
      (encoding) => {
        const raw = ['-t', 'raw', '-e', 'floating-point', '-b', '64', '-r', '8000', '-c', '6']
        const path = join(folder, `six-${encoding}.wav`)
        run('sox', ['-D', ...raw, noise(8000, 6), '-e', encoding, path])
        run('sox', [path, '-t', 'raw', '-e', 'floating-point', '-b', '32', `${path}.f32`])
        const difference = worst(decode(path).channels, deinterleave(floatsOf(`${path}.f32`), 6))
        // sox rounds a step as the IMA's text says; ffmpeg and this decoder do not.
        expect(difference).toBeLessThan(1e-3)
      },
    )
  },
)
