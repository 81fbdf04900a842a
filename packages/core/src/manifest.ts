/** The model manifest, `model.json`: what a program must know to use a trained model, and its schema. */
import * as z from 'zod/mini'
import type { Normalizer } from './normalizer.js'
import { type FeatureRecipe, featureRecipeSchema } from './recipe.js'
import { parseWith } from './schema.js'

/** Everything that goes with an exported model. */
export interface ModelManifest {
  version: 1
  /** The architecture: `audio-cnn`, `mel-cnn`. */
  architecture: string
  /** Label of each output, in order. */
  labels: readonly string[]
  recipe: FeatureRecipe
  /** [channels, bins, frames] of one input, as the recipe makes it. */
  inputShape: readonly [number, number, number]
  /** Statistics of the training set. They stand inside the ONNX files already: give those the recipe's features as they are. */
  normalizer: Normalizer | null
  dataset: {
    name: string
    /** True if the clips were made by a program; then the metrics say nothing about real sound. */
    synthetic: boolean
    clips: number
    /** SHA-256 over the clips' ids, labels and decoded mono samples, hexadecimal. */
    hash: string
  }
  split: {
    name: string
    seed: number
    /** Fold numbers, or `null` where the split is not by folds. */
    testFold: number | null
    validationFold: number | null
    train: number
    validation: number
    test: number
    /** Test clips with a sibling in training. */
    leakedTestClips: number
  }
  /** On the test part. */
  metrics: { accuracy: number; macroF1: number; int8Accuracy: number | null; agreement: number | null }
  /** File names beside the manifest. */
  files: { float: string; int8: string | null }
}

const share = z.number().check(z.minimum(0), z.maximum(1))
const whole = z.int().check(z.minimum(0))
const dim = z.int().check(z.minimum(1), z.maximum(1 << 24))
// A name beside the manifest: no folder, so that a manifest cannot point outside its own.
const fileName = z.string().check(z.regex(/^[\w-][\w.-]*$/))

/** The zod schema of a {@link ModelManifest}. */
export const modelManifestSchema: z.ZodMiniType<ModelManifest> = z
  .strictObject({
    version: z.literal(1),
    architecture: z.string(),
    labels: z.array(z.string()).check(z.minLength(1)),
    recipe: featureRecipeSchema,
    inputShape: z.tuple([dim, dim, dim]),
    normalizer: z.nullable(
      z.strictObject({ mean: z.array(z.number()), std: z.array(z.number().check(z.positive())) }),
    ),
    dataset: z.strictObject({ name: z.string(), synthetic: z.boolean(), clips: whole, hash: z.string() }),
    split: z.strictObject({
      name: z.string(),
      seed: whole,
      testFold: z.nullable(z.int()),
      validationFold: z.nullable(z.int()),
      train: whole,
      validation: whole,
      test: whole,
      leakedTestClips: whole,
    }),
    metrics: z.strictObject({
      accuracy: share,
      macroF1: share,
      int8Accuracy: z.nullable(share),
      agreement: z.nullable(share),
    }),
    files: z.strictObject({ float: fileName, int8: z.nullable(fileName) }),
  })
  .check(
    z.refine(({ normalizer, inputShape }) => !normalizer || isPerBin(normalizer, inputShape[1]), {
      path: ['normalizer'],
      error: 'must have one mean and one std per bin of inputShape',
    }),
    z.refine(({ labels }) => new Set(labels).size === labels.length, {
      path: ['labels'],
      error: 'must not repeat a label',
    }),
  )

function isPerBin({ mean, std }: Normalizer, bins: number): boolean {
  return mean.length === bins && std.length === bins
}

/**
 * Checks a manifest that came from outside.
 *
 * @param value - Parsed JSON.
 * @throws EscError INVALID_INPUT naming the first key that is wrong, and what it must be.
 * @example const manifest = parseManifest(JSON.parse(await readFile('runs/demo/model.json', 'utf8')))
 */
export function parseManifest(value: unknown): ModelManifest {
  return parseWith(modelManifestSchema, value, 'manifest')
}
