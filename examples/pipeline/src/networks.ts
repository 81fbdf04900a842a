/** The two networks and the recipe each is fed by. */
import type { FeatureRecipe, NetworkGraph } from '@esc/core'
import { logmel128, mfcc13 } from '@esc/dsp'
import { type ArchitectureOptions, audioCnn, melCnn } from '@esc/model'
import type { RunOptions } from './options.js'

export const networks: Readonly<
  Record<
    RunOptions['model'],
    { recipe: FeatureRecipe; create: (options: ArchitectureOptions) => NetworkGraph }
  >
> = {
  'audio-cnn': { recipe: mfcc13, create: audioCnn },
  'mel-cnn': { recipe: logmel128, create: melCnn },
}
