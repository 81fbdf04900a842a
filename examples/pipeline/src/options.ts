/** The command line: what can be asked for, and what was. */
import { basename, resolve } from 'node:path'
import { type ClipWindows, EscError } from '@esc/core'
import { Command, CommanderError, Option } from 'commander'
import { number, oneOf, type Parser, text, whole, windows } from './flag-values.js'

const choices = {
  subset: ['esc10', 'esc50'],
  model: ['audio-cnn', 'mel-cnn'],
  split: ['folds', 'stratified', 'stratified-group'],
} as const

/** How the clips are split. */
export type SplitName = (typeof choices.split)[number]

/** What a run is asked to do. */
export interface RunOptions {
  /** Absolute path of a data set that `openDataset` knows; `null` takes the synthetic one. */
  data: string | null
  /** Fetch ESC-50 into `data` first, unless it is there. */
  download: boolean
  /** `null` takes ESC-10's classes of ESC-50, and all of any other data set. */
  subset: (typeof choices.subset)[number] | null
  /** A column of the table, or a pattern whose first capture group in the file name is the group; `null` takes the table's own. */
  group: string | null
  model: (typeof choices.model)[number]
  /** How clips are cut into examples; `null` pads or cuts each clip to the recipe's duration. */
  windows: ClipWindows | null
  /** `null` takes the data set's folds, or `stratified-group` where it has none. */
  split: SplitName | null
  /** `null` takes fold 1 where the split is by folds. */
  testFold: number | null
  /** `null` takes the fold after the test fold. */
  validationFold: number | null
  epochs: number
  learningRate: number
  batchSize: number
  /** Epochs without a lower validation loss before training stops; `null` never stops early. */
  patience: number | null
  /** `null` for none. */
  weightDecay: number | null
  /** Whether rare classes weigh more in the loss. */
  classWeights: boolean
  int8: boolean
  seed: number
  /** Absolute path of the output folder; `null` takes one below `runs/`, named after the run. */
  out: string | null
  dryRun: boolean
  /** Leave out missing and damaged clips, and files that cannot be taken. */
  skipBad: boolean
  /** Read damaged clips as far as they go. */
  tolerant: boolean
  /** Take the sounds in folders below a class's folder, too. */
  nested: boolean
  saveAudio: boolean
  /** Absolute path of a feature store; `null` computes the features anew, in memory. */
  features: string | null
  /** Absolute path of the training's checkpoint; `null` keeps none. */
  checkpoint: string | null
}

/** The flags as commander returns them. */
interface Flags {
  data?: string
  download?: true
  subset?: RunOptions['subset']
  group?: string
  model?: RunOptions['model']
  windows?: ClipWindows
  split?: SplitName
  testFold?: number
  valFold?: number
  epochs?: number
  lr?: number
  batchSize?: number
  patience?: number
  weightDecay?: number
  classWeights?: true
  int8: boolean
  seed?: number
  out?: string
  dryRun?: true
  skipBad?: true
  tolerant?: true
  nested?: true
  features?: string
  checkpoint?: string
  saveAudio?: true
}

