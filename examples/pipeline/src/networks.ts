/** The two networks that `--model` names, each with the recipe that makes its input. */
import type { FeatureRecipe, NetworkGraph } from '@esc/core'
import { logmel128, mfcc13 } from '@esc/dsp'
import { audioCnn, melCnn, type NetworkInput } from '@esc/model'
import type { RunOptions } from './options.js'

export const networks: Readonly<
  Record<RunOptions['model'], { recipe: FeatureRecipe; network: (input: NetworkInput) => NetworkGraph }>
> = {
  'audio-cnn': { recipe: mfcc13, network: audioCnn },
  'mel-cnn': { recipe: logmel128, network: melCnn },
}
