import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { joinStreams } from './read.js'

describe('joinStreams', () => {
  const stream = { payload: new Uint8Array(1), least: 8, most: 8, skip: 0, frames: 8, gain: 1 }

  test('adds the lengths', () => {
    const part = { stream, channels: 2, sampleRate: 8, warnings: [] }
    expect(joinStreams('opus', [part, part])).toEqual({
      info: {
        container: 'ogg',
        codec: 'opus',
        sampleRate: 8,
        channels: 2,
        frames: 16,
        durationSec: 2,
        bitDepth: null,
      },
      streams: [stream, stream],
      warnings: [],
    })
  })

  test.each([
    ['channels', 1, 8],
    ['rates', 2, 9],
  ])('UNSUPPORTED_FORMAT if the %s differ', (_, channels, sampleRate) => {
    const parts = [
      { stream, channels: 2, sampleRate: 8, warnings: [] },
      { stream, channels, sampleRate, warnings: [] },
    ]
    expect(() => joinStreams('opus', parts)).toThrow(throwsCode('UNSUPPORTED_FORMAT'))
  })
})
