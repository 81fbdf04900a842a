import { readFileSync } from 'node:fs'
import { resample } from '@esc/dsp'
import { describe, expect, it } from 'vitest'
import type { DecodedAudio } from './audio.js'
import { toMono } from './channels.js'
import { type WasmAudio, wasmDecoder } from './codecs.js'
import { decodeAudio, type LoadOptions, loadAudio } from './load.js'
import { encodeWav } from './wav.js'

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)))
const ogg = fixture('stereo-vorbis.ogg')

/** Two channels at 1000 Hz, so that milliseconds are samples. */
const left = Float32Array.from({ length: 200 }, (_, i) => Math.sin(i) / 2)
const right = Float32Array.from({ length: 200 }, (_, i) => Math.cos(i * i) / 2)
const wav = encodeWav({ channels: [left, right], sampleRate: 1000 }, { bitDepth: 32 })
const mono = toMono([left, right])

describe('decodeAudio', () => {
  it('keeps rate and channels', async () => {
    expect(await decodeAudio(wav)).toEqual({ channels: [left, right], sampleRate: 1000 })
  })

  it.each([
    ['vorbis', 'ogg-vorbis', 'stereo-vorbis.ogg'],
    ['opus', 'ogg-opus', 'head.opus'],
    ['flac', 'flac', 'head.flac'],
    ['mp3', 'mp3', 'head.mp3'],
  ])('says that it needs codecs.%s', async (codec, format, name) => {
    await expect(decodeAudio(fixture(name))).rejects.toMatchObject({
      code: 'UNSUPPORTED_FORMAT',
      message: expect.stringMatching(`format=${format} needs codecs\\.${codec};`),
      detail: { format },
    })
  })

  it('refuses other formats by what they are', async () => {
    const oggFlac = Uint8Array.from(`OggS${'\0'.repeat(22)}\x01\x33\x7fFLAC`, (char) => char.charCodeAt(0))
    await expect(decodeAudio(oggFlac)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FORMAT',
      detail: { format: 'ogg-flac' },
    })
  })

  const intact = (): DecodedAudio => ({
    channels: [new Float32Array(1600), new Float32Array(1600)],
    sampleRate: 16000,
  })
  const broken: [string, (audio: DecodedAudio) => void, RegExp][] = [
    [
      'less sound',
      (audio) => audio.channels.fill(new Float32Array(1599)),
      /promises 1600 samples, decoded 1599/,
    ],
    ['one channel', (audio) => audio.channels.pop(), /promises 2 channels/],
    ['another rate', (audio) => Object.assign(audio, { sampleRate: 8000 }), /at 8000/],
    ['NaN', (audio) => audio.channels[1]!.fill(Number.NaN, 7, 8), /sample 7 of channel 1 is NaN/],
  ]
  it.each(broken)('CORRUPT_DATA if the codec gives %s', async (_, spoil, message) => {
    const audio = intact()
    spoil(audio)
    await expect(decodeAudio(ogg, { codecs: { vorbis: async () => audio } })).rejects.toMatchObject({
      code: 'CORRUPT_DATA',
      message: expect.stringMatching(message),
    })
  })

  it('takes what an honest codec gives', async () => {
    expect(await decodeAudio(ogg, { codecs: { vorbis: async () => intact() } })).toEqual(intact())
  })

  it.each([
    ['wav', wav, 0.19],
    ['ogg', ogg, 0.09],
    ['opus', fixture('mono-opus.opus'), 0.04],
    ['flac', fixture('mono-s24.flac'), 0.02],
    ['mp3', fixture('mono-cbr.mp3'), 0.09],
  ] as const)('limits the duration of %s', async (_, bytes, limit) => {
    const refuse = async () => Promise.reject(new Error('must not be decoded'))
    const codecs = { vorbis: refuse, opus: refuse, flac: refuse, mp3: refuse }
    await expect(decodeAudio(bytes, { codecs, maxDurationSec: limit })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
  })
})

describe('wasmDecoder', () => {
  /** A decoder that counts what is still open. */
  function fake(decode: () => Promise<WasmAudio>) {
    const state = { open: 0 }
    const create = async () => {
      state.open++
      return { ready: Promise.resolve(), free: () => state.open-- }
    }
    return { state, decode: wasmDecoder(create, decode) }
  }
  const channelData = [Float32Array.of(0.5)]

  it('returns the channels and frees the instance', async () => {
    const { state, decode } = fake(async () => ({ channelData, sampleRate: 8000, errors: [] }))
    expect(await decode(ogg)).toEqual({ channels: channelData, sampleRate: 8000 })
    expect(state.open).toBe(0)
  })

  it.each<[string, () => Promise<WasmAudio>]>([
    [
      'reports an error',
      async () => ({ channelData, sampleRate: 8000, errors: [{ message: 'OV_EBADPACKET' }] }),
    ],
    ['throws', () => Promise.reject(new RangeError('offset is out of bounds'))],
    ['throws no Error', () => Promise.reject('exit(1)')],
  ])('CORRUPT_DATA if it %s, and frees the instance', async (_, decodeFile) => {
    const { state, decode } = fake(decodeFile)
    await expect(decode(ogg)).rejects.toMatchObject({ code: 'CORRUPT_DATA' })
    expect(state.open).toBe(0)
  })

  it('reports the first failure, not that of cleaning up', async () => {
    const free = () => {
      throw new Error('memory access out of bounds')
    }
    const decode = wasmDecoder(
      async () => ({ ready: Promise.resolve(), free }),
      () => Promise.reject(new Error('unreachable executed')),
    )
    await expect(decode(ogg)).rejects.toMatchObject({
      code: 'CORRUPT_DATA',
      message: expect.stringMatching(/unreachable executed/),
    })
  })
})

describe('loadAudio', () => {
  it.each<[string, LoadOptions, number, number]>([
    ['all of it', {}, 0, 200],
    ['from an offset', { offsetSec: 0.05 }, 50, 200],
    ['a span', { offsetSec: 0.05, durationSec: 0.1 }, 50, 150],
    ['a span past the end', { offsetSec: 0.15, durationSec: 9 }, 150, 200],
    ['whole samples, rounded down', { offsetSec: 0.0509, durationSec: 0.0019 }, 50, 51],
    ['the last sample', { offsetSec: 0.199 }, 199, 200],
  ])('cuts %s', async (_, options, start, end) => {
    const clip = await loadAudio(wav, { ...options, sampleRate: null })
    expect(clip).toEqual({ samples: mono.slice(start, end), sampleRate: 1000 })
  })

  it('resamples the mono mix to 22050 Hz', async () => {
    const clip = await loadAudio(wav, { durationSec: 0.1 })
    expect(clip).toEqual({ samples: resample(mono.slice(0, 100), 1000, 22050), sampleRate: 22050 })
    expect(clip.samples).toHaveLength(2205)
  })

  it('leaves a file that has the rate already as it is', async () => {
    expect(await loadAudio(wav, { sampleRate: 1000 })).toEqual({ samples: mono, sampleRate: 1000 })
  })

  it.each<LoadOptions>([
    { offsetSec: 0.2 },
    { offsetSec: -0.1 },
    { offsetSec: Number.NaN },
    { offsetSec: Number.POSITIVE_INFINITY },
    { durationSec: 0 },
    { durationSec: 0.0005 },
    { durationSec: Number.NaN },
    { sampleRate: 0 },
    { sampleRate: Number.NaN },
    { maxDurationSec: 0 },
  ])('INVALID_OPTION: %o', async (options) => {
    await expect(loadAudio(wav, options)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})
