/** The names of a recipe's parameters. Every other name is refused, because it would have no effect. */
import { assertKnown, EscError, type FeatureRecipe } from '@esc/core'
import type { Names } from '../option-names.js'
import { stftNames } from '../stft/stft.js'

const recipeNames: Names<FeatureRecipe> = {
  version: true,
  sampleRate: true,
  denoise: true,
  trim: true,
  normalize: true,
  durationSec: true,
  stft: true,
  mel: true,
  db: true,
  log: true,
  mfcc: true,
}

type MelStep = FeatureRecipe['mel']
const melNames: Names<MelStep> = { nMels: true, fmin: true, fmax: true, htk: true, norm: true, power: true }

/** Steps that a recipe may turn off. */
type OptionalStep = 'denoise' | 'trim' | 'db' | 'log' | 'mfcc'

const stepNames: { readonly [Step in OptionalStep]: Names<NonNullable<FeatureRecipe[Step]>> } = {
  denoise: {
    nStdThreshStationary: true,
    propDecrease: true,
    freqMaskSmoothHz: true,
    timeMaskSmoothMs: true,
    nFft: true,
  },
  trim: { topDb: true, frameLength: true, hopLength: true },
  db: { ref: true, amin: true, topDb: true },
  log: { offset: true },
  mfcc: { nMfcc: true, dctType: true, norm: true, lifter: true },
}

/**
 * Checks the names.
 *
 * @throws EscError INVALID_OPTION if the recipe or a step has an unknown name, is no object, or is missing.
 */
export function assertRecipeNames(recipe: FeatureRecipe): void {
  assertPresent('recipe', recipe, recipeNames)
  assertPresent('recipe.stft', recipe.stft, stftNames)
  assertPresent('recipe.mel', recipe.mel, melNames)
  for (const [step, names] of Object.entries(stepNames)) {
    assertKnown<object>(`recipe.${step}`, recipe[step as OptionalStep] ?? undefined, names)
  }
}

function assertPresent<T extends object>(name: string, value: T, names: Names<T>): void {
  if (value === undefined) throw new EscError('INVALID_OPTION', `${name} is missing`)
  assertKnown(name, value, names)
}
