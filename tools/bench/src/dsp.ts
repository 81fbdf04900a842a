/** Features of a 5 s clip in one thread, against other npm packages that do the same work. */
import PFFFT from '@echogarden/pffft-wasm/simd'
import { decodeWav, encodeWav, toMono } from '@esc/audio-io'
import type { FeatureMatrix } from '@esc/core'
import { synthesizeEsc10 } from '@esc/dataset'
import {
  createExtractor,
  getWindow,
  logmel128,
  mfcc13,
  resample,
  spectralBandwidthFromSpectrogram,
  spectralCentroidFromSpectrogram,
  spectralContrastFromSpectrogram,
  spectralFlatnessFromSpectrogram,
  spectralRolloffFromSpectrogram,
  spectrogram,
  timeStretch,
} from '@esc/dsp'
import FFT from 'fft.js'
import Meyda from 'meyda'
// Not a public name of the package.
import { createFrameFft } from '../../../packages/dsp/src/fft/frame-fft.js'
import { type BenchRow, measure, type Peer } from './rows.js'

/** Frames of 2048 samples in five seconds at 44.1 kHz. */
const frameCount = 431

/** Cases of a synthetic clip. */
export async function dspSuite(): Promise<BenchRow[]> {
  const clip = synthesizeEsc10({ clipsPerClass: 5 }).clipAt(0)
  const wav = encodeWav(clip)
  const half = { samples: resample(clip.samples, 44100, 22050), sampleRate: 22050 }
  const whole = createExtractor(mfcc13)
  const alone = createExtractor({ ...mfcc13, trim: null, normalize: null })
  const logMel = createExtractor({ ...logmel128, normalize: null })
  const rows: BenchRow[] = []
  const add = async (name: string, ours: () => unknown, peer: Peer | null, goalMs?: number) => {
    rows.push(await measure(name, ours, peer, { rounds: 40, goalMs }))
  }
  const fft = createFrameFft(getWindow('hann', 2048))
  fft.frame.set(clip.samples.subarray(0, 2048))
  const power = () => {
    for (let frame = 0; frame < frameCount; frame++) fft.computeSpectrum(2)
  }
  await add(`${frameCount} power spectra of 2048 samples`, power, { name: 'fft.js alone', run: fftJs() })
  await add(`${frameCount} power spectra of 2048 samples`, power, {
    name: '@echogarden/pffft-wasm alone, float32',
    run: await pffft(),
  })
  const readAndExtract = () => {
    const { channels, sampleRate } = decodeWav(wav)
    return whole.extract({ samples: toMono(channels), sampleRate })
  }
  await add('WAV bytes → MFCC 13 with trim and normalise, 44.1 kHz', readAndExtract, null, 5.3)
  const meyda = { name: 'Meyda, its own MFCC', run: () => meydaMfcc(clip.samples) }
  await add('MFCC 13 alone, 44.1 kHz', () => alone.extract(clip), meyda, 3.4)
  await add('log-mel 128 at 22.05 kHz', () => logMel.extract(half), null, 1.7)
  await add('time stretch by 1.25, 44.1 kHz', () => timeStretch(clip.samples, { rate: 1.25 }), null, 14)
  const magnitude = spectrogram(clip.samples)
  await add('five spectral features of a spectrogram', () => fiveFeatures(magnitude), null, 10)
  return rows
}

/** Centroid, bandwidth, rolloff, flatness and contrast. */
function fiveFeatures(magnitude: FeatureMatrix): void {
  const options = { sampleRate: 44100 }
  spectralCentroidFromSpectrogram(magnitude, options)
  spectralBandwidthFromSpectrogram(magnitude, options)
  spectralRolloffFromSpectrogram(magnitude, options)
  spectralFlatnessFromSpectrogram(magnitude)
  spectralContrastFromSpectrogram(magnitude, options)
}

/** One complex transform of half the size for each frame: the least that a real transform needs. */
function fftJs(): () => void {
  const fft = new FFT(1024)
  const input = Float64Array.from({ length: 2048 }, (_, i) => Math.sin(i))
  const output = new Float64Array(2048)
  return () => {
    for (let frame = 0; frame < frameCount; frame++) fft.transform(output, input)
  }
}

async function pffft(): Promise<() => void> {
  const { _pffft_new_setup, _pffft_aligned_malloc, _pffft_transform_ordered } = await PFFFT()
  const setup = _pffft_new_setup(2048, 0)
  const [input, output, work] = [0, 1, 2].map(() => _pffft_aligned_malloc(4 * 2048)) as [
    number,
    number,
    number,
  ]
  return () => {
    for (let frame = 0; frame < frameCount; frame++) _pffft_transform_ordered(setup, input, output, work, 0)
  }
}

function meydaMfcc(samples: Float32Array): void {
  Object.assign(Meyda, { bufferSize: 2048, sampleRate: 44100, numberOfMFCCCoefficients: 13 })
  for (let start = 0; start + 2048 <= samples.length; start += 512) {
    Meyda.extract('mfcc', samples.subarray(start, start + 2048))
  }
}
