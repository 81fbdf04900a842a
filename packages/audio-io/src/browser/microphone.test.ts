import { expect, test } from 'vitest'
import { type MicrophoneOptions, microphone } from './microphone.js'

// What it records is tested in a page, by tools/testkit.
test.each<[string, MicrophoneOptions]>([
  ['sampleRate', { sampleRate: 0 }],
  ['sampleRate', { sampleRate: Number.NaN }],
  ['blockFrames', { blockFrames: 0 }],
  ['blockFrames', { blockFrames: 0.5 }],
  ['maxQueueSec', { maxQueueSec: 0 }],
  ['maxQueueSec', { maxQueueSec: Number.POSITIVE_INFINITY }],
])('%s is refused before a microphone is asked for: %o', (name, options) => {
  const refusal = { code: 'INVALID_OPTION', message: expect.stringContaining(`${name}=`) }
  expect(() => microphone(options)).toThrow(expect.objectContaining(refusal))
})
