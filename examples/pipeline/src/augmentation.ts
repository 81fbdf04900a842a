/** What `--augment` does to the training clips. */
import type { FeatureRecipe } from '@esc/core'
import type { AugmentedSetOptions } from '@esc/dataset'
import { betweenClassMix, compose, frameShift, powerGain, specAugment, timeMask } from '@esc/dsp'
import type { RunOptions } from './options.js'

type Augmentation = Pick<AugmentedSetOptions, 'timeScales' | 'power' | 'features' | 'mix'>

/** Seven speeds from 0.8 to 1.25, each as much faster than the one before. */
const speeds = [-3, -2, -1, 0, 1, 2, 3].map((step) => 1.25 ** (step / 3))

export const augmentations: Readonly<
  Record<NonNullable<RunOptions['augment']>, (recipe: FeatureRecipe) => Augmentation>
> = {
  light: (recipe) => ({
    power: compose([powerGain({ minDb: -6, maxDb: 6 }), frameShift({ maxFraction: 0.2, fill: 0 })]),
    features: masks(recipe, 0.1),
  }),
  strong: (recipe) => ({
    timeScales: speeds,
    power: compose([powerGain(), frameShift({ fill: 0 })]),
    features: masks(recipe, 0.125),
    mix: betweenClassMix({ on: 'power' }),
  }),
}

/** Two masks over time, and over neighbouring mel bins; MFCCs that lie side by side have little in common. */
function masks({ mfcc, mel }: FeatureRecipe, share: number) {
  const maxFrames = Math.round(share * 200)
  if (mfcc) return compose([timeMask({ maxFrames }), timeMask({ maxFrames })])
  return specAugment({ maxBins: Math.round(share * mel.nMels), maxFrames })
}
