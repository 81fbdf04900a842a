/**
 * The table of golden functions. Each entry calls this library's function with the parameters of a golden
 * case.
 */
import {
  amplitudeToDb,
  dbToAmplitude,
  dbToPower,
  getWindow,
  type Interval,
  melFilterbank,
  melFrequencies,
  melSpectrogram,
  mfcc,
  mfccFromLogMel,
  normalize,
  normalizeMatrix,
  powerToDb,
  resample,
  resamplePoly,
  rms,
  rmsFromSpectrogram,
  spectrogram,
  split,
  stft,
  trim,
  zeroCrossingRate,
  zeroCrossings,
} from '@esc/dsp'
import { clipOf, complexOf, matrixOf, resultOf, toOptions, vectorOf } from './convert.js'
import { effectsFunctions } from './effects-functions.js'
import type { GoldenFunction, GoldenInput, GoldenResult, Params, Rule } from './golden-function.js'
import { dbParams, melParams, only, sameRate, stftParams } from './params.js'
import { pipelines } from './pipelines.js'
import { spectralFunctions } from './spectral-functions.js'

const pairs = (intervals: readonly Interval[]) => intervals.flatMap(({ start, end }) => [start, end])

const spectrogramParams = [...stftParams, 'power'] as const
const frequencyParams = ['fmin', 'fmax', 'htk'] as const
const bankParams = ['n_mels', ...frequencyParams, 'norm'] as const
const cepstrumParams = ['n_mfcc', 'dct_type', 'norm', 'lifter'] as const
const mfccParams = [...melParams, ...cepstrumParams, 'mel_norm'] as const
const normParams = ['norm', 'threshold', 'fill'] as const
const silenceParams = ['top_db', 'ref', 'frame_length', 'hop_length'] as const
const frameParams = ['frame_length', 'hop_length', 'center'] as const
const rmsParams = [...frameParams, 'pad_mode'] as const
const crossingParams = ['threshold', 'pad'] as const
const polyParams = ['window', 'padtype'] as const

/** A signal has one axis, and a matrix two. */
const axisOfInput: Rule = {
  allowed: '0, or 1 for a matrix',
  accepts: (value, { shape }) => value === 0 || (value === 1 && shape.length === 2),
}
const newRate: Rule = {
  allowed: 'orig_sr * up / down',
  accepts: (value, _, { orig_sr, up, down }) => Number(value) * Number(down) === Number(orig_sr) * Number(up),
}

function normalizeAny(input: GoldenInput, params: Params): GoldenResult {
  if (input.shape.length === 1) return vectorOf(normalize(input.data, toOptions(params, normParams)))
  return resultOf(normalizeMatrix(matrixOf(input), toOptions(params, [...normParams, 'axis'])))
}

function cumulativeCrossings(input: GoldenInput, params: Params): GoldenResult {
  let count = 0
  const crossings = zeroCrossings(input.data, toOptions(params, crossingParams))
  return vectorOf(Array.from(crossings, (crossing) => (count += crossing)).filter((_, i) => i % 441 === 0))
}

