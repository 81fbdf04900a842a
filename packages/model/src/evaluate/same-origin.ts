/** Checks that a set and a model belong together. */
import { EscError, type FeatureSet, type TrainedModel } from '@esc/core'

/**
 * Compares labels and recipes. With other labels or other features, the figures would be wrong and look right.
 *
 * @throws EscError INCOMPATIBLE_MODEL saying what differs.
 */
export function assertSameOrigin(model: TrainedModel, set: FeatureSet): void {
  const different = set.labels.findIndex((label, i) => label !== model.labels[i])
  if (different >= 0 || set.labels.length !== model.labels.length) {
    const at = Math.max(0, different)
    const found = `label ${at} is '${set.labels[at]}' in the set, '${model.labels[at]}' in the model`
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      `${found}; the set must have the model's ${model.labels.length} labels in the same order`,
    )
  }
  if (set.recipe && model.recipe && !isSameJson(set.recipe, model.recipe)) {
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      "the set's features were made by another recipe than the model's; extract them with model.recipe",
    )
  }
}

function isSameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const [keys, others] = [Object.keys(a), Object.keys(b)]
  return (
    keys.length === others.length &&
    keys.every((key) => isSameJson((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  )
}
