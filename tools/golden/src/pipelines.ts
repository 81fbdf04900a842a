/** Golden cases with several steps, from samples to a network's input. */
import {
  logmel128,
  melSpectrogram,
  mfcc,
  normalize,
  padOrTruncate,
  powerToDb,
  resample,
  resamplePoly,
  trim,
} from '@esc/dsp'
import { clipOf, resultOf } from './convert.js'
import type { GoldenFunction, GoldenInput, GoldenResult, Params } from './golden-function.js'
import { only, stepsAre } from './params.js'

/**
 * Reads a number from the steps of a pipeline, such as `trim(top_db=60)` or `mfcc(n_mfcc=13, 44100 Hz, …)`.
 */
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
  const { samples: given, sampleRate } = clipOf(input)
  const resampled =
    params.resample === 'poly'
      ? resamplePoly(given, logmel128.sampleRate, sampleRate)
      : resample(given, sampleRate, logmel128.sampleRate)
  const samples = normalize(resampled)
  return resultOf(powerToDb(melSpectrogram({ samples, sampleRate: logmel128.sampleRate }), { ref: 'max' }))
}

/** Pipelines by a pattern of their name, which ends in the network's input. */
export const pipelines: readonly (readonly [RegExp, GoldenFunction])[] = [
  [
    /^pipeline\..*mfcc_input$/,
    {
      takes: [],
      rules: {
        steps: stepsAre(
          /^trim\(top_db=\d+\)$/,
          'normalize(inf)',
          /^mfcc\(n_mfcc=\d+, 44100 Hz, n_fft 2048, hop 512, 128 mels\)$/,
          'zero-pad/truncate to 431 frames',
        ),
      },
      run: mfccPipeline,
    },
  ],
  [
    /^pipeline\..*melcnn_input$/,
    {
      takes: [],
      rules: {
        steps: stepsAre(
          /^resample 44100->22050 by (scipy\.signal\.resample_poly\(1,2\)|soxr_hq)$/,
          'normalize(norm=inf)',
          'melspectrogram(2048,512,128 mels)',
          'power_to_db(ref=max, top_db=80)',
          'first 216 frames',
        ),
        resample: only('poly', 'soxr'),
      },
      run: logMelPipeline,
    },
  ],
]
