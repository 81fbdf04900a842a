/**
 * The reference's spectral features and small filters. Each entry calls this library's function as a golden
 * case says.
 */
import type { AudioClip, FeatureMatrix } from '@esc/core'
import {
  chromaFilterbank,
  chromaStft,
  deemphasis,
  delta,
  melSpectrogram,
  muCompress,
  muExpand,
  onsetStrength,
  pcen,
  preemphasis,
  spectralBandwidth,
  spectralCentroid,
  spectralContrast,
  spectralFlatness,
  spectralRolloff,
} from '@esc/dsp'
import { clipOf, matrixOf, resultOf, toOptions, vectorOf } from './convert.js'
import type { GoldenFunction, GoldenInput, GoldenResult, Params, Rule } from './golden-function.js'
import type { Param } from './manifest.js'
import { only, sameRate, stftParams } from './params.js'

/** A feature of a clip. It takes the options of the transform and `own`, under the reference's names. */
const ofClip = (
  feature: (clip: AudioClip, options: Record<string, Param>) => FeatureMatrix,
  own: readonly string[],
  rules: Readonly<Record<string, Rule>> = {},
): GoldenFunction => {
  const takes = [...stftParams, ...own]
  return {
    takes,
    rules: { sr: sameRate, S: only(null), ...rules },
    run: (input, params) => resultOf(feature(clipOf(input), toOptions(params, takes))),
  }
}

const pcenParams = ['sr', 'hop_length', 'gain', 'bias', 'power', 'time_constant', 'eps', 'b', 'max_size']
const isMatrix = ({ shape }: GoldenInput) => shape.length === 2

// A signal becomes a matrix of magnitudes as in the example of the reference's docstring.
function pcenOf(input: GoldenInput, params: Params): GoldenResult {
  const options = toOptions(params, pcenParams)
  if (isMatrix(input)) return resultOf(pcen(matrixOf(input), options))
  const { data, ...shape } = melSpectrogram(clipOf(input), { power: 1 })
  return resultOf(pcen({ ...shape, data: data.map((value) => value * 2 ** 31) }, options))
}

const filterParams = ['n_chroma', 'ctroct', 'octwidth', 'base_c', 'tuning', 'norm'] as const
const deltaParams = ['width', 'order', 'mode'] as const
const onsetParams = ['lag', 'max_size', 'detrend', 'center', 'aggregate'] as const
const muParams = ['mu', 'quantize'] as const

// In the reference, the state is an array of one value.
const emphasis = (filter: (samples: Float32Array, options: { zi: number | null }) => Float32Array) => ({
  takes: ['coef'],
  rules: {
    zi: {
      allowed: 'null or an array of one number',
      accepts: (value: Param) => value === null || (Array.isArray(value) && value.length === 1),
    },
  },
  run: ({ data }: GoldenInput, { zi, ...params }: Params) =>
    vectorOf(filter(data, { ...toOptions(params, ['coef']), zi: Array.isArray(zi) ? Number(zi[0]) : null })),
})

/** By the reference's name. */
export const spectralFunctions: Readonly<Record<string, GoldenFunction>> = {
  'librosa.feature.spectral_centroid': ofClip(spectralCentroid, ['freq']),
  'librosa.feature.spectral_bandwidth': ofClip(spectralBandwidth, ['freq', 'norm', 'p'], {
    centroid: only(null),
  }),
  'librosa.feature.spectral_rolloff': ofClip(spectralRolloff, ['freq', 'roll_percent']),
  'librosa.feature.spectral_flatness': ofClip(spectralFlatness, ['amin', 'power']),
  'librosa.feature.spectral_contrast': ofClip(spectralContrast, [
    'freq',
    'fmin',
    'n_bands',
    'quantile',
    'linear',
  ]),
  'librosa.feature.chroma_stft': ofClip(chromaStft, filterParams, { chroma_filter_norm: only(2) }),
  'librosa.filters.chroma': {
    takes: ['sr', 'n_fft', ...filterParams],
    run: (_, params) =>
      resultOf(
        chromaFilterbank({
          ...toOptions(params, filterParams),
          sampleRate: params.sr as number,
          nFft: params.n_fft as number,
        }),
      ),
  },
  'librosa.onset.onset_strength': {
    takes: onsetParams,
    rules: {
      sr: sameRate,
      S: only(null),
      feature: only('melspectrogram(n_mels=128, fmax=sr/2, hop 512)->power_to_db'),
    },
    run: (input, params) => vectorOf(onsetStrength(clipOf(input), toOptions(params, onsetParams))),
  },
  'librosa.feature.delta': {
    takes: deltaParams,
    rules: { axis: only(-1, 0, 1) },
    run: (input, { axis = -1, ...params }) =>
      resultOf(delta(matrixOf(input), { ...toOptions(params, deltaParams), axis: axis === 0 ? 0 : 1 })),
  },
  'librosa.pcen': {
    takes: pcenParams,
    rules: {
      sr: {
        allowed: "a signal's own sample rate",
        accepts: (value, input) => isMatrix(input) || value === input.sampleRate,
      },
      hop_length: {
        allowed: '512 for a signal',
        accepts: (value, input) => isMatrix(input) || value === 512,
      },
      ref: only(null),
      axis: only(-1),
      max_axis: only(null),
      zi: only(null),
      return_zf: only(false),
    },
    run: pcenOf,
  },
  'librosa.effects.preemphasis': emphasis(preemphasis),
  'librosa.effects.deemphasis': emphasis(deemphasis),
  'librosa.mu_compress': {
    takes: muParams,
    run: ({ data }, params) => vectorOf(muCompress(data, toOptions(params, muParams))),
  },
  'librosa.mu_expand(mu_compress)': {
    takes: muParams,
    run: ({ data }, params) => {
      const options = toOptions(params, muParams)
      return vectorOf(muExpand(muCompress(data, options), options))
    },
  },
}
