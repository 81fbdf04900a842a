import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { fixture } from '../fixtures/load.js'
import { lazyCodecs } from './codecs/lazy.js'
import { decodeAudio } from './decode.js'
import { probeAudio } from './probe.js'

describe('probeAudio', () => {
  test.each([
    ['mono-s16le.wav', 'wav', 'pcm_s16le', 16],
    ['stereo-f32le.wav', 'wav', 'pcm_f32le', 32],
    ['stereo-vorbis.ogg', 'ogg', 'vorbis', null],
    ['mono-opus.opus', 'ogg', 'opus', null],
    ['stereo-opus.opus', 'ogg', 'opus', null],
    ['mono-s24.flac', 'flac', 'flac', 24],
    ['stereo-s16.flac', 'flac', 'flac', 16],
    ['bare-cbr.mp3', 'mp3', 'mp3', null],
    ['mono-cbr.mp3', 'mp3', 'mp3', null],
    ['stereo-vbr.mp3', 'mp3', 'mp3', null],
  ])('%s: equals the result of decodeAudio, without a codec', async (name, container, codec, bitDepth) => {
    const { channels, sampleRate } = await decodeAudio(fixture(name), { codecs: lazyCodecs() })
    const frames = channels[0]!.length
    const decoded = { channels: channels.length, sampleRate, frames, durationSec: frames / sampleRate }
    expect(probeAudio(fixture(name))).toEqual({ container, codec, bitDepth, ...decoded })
  })

  test.each([
    ['UNSUPPORTED_FORMAT', new Uint8Array(0)],
    ['CORRUPT_DATA', fixture('head.flac')],
    ['CORRUPT_DATA', fixture('head.mp3')],
    ['CORRUPT_DATA', fixture('head.opus')],
  ])('%s for a file that cannot be decoded', (code, bytes) => {
    expect(() => probeAudio(bytes)).toThrow(throwsCode(code))
  })
})
