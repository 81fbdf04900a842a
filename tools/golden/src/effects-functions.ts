/** The reference's effects. Each entry calls this library's function with the parameters of a golden case. */
import { istft, phaseVocoder, pitchShift, stft, timeStretch } from '@esc/dsp'
import { complexOf, toOptions, vectorOf } from './convert.js'
import type { GoldenFunction } from './golden-function.js'
import { only, sameRate, stftParams } from './params.js'

const istftParams = ['n_fft', 'hop_length', 'win_length', 'window', 'center', 'length'] as const

/** By the reference's name. */
export const effectsFunctions: Readonly<Record<string, GoldenFunction>> = {
  'librosa.istft(librosa.stft)': {
    takes: [...stftParams, 'length'],
    rules: { dtype: only(null), out: only(null) },
    run: ({ data }, params) =>
      vectorOf(istft(stft(data, toOptions(params, stftParams)), toOptions(params, istftParams))),
  },
  'librosa.phase_vocoder': {
    takes: [...stftParams, 'rate'],
    run: ({ data }, params) =>
      complexOf(phaseVocoder(stft(data, toOptions(params, stftParams)), { rate: params.rate as number })),
  },
  'librosa.effects.time_stretch': {
    takes: [...stftParams, 'rate'],
    rules: { istft_length: only('round(n/rate)') },
    run: ({ data }, params) =>
      vectorOf(timeStretch(data, { ...toOptions(params, stftParams), rate: params.rate as number })),
  },
  'librosa.effects.pitch_shift': {
    takes: [...stftParams, 'n_steps', 'bins_per_octave'],
    rules: { sr: sameRate, res_type: only('soxr_hq', 'kaiser_best'), scale: only(false) },
    run: ({ data }, params) => {
      const options = toOptions(params, [...stftParams, 'bins_per_octave'])
      return vectorOf(pitchShift(data, { ...options, nSteps: params.n_steps as number }))
    },
  },
}
