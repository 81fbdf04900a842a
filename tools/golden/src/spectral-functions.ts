/** The reference's spectral features and small filters that this library offers, each called as a golden case says. */

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
import {
  clipOf,
  type GoldenFunction,
  type GoldenInput,
  type GoldenResult,
  matrixOf,
  type Params,
  resultOf,
  toOptions,
  vectorOf,
} from './convert.js'
import type { Param } from './manifest.js'

/** A feature of a clip whose options are named as the reference's. */
const ofClip =
  (feature: (clip: AudioClip, options: Record<string, Param>) => FeatureMatrix): GoldenFunction =>
  (input, params) =>
    resultOf(feature(clipOf(input), toOptions(params)))

// The case's signals become magnitudes as in the reference's own example.
function pcenOf(input: GoldenInput, params: Params): GoldenResult {
  if (input.shape.length === 2) return resultOf(pcen(matrixOf(input), toOptions(params)))
  const { data, ...shape } = melSpectrogram(clipOf(input), { power: 1 })
  return resultOf(pcen({ ...shape, data: data.map((value) => value * 2 ** 31) }, toOptions(params)))
}

// The reference's state is an array of one value.
const emphasisOptions = ({ zi, ...params }: Params) => ({
  ...toOptions(params),
  zi: Array.isArray(zi) ? Number(zi[0]) : null,
})

export const SPECTRAL_FUNCTIONS: Readonly<Record<string, GoldenFunction>> = {
  'librosa.feature.spectral_centroid': ofClip(spectralCentroid),
  'librosa.feature.spectral_bandwidth': ofClip(spectralBandwidth),
  'librosa.feature.spectral_rolloff': ofClip(spectralRolloff),
  'librosa.feature.spectral_flatness': ofClip(spectralFlatness),
  'librosa.feature.spectral_contrast': ofClip(spectralContrast),
  'librosa.feature.chroma_stft': ofClip(chromaStft),
  'librosa.filters.chroma': (_, params) =>
    resultOf(
      chromaFilterbank({
        ...toOptions(params),
        sampleRate: params.sr as number,
        nFft: params.n_fft as number,
      }),
    ),
  'librosa.onset.onset_strength': (input, params) =>
    vectorOf(onsetStrength(clipOf(input), toOptions(params))),
  'librosa.feature.delta': (input, { axis = -1, ...params }) =>
    resultOf(delta(matrixOf(input), { ...toOptions(params), axis: axis === 0 ? 0 : 1 })),
  'librosa.pcen': pcenOf,
  'librosa.effects.preemphasis': (input, params) =>
    vectorOf(preemphasis(input.data, emphasisOptions(params))),
  'librosa.effects.deemphasis': (input, params) => vectorOf(deemphasis(input.data, emphasisOptions(params))),
  'librosa.mu_compress': (input, params) => vectorOf(muCompress(input.data, toOptions(params))),
  'librosa.mu_expand(mu_compress)': (input, params) =>
    vectorOf(muExpand(muCompress(input.data, toOptions(params)), toOptions(params))),
}
