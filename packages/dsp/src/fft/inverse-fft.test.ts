import { expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { createInverseFft } from './inverse-fft.js'

test.each([1, 2, 3, 4, 5, 8, 12, 49, 64, 90])('inverts spectra of %i samples', (size) => {
  const { re, im, output, inverse } = createInverseFft(size)
  const signal = noise(size, size)
  for (let k = 0; k < re.length; k++) {
    re[k] = signal.reduce((sum, x, n) => sum + x * Math.cos((2 * Math.PI * k * n) / size), 0)
    im[k] = signal.reduce((sum, x, n) => sum - x * Math.sin((2 * Math.PI * k * n) / size), 0)
  }
  // These are 0 in the spectrum of a real signal, so they have no effect.
  im[0] = 3
  if (size % 2 === 0) im[size / 2] = 3
  inverse()
  signal.forEach((value, n) => {
    expect(Math.abs(output[n]! - value)).toBeLessThan(1e-12)
  })
})
