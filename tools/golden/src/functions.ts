/** The reference's functions that this library offers, each called as a golden case says. */
import {
  amplitudeToDb,
  dbToAmplitude,
  dbToPower,
  getWindow,
  type Interval,
  logmel128,
  melFilterbank,
  melFrequencies,
  melSpectrogram,
  mfcc,
  mfccFromLogMel,
  normalize,
  normalizeMatrix,
  padOrTruncate,
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
import { EFFECTS_FUNCTIONS } from './effects-functions.js'
import { SPECTRAL_FUNCTIONS } from './spectral-functions.js'

const pairs = (intervals: readonly Interval[]) => intervals.flatMap(({ start, end }) => [start, end])

function complexStft(input: GoldenInput, params: Params): GoldenResult {
  const { re, im, bins, frames } = stft(input.data, toOptions(params))
  const data = new Float32Array(2 * re.length)
  for (let i = 0; i < re.length; i++) data.set([re[i]!, im[i]!], 2 * i)
  return { data, shape: [bins, frames, 2] }
}

function normalizeAny(input: GoldenInput, params: Params): GoldenResult {
  if (input.shape.length === 2) return resultOf(normalizeMatrix(matrixOf(input), toOptions(params)))
  return vectorOf(normalize(input.data, toOptions(params)))
}

function cumulativeCrossings(input: GoldenInput, params: Params): GoldenResult {
  let count = 0
  const crossings = zeroCrossings(input.data, toOptions(params))
  return vectorOf(Array.from(crossings, (crossing) => (count += crossing)).filter((_, i) => i % 441 === 0))
}

/** `trim(top_db=60)`, `mfcc(n_mfcc=13, 44100 Hz, …)`: the numbers of a pipeline's steps. */
function stepNumber(params: Params, name: string): number {
  return Number(new RegExp(`${name}=(\\d+)`).exec(String(params.steps))?.[1])
}

function mfccPipeline(input: GoldenInput, params: Params): GoldenResult {
  const loud = trim(input.data, { topDb: stepNumber(params, 'top_db') }).samples
  const clip = { samples: normalize(loud), sampleRate: input.sampleRate }
  const { data, bins, frames } = mfcc(clip, { nMfcc: stepNumber(params, 'n_mfcc') })
  const rows = Array.from({ length: bins }, (_, bin) =>
    padOrTruncate(data.subarray(bin * frames, (bin + 1) * frames), 431),
  )
  return { data: rows.flatMap((row) => [...row]), shape: [bins, 431] }
}

function logMelPipeline(input: GoldenInput, params: Params): GoldenResult {
  const resampled =
    params.resample === 'poly'
      ? resamplePoly(input.data, logmel128.sampleRate, input.sampleRate)
      : resample(input.data, input.sampleRate, logmel128.sampleRate)
  const samples = normalize(resampled)
  return resultOf(powerToDb(melSpectrogram({ samples, sampleRate: logmel128.sampleRate }), { ref: 'max' }))
}

const FUNCTIONS: Readonly<Record<string, GoldenFunction>> = {
  'librosa.stft': complexStft,
  'abs(librosa.stft)**power': (input, params) => resultOf(spectrogram(input.data, toOptions(params))),
  'librosa.filters.get_window': (_, params) =>
    vectorOf(getWindow(params.window as 'hann', params.Nx as number, toOptions(params))),
  'librosa.filters.mel': (_, params) =>
    resultOf(
      melFilterbank({ ...toOptions(params), sampleRate: params.sr as number, nFft: params.n_fft as number }),
    ),
  'librosa.mel_frequencies': (_, params) =>
    vectorOf(melFrequencies(params.n_mels as number, toOptions(params))),
  'librosa.feature.melspectrogram': (input, params) =>
    resultOf(melSpectrogram(clipOf(input), toOptions(params))),
  'librosa.power_to_db': (input, params) => resultOf(powerToDb(matrixOf(input), toOptions(params))),
  'librosa.amplitude_to_db': (input, params) => resultOf(amplitudeToDb(matrixOf(input), toOptions(params))),
  'librosa.db_to_power': (input, params) => resultOf(dbToPower(matrixOf(input), toOptions(params))),
  'librosa.db_to_amplitude': (input, params) => resultOf(dbToAmplitude(matrixOf(input), toOptions(params))),
  'power_to_db(melspectrogram)': (input, params) =>
    resultOf(powerToDb(melSpectrogram(clipOf(input), toOptions(params)), toOptions(params))),
  'librosa.feature.mfcc': (input, params) => resultOf(mfcc(clipOf(input), toOptions(params))),
  'librosa.feature.mfcc(S=power_to_db(M))': (input, params) =>
    resultOf(mfccFromLogMel(powerToDb(matrixOf(input)), toOptions(params))),
  'librosa.util.normalize': normalizeAny,
  'librosa.effects.trim': (input, params) => vectorOf(pairs([trim(input.data, toOptions(params))])),
  'librosa.effects.split': (input, params) => {
    const intervals = split(input.data, toOptions(params))
    return { data: pairs(intervals), shape: [intervals.length, 2] }
  },
  'librosa.feature.zero_crossing_rate': (input, params) =>
    resultOf(zeroCrossingRate(input.data, toOptions(params))),
  'librosa.zero_crossings': cumulativeCrossings,
  'librosa.feature.rms': (input, params) => resultOf(rms(input.data, toOptions(params))),
  'librosa.feature.rms(S=abs(stft))': (input, params) =>
    resultOf(rmsFromSpectrogram(spectrogram(input.data, toOptions(params)), toOptions(params))),
  'scipy.signal.resample_poly': (input, params) =>
    vectorOf(resamplePoly(input.data, params.up as number, params.down as number, toOptions(params))),
  'librosa.resample(res_type=soxr_hq)': (input, params) =>
    vectorOf(resample(input.data, params.orig_sr as number, params.target_sr as number)),
  ...SPECTRAL_FUNCTIONS,
  ...EFFECTS_FUNCTIONS,
}

/** Pipelines are known by what they make. */
const PIPELINES: readonly (readonly [RegExp, GoldenFunction])[] = [
  [/^pipeline\..*mfcc_input$/, mfccPipeline],
  [/^pipeline\..*melcnn_input$/, logMelPipeline],
]

/** The function of that name, if this library offers it. */
export function goldenFunction(name: string): GoldenFunction | undefined {
  return FUNCTIONS[name] ?? PIPELINES.find(([pattern]) => pattern.test(name))?.[1]
}
