import { expect, test } from 'vitest'
import { durationSec } from './clip.js'

test('durationSec is the number of samples divided by the rate', () => {
  expect(durationSec({ samples: new Float32Array(11025), sampleRate: 22050 })).toBe(0.5)
})
