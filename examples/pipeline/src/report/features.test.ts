/** The recipe in words. */
import { expect, test } from 'vitest'
import { describeRecipe } from './features.js'
import { makeResults } from './fixture.js'

test('the recipe in words', () => {
  const { recipe } = makeResults().metrics
  expect(describeRecipe(recipe).map((step) => step.replaceAll('\u00a0', ' '))).toEqual([
    'Mix to mono and resample to 22,050 Hz.',
    'Scale the samples so that the peak is 1.',
    'Pad with zeros at the end, or cut, to 5 s.',
    'Short-time Fourier transform: nFft 2,048 (92.9 ms), hop 512 (23.2 ms), hann window of 2,048, frames centred, constant padding.',
    '128 mel bands of the power spectrum, 0 Hz to 11,025 Hz, Slaney scale, Slaney normalisation.',
    "Decibels relative to the clip's maximum, with a floor 80 dB below the peak.",
    '13 cepstral coefficients: DCT type 2, orthonormal, no lifter.',
  ])
})
