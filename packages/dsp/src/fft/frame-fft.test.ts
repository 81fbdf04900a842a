import { expect, test } from 'vitest'
import { getWindow } from '../stft/get-window.js'
import { noise } from '../test-support/signals.js'
import { createOverlapAdder, createScriptOverlapAdder } from './frame-fft.js'

test.each([
  [8, 2],
  [16, 5],
  [64, 63],
  [64, 64],
  [64, 100],
  [256, 1],
])('adds frames of %i samples with a hop of %i, with and without WebAssembly', (size, hop) => {
  const window = getWindow('hann', size)
  const [fast, plain] = [createOverlapAdder(window), createScriptOverlapAdder(window)]
  for (let frame = 0; frame < 6; frame++) {
    for (const { re, im, add } of [fast, plain]) {
      re.set(noise(re.length, frame))
      im.set(noise(re.length, frame + 10))
      add(hop)
    }
    const worst = Math.max(...fast.sums.map((sum, i) => Math.abs(sum - plain.sums[i]!)))
    expect(worst).toBeLessThan(1e-13)
  }
  expect(fast.sums.some((value) => value !== 0)).toBe(true)
})
