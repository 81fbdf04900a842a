import { resample } from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { fixture } from '../fixtures/load.js'
import type { DecodedAudio } from './audio.js'
import { toMono } from './channels.js'
import { decodeAudio, streamAudio } from './decode.js'
import { loadAudio } from './load.js'
import type { LoadOptions } from './options.js'
import { encodeWav } from './wav/encode.js'

const ogg = fixture('stereo-vorbis.ogg')

/** Two channels at 1000 Hz, so that milliseconds are samples. */
const left = Float32Array.from({ length: 200 }, (_, i) => Math.sin(i) / 2)
const right = Float32Array.from({ length: 200 }, (_, i) => Math.cos(i * i) / 2)
const wav = encodeWav({ channels: [left, right], sampleRate: 1000 }, { bitDepth: 32 })
const mono = toMono([left, right])

describe('decodeAudio', () => {
  test('keeps rate and channels', async () => {
    expect(await decodeAudio(wav)).toEqual({ channels: [left, right], sampleRate: 1000 })
  })

  test.each([
    ['vorbis', 'ogg-vorbis', 'stereo-vorbis.ogg'],
    ['opus', 'ogg-opus', 'head.opus'],
    ['mp3', 'mp3', 'head.mp3'],
  ])('says that it needs codecs.%s', async (codec, format, name) => {
    const error = await decodeAudio(fixture(name)).catch((reason: unknown) => reason)
    const message = `format=${format} needs codecs.${codec}, from @esc/audio-io/${codec};`
    expect(error).toEqual(throwsCode('UNSUPPORTED_FORMAT', message))
    expect(error).toMatchObject({ detail: { format } })
  })

  test('refuses other formats and names them', async () => {
    const speex = Uint8Array.from(`OggS${'\0'.repeat(22)}\x01\x33Speex   `, (char) => char.charCodeAt(0))
    await expect(decodeAudio(speex)).rejects.toThrow(
      throwsCode('UNSUPPORTED_FORMAT', /an Ogg file of Speex is not supported/),
    )
  })

  const intact = (): DecodedAudio => ({
    channels: [new Float32Array(1600), new Float32Array(1600)],
    sampleRate: 16000,
  })
  async function* once(audio: DecodedAudio) {
    yield audio
  }
  const broken: [string, (audio: DecodedAudio) => void, RegExp][] = [
    [
      'less sound',
      (audio) => audio.channels.fill(new Float32Array(1599)),
      /returned 1599 samples per channel, the file's headers state 1600/,
    ],
    ['one channel', (audio) => audio.channels.pop(), /returned 1 channels of .* the file's header states 2/],
    ['another rate', (audio) => Object.assign(audio, { sampleRate: 8000 }), /at 8000/],
    ['NaN', (audio) => audio.channels[1]!.fill(Number.NaN, 7, 8), /returned 1 samples that are NaN/],
  ]
  test.each(broken)('CORRUPT_DATA if the codec returns %s', async (_, spoil, message) => {
    const audio = intact()
    spoil(audio)
    await expect(decodeAudio(ogg, { codecs: { vorbis: () => once(audio) } })).rejects.toThrow(
      throwsCode('CORRUPT_DATA', message),
    )
  })

  test('takes the output of a correct codec', async () => {
    expect(await decodeAudio(ogg, { codecs: { vorbis: () => once(intact()) } })).toEqual(intact())
  })

  test.each([
    ['wav', wav, 0.19],
    ['ogg', ogg, 0.09],
    ['opus', fixture('mono-opus.opus'), 0.04],
    ['flac', fixture('mono-s24.flac'), 0.02],
    ['mp3', fixture('mono-cbr.mp3'), 0.09],
  ] as const)('limits the duration of %s', async (_, bytes, limit) => {
    const refuse = () => {
      throw new Error('must not be decoded')
    }
    const codecs = { vorbis: refuse, opus: refuse, mp3: refuse }
    await expect(decodeAudio(bytes, { codecs, maxDurationSec: limit })).rejects.toThrow(
      throwsCode('INVALID_INPUT'),
    )
  })
})

describe('loadAudio', () => {
  test.each<[string, LoadOptions, number, number]>([
    ['all of it', {}, 0, 200],
    ['from an offset', { offset: 0.05 }, 50, 200],
    ['a span', { offset: 0.05, duration: 0.1 }, 50, 150],
    ['a span past the end', { offset: 0.15, duration: 9 }, 150, 200],
    ['whole samples, rounded down', { offset: 0.0509, duration: 0.0019 }, 50, 51],
    ['the last sample', { offset: 0.199 }, 199, 200],
  ])('cuts %s', async (_, options, start, end) => {
    const clip = await loadAudio(wav, { ...options, sampleRate: null })
    expect(clip).toEqual({ samples: mono.slice(start, end), sampleRate: 1000 })
  })

  test('resamples the mono mix to 22050 Hz', async () => {
    const clip = await loadAudio(wav, { duration: 0.1 })
    expect(clip).toEqual({ samples: resample(mono.slice(0, 100), 1000, 22050), sampleRate: 22050 })
    expect(clip.samples).toHaveLength(2205)
  })

  test('keeps the channels apart with mono: false', async () => {
    expect(await loadAudio(wav, { mono: false, sampleRate: 500 })).toEqual({
      channels: [resample(left, 1000, 500), resample(right, 1000, 500)],
      sampleRate: 500,
    })
  })

  test('warns about the sound that a tolerant read lost', async () => {
    const { samples, warnings } = await loadAudio(wav.subarray(0, -8), { tolerant: true, sampleRate: null })
    expect(samples).toEqual(mono.subarray(0, 199))
    expect(warnings).toEqual([
      expect.stringMatching(/states a size of 1600 bytes, but only 1592 bytes follow/),
    ])
    expect(await loadAudio(wav, { tolerant: true, sampleRate: null })).toEqual({
      samples: mono,
      sampleRate: 1000,
    })
  })

  test('limits the decoded part, not the whole file', async () => {
    await expect(loadAudio(wav, { maxDurationSec: 0.1 })).rejects.toThrow(throwsCode('INVALID_INPUT'))
    const part = await loadAudio(wav, { maxDurationSec: 0.1, duration: 0.1, sampleRate: null })
    expect(part.samples).toHaveLength(100)
  })

  test('reads only the header and the wanted part of a long WAV file', async () => {
    const long = encodeWav({ samples: new Float32Array(1_000_000), sampleRate: 1000 })
    let fetched = 0
    const source = {
      size: long.length,
      read: async (offset: number, length: number) => {
        fetched += Math.min(length, long.length - offset)
        return long.subarray(offset, offset + length)
      },
    }
    const { samples } = await loadAudio(source, { offset: 500, duration: 1, sampleRate: null })
    expect(samples).toHaveLength(1000)
    expect(fetched).toBeLessThan(2 * 1000 + 20_000)
  })

  test.each<[string, unknown]>([
    ['an ArrayBuffer', wav.buffer],
    ['a path', 'dog.wav'],
    ['nothing', undefined],
    ['a source without an end', { size: Number.POSITIVE_INFINITY, read: async () => wav }],
    ['a source of no size', { size: Number.NaN, read: async () => wav }],
    ['a source of no bytes', { size: wav.length, read: async () => wav.buffer }],
  ])('INVALID_INPUT: %s', async (_, input) => {
    await expect(loadAudio(input as Uint8Array)).rejects.toThrow(throwsCode('INVALID_INPUT'))
    const stream = streamAudio(input as Uint8Array)
    await expect(stream.next()).rejects.toThrow(throwsCode('INVALID_INPUT'))
  })

  test('accepts a source that returns more bytes than it should', async () => {
    const source = { size: wav.length, read: async (offset: number) => wav.subarray(offset) }
    expect(await loadAudio(source, { sampleRate: null })).toEqual({ samples: mono, sampleRate: 1000 })
  })

  test('does not resample a file that has the rate already', async () => {
    expect(await loadAudio(wav, { sampleRate: 1000 })).toEqual({ samples: mono, sampleRate: 1000 })
  })

  test.each<LoadOptions>([
    { offset: 0.2 },
    { offset: -0.1 },
    { offset: Number.NaN },
    { offset: Number.POSITIVE_INFINITY },
    { duration: 0 },
    { duration: 0.0005 },
    { duration: Number.NaN },
    { sampleRate: 0 },
    { sampleRate: Number.NaN },
    { maxDurationSec: 0 },
  ])('INVALID_OPTION: %o', async (options) => {
    await expect(loadAudio(wav, options)).rejects.toThrow(throwsCode('INVALID_OPTION'))
  })
})
