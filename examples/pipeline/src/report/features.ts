/** The recipe from clip to network input, in words and as JSON. */
import type { ClipWindows, FeatureRecipe } from '@esc/core'
import type { RunMetrics } from '../results.js'
import { count, hertz, significant } from './format.js'
import { type Html, html } from './html.js'
import { section } from './layout.js'

/**
 * The steps from a clip to the features.
 *
 * @example renderFeatures(results.metrics)
 */
export function renderFeatures({ recipe, model, options }: RunMetrics): Html {
  const [channels, bins, frames] = model.inputShape
  const shape = `${count(channels)} × ${count(bins)} × ${count(frames)}`
  return section(
    'features',
    'Features',
    html`<ol>
${describeRecipe(recipe, options.windows).map((step) => html`<li>${step}</li>\n`)}</ol>
<p>The input of the network is channels × bins × frames = ${shape}. Steps and parameters are the same as librosa's.</p>
<details><summary>The recipe as JSON</summary>
<pre><code>${JSON.stringify(recipe, null, 2)}</code></pre>
</details>`,
  )
}

/**
 * A recipe as sentences, one for each step that runs.
 *
 * @param windows - Windows of clips. They replace the recipe's duration.
 * @example describeRecipe(recipe)[0] // 'Mix to mono and resample to 22,050 Hz.'
 */
export function describeRecipe(recipe: FeatureRecipe, windows: ClipWindows | null = null): string[] {
  const { sampleRate, denoise, trim, normalize, durationSec, stft, mel, db, log, mfcc } = recipe
  const steps = [
    `Mix to mono and resample to ${hertz(sampleRate)}.`,
    denoise && `Remove ${significant(100 * denoise.propDecrease)} % of the steady noise by spectral gating.`,
    trim &&
      `Cut silence at both ends: frames of ${count(trim.frameLength)} samples, hop ${count(trim.hopLength)}, that are more than ${trim.topDb} dB below the loudest frame.`,
    normalize && `Scale the samples so that ${norms[normalize]} is 1.`,
    windows !== null
      ? describeWindows(windows)
      : durationSec && `Pad with zeros at the end, or cut, to ${significant(durationSec, 6)}\u00a0s.`,
    describeStft(stft, sampleRate),
    describeMel(mel, sampleRate),
    db &&
      `Decibels relative to ${db.ref === 'max' ? "the clip's maximum" : db.ref}, ${db.topDb === null ? 'without a floor' : `with a floor ${db.topDb} dB below the peak`}.`,
    log && `The natural logarithm of that plus ${log.offset}.`,
    mfcc && describeMfcc(mfcc),
  ]
  return steps.filter((step) => typeof step === 'string')
}

function describeWindows({ windowSec, hopSec }: ClipWindows): string {
  const [length, step] = [windowSec, hopSec].map((sec) => `${significant(sec, 6)}\u00a0s`)
  return `Cut into windows of ${length}, one every ${step}. The last window ends with the clip, and a shorter clip is padded with zeros. The scores of a clip are the mean of those of its windows.`
}

const norms = { inf: 'the peak', l1: 'the sum of magnitudes', l2: 'the Euclidean norm' }

function describeStft(stft: FeatureRecipe['stft'], sampleRate: number): string {
  const samples = (length: number) => `${count(length)} (${significant((1000 * length) / sampleRate)} ms)`
  const edges = stft.center ? `frames centred, ${stft.padMode} padding` : 'frames not centred'
  return `Short-time Fourier transform: nFft ${samples(stft.nFft)}, hop ${samples(stft.hopLength)}, ${stft.window} window of ${count(stft.winLength)}, ${edges}.`
}

function describeMel(mel: FeatureRecipe['mel'], sampleRate: number): string {
  const range = `${hertz(mel.fmin)} to ${hertz(mel.fmax ?? sampleRate / 2)}`
  const scale = mel.htk ? 'HTK' : 'Slaney'
  const height = mel.norm === null ? 'peaks of 1' : 'Slaney normalisation'
  return `${count(mel.nMels)} mel bands of the ${mel.power === 2 ? 'power' : 'magnitude'} spectrum, ${range}, ${scale} scale, ${height}.`
}

function describeMfcc({ nMfcc, dctType, norm, lifter }: NonNullable<FeatureRecipe['mfcc']>): string {
  const scaling = norm === null ? 'not normalised' : 'orthonormal'
  return `${count(nMfcc)} cepstral coefficients: DCT type ${dctType}, ${scaling}, ${lifter > 0 ? `lifter ${lifter}` : 'no lifter'}.`
}
