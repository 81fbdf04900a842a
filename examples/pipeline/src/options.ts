/** The options of a run, read from the command line. */
import { basename, resolve } from 'node:path'
import { type ClipWindows, EscError } from '@esc/core'
import { type AugmentName, type ModelName, readFlags, type SplitName, type SubsetName } from './command.js'

/** How the network is trained. */
export interface TrainingOptions {
  epochs: number
  learningRate: number
  batchSize: number
  /** Epochs without a lower validation loss before training stops; `null` never stops early. */
  patience: number | null
  /** Weight decay of the optimiser; `null` for none. */
  weightDecay: number | null
  /** Whether rare classes weigh more in the loss. */
  classWeights: boolean
  /** How much the training clips change in each epoch; `null` for not at all. */
  augment: AugmentName | null
}

/** The options of a run. */
export interface RunOptions extends TrainingOptions {
  /** Absolute path of a data set that `openDataset` can open; `null` takes the synthetic one. */
  data: string | null
  /** Download ESC-50 into `data` first, unless it is there. */
  download: boolean
  /** Which classes of ESC-50; `null` takes those of ESC-10, and all classes of any other data set. */
  subset: SubsetName | null
  /** A column of the table, or a pattern whose first capture group in the file name is the group; `null` takes the table's groups. */
  group: string | null
  model: ModelName
  /** How clips are cut into examples; `null` pads or cuts each clip to the recipe's duration. */
  windows: ClipWindows | null
  /** `null` takes the data set's folds, or `stratified-group` if it has none. */
  split: SplitName | null
  /** The fold of the test clips; `null` takes fold 1 if the split is by folds. */
  testFold: number | null
  /** The fold of the validation clips; `null` takes the fold after the test fold. */
  validationFold: number | null
  /** Make an int8 model, too. */
  int8: boolean
  /** Seed of everything random. */
  seed: number
  /** Absolute path of the output folder; `null` takes a folder below `runs/` that is named after the run. */
  out: string | null
  /** Try one clip and one random batch, and write nothing. */
  dryRun: boolean
  /** Leave out missing and damaged clips, and files that cannot be used. */
  skipBad: boolean
  /** Use the readable part of damaged clips. */
  tolerant: boolean
  /** Also take the sounds in folders below the folder of a class. */
  nested: boolean
  /** Keep the clips as the features see them. */
  saveAudio: boolean
  /** Absolute path of the folder that keeps the features; `null` computes them in memory, for this run only. */
  features: string | null
  /** Absolute path of the file that keeps the training after each epoch; `null` keeps none. */
  checkpoint: string | null
}

/**
 * Reads the flags.
 *
 * @param argv - The arguments, `--name value` or `--name=value`.
 * @param cwd - The folder that relative paths are relative to.
 * @throws EscError INVALID_OPTION naming the flag: an unknown one (with the nearest known one), a wrong value, or two flags that do not
 *   fit together.
 */
export function parseOptions(argv: readonly string[], cwd: string): RunOptions {
  const flags = readFlags(argv)
  const { split = null, download = false, dryRun = false } = flags
  const data = flags.data ?? (download ? 'data/ESC-50' : undefined)
  const refuse = (message: string): never => {
    throw new EscError('INVALID_OPTION', message)
  }
  for (const [name, value] of Object.entries({ 'test-fold': flags.testFold, 'val-fold': flags.valFold })) {
    if (value !== undefined && split !== null && split !== 'folds') {
      refuse(`--${name} needs --split folds, and does not work with --split ${split}`)
    }
  }
  if (download && dryRun) refuse('--download does not work with --dry-run, which writes nothing')
  if (data === undefined && flags.features !== undefined) {
    refuse('--features needs --data: the synthetic set has no files')
  }
  if (data === undefined && flags.subset !== undefined)
    refuse('--subset needs --data: the synthetic set has no subsets')
  if (data === undefined && flags.nested) refuse('--nested needs --data, with a folder for each class')
  const path = (given: string | undefined) => (given === undefined ? null : resolve(cwd, given))
  const byFolds = flags.testFold !== undefined || flags.valFold !== undefined
  return {
    data: path(data),
    download,
    subset: flags.subset ?? null,
    group: flags.group ?? null,
    model: flags.model ?? 'audio-cnn',
    windows: flags.windows ?? null,
    split: split ?? (byFolds ? 'folds' : null),
    testFold: flags.testFold ?? null,
    validationFold: flags.valFold ?? null,
    epochs: flags.epochs ?? 30,
    learningRate: flags.lr ?? 1e-3,
    batchSize: flags.batchSize ?? 32,
    patience: flags.patience === 0 ? null : (flags.patience ?? 10),
    weightDecay: flags.weightDecay || null,
    classWeights: flags.classWeights ?? false,
    augment: flags.augment ?? null,
    int8: flags.int8,
    seed: flags.seed ?? 42,
    out: path(flags.out),
    dryRun,
    skipBad: flags.skipBad ?? false,
    tolerant: flags.tolerant ?? false,
    nested: flags.nested ?? false,
    saveAudio: flags.saveAudio ?? false,
    features: path(flags.features),
    checkpoint: path(flags.checkpoint),
  }
}

/**
 * Chooses the folder of the results.
 *
 * @param split - The split that was chosen, and its test fold.
 * @param cwd - The folder that gets `runs/`.
 */
export function outputFolder(
  { out, data, subset, model }: RunOptions,
  split: { name: SplitName; testFold: number | null },
  cwd: string,
): string {
  if (out !== null) return out
  const place = split.testFold === null ? split.name : `fold${split.testFold}`
  const set = data === null ? 'synthetic' : (subset ?? basename(data))
  return resolve(cwd, `runs/${set}-${model}-${place}`)
}
