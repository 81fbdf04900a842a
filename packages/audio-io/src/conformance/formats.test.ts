import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRng } from '@esc/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DecodedAudio } from '../audio.js'
import { readBytes } from '../reading.js'
import { decodeAiff } from '../wav/aiff.js'
import { decodeWav } from '../wav/decode.js'
import { pcmRange } from '../wav/pcm-file.js'
import { readWav } from '../wav/riff.js'

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0
const hasSox = spawnSync('sox', ['--version']).status === 0
const skipped = [...(hasFfmpeg ? [] : ['ffmpeg']), ...(hasSox ? [] : ['sox'])]

const RATES = [8000, 16000, 44100, 48000, 96000]
const CHANNELS = [1, 2, 6]
const cases = RATES.flatMap((rate) => CHANNELS.map((channels) => ({ rate, channels })))

const FFMPEG_WAV = ['u8', 's16le', 's24le', 's32le', 'f32le', 'f64le', 'alaw', 'mulaw'].map(
  (name) => `pcm_${name}`,
)
const FFMPEG_AIFF = ['s8', 's16be', 's24be', 's32be', 's16le', 'f32be', 'f64be', 'alaw', 'mulaw'].map(
  (name) => `pcm_${name}`,
)
// ffmpeg has ADPCM for one and two channels only.
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
// ffmpeg 5.1 takes the samples of RIFX for little-endian, so these are compared with their RIFF twins.
const SOX_RIFX = ['8.wav', '16.wav', '24.wav', '32.wav', 'f32.wav', 'f64.wav', 'alaw.wav'] as const

const SOX_ADPCM = { 'ima.wav': ['-e', 'ima-adpcm'], 'ms.wav': ['-e', 'ms-adpcm'] }

function run(tool: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(tool, args)
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')}: ${stderr}`)
}

/** What a tool writes to a pipe: it cannot seek back to fill in sizes. */
function piped(tool: string, args: readonly string[]): Uint8Array {
  const { status, stdout, stderr } = spawnSync(tool, args, { maxBuffer: 2 ** 24 })
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')}: ${stderr}`)
  return new Uint8Array(stdout)
}

/** A 24-bit WAV file made one of 20 valid bits, which neither tool writes. */
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

/** Interleaved, as ffmpeg writes raw float. */
function interleave({ channels }: DecodedAudio): Float32Array {
  const out = new Float32Array(channels.length * channels[0]!.length)
  for (const [channel, samples] of channels.entries()) {
    for (let i = 0; i < samples.length; i++) out[i * channels.length + channel] = samples[i]!
  }
  return out
}

/** Fails on the first of `paths` of which a sample differs from what ffmpeg decodes; one run of ffmpeg decodes all. */
function expectAsFfmpeg(
  paths: readonly string[],
  { rate, channels }: { rate: number; channels: number },
): void {
  const outputs = paths.flatMap((path, i) => ['-map', `${i}:a`, '-f', 'f32le', `${path}.f32`])
  run('ffmpeg', ['-v', 'error', '-y', ...paths.flatMap((path) => ['-i', path]), ...outputs])
  for (const path of paths) {
    const audio = decode(path)
    const expected = new Float32Array(new Uint8Array(readFileSync(`${path}.f32`)).buffer)
    const ours = interleave(audio)
    expect(audio.sampleRate, path).toBe(rate)
    expect(audio.channels, path).toHaveLength(channels)
    expect(ours.length, path).toBe(expected.length)
    const wrong = ours.findIndex((sample, i) => sample !== expected[i])
    expect(wrong === -1 ? null : { wrong, ours: ours[wrong], ffmpeg: expected[wrong] }, path).toBeNull()
  }
}