/** The command with all its flags; it prints nothing and ends no process. */
function createCommand(): Command {
  const flag = <T>(name: string, description: string, parse: Parser<T>) =>
    new Option(name, description).argParser(parse)
  return new Command('npm start --')
    .description('From recordings to a verified int8 ONNX model and a report.')
    .allowExcessArguments(false)
    .configureHelp({ helpWidth: 100 })
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .exitOverride()
    .addOption(
      flag(
        '--data <dir>',
        'ESC-50, UrbanSound8K or a folder for each class (default: a synthetic set)',
        text,
      ),
    )
    .option('--download', 'fetch ESC-50 (0.6 GB, CC BY-NC) first, into data/ESC-50 or where --data says')
    .addOption(
      flag(
        '--subset <name>',
        'esc10 or esc50: which classes of ESC-50 (default: esc10)',
        oneOf(choices.subset),
      ),
    )
    .addOption(
      flag(
        '--group <rule>',
        'how to find clips of one recording: a column of the table, or a regular expression with one ( ) that is searched in the file name (without folders)',
        text,
      ),
    )
    .addOption(
      flag(
        '--model <name>',
        'audio-cnn (13 MFCCs) or mel-cnn (128 log-mel bands) (default: audio-cnn)',
        oneOf(choices.model),
      ),
    )
    .addOption(
      flag(
        '--windows <sec>',
        'cut each clip into windows of so many seconds, and average their scores; 5,2.5 gives the step, too (default: pad or cut each clip to 5 s; step: half a window)',
        windows,
      ),
    )
    .addOption(
      flag(
        '--split <name>',
        'folds, stratified (80/20; siblings leak) or stratified-group (default: folds, or stratified-group where there are none)',
        oneOf(choices.split),
      ),
    )
    .addOption(flag('--test-fold <n>', 'fold to test on (default: 1)', whole(0)))
    .addOption(flag('--val-fold <n>', 'fold to validate on (default: the one after)', whole(0)))
    .addOption(flag('--epochs <n>', 'passes over the training clips, at most (default: 30)', whole(1)))
    .addOption(
      flag(
        '--lr <rate>',
        'learning rate (default: 0.001)',
        number((value) => value > 0, '> 0'),
      ),
    )
    .addOption(flag('--batch-size <n>', 'clips a step (default: 32)', whole(1)))
    .addOption(
      flag(
        '--patience <n>',
        'epochs without a lower validation loss before it stops; 0 never stops (default: 10)',
        whole(0),
      ),
    )
    .addOption(
      flag(
        '--weight-decay <w>',
        'weight decay of Adam (default: none)',
        number((value) => value >= 0, '>= 0'),
      ),
    )
    .option('--class-weights', 'let rare classes weigh more in the loss')
    .option('--no-int8', 'make no int8 model')
    .addOption(flag('--seed <n>', 'seed of everything random (default: 42)', whole(0)))
    .addOption(flag('--out <dir>', 'folder of the results (default: runs/, and a name after the run)', text))
    .option('--dry-run', 'try one clip and one random batch; write nothing')
    .option('--skip-bad', 'skip missing, damaged and unsupported files')
    .option('--tolerant', 'use the readable part of damaged clips')
    .option('--nested', 'take the sounds in folders below the folder of a class, too')
    .addOption(
      flag(
        '--features <dir>',
        'keep the features in this folder, and take from there what is still right',
        text,
      ),
    )
    .addOption(
      flag(
        '--checkpoint <file>',
        'keep the training in this file after each epoch; the same command goes on from there',
        text,
      ),
    )
    .option('--save-audio', 'keep each clip as the features see it, in processed/audio/ of the results')
}

/** The text of `--help`. */
export function helpText(): string {
  return createCommand().helpInformation()
}

/**
 * Reads the flags.
 *
 * @param argv - The arguments, `--name value` or `--name=value`.
 * @param cwd - The folder that relative paths are relative to.
 * @throws EscError INVALID_OPTION naming the flag: unknown ones (with the nearest known), values that are none.
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
      refuse(`--${name} goes with --split folds, not with --split ${split}`)
    }
  }
  if (download && dryRun) refuse('--download does not go with --dry-run, which writes nothing')
  if (data === undefined && flags.features !== undefined) {
    refuse('--features goes with --data: the synthetic set has no files')
  }
  if (data === undefined && flags.subset !== undefined) refuse('--subset goes with --data, which has parts')
  if (data === undefined && flags.nested) refuse('--nested goes with --data, a folder for each class')
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

function readFlags(argv: readonly string[]): Flags {
  const command = createCommand()
  try {
    command.parse([...argv], { from: 'user' })
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause
    // One line, without what a terminal would want.
    const message = cause.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
    throw new EscError(
      'INVALID_OPTION',
      `${message}${message.includes('Did you mean') ? '' : ' (see --help)'}`,
      { cause },
    )
  }
  return command.opts<Flags & Record<string, never>>()
}

/**
 * The folder of the results.
 *
 * @param split - The split that was chosen, and its test fold.
 * @param cwd - The folder that `runs/` lies in.
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
