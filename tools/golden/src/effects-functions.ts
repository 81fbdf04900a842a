/** The reference's effects that this library offers, each called as a golden case says. */
import { type ComplexMatrix, istft, phaseVocoder, pitchShift, stft, timeStretch } from '@esc/dsp'
import { type GoldenFunction, type GoldenResult, toOptions, vectorOf } from './convert.js'

function complexOf({ re, im, bins, frames }: ComplexMatrix): GoldenResult {
  const data = new Float32Array(2 * re.length)
  for (let i = 0; i < re.length; i++) data.set([re[i]!, im[i]!], 2 * i)
  return { data, shape: [bins, frames, 2] }
}

export const EFFECTS_FUNCTIONS: Readonly<Record<string, GoldenFunction>> = {
  'librosa.istft(librosa.stft)': (input, params) =>
    vectorOf(istft(stft(input.data, toOptions(params)), toOptions(params))),
  'librosa.phase_vocoder': (input, params) =>
    complexOf(phaseVocoder(stft(input.data, toOptions(params)), { rate: params.rate as number })),
  'librosa.effects.time_stretch': (input, params) =>
    vectorOf(timeStretch(input.data, { ...toOptions(params), rate: params.rate as number })),
  'librosa.effects.pitch_shift': (input, params) =>
    vectorOf(pitchShift(input.data, { ...toOptions(params), nSteps: params.n_steps as number })),
}