describe.skipIf(skipped.length > 0)(
  `every format, rate and number of channels, sample by sample as ffmpeg${skipped.length > 0 ? ` (skipped: ${skipped.join(' and ')} absent)` : ''}`,
  () => {
    let folder = ''
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'audio-io-conformance-'))
    })
    afterAll(() => rmSync(folder, { recursive: true }))

    /** A path for 0.05 s of noise in float64, as ffmpeg and sox read it raw. */
    function noise(rate: number, channels: number): string {
      const path = join(folder, `${rate}-${channels}.raw`)
      const rng = createRng(rate + channels)
      const samples = Float64Array.from({ length: 0.05 * rate * channels }, () => 1.98 * rng.uniform() - 0.99)
      writeFileSync(path, new Uint8Array(samples.buffer))
      return path
    }

    test.each(cases)('written by ffmpeg at $rate Hz, $channels channels', ({ rate, channels }) => {
      const layout = { 1: 'mono', 2: 'stereo', 6: '5.1' }[channels]!
      const raw = ['-f', 'f64le', '-ar', `${rate}`, '-ac', `${channels}`, '-channel_layout', layout]
      const outputs: [codec: string, name: string, ...options: string[]][] = [
        ...[...FFMPEG_WAV, ...(channels > 2 ? [] : FFMPEG_ADPCM)].map((codec): [string, string] => [
          codec,
          `${codec}.wav`,
        ]),
        ...FFMPEG_AIFF.map((codec): [string, string] => [codec, `${codec}.aiff`]),
        ['pcm_s16le', 'rf64.wav', '-rf64', 'always'],
        ['pcm_f32le', 'rf64f.wav', '-rf64', 'always'],
      ]
      const paths = outputs.map(([, name]) => join(folder, `ff-${rate}-${channels}-${name}`))
      const args = outputs.flatMap(([codec, , ...options], i) => ['-c:a', codec, ...options, paths[i]!])
      run('ffmpeg', ['-v', 'error', '-y', ...raw, '-i', noise(rate, channels), ...args])
      expectAsFfmpeg(paths, { rate, channels })
    })

    test.each(cases)('written by sox at $rate Hz, $channels channels', ({ rate, channels }) => {
      const raw = ['-t', 'raw', '-e', 'floating-point', '-b', '64', '-r', `${rate}`, '-c', `${channels}`]
      const input = noise(rate, channels)
      const formats = Object.entries({ ...SOX, ...(channels > 2 ? {} : SOX_ADPCM) })
      const paths = formats.map(([name, options]) => {
        const path = join(folder, `sox-${rate}-${channels}-${name}`)
        run('sox', ['-D', ...raw, input, ...options, path])
        return path
      })
      expectAsFfmpeg(paths, { rate, channels })
      for (const name of SOX_RIFX) {
        const path = join(folder, `rifx-${rate}-${channels}-${name}`)
        run('sox', ['-D', ...raw, input, ...SOX[name], '-B', path])
        expect(String.fromCharCode(...readFileSync(path).subarray(0, 4))).toBe('RIFX')
        expect(decode(path), name).toEqual(decode(join(folder, `sox-${rate}-${channels}-${name}`)))
      }
    })

    test.each(cases)('20 bits and BW64 at $rate Hz, $channels channels', ({ rate, channels }) => {
      const raw = ['-f', 'f64le', '-ar', `${rate}`, '-ac', `${channels}`, '-i', noise(rate, channels)]
      const paths = ['20', 'bw64'].map((name) => join(folder, `built-${rate}-${channels}-${name}.wav`))
      const [twenty, bw64] = paths as [string, string]
      run('ffmpeg', ['-v', 'error', '-y', ...raw, '-c:a', 'pcm_s24le', twenty, '-rf64', 'always', bw64])
      writeFileSync(twenty, with20Bits(new Uint8Array(readFileSync(twenty))))
      writeFileSync(bw64, Uint8Array.from([0x42, 0x57, ...readFileSync(bw64).subarray(2)]))
      expectAsFfmpeg(paths, { rate, channels })
    })

    test.each(CHANNELS)('pipes of %i channels', (channels) => {
      const raw = ['-f', 'f64le', '-ar', '48000', '-ac', `${channels}`, '-i', noise(48000, channels)]
      const soxRaw = ['-t', 'raw', '-e', 'floating-point', '-b', '64', '-r', '48000', '-c', `${channels}`]
      const files = {
        'ff.wav': piped('ffmpeg', ['-v', 'error', ...raw, '-c:a', 'pcm_f32le', '-f', 'wav', '-']),
        'sox.wav': piped('sox', ['-D', ...soxRaw, noise(48000, channels), '-b', '16', '-t', 'wav', '-']),
      }
      const paths = Object.entries(files).map(([name, bytes]) => {
        const path = join(folder, `pipe-${channels}-${name}`)
        writeFileSync(path, bytes)
        return path
      })
      expectAsFfmpeg(paths, { rate: 48000, channels })
    })

    test.each(['ima-adpcm', 'ms-adpcm'])(
      '%s of six channels, which only sox has, within 1e-3 of sox',
      (encoding) => {
        const raw = ['-t', 'raw', '-e', 'floating-point', '-b', '64', '-r', '8000', '-c', '6']
        const path = join(folder, `six-${encoding}.wav`)
        run('sox', ['-D', ...raw, noise(8000, 6), '-e', encoding, path])
        run('sox', [path, '-t', 'raw', '-e', 'floating-point', '-b', '32', `${path}.f32`])
        const expected = new Float32Array(new Uint8Array(readFileSync(`${path}.f32`)).buffer)
        const ours = interleave(decode(path))
        expect(ours.length).toBe(expected.length)
        const worst = ours.reduce((max, sample, i) => Math.max(max, Math.abs(sample - expected[i]!)), 0)
        // sox rounds a step as the IMA's reference does, ffmpeg and we do not.
        expect(worst).toBeLessThan(1e-3)
      },
    )
  },
)
