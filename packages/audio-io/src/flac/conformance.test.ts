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
  soxAll,
  whySkipped,
} from '../../fixtures/tools.js'
import { decodeFlac } from './decode.js'
import { unwrapOggFlac } from './ogg.js'

const RATES = [8000, 16000, 44100, 48000, 96000]
const CHANNELS = [1, 2, 6]
const cases = RATES.flatMap((rate) => CHANNELS.map((channels) => ({ rate, channels })))
const LEVELS = [0, 5, 12]
const ffmpegOutputs: [name: string, ...options: string[]][] = [
  ...LEVELS.flatMap((level): [string, ...string[]][] => [
    [`16-${level}.flac`, '-sample_fmt', 's16', '-compression_level', `${level}`],
    [`24-${level}.flac`, '-sample_fmt', 's32', '-compression_level', `${level}`],
  ]),
  ['cholesky.flac', '-sample_fmt', 's16', '-lpc_type', 'cholesky', '-frame_size', '999'],
  ['ogg.oga', '-sample_fmt', 's16'],
]

/** Noise, a tone, silence, and a tone with noise: they make an encoder use each of its methods. */
function sound(rate: number, channels: number): Float64Array {
  const rng = createRng(rate + channels)
  const part = Math.round(rate * 0.15)
  return Float64Array.from({ length: 4 * part * channels }, (_, i) => {
    const frame = Math.floor(i / channels)
    const noise = 1.98 * rng.uniform() - 0.99
    const tone = 0.7 * Math.sin((frame * (300 + 7 * (i % channels)) * 2 * Math.PI) / rate)
    return [noise, tone, 0, tone + 0.01 * noise][Math.floor(frame / part)]!
  })
}

/** Compares files with the reference that `expected` returns for each of them. */
function expectSound(paths: readonly string[], rate: number, expected: (i: number) => Float32Array[]): void {
  for (const [i, path] of paths.entries()) {
    const bytes = new Uint8Array(readFileSync(path))
    const audio = decodeFlac(path.endsWith('.oga') ? unwrapOggFlac(bytes, false).bytes : bytes)
    expect(audio.sampleRate, path).toBe(rate)
    expectSame(audio.channels, expected(i), path)
  }
}

describe.skipIf(!hasFfmpeg || !hasSox)(
  `every width, rate and number of channels, sample by sample as ffmpeg and sox${whySkipped('ffmpeg', 'sox')}`,
  () => {
    let folder = ''
    /** The files that ffmpeg wrote, by rate and number of channels. */
    const written = new Map<string, string[]>()
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'audio-io-flac-'))
      for (const rate of RATES) writeWithFfmpeg(rate)
    }, 300_000)
    afterAll(() => rmSync(folder, { recursive: true }))

    function writeWithFfmpeg(rate: number): void {
      const inputs: string[] = []
      const outputs: string[] = []
      for (const [i, channels] of CHANNELS.entries()) {
        const raw = join(folder, `${rate}-${channels}.raw`)
        writeFileSync(raw, new Uint8Array(sound(rate, channels).buffer))
        const layout = { 1: 'mono', 2: 'stereo', 6: '5.1' }[channels]!
        const format = ['-f', 'f64le', '-ar', `${rate}`, '-ac', `${channels}`, '-channel_layout', layout]
        inputs.push(...format, '-i', raw)
        const paths = ffmpegOutputs.map(([name, ...options]) => {
          const path = join(folder, `${rate}-${channels}-${name}`)
          outputs.push('-map', `${i}:a`, '-strict', 'experimental', '-c:a', 'flac', ...options, path)
          return path
        })
        written.set(`${rate}-${channels}`, paths)
      }
      ffmpeg(...inputs, ...outputs)
      decodeToFloat(CHANNELS.flatMap((channels) => written.get(`${rate}-${channels}`)!))
    }

    test.each(cases)(
      'decodes FLAC at $rate Hz, $channels channels',
      { timeout: 300_000 },
      ({ rate, channels }) => {
        const paths = written.get(`${rate}-${channels}`)!
        expectSound(paths, rate, (i) => deinterleave(floatsOf(`${paths[i]}.f32`), channels))

        // ffmpeg does not write 8 bits, and loses frames of silence of 12 bytes, so these files are compared with sox's
        // decoder.
        const float = ['-t', 'raw', '-e', 'floating-point']
        const raw = join(folder, `${rate}-${channels}.raw`)
        const input = ['-D', '-V1', ...float, '-b', '64', '-r', `${rate}`, '-c', `${channels}`, raw]
        const soxPaths = [8, 16, 24].flatMap((bits) =>
          [0, 5, 8].map((level) => ({
            bits,
            level,
            path: join(folder, `${rate}-${channels}-sox${bits}-${level}.flac`),
          })),
        )
        soxAll([
          ...soxPaths.map(({ bits, level, path }) => [...input, '-b', `${bits}`, '-C', `${level}`, path]),
          ...soxPaths.map(({ path }) => ['-D', '-V1', path, ...float, '-b', '32', `${path}.f32`]),
        ])
        expectSound(
          soxPaths.map(({ path }) => path),
          rate,
          (i) => deinterleave(floatsOf(`${soxPaths[i]!.path}.f32`), channels),
        )
      },
    )
  },
)
