import { createRng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { expect, test } from 'vitest'
import { spectralGate } from '../effects/spectral-gate.js'
import { noise } from '../test-support/signals.js'
import { denoise } from './denoise.js'

const noisy = { samples: noise(8000, 1), sampleRate: 16000 }

test('denoise draws the share of the noise to remove', () => {
  const fixed = denoise({ minPropDecrease: 0.7, maxPropDecrease: 0.7, nFft: 512 })(noisy, createRng(1))
  expect(fixed).toEqual(spectralGate(noisy, { propDecrease: 0.7, nFft: 512 }))
  const first = [1, 2, 3].map((seed) => denoise()(noisy, createRng(seed)).samples[100])
  expect(new Set(first).size).toBe(3)
  expect(() => denoise({ nFft: 0 })).toThrow(throwsCode('INVALID_OPTION'))
  expect(() => denoise({ minPropDecrease: 0.9, maxPropDecrease: 0.1 })).toThrow(throwsCode('INVALID_OPTION'))
})
