import { spawnSync } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import { mkdtemp, open, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { throwsCode } from '@esc/expect'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeWav } from '../wav/encode.js'
import { decodeAudio, loadAudio, streamAudio } from './files.js'

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(await realpath(tmpdir()), 'audio-io-stream-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** All blocks of a stream, put together. */
async function collect(path: string, options: Parameters<typeof streamAudio>[1]) {
  const parts: Float32Array[][] = []
  const lengths: number[] = []
  let sampleRate = 0
  for await (const block of streamAudio(path, options)) {
    parts.push(block.channels)
    lengths.push(block.channels[0]!.length)
    sampleRate = block.sampleRate
  }
  const channels = parts[0]!.map((_, channel) =>
    Float32Array.from(parts.flatMap((block) => Array.from(block[channel]!))),
  )
  return { channels, sampleRate, lengths }
}

/** The files that this process has open, from Linux's list. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      return readlinkSync(join('/proc/self/fd', name))
    } catch {
      return []
    }
  })
}

const FILES = [
  'stereo-s16le.wav',
  'stereo-s24le.wav',
  'stereo-f64le.wav',
  'pcm/ima.wav',
  'pcm/ms.wav',
  'pcm/s16be.aiff',
  'stereo-s16.flac',
  'mono-s24.flac',
  'stereo-vorbis.ogg',
  'stereo-opus.opus',
  'mono-cbr.mp3',
]

describe('streamAudio', () => {
  test.each(FILES)('%s: blocks of any size equal the result of decodeAudio', async (name) => {
    const whole = await decodeAudio(fixture(name))
    const frames = whole.channels[0]!.length
    for (const blockFrames of [1, 17, 500, 1024, frames, 1_000_000]) {
      if (blockFrames === 1 && frames > 2000) continue
      const { lengths, ...audio } = await collect(fixture(name), { blockFrames })
      expect(audio).toEqual(whole)
      expect(lengths.slice(0, -1).every((length) => length === blockFrames)).toBe(true)
    }
  })

  test.each(FILES)('%s: a part equals the same part of the whole', async (name) => {
    const { channels, sampleRate } = await decodeAudio(fixture(name))
    const frames = channels[0]!.length
    const part = { offset: (frames * 0.3) / sampleRate, duration: (frames * 0.4) / sampleRate }
    const start = Math.trunc(part.offset * sampleRate)
    const end = start + Math.trunc(part.duration * sampleRate)
    const expected = { channels: channels.map((samples) => samples.slice(start, end)), sampleRate }
    expect(await decodeAudio(fixture(name), part)).toEqual(expected)
    const { lengths, ...audio } = await collect(fixture(name), { ...part, blockFrames: 100 })
    expect(audio).toEqual(expected)
    expect(lengths.length).toBe(Math.ceil((end - start) / 100))
    expect(await loadAudio(fixture(name), { ...part, sampleRate: null, mono: false })).toEqual(expected)
  })

  test.skipIf(process.platform !== 'linux')('closes the file if the loop is left', async () => {
    const path = join(folder, 'left.wav')
    await writeFile(path, encodeWav({ samples: new Float32Array(5000), sampleRate: 8000 }))
    for await (const _ of streamAudio(path, { blockFrames: 100 })) {
      expect(openFiles()).toContain(path)
      break
    }
    expect(openFiles()).not.toContain(path)
  })

  test('IO naming the path if there is no file', async () => {
    const path = join(folder, 'none.wav')
    const error = await collect(path, {}).catch((reason: unknown) => reason)
    expect(error).toEqual(throwsCode('IO'))
    expect(error).toMatchObject({ detail: { path } })
  })

  test('names the path of a damaged file', async () => {
    const path = join(folder, 'damaged.flac')
    const bytes = await readFile(fixture('stereo-s16.flac'))
    bytes[bytes.length - 20]! ^= 1
    await writeFile(path, bytes)
    await expect(collect(path, {})).rejects.toThrow(throwsCode('CORRUPT_DATA', path))
  })

  test.each([0, -1, 1.5, Number.NaN])('INVALID_OPTION: blockFrames %d', async (blockFrames) => {
    await expect(collect(fixture('stereo-s16le.wav'), { blockFrames })).rejects.toThrow(
      throwsCode('INVALID_OPTION'),
    )
  })
})

/** Peak resident memory in MB of a Node process that runs `body` with `path` against a bundle of the package. */
async function peakMemory(body: string, path: string): Promise<{ peakMb: number; result: unknown }> {
  const outfile = join(folder, 'script.mjs')
  await build({
    stdin: {
      contents: `
        import { decodeAudio, loadAudio, streamAudio } from './files.ts'
        const path = process.argv[2]
        const run = async () => { ${body} }
        run().then((result) => console.log(JSON.stringify({ peakMb: process.resourceUsage().maxRSS / 1024, result })))`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
      loader: 'ts',
    },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@esc/source'],
  })
  const { stdout, stderr } = spawnSync(process.execPath, [outfile, path], { encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as { peakMb: number; result: unknown }
}

const COUNT = `
  let frames = 0, peak = 0
  for await (const { channels } of streamAudio(path)) {
    frames += channels[0].length
    for (const samples of channels) for (let i = 0; i < samples.length; i++) if (samples[i] > peak) peak = samples[i]
  }
  return { frames, peak }`

/** A WAV file with a hole in place of its samples; only one sample, at `peakSec`, is 0.5 in both channels. */
async function writeHole(name: string, durationSec: number, peakSec: number): Promise<string> {
  const path = join(folder, name)
  const frames = durationSec * 48000
  const header = encodeWav({
    channels: [new Float32Array(1), new Float32Array(1)],
    sampleRate: 48000,
  }).subarray(0, 44)
  const view = new DataView(header.buffer, header.byteOffset)
  view.setUint32(4, 36 + 4 * frames, true)
  view.setUint32(40, 4 * frames, true)
  const file = await open(path, 'w')
  await file.write(header)
  await file.truncate(44 + 4 * frames)
  await file.write(Uint8Array.of(0, 0x40, 0, 0x40), 0, 4, 44 + 4 * peakSec * 48000)
  await file.close()
  return path
}

// Half an hour decodes to 690 MB. Two hours take four times as long, and show no more.
const minutes = process.env.VERIFY_LONG === '1' ? 120 : 30

test(`streams ${minutes} minutes of 48 kHz stereo WAV in less than 150 MB`, {
  timeout: 3_600_000,
}, async () => {
  const path = await writeHole('stream.wav', minutes * 60, minutes * 45)
  const { peakMb, result } = await peakMemory(COUNT, path)
  expect(result).toEqual({ frames: minutes * 60 * 48000, peak: 0.5 })
  expect(peakMb).toBeLessThan(150)
})

test('loads a second of 2 hours in less than 100 MB, although the whole is longer than maxDurationSec', async () => {
  const path = await writeHole('long.wav', 2 * 3600, 5400)
  const body = `
    const { samples, sampleRate } = await loadAudio(path, { offset: 5399.5, duration: 1 })
    return { length: samples.length, sampleRate, peakAt: samples.indexOf(Math.max(...samples)) }`
  const { peakMb, result } = await peakMemory(body, path)
  expect(result).toEqual({ length: 22050, sampleRate: 22050, peakAt: 11025 })
  expect(peakMb).toBeLessThan(100)
  await expect(decodeAudio(path)).rejects.toThrow(throwsCode('INVALID_INPUT'))
})
