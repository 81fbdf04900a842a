/** The model manifest, `model.json`: what a program must know to use a trained model. Its type and its schema. */
import * as z from 'zod/mini'
import { parseWith } from './check/schema.js'
import { EscError } from './error.js'
import type { ClipWindows } from './features/clip-windows.js'
import type { Normalizer } from './features/normalizer.js'
import type { Activation } from './model/activation.js'
import { type FeatureRecipe, featureRecipeSchema } from './recipe.js'

/** A file in the folder of the manifest. */
export interface FileEntry {
  /** The file's name without a folder. */
  name: string
  /** SHA-256 of its bytes, hexadecimal; `null` in manifests of version 1. */
  sha256: string | null
}

/** The content of `model.json`: everything that a program needs to use an exported model. */
export interface ModelManifest {
  version: 2
  /** The architecture's name, such as `audio-cnn`. */
  architecture: string
  /** Label of each output, in order. */
  labels: readonly string[]
  /** The steps from a clip to features; `null` if the model takes features, not clips. */
  recipe: FeatureRecipe | null
  /** How a clip of any length is cut into inputs of the model; `null` if there is no recipe. */
  windows: ClipWindows | null
  /** [channels, bins, frames] of one input, as the recipe makes it. */
  inputShape: readonly [number, number, number]
  /** The function that turns logits into scores. */
  activation: Activation
  /** The logits are divided by this number > 0 before they become scores. Files without this field have 1. */
  temperature: number
  /**
   * Means and deviations of the training part; `null` if features are not normalised. The ONNX files already contain this step, so
   * pass them the recipe's features as they are.
   */
  normalizer: Normalizer | null
  /** The data set that the model was trained on; `null` if it is not known. */
  dataset: {
    name: string
    /** True if a program made the clips. The metrics then say nothing about real sound. */
    synthetic: boolean
    clips: number | null
    /** SHA-256 of the clips' ids, labels and sounds, hexadecimal. */
    hash: string | null
  } | null
  /** The split: how many clips each part had; `null` if it is not known. */
  split: {
    name: string | null
    seed: number | null
    /** Fold numbers; `null` if the split is not by folds. */
    testFold: number | null
    validationFold: number | null
    train: number
    validation: number
    test: number
    /** Number of test clips that have a sibling in training, a clip cut from the same field recording. */
    leakedTestClips: number | null
  } | null
  /** Results on the test part; `null` if it was not evaluated. */
  metrics: {
    accuracy: number
    macroF1: number
    int8Accuracy: number | null
    /** Share of test clips for which the float and the int8 model choose the same label. */
    agreement: number | null
  } | null
  files: {
    /** The network in the form that training can continue from; `null` in manifests of version 1. */
    network: FileEntry | null
    float: FileEntry
    int8: FileEntry | null
  }
}

const share = z.number().check(z.minimum(0), z.maximum(1))
const whole = z.int().check(z.minimum(0))
const dim = z.int().check(z.minimum(1), z.maximum(1 << 24))
// A name without a folder, and with one of our endings: a manifest must not point outside its folder, or to another program's
// file.
const fileName = z.string().check(z.regex(/^[\w-][\w.-]*\.(onnx|safetensors)$/))
const hash = z.string().check(z.regex(/^[0-9a-f]{64}$/))
const fileEntry = z.strictObject({ name: fileName, sha256: z.nullable(hash) })
const positive = z.number().check(z.positive())
const inputShape = z.tuple([dim, dim, dim])
const normalizer = z.nullable(z.strictObject({ mean: z.array(z.number()), std: z.array(positive) }))
const labels = z.array(z.string()).check(
  z.minLength(1),
  z.refine((names) => new Set(names).size === names.length, { error: 'must not repeat a label' }),
)

