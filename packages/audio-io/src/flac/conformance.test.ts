import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRng } from '@esc/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeFlac } from './decode.js'
import { unwrapOggFlac } from './ogg.js'

const absent = ['ffmpeg', 'sox'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined)

const RATES = [8000, 16000, 44100, 48000, 96000]
const CHANNELS = [1, 2, 6]
const cases = RATES.flatMap((rate) => CHANNELS.map((channels) => ({ rate, channels })))
const LEVELS = [0, 5, 12]

function run(tool: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(tool, args)
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')}: ${stderr}`)
}

/** Seconds of noise, of tones, of silence and of both: what makes an encoder choose each of its ways. */
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

/** Fails on the first of `paths` of which a sample differs from `PATH.f32`. */
function expectAsDecoded(paths: readonly string[], rate: number): void {
  for (const path of paths) {
    const bytes = new Uint8Array(readFileSync(path))
    const audio = decodeFlac(path.endsWith('.oga') ? unwrapOggFlac(bytes, false).bytes : bytes)
    const expected = new Float32Array(new Uint8Array(readFileSync(`${path}.f32`)).buffer)
    const { length } = audio.channels
    expect(audio.sampleRate, path).toBe(rate)
    expect(length * audio.channels[0]!.length, path).toBe(expected.length)
    const wrong = expected.findIndex(
      (sample, i) => audio.channels[i % length]![Math.floor(i / length)] !== sample,
    )
    expect(wrong, path).toBe(-1)
  }
}

describe.skipIf(absent.length > 0)(
  `every width, rate and number of channels, sample by sample as ffmpeg and sox${absent.length > 0 ? ` (skipped: ${absent.join(' and ')} absent)` : ''}`,
  () => {
    let folder = ''
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'audio-io-flac-'))
    })
    afterAll(() => rmSync(folder, { recursive: true }))

    test.each(cases)('$rate Hz, $channels channels', { timeout: 300_000 }, ({ rate, channels }) => {
      const raw = join(folder, `${rate}-${channels}.raw`)
      writeFileSync(raw, new Uint8Array(sound(rate, channels).buffer))
      const path = (name: string) => join(folder, `${rate}-${channels}-${name}`)
      const layout = { 1: 'mono', 2: 'stereo', 6: '5.1' }[channels]!
      const input = [
        '-f',
        'f64le',
        '-ar',
        `${rate}`,
        '-ac',
        `${channels}`,
        '-channel_layout',
        layout,
        '-i',
        raw,
      ]
      const shared = ['-strict', 'experimental', '-c:a', 'flac']
      const outputs: string[][] = [
        ...LEVELS.flatMap((level) => [
          [...shared, '-sample_fmt', 's16', '-compression_level', `${level}`, path(`16-${level}.flac`)],
          [...shared, '-sample_fmt', 's32', '-compression_level', `${level}`, path(`24-${level}.flac`)],
        ]),
        [
          ...shared,
          '-sample_fmt',
          's16',
          '-lpc_type',
          'cholesky',
          '-frame_size',
          '999',
          path('cholesky.flac'),
        ],
        [...shared, '-sample_fmt', 's16', path('ogg.oga')],
      ]
      run('ffmpeg', ['-v', 'error', '-y', ...input, ...outputs.flat()])
      const written = outputs.map((args) => args.at(-1)!)
      const decodedOutputs = written.flatMap((out, i) => ['-map', `${i}:a`, '-f', 'f32le', `${out}.f32`])
      run('ffmpeg', ['-v', 'error', '-y', ...written.flatMap((out) => ['-i', out]), ...decodedOutputs])
      expectAsDecoded(written, rate)

      const float = ['-t', 'raw', '-e', 'floating-point']
      const soxInput = [...float, '-b', '64', '-r', `${rate}`, '-c', `${channels}`, raw]
      // ffmpeg writes no 8 bits, and loses frames of silence of 12 bytes, so these are compared with sox's own decoder.
      const soxWritten = [8, 16, 24].flatMap((bits) =>
        [0, 5, 8].map((level) => {
          const out = path(`sox${bits}-${level}.flac`)
          run('sox', ['-D', '-V1', ...soxInput, '-b', `${bits}`, '-C', `${level}`, out])
          run('sox', ['-D', '-V1', out, ...float, '-b', '32', `${out}.f32`])
          return out
        }),
      )
      expectAsDecoded(soxWritten, rate)
    })
  },
)
