import { throwsCode } from '@esc/expect'
import { expect, test } from 'vitest'
import { type MicrophoneOptions, microphone } from './microphone.js'

// The recording itself is tested in a page, by tools/testkit.
test.each<[string, MicrophoneOptions]>([
  ['sampleRate', { sampleRate: 0 }],
  ['sampleRate', { sampleRate: Number.NaN }],
  ['blockFrames', { blockFrames: 0 }],
  ['blockFrames', { blockFrames: 0.5 }],
  ['maxQueueSec', { maxQueueSec: 0 }],
  ['maxQueueSec', { maxQueueSec: Number.POSITIVE_INFINITY }],
])('refuses %s before it opens a microphone: %o', (name, options) => {
  expect(() => microphone(options)).toThrow(throwsCode('INVALID_OPTION', `${name}=`))
})