const functionsByName: Readonly<Record<string, GoldenFunction>> = {
  'librosa.stft': {
    takes: stftParams,
    rules: { dtype: only(null), out: only(null) },
    run: ({ data }, params) => complexOf(stft(data, toOptions(params, stftParams))),
  },
  'abs(librosa.stft)**power': {
    takes: spectrogramParams,
    run: ({ data }, params) => resultOf(spectrogram(data, toOptions(params, spectrogramParams))),
  },
  'librosa.filters.get_window': {
    takes: ['window', 'Nx', 'fftbins'],
    run: (_, params) =>
      vectorOf(getWindow(params.window as 'hann', params.Nx as number, toOptions(params, ['fftbins']))),
  },
  'librosa.filters.mel': {
    takes: ['sr', 'n_fft', ...bankParams],
    run: (_, params) => {
      const options = toOptions(params, bankParams)
      return resultOf(
        melFilterbank({ ...options, sampleRate: params.sr as number, nFft: params.n_fft as number }),
      )
    },
  },
  'librosa.mel_frequencies': {
    takes: ['n_mels', ...frequencyParams],
    run: (_, params) => vectorOf(melFrequencies(params.n_mels as number, toOptions(params, frequencyParams))),
  },
  'librosa.feature.melspectrogram': {
    takes: melParams,
    rules: { sr: sameRate, S: only(null) },
    run: (input, params) => resultOf(melSpectrogram(clipOf(input), toOptions(params, melParams))),
  },
  'librosa.power_to_db': {
    takes: dbParams,
    run: (input, params) => resultOf(powerToDb(matrixOf(input), toOptions(params, dbParams))),
  },
  'librosa.amplitude_to_db': {
    takes: dbParams,
    run: (input, params) => resultOf(amplitudeToDb(matrixOf(input), toOptions(params, dbParams))),
  },
  'librosa.db_to_power': {
    takes: ['ref'],
    run: (input, params) => resultOf(dbToPower(matrixOf(input), toOptions(params, ['ref']))),
  },
  'librosa.db_to_amplitude': {
    takes: ['ref'],
    run: (input, params) => resultOf(dbToAmplitude(matrixOf(input), toOptions(params, ['ref']))),
  },
  'power_to_db(melspectrogram)': {
    takes: [...melParams, ...dbParams],
    rules: { sr: sameRate },
    run: (input, params) => {
      const mel = melSpectrogram(clipOf(input), toOptions(params, melParams))
      return resultOf(powerToDb(mel, toOptions(params, dbParams)))
    },
  },
  'librosa.feature.mfcc': {
    takes: mfccParams,
    rules: {
      sr: sameRate,
      S: only(null),
      power_to_db: only('ref=1.0, amin=1e-10, top_db=80.0 (over the whole matrix)'),
    },
    run: (input, params) => resultOf(mfcc(clipOf(input), toOptions(params, mfccParams))),
  },
  'librosa.feature.mfcc(S=power_to_db(M))': {
    takes: cepstrumParams,
    run: (input, params) =>
      resultOf(mfccFromLogMel(powerToDb(matrixOf(input)), toOptions(params, cepstrumParams))),
  },
  'librosa.util.normalize': { takes: normParams, rules: { axis: axisOfInput }, run: normalizeAny },
  'librosa.effects.trim': {
    takes: silenceParams,
    rules: { aggregate: only('max') },
    run: ({ data }, params) => vectorOf(pairs([trim(data, toOptions(params, silenceParams))])),
  },
  'librosa.effects.split': {
    takes: silenceParams,
    rules: { aggregate: only('max') },
    run: ({ data }, params) => {
      const intervals = split(data, toOptions(params, silenceParams))
      return { data: pairs(intervals), shape: [intervals.length, 2] }
    },
  },
  'librosa.feature.zero_crossing_rate': {
    takes: frameParams,
    run: ({ data }, params) => resultOf(zeroCrossingRate(data, toOptions(params, frameParams))),
  },
  'librosa.zero_crossings': {
    takes: crossingParams,
    rules: { ref_magnitude: only(null), zero_pos: only(true) },
    run: cumulativeCrossings,
  },
  'librosa.feature.rms': {
    takes: rmsParams,
    rules: { S: only(null) },
    run: ({ data }, params) => resultOf(rms(data, toOptions(params, rmsParams))),
  },
  'librosa.feature.rms(S=abs(stft))': {
    takes: [...stftParams, 'frame_length'],
    run: ({ data }, params) => {
      const magnitude = spectrogram(data, toOptions(params, stftParams))
      return resultOf(rmsFromSpectrogram(magnitude, toOptions(params, ['frame_length'])))
    },
  },
  'scipy.signal.resample_poly': {
    takes: ['up', 'down', ...polyParams],
    rules: { orig_sr: sameRate, target_sr: newRate },
    run: ({ data }, params) =>
      vectorOf(resamplePoly(data, params.up as number, params.down as number, toOptions(params, polyParams))),
  },
  'librosa.resample(res_type=soxr_hq)': {
    takes: ['orig_sr', 'target_sr'],
    rules: { res_type: only('soxr_hq'), fix: only(true), scale: only(false) },
    run: ({ data }, params) => vectorOf(resample(data, params.orig_sr as number, params.target_sr as number)),
  },
  ...spectralFunctions,
  ...effectsFunctions,
}

/** Returns the function of a name, or `undefined` if this library has no such function. */
export function goldenFunction(name: string): GoldenFunction | undefined {
  if (Object.hasOwn(functionsByName, name)) return functionsByName[name]
  return pipelines.find(([pattern]) => pattern.test(name))?.[1]
}
