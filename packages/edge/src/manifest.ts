/** `model.json`, the manifest of a model folder: its version, how it is written, read, and completed with test figures. */
import {
  asOptions,
  assertBytes,
  assertKnown,
  EscError,
  isNumberList,
  type ModelManifest,
  mistakeOf,
  shown,
  type TrainedModel,
  typeOf,
  wrongValue,
} from '@esc/core'
import { parseManifest } from '@esc/core/manifest'
import { fileNames, type ModelFiles } from './model-files.js'

/** Version of the manifest's format that this package writes. `@esc/core/manifest` has the schema and reads older versions. */
const manifestVersion = 2

/** The data set that the model was trained on, for the manifest. */
export interface DatasetFacts {
  name: string
  /** True if a program made the clips. @defaultValue what the model says, else `false` */
  synthetic?: boolean | undefined
  /** Number of clips. @defaultValue `null`: not known */
  clips?: number | null | undefined
  /** SHA-256 over the clips' ids, labels and sounds, hexadecimal. @defaultValue `null`: not known */
  hash?: string | null | undefined
}

/** How the clips were split, for the manifest. The result of a splitter fits. Each part is a list of indices, or their number. */
export interface SplitFacts {
  train: ArrayLike<number> | number
  /** @defaultValue `0` */
  validation?: ArrayLike<number> | number | undefined
  /** @defaultValue `0` */
  test?: ArrayLike<number> | number | undefined
  /** Name of the way of splitting. @defaultValue `null`: not known */
  name?: string | null | undefined
  /** @defaultValue `null`: not known */
  seed?: number | null | undefined
  /** Fold that was kept for testing. @defaultValue `null`: the split is not by folds */
  testFold?: number | null | undefined
  /** Fold that was kept for validation. @defaultValue `null`: the split is not by folds */
  validationFold?: number | null | undefined
  /** Number of test clips with a sibling in training: a clip cut from the same recording. @defaultValue `null`: not known */
  leakedTestClips?: number | null | undefined
}

/** Figures of the test part, for the manifest. The result of `evaluate` fits. */
export interface EvaluationFacts {
  accuracy: number
  macro: { f1: number }
}

/** What the caller knows about the data that a model was trained on. */
export interface ManifestFacts {
  /** @defaultValue what the model knows */
  dataset?: DatasetFacts | null | undefined
  /** @defaultValue `null`: not known */
  split?: SplitFacts | null | undefined
}

/**
 * Makes the manifest of a model.
 *
 * @throws EscError INVALID_INPUT if the manifest could not be read again; INVALID_OPTION naming a fact that is unknown.
 */
export function manifestOf(
  model: TrainedModel,
  { dataset = model.dataset, split = null }: ManifestFacts,
  files: ModelManifest['files'],
): ModelManifest {
  const { graph, labels, recipe, windows, activation, temperature, normalizer } = model
  if (dataset) assertKnown('dataset', dataset, { name: true, synthetic: true, clips: true, hash: true })
  const manifest: ModelManifest = {
    version: manifestVersion,
    architecture: graph.name,
    labels,
    recipe,
    windows,
    inputShape: graph.input.shape,
    activation,
    temperature,
    normalizer,
    dataset: dataset && {
      name: dataset.name,
      synthetic: dataset.synthetic ?? model.dataset?.synthetic ?? false,
      clips: ('clips' in dataset ? dataset.clips : null) ?? null,
      hash: ('hash' in dataset ? dataset.hash : null) ?? null,
    },
    split: split && splitOf(split),
    metrics: null,
    files,
  }
  // A manifest that cannot be read again must not be written.
  return parseManifest(manifest)
}

function splitOf(split: SplitFacts): NonNullable<ModelManifest['split']> {
  assertKnown('split', split, {
    train: true,
    validation: true,
    test: true,
    name: true,
    seed: true,
    testFold: true,
    validationFold: true,
    leakedTestClips: true,
  })
  const { train, validation = 0, test = 0, ...others } = split
  const { name = null, seed = null, testFold = null, validationFold = null, leakedTestClips = null } = others
  const count = (part: ArrayLike<number> | number | undefined) => {
    if (typeof part === 'number') return part
    if (isNumberList(part)) return part.length
    throw wrongValue('split.train', part, 'a list of indices, or their number')
  }
  return {
    ...{ name, seed, testFold, validationFold, leakedTestClips },
    train: count(train),
    validation: count(validation),
    test: count(test),
  }
}

/**
 * The same files, with figures of the test part added to `model.json`. This is a step of its own because the figures of the int8
 * file can be measured only once the file is there.
 *
 * @param figures - What `evaluate` or `evaluateSession` of `@esc/model` returned for each file. `agreement` is the share of clips for
 *   which both files choose the same label.
 * @throws EscError INVALID_INPUT if a figure is outside [0, 1], or the files have no manifest.
 * @example
 * const session = await ortRuntime.createSession(files['model.int8.onnx']!)
 * const int8 = await evaluateSession(session, features, split.test, { activation: model.activation })
 * const verified = withEvaluation(files, { float: evaluation, int8 })
 */
export function withEvaluation(
  files: ModelFiles,
  figures: {
    float: EvaluationFacts
    int8?: EvaluationFacts | null | undefined
    agreement?: number | null | undefined
  },
): ModelFiles {
  assertKnown('withEvaluation', asOptions('withEvaluation', figures), {
    float: true,
    int8: true,
    agreement: true,
  })
  const { float, int8 = null, agreement = null } = figures
  const given = {
    accuracy: float?.accuracy,
    macroF1: float?.macro?.f1,
    ...(int8 !== null && { int8Accuracy: int8.accuracy }),
    ...(agreement !== null && { agreement }),
  }
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === 'number' && value >= 0 && value <= 1) continue
    throw new EscError('INVALID_INPUT', `evaluation.${name}=${shown(value)} must be in [0, 1]`)
  }
  const { accuracy, macro } = float
  const metrics = { accuracy, macroF1: macro.f1, int8Accuracy: int8?.accuracy ?? null, agreement }
  return { ...files, [fileNames.manifest]: encodeManifest({ ...readManifest(files), metrics }) }
}

/**
 * Reads `model.json` from the files of a model.
 *
 * @throws EscError INVALID_INPUT if the file is missing or is not a manifest; UNSUPPORTED_FORMAT if a newer version wrote it.
 * @example readManifest(files).labels
 */
export function readManifest(files: ModelFiles): ModelManifest {
  assertFiles(files)
  const bytes = files[fileNames.manifest]
  if (!bytes) {
    const found = Object.keys(files).slice(0, 8).join(', ') || 'nothing'
    throw new EscError(
      'INVALID_INPUT',
      `there is no ${fileNames.manifest} among the model's files (${found}); packModel and saveModel write one`,
    )
  }
  assertBytes(`files['${fileNames.manifest}']`, bytes)
  return parseManifestBytes(bytes)
}

function assertFiles(files: ModelFiles): void {
  if (typeOf(files) === 'object' && mistakeOf(files) === null) return
  throw wrongValue('files', files, 'files by name, as packModel returns them', {
    advice: { 'a trained model': 'pass await packModel(model)' },
  })
}

/** @throws EscError INVALID_INPUT if the bytes are not a manifest. */
export function parseManifestBytes(bytes: Uint8Array): ModelManifest {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new EscError('INVALID_INPUT', `${fileNames.manifest} is not JSON`, { cause })
  }
  return parseManifest(json)
}

/** A manifest as the bytes of its file. */
export function encodeManifest(manifest: ModelManifest): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`)
}