/** The zod schema of a {@link ModelManifest}. */
export const modelManifestSchema: z.ZodMiniType<ModelManifest> = z
  .strictObject({
    version: z.literal(2),
    architecture: z.string(),
    labels,
    recipe: z.nullable(featureRecipeSchema),
    windows: z.nullable(z.strictObject({ windowSec: positive, hopSec: positive })),
    inputShape,
    activation: z.enum(['softmax', 'sigmoid']),
    // The field is younger than version 2. A file without it is read as before, with a temperature of 1.
    temperature: z._default(positive, 1),
    normalizer,
    dataset: z.nullable(
      z.strictObject({
        name: z.string(),
        synthetic: z.boolean(),
        clips: z.nullable(whole),
        hash: z.nullable(hash),
      }),
    ),
    split: z.nullable(
      z.strictObject({
        name: z.nullable(z.string()),
        seed: z.nullable(whole),
        testFold: z.nullable(z.int()),
        validationFold: z.nullable(z.int()),
        train: whole,
        validation: whole,
        test: whole,
        leakedTestClips: z.nullable(whole),
      }),
    ),
    metrics: z.nullable(
      z.strictObject({
        accuracy: share,
        macroF1: share,
        int8Accuracy: z.nullable(share),
        agreement: z.nullable(share),
      }),
    ),
    files: z.strictObject({
      network: z.nullable(fileEntry),
      float: fileEntry,
      int8: z.nullable(fileEntry),
    }),
  })
  .check(
    z.refine(({ files }) => areDistinct([files.network?.name, files.float.name, files.int8?.name]), {
      path: ['files'],
      error: 'must have different names',
    }),
    z.refine(({ normalizer, inputShape }) => !normalizer || isPerBin(normalizer, inputShape[1]), {
      path: ['normalizer'],
      error: 'must have one mean and one std per bin of inputShape',
    }),
    z.refine(({ recipe, windows }) => (recipe === null) === (windows === null), {
      path: ['windows'],
      error: 'must be null if recipe is null, and only then',
    }),
    z.refine(({ windows }) => windows === null || windows.hopSec <= windows.windowSec, {
      path: ['windows', 'hopSec'],
      error: 'must be <= windows.windowSec',
    }),
  )

/** Version 1: it has no windows, no activation and no hashes of files. All other fields are required. */
const firstSchema = z.strictObject({
  version: z.literal(1),
  architecture: z.string(),
  labels,
  recipe: featureRecipeSchema,
  inputShape,
  normalizer,
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

function areDistinct(names: readonly (string | undefined)[]): boolean {
  // On some file systems `a` and `A` are the same file.
  const given = names.flatMap((name) => (name === undefined ? [] : [name.toLowerCase()]))
  return new Set(given).size === given.length
}

function isPerBin({ mean, std }: Normalizer, bins: number): boolean {
  return mean.length === bins && std.length === bins
}

/**
 * Checks a manifest that came from outside. A manifest of version 1 is converted to version 2: all its networks were trained with
 * softmax, on windows as long as `durationSec` of the recipe.
 *
 * @param value - Parsed JSON.
 * @throws EscError INVALID_INPUT naming the first key that is wrong, and what it must be; UNSUPPORTED_FORMAT if a newer version
 *   of this package wrote it.
 * @example const manifest = parseManifest(JSON.parse(await readFile('runs/demo/model.json', 'utf8')))
 */
export function parseManifest(value: unknown): ModelManifest {
  const version = (value as { version?: unknown } | null)?.version
  if (typeof version === 'number' && version > 2) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `manifest.version=${version} was written by a newer version of @esc; this one reads versions 1 and 2: update @esc/edge and @esc/core`,
    )
  }
  return version === 1 ? fromFirstVersion(value) : parseWith(modelManifestSchema, value, 'manifest')
}

function fromFirstVersion(value: unknown): ModelManifest {
  const { files, dataset, recipe, ...others } = parseWith(firstSchema, value, 'manifest')
  if (recipe.durationSec === null) {
    throw new EscError('INVALID_INPUT', 'manifest.recipe.durationSec: must be a number in version 1')
  }
  const entry = (name: string): FileEntry => ({ name, sha256: null })
  const converted: ModelManifest = {
    ...others,
    version: 2,
    recipe,
    windows: { windowSec: recipe.durationSec, hopSec: recipe.durationSec / 2 },
    activation: 'softmax',
    temperature: 1,
    // In version 1 this could be any text. A text that is not a hash is dropped.
    dataset: { ...dataset, hash: /^[0-9a-f]{64}$/.test(dataset.hash) ? dataset.hash : null },
    files: { network: null, float: entry(files.float), int8: files.int8 === null ? null : entry(files.int8) },
  }
  return parseWith(modelManifestSchema, converted, 'manifest')
}
